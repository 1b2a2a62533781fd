//! `nnc worker`: whether what the warm worker builds is what a generator builds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{anyhow, Result};
use clap::Args;
use serde::Serialize;

use crate::measure::args::BuildArgs;
use crate::measure::build::builder::{Build, Builder};
use crate::measure::build::described::open_warm;
use crate::measure::build::generator::Pipeline;
use crate::measure::build::hl_autoscheduler::{Source, OURS};
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::protocol::Kind;
use crate::measure::time::launch::Launcher;
use crate::measure::time::reference::Reference;
use crate::measure::time::timer::{Case, Measurement, Timer};
use crate::measure::time::timing::Settings;
use crate::report::{grid, write_json};
use crate::results::stats::{geomean, median};
use crate::system::ending::Ended;
use crate::system::process;
use crate::system::progress::Progress;
use crate::system::units::parse_duration;

/// Samples of a build.
const ROUNDS: std::ops::RangeInclusive<usize> = 5..=30;
/// Times are settled when their intervals are this narrow.
const SPREAD: f64 = 0.01;
/// How far the geometric mean of the ratios may be from 1.
const MOST_IN_ALL: f64 = 0.03;
/// How far nine in ten of the ratios may be from 1.
const MOST_OF_NINE_IN_TEN: f64 = 0.06;
/// What counts as large, in bytes of inputs and outputs.
const LARGE: u64 = 16_000_000;

/// Arguments of `nnc worker`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "The warm worker takes a pipeline once, serialised, and schedules and compiles each candidate in a \
forked process; a generator starts anew for each. Candidates are the default schedule and random ones. Both builds of each run in \
turns, and their outputs are compared with an unscheduled build by the generator.

Exits with 1 if a build fails, outputs differ, or the times do: worker over generator, the geometric mean within 3 % of 1 and nine in ten \
within 6 %."
)]
pub struct WorkerArgs {
    /// What to build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Schedules of each pipeline: the default one, then random ones
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..))]
    pub candidates: u32,
    /// Time for measuring one candidate, both builds together
    #[arg(long, value_name = "TIME", default_value = "3s", value_parser = parse_duration)]
    pub time_budget: Duration,
    /// Write all results to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}

/// A schedule, built both ways.
#[derive(Debug, Serialize)]
struct Row {
    pipeline: String,
    candidate: String,
    io_bytes: Option<u64>,
    generator: Side,
    worker: Side,
    /// Run time of the worker's build over that of the generator's.
    ratio: Option<f64>,
}

/// One of the two builds.
#[derive(Debug, Serialize)]
struct Side {
    /// Seconds from the start until it is compiled.
    build_seconds: Option<f64>,
    /// Median run time.
    run_seconds: Option<f64>,
    /// Why not.
    message: String,
}

impl Side {
    fn new(build: &Build, measurement: &Measurement) -> Side {
        let outcome = &build.outcome;
        let build_seconds = outcome.schedule_seconds.zip(outcome.compile_seconds).map(|(a, b)| a + b);
        let run_seconds = measurement.run_seconds.as_ref().map(|run| run.median);
        Side { build_seconds, run_seconds, message: format!("{}{}", outcome.message, measurement.message) }
    }
}

/// What all rows say together.
#[derive(Debug, Serialize)]
struct Verdict {
    candidates: usize,
    large: usize,
    failed: usize,
    geomean: Option<f64>,
    within_6_percent: Option<f64>,
    build_seconds_of_generators: Option<f64>,
    build_seconds_of_workers: Option<f64>,
}

impl Verdict {
    fn of(rows: &[Row]) -> Verdict {
        let ratios: Vec<f64> = rows.iter().filter_map(|row| row.ratio).collect();
        let within = ratios.iter().filter(|ratio| (**ratio - 1.0).abs() <= MOST_OF_NINE_IN_TEN).count();
        let building = |side: fn(&Row) -> &Side| {
            let seconds: Vec<f64> = rows.iter().filter_map(|row| side(row).build_seconds).collect();
            (!seconds.is_empty()).then(|| median(&seconds))
        };
        Verdict {
            candidates: rows.len(),
            large: rows.iter().filter(|row| row.io_bytes.is_some_and(|bytes| bytes > LARGE)).count(),
            failed: rows.len() - ratios.len(),
            geomean: geomean(&ratios),
            within_6_percent: (!ratios.is_empty()).then(|| within as f64 / ratios.len() as f64),
            build_seconds_of_generators: building(|row| &row.generator),
            build_seconds_of_workers: building(|row| &row.worker),
        }
    }

    fn holds(&self) -> bool {
        let level = self.geomean.is_some_and(|geomean| (geomean - 1.0).abs() <= MOST_IN_ALL);
        self.failed == 0 && level && self.within_6_percent.is_some_and(|share| share >= 0.9)
    }
}

