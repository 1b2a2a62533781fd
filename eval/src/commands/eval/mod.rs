//! `nnc eval`: build everything, then time pipeline after pipeline, then report.

mod args;
mod fail_on;

use std::path::PathBuf;

use anyhow::{ensure, Context, Result};

use crate::hardware::rates;
use crate::measure::build::all::build_all;
use crate::measure::build::builder::{Build, Builder};
use crate::measure::build::generator::Pipeline;
use crate::measure::build::hl_autoscheduler;
use crate::measure::build::schedulers::{default_comparison, Scheduler};
use crate::measure::run::output_sizes::OutputSizes;
use crate::measure::time::launch::Launcher;
use crate::measure::time::reference::Reference;
use crate::measure::time::timer::{Case, Measurement, Timed, Timer};
use crate::measure::time::timing::Settings;
use crate::report;
use crate::results::record::{Environment, EvalResult, Evaluation, Status, Summary};
use crate::results::stats;
use crate::system::ending::{Ended, Usage};
use crate::system::files;
use crate::system::process;
use crate::system::progress::Progress;
use crate::system::turns;
pub use args::EvalArgs;
#[cfg(test)]
pub use fail_on::FailOn;

/// Rounds of timing that are made even if time is up.
const LEAST_ROUNDS: usize = 5;

/// What is compared, and how it is built.
struct Comparison {
    /// What is reported.
    schedulers: Vec<Scheduler>,
    /// These, and the reference if it is not among them.
    needed: Vec<Scheduler>,
    /// Position of the reference in `needed`.
    reference: usize,
    pipelines: Vec<Pipeline>,
    builder: Builder,
}

/// Runs the evaluation. False if it found what it is to fail on.
pub fn run(args: &EvalArgs) -> Result<(Ended, bool)> {
    let comparison = Comparison::new(args)?;
    let Comparison { pipelines, builder, .. } = &comparison;
    let builds = build_all(builder, pipelines, &comparison.needed, args.build.jobs());
    let subject = comparison.subject();
    let reference = Some(args.reference.label());
    let mut evaluation = Evaluation { environment: environment(args), subject, reference, ..Evaluation::default() };
    if !process::interrupted() {
        comparison.time(args, &builds, &mut evaluation)?;
    }
    println!("{}", report::table(&evaluation).trim_end());
    if process::interrupted() {
        eprintln!("Interrupted; run the same command again to go on from here.");
        return Ok((Ended::Interrupted, true));
    }
    let complaints: Vec<String> = args.fail_on.iter().flat_map(|reason| reason.complaints(&evaluation)).collect();
    complaints.iter().for_each(|complaint| eprintln!("nnc: --fail-on: {complaint}"));
    Ok((Ended::Complete, complaints.is_empty()))
}

fn schedulers(args: &EvalArgs) -> Result<Vec<Scheduler>> {
    let mut schedulers = match args.schedulers.is_empty() {
        true => default_comparison(hl_autoscheduler::from_environment().map_err(Usage)?),
        false => args.schedulers.clone(),
    };
    args.build.parametrise(&mut schedulers)?;
    let mut labels: Vec<String> = schedulers.iter().map(Scheduler::label).collect();
    labels.sort();
    for pair in labels.windows(2) {
        ensure!(pair[0] != pair[1], Usage(format!("{} is named twice among the schedulers", pair[0])));
    }
    Ok(schedulers)
}

fn environment(args: &EvalArgs) -> Environment {
    let threads = args.build.threads();
    let _turn = turns::to_time();
    Environment {
        cpu: host::cpu_name(),
        threads,
        target: args.build.target.clone(),
        copy_bytes_per_second: (!process::interrupted()).then(|| rates::copy_bytes_per_second(threads)),
        peak_flops: (!process::interrupted()).then(|| rates::peak_flops(threads)),
    }
}

impl Comparison {
    fn new(args: &EvalArgs) -> Result<Comparison> {
        for (i, sizes) in args.sizes.iter().enumerate() {
            ensure!(!args.sizes[..i].contains(sizes), Usage(format!("--size {sizes} is given twice")));
        }
        let schedulers = schedulers(args)?;
        let pipelines = args.build.open_pipelines()?;
        let builder = args.build.builder(&args.reference)?;
        for pipeline in &pipelines {
            let found = args.reference.arguments(&builder.plugins, &pipeline.executable, builder.threads);
            found.context("the build that outputs are compared with cannot be made")?;
        }
        let mut needed = schedulers.clone();
        let reference = schedulers.iter().position(|scheduler| *scheduler == args.reference).unwrap_or_else(|| {
            needed.push(args.reference.clone());
            schedulers.len()
        });
        Ok(Comparison { schedulers, needed, reference, pipelines, builder })
    }

    fn labels(&self) -> Vec<String> {
        self.schedulers.iter().map(Scheduler::label).collect()
    }

    /// The scheduler whose speedups are the point: ours, else the last named.
    fn subject(&self) -> Option<String> {
        let labels = self.labels();
        let ours = labels.iter().find(|label| *label == hl_autoscheduler::OURS);
        ours.or(labels.last()).cloned()
    }

