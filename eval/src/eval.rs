//! `nnc eval`: build everything, then time pipeline after pipeline, then report.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

use anyhow::{ensure, Context, Result};

use crate::builder::{Build, Builder, Outcome};
use crate::cli::EvalArgs;
use crate::generator::Pipeline;
use crate::hardware::rates;
use crate::hl_autoscheduler;
use crate::measure::{Measurement, Timer};
use crate::process;
use crate::progress::Progress;
use crate::record::{Environment, EvalResult, Evaluation, Status, Summary};
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

/// Runs the evaluation.
pub fn run(args: &EvalArgs) -> Result<Ended> {
    let comparison = Comparison::new(args)?;
    let Comparison { pipelines, builder, .. } = &comparison;
    let builds = build_all(builder, pipelines, &comparison.needed, args.build.jobs());
    let subject = comparison.subject();
    let mut evaluation = Evaluation { environment: environment(args), subject, ..Evaluation::default() };
    if !process::interrupted() {
        comparison.time(args, &builds, &mut evaluation)?;
    }
    println!("{}", report::table(&evaluation).trim_end());
    if process::interrupted() {
        eprintln!("Interrupted; run the same command again to go on from here.");
        return Ok(Ended::Interrupted);
    }
    Ok(Ended::Complete)
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
    Environment {
        cpu: host::cpu_name(),
        threads,
        target: args.build.target.clone(),
        copy_bytes_per_second: Some(rates::copy_bytes_per_second(threads)),
        peak_flops: Some(rates::peak_flops(threads)),
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
        let build = builder.build(pipeline, scheduler).unwrap_or_else(|error| not_built(&error));
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

/// The row of a build that could not even be tried.
fn not_built(error: &anyhow::Error) -> Build {
    let outcome = Outcome {
        status: Status::Error,
        message: format!("{error:#}"),
        schedule_seconds: None,
        compile_seconds: None,
        peak_memory_bytes: None,
        predicted_seconds: None,
        float_math: None,
        failed_inside: None,
    };
    Build { key: String::new(), outcome, library: Default::default(), reused: false, reassociates: false }
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

    fn timer(&self, args: &EvalArgs) -> Timer {
        let settings = Settings {
            least_rounds: LEAST_ROUNDS.min(args.rounds as usize),
            most_rounds: args.rounds as usize,
            budget: args.time_budget,
            spread: args.spread,
        };
        Timer {
            settings,
            limits: args.build.run_limits(),
            threads: self.builder.threads,
            seed: args.seed,
            cache: self.builder.cache.clone(),
        }
    }

    /// Times pipeline after pipeline, and writes the reports after each.
    fn time(&self, args: &EvalArgs, builds: &[Vec<Option<Build>>], evaluation: &mut Evaluation) -> Result<()> {
        let progress = Progress::start("timing", self.pipelines.len());
        let timer = self.timer(args);
        let labels = self.labels();
        for (pipeline, builds) in self.pipelines.iter().zip(builds) {
            let Some(builds) = builds.iter().cloned().collect::<Option<Vec<Build>>>() else {
                break;
            };
            let name = pipeline.to_string();
            progress.begin(&name);
            let timed = timer.time(pipeline, &builds[..labels.len()], &builds[self.reference])?;
            if process::interrupted() {
                break;
            }
            if let Some(target) = &timed.target {
                evaluation.environment.target.clone_from(target);
            }
            let rows = labels.iter().zip(&builds).zip(&timed.measurements);
            evaluation.results.extend(rows.map(|((label, build), measurement)| row(&name, label, build, measurement)));
            evaluation.summary = summary(evaluation, &labels);
            write_reports(args, evaluation)?;
            let ran = timed.measurements.iter().filter(|measurement| measurement.run_seconds.is_some()).count();
            progress.end(&name, &format!("{ran} of {} ran", labels.len()), timed.reused);
        }
        Ok(())
    }
}

/// Every scheduler against every one that is not the subject.
fn summary(evaluation: &Evaluation, labels: &[String]) -> Vec<Summary> {
    let is_baseline = |label: &&String| Some(label.as_str()) != evaluation.subject.as_deref();
    let baselines: Vec<&str> = labels.iter().filter(is_baseline).map(String::as_str).collect();
    stats::summarise(&evaluation.results, &baselines)
}

fn row(pipeline: &str, scheduler: &str, build: &Build, measurement: &Measurement) -> EvalResult {
    let outcome = &build.outcome;
    let failed_to_build = outcome.status != Status::Ok;
    EvalResult {
        pipeline: pipeline.to_owned(),
        scheduler: scheduler.to_owned(),
        status: if failed_to_build { outcome.status } else { measurement.status },
        message: if failed_to_build { outcome.message.clone() } else { measurement.message.clone() },
        schedule_seconds: outcome.schedule_seconds,
        compile_seconds: outcome.compile_seconds,
        peak_memory_bytes: outcome.peak_memory_bytes,
        run_seconds: measurement.run_seconds.clone(),
        predicted_seconds: outcome.predicted_seconds,
        output_matches: measurement.output_matches,
        io_bytes: measurement.io_bytes,
    }
}

fn write_reports(args: &EvalArgs, evaluation: &Evaluation) -> Result<()> {
    if let Some(path) = &args.json {
        report::write_json(evaluation, path)?;
    }
    if let Some(path) = &args.html {
        report::write_html(evaluation, path)?;
    }
    Ok(())
}