/// Runs the check. True if the worker's builds are as good.
pub fn run(args: &WorkerArgs) -> Result<(Ended, bool)> {
    let pipelines = args.build.open_pipelines()?;
    let mut builder = args.build.builder(&Scheduler::Unscheduled)?;
    if let Some(pipeline) = pipelines.first() {
        builder.link_runtime_once(pipeline)?;
    }
    let progress = Progress::start("comparing", pipelines.len());
    let mut rows = Vec::new();
    for pipeline in &pipelines {
        let name = pipeline.to_string();
        progress.begin(&name);
        let compared = compare(pipeline, &builder, args);
        if process::interrupted() {
            break;
        }
        let compared = compared?;
        let ratios: Vec<String> = compared.iter().filter_map(|row| row.ratio).map(|r| format!("{r:.2}")).collect();
        progress.end(&name, &ratios.join(", "), false);
        rows.extend(compared);
    }
    drop(progress);
    let verdict = Verdict::of(&rows);
    print(&rows, &verdict);
    if let Some(path) = &args.json {
        write_json(&serde_json::json!({ "rows": rows, "verdict": verdict }), path)?;
    }
    let ended = if process::interrupted() { Ended::Interrupted } else { Ended::Complete };
    Ok((ended, verdict.holds()))
}

/// The default schedule, then random ones.
fn candidate(index: u32) -> Scheduler {
    let ours = Scheduler::plugin(Source::Known(OURS));
    match index.checked_sub(1) {
        None => ours,
        Some(seed) => ours.with("strategy", "random").with("seed", &seed.to_string()),
    }
}

fn compare(pipeline: &Pipeline, builder: &Builder, args: &WorkerArgs) -> Result<Vec<Row>> {
    let settings = Settings {
        least_rounds: *ROUNDS.start(),
        most_rounds: *ROUNDS.end(),
        budget: args.time_budget,
        spread: SPREAD,
    };
    let launcher = Launcher { builder: builder.clone(), limits: args.build.run_limits(), seed: 0 };
    let plain = builder.build(pipeline, &Scheduler::Unscheduled)?;
    if let Some(failure) = plain.outcome.failure() {
        return Err(anyhow!("{pipeline}: {failure}"));
    }
    let description = launcher.start(&plain)?.describe()?;
    let inputs = description.arguments.iter().filter(|argument| argument.kind != Kind::Output);
    let warm = open_warm(pipeline, builder)?.0.with_arguments(inputs.map(|a| a.name.clone()).collect());
    let by_worker = Builder { warm: Some(Arc::new(warm)), ..builder.clone() };
    let timer = Timer { settings, launcher };
    let mut rows = Vec::new();
    for index in 0..args.candidates {
        let scheduler = candidate(index);
        let builds = [builder.build(pipeline, &scheduler)?, by_worker.build(pipeline, &scheduler)?];
        let case = Case {
            name: pipeline.to_string(),
            pipeline,
            sizes: None,
            schedulers: &[scheduler.clone(), scheduler],
            builds: &builds,
            reference: Reference::new(Scheduler::Unscheduled, plain.clone()),
        };
        let timed = timer.time(&case);
        let [generator, worker] = [0, 1].map(|i| Side::new(&builds[i], &timed.measurements[i]));
        let io_bytes = timed.measurements.iter().find_map(|measurement| measurement.io_bytes);
        let ratio = worker.run_seconds.zip(generator.run_seconds).map(|(worker, generator)| worker / generator);
        let candidate = if index == 0 { "default".to_owned() } else { format!("random {}", index - 1) };
        rows.push(Row { pipeline: pipeline.to_string(), candidate, io_bytes, generator, worker, ratio });
    }
    Ok(rows)
}

fn print(rows: &[Row], verdict: &Verdict) {
    let number = |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |value| format!("{value:.digits$}"));
    let milliseconds = |seconds: Option<f64>| number(seconds.map(|s| s * 1e3), 3);
    let header = ["pipeline", "schedule", "MB", "generator ms", "worker ms", "ratio", "builds s"];
    let cells = rows.iter().map(|row| {
        [
            row.pipeline.clone(),
            row.candidate.clone(),
            number(row.io_bytes.map(|bytes| bytes as f64 / 1e6), 1),
            milliseconds(row.generator.run_seconds),
            milliseconds(row.worker.run_seconds),
            number(row.ratio, 3),
            format!("{} {}", number(row.generator.build_seconds, 2), number(row.worker.build_seconds, 2)),
        ]
    });
    println!("{}", grid(header, cells, 2));
    for row in rows.iter().filter(|row| row.ratio.is_none()) {
        println!("{}, {}: {} {}", row.pipeline, row.candidate, row.generator.message, row.worker.message);
    }
    let Verdict { candidates, large, failed, geomean, within_6_percent, .. } = verdict;
    println!(
        "{candidates} candidates, {large} above 16 MB, {failed} failed: worker over generator {} (geometric mean), {} % within 6 %",
        number(*geomean, 3),
        number(within_6_percent.map(|share| share * 100.0), 0)
    );
    println!(
        "a build takes {} s by generators and {} s by workers (median)",
        number(verdict.build_seconds_of_generators, 2),
        number(verdict.build_seconds_of_workers, 2)
    );
}
