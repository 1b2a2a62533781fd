//! `nnc eval`: build everything, then time pipeline after pipeline, then report.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

use anyhow::{ensure, Context, Result};

use crate::builder::{Build, Builder};
use crate::cli::EvalArgs;
use crate::files;
use crate::generator::Pipeline;
use crate::hardware::rates;
use crate::hl_autoscheduler;
use crate::machine::turns;
use crate::measure::{Case, Measurement, Timed, Timer};
use crate::output_sizes::OutputSizes;
use crate::process;
use crate::progress::Progress;
use crate::record::{Environment, EvalResult, Evaluation, Status, Summary};
use crate::reference::Reference;
use crate::report;
use crate::schedulers::{default_comparison, Scheduler};
use crate::stats;
use crate::timing::Settings;

/// Rounds of timing that are made even if time is up.
const LEAST_ROUNDS: usize = 5;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With everything done.
    Complete,
    /// By the user.
    Interrupted,
}

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
        true => default_comparison(hl_autoscheduler::from_environment().map_err(crate::Usage)?),
        false => args.schedulers.clone(),
    };
    args.build.parametrise(&mut schedulers)?;
    let mut labels: Vec<String> = schedulers.iter().map(Scheduler::label).collect();
    labels.sort();
    for pair in labels.windows(2) {
        ensure!(pair[0] != pair[1], crate::Usage(format!("{} is named twice among the schedulers", pair[0])));
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

/// One build per pipeline and scheduler, `jobs` at a time; `None` where the user stopped it.
pub fn build_all(
    builder: &Builder,
    pipelines: &[Pipeline],
    schedulers: &[Scheduler],
    jobs: usize,
) -> Vec<Vec<Option<Build>>> {
    let total = pipelines.len() * schedulers.len();
    let progress = Progress::start("building", total);
    let next = AtomicUsize::new(0);
    let builds: Mutex<Vec<Option<Build>>> = Mutex::new(vec![None; total]);
    let work = || loop {
        let i = next.fetch_add(1, Ordering::Relaxed);
        if i >= total || process::interrupted() {
            return;
        }
        let (pipeline, scheduler) = (&pipelines[i / schedulers.len()], &schedulers[i % schedulers.len()]);
        let step = format!("{pipeline} {}", scheduler.label());
        progress.begin(&step);
        let build = builder.build_or_not(pipeline, scheduler);
        if process::interrupted() {
            return;
        }
        progress.end(&step, &describe(&build), build.reused);
        builds.lock().expect("no holder panics")[i] = Some(build);
    };
    thread::scope(|scope| {
        for _ in 0..jobs.min(total) {
            scope.spawn(work);
        }
    });
    let builds = builds.into_inner().expect("no holder panics");
    builds.chunks(schedulers.len()).map(<[_]>::to_vec).collect()
}

fn describe(build: &Build) -> String {
    let outcome = &build.outcome;
    let seconds = outcome.schedule_seconds.zip(outcome.compile_seconds).map(|(schedule, compile)| schedule + compile);
    match (outcome.status, build.reused, seconds) {
        (Status::Ok, true, _) => "reused".to_owned(),
        (Status::Ok, false, Some(seconds)) => format!("{seconds:.1} s"),
        (Status::Ok, false, None) => "done".to_owned(),
        _ => outcome.message.clone(),
    }
}

impl Comparison {
    fn new(args: &EvalArgs) -> Result<Comparison> {
        for (i, sizes) in args.sizes.iter().enumerate() {
            ensure!(!args.sizes[..i].contains(sizes), crate::Usage(format!("--size {sizes} is given twice")));
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
        Timer { settings, limits: args.build.run_limits(), seed: args.seed, builder: self.builder.clone() }
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