    /// What is measured of a pipeline: each size asked for, else the estimates.
    fn cases<'a>(&'a self, args: &'a EvalArgs, pipeline: &'a Pipeline, builds: &'a [Build]) -> Vec<Case<'a>> {
        let sizes: Vec<Option<&OutputSizes>> = match args.sizes.is_empty() {
            true => vec![None],
            false => args.sizes.iter().map(Some).collect(),
        };
        let reference = Reference::new(args.reference.clone(), builds[self.reference].clone());
        let label = |sizes: &OutputSizes| match args.sizes.iter().filter(|other| other.label() == sizes.label()).count()
        {
            1 => format!("{pipeline} @ {}", sizes.label()),
            _ => format!("{pipeline} @ {sizes}"),
        };
        let case = |sizes: Option<&'a OutputSizes>| Case {
            name: sizes.map_or_else(|| pipeline.to_string(), label),
            pipeline,
            sizes,
            schedulers: &self.schedulers,
            builds: &builds[..self.schedulers.len()],
            reference: reference.clone(),
        };
        sizes.into_iter().map(case).collect()
    }

    fn timer(&self, args: &EvalArgs) -> Timer {
        let settings = Settings {
            least_rounds: LEAST_ROUNDS.min(args.rounds as usize),
            most_rounds: args.rounds as usize,
            budget: args.time_budget,
            spread: args.spread,
        };
        let launcher = Launcher { builder: self.builder.clone(), limits: args.build.run_limits(), seed: args.seed };
        Timer { settings, launcher }
    }

    /// Times pipeline after pipeline, and writes the reports after each.
    fn time(&self, args: &EvalArgs, builds: &[Vec<Option<Build>>], evaluation: &mut Evaluation) -> Result<()> {
        let progress = Progress::start("timing", self.pipelines.len() * args.sizes.len().max(1));
        let timer = self.timer(args);
        let labels = self.labels();
        'pipelines: for (pipeline, builds) in self.pipelines.iter().zip(builds) {
            let Some(builds) = builds.iter().cloned().collect::<Option<Vec<Build>>>() else {
                break;
            };
            for case in self.cases(args, pipeline, &builds) {
                progress.begin(&case.name);
                let timed = timer.time(&case);
                if process::interrupted() {
                    break 'pipelines;
                }
                if let Some(target) = &timed.target {
                    evaluation.environment.target.clone_from(target);
                }
                evaluation.results.extend(rows(&case, &labels, &timed));
                evaluation.summary = summary(evaluation, &labels);
                write_reports(args, evaluation, Written::SoFar)?;
                let ran = timed.measurements.iter().filter(|measurement| measurement.run_seconds.is_some()).count();
                let note = if timed.disturbed { ", disturbed by other processes" } else { "" };
                progress.end(&case.name, &format!("{ran} of {} ran{note}", labels.len()), timed.reused);
            }
        }
        if evaluation.results.is_empty() {
            return Ok(());
        }
        write_reports(args, evaluation, Written::AtTheEnd)
    }
}

/// Every scheduler against every one that is not the subject.
fn summary(evaluation: &Evaluation, labels: &[String]) -> Vec<Summary> {
    let is_baseline = |label: &&String| Some(label.as_str()) != evaluation.subject.as_deref();
    let baselines: Vec<&str> = labels.iter().filter(is_baseline).map(String::as_str).collect();
    stats::summarise(&evaluation.results, &baselines)
}

fn rows(case: &Case, labels: &[String], timed: &Timed) -> Vec<EvalResult> {
    let row = |((scheduler, build), measurement): ((&String, &Build), &Measurement)| {
        let outcome = &build.outcome;
        let failed_to_build = outcome.status != Status::Ok;
        EvalResult {
            pipeline: case.name.clone(),
            size: case.sizes.map(OutputSizes::to_string),
            scheduler: scheduler.clone(),
            status: if failed_to_build { outcome.status } else { measurement.status },
            message: if failed_to_build { outcome.message.clone() } else { measurement.message.clone() },
            schedule_seconds: outcome.schedule_seconds,
            compile_seconds: outcome.compile_seconds,
            peak_memory_bytes: outcome.peak_memory_bytes,
            run_seconds: measurement.run_seconds.clone(),
            // Of the time at the estimates.
            predicted_seconds: outcome.predicted_seconds.filter(|_| case.sizes.is_none()),
            output_matches: measurement.output_matches,
            rounding: measurement.rounding,
            reference: timed.reference.clone(),
            io_bytes: measurement.io_bytes,
            disturbed: timed.disturbed && measurement.run_seconds.is_some(),
        }
    };
    labels.iter().zip(case.builds).zip(&timed.measurements).map(row).collect()
}

/// When a report is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// After each pipeline: only where the next one takes its place.
    SoFar,
    /// Where all of them would follow each other, as on a terminal or in a pipe.
    AtTheEnd,
}

fn write_reports(args: &EvalArgs, evaluation: &Evaluation, written: Written) -> Result<()> {
    let is_due = |path: &PathBuf| Ok::<_, anyhow::Error>(files::replaces(path)? == (written == Written::SoFar));
    if let Some(path) = &args.json {
        if is_due(path)? {
            report::write_json(evaluation, path)?;
        }
    }
    if let Some(path) = &args.html {
        if is_due(path)? {
            report::write_html(evaluation, path)?;
        }
    }
    Ok(())
}
