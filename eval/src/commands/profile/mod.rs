//! `nnc profile`: what each Func takes, beside what it is predicted to.

mod args;
mod profiled;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use scheduler::cost::Pricing;
use scheduler::features::analyze;
use scheduler::ir::Regions;

pub use args::ProfileArgs;
use profiled::{together, Profiled};

use crate::expected::stages::stages;
use crate::expected::subject::{self, Subject};
use crate::measure::build::builder::{Build, Builder};
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::output_sizes::output_regions;
use crate::measure::run::shapes;
use crate::measure::time::launch::Launcher;
use crate::measure::time::timing::{self, Settings};
use crate::report::{self, format};
use crate::results::stats::median;
use crate::system::ending::Ended;
use crate::system::process;
use crate::system::progress::Progress;
use crate::system::turns;

/// Samples of each build.
const ROUNDS: std::ops::RangeInclusive<usize> = 5..=1000;
/// The target feature that has Halide's profiler watch.
const PROFILE: &str = "profile";

/// What running both builds shows.
struct Measured {
    seconds: f64,
    profiled_seconds: f64,
    /// Milliseconds a call, by name.
    profile: Vec<(String, f64)>,
}

/// Builds, runs, prints.
pub fn run(args: &ProfileArgs) -> Result<Ended> {
    let asked = &args.subject;
    let mut scheduler = asked.chosen()?;
    if let Some(file) = &asked.schedule {
        scheduler = scheduler.with("schedule", &std::path::absolute(file)?.to_string_lossy());
    }
    let pipeline = asked.build.open_pipeline()?;
    let builder = asked.build.builder(&Scheduler::Unscheduled)?;
    let watched = Builder { target: builder.target_with(PROFILE), ..builder.clone() };
    let building = Progress::one("building", &pipeline.to_string());
    let builds = [builder.build(&pipeline, &scheduler)?, watched.build(&pipeline, &scheduler)?];
    drop(building);
    for build in &builds {
        build.outcome.failure().map_or(Ok(()), Err)?;
    }
    let measuring = Progress::one("measuring", &pipeline.to_string());
    let launcher = Launcher { limits: asked.build.run_limits(), seed: args.seed, builder };
    let measured = measure(&builds, &launcher, args.time_budget)?;
    drop(measuring);
    if process::interrupted() {
        return Ok(Ended::Interrupted);
    }
    let predicted = subject::open(asked).and_then(|subject| predicted(&subject)).unwrap_or_else(|error| {
        eprintln!("nnc: nothing is predicted of this schedule: {error:#}");
        BTreeMap::new()
    });
    let Measured { seconds, profiled_seconds, profile } = measured;
    let profiled = Profiled {
        pipeline: pipeline.to_string(),
        scheduler: scheduler.label(),
        threads: launcher.builder.threads,
        seconds,
        profiled_seconds,
        predicted_seconds: (!predicted.is_empty()).then(|| predicted.values().sum()),
        funcs: together(profile, predicted),
    };
    print(&profiled);
    if let Some(path) = &args.json {
        report::write_json(&profiled, path)?;
    }
    Ok(Ended::Complete)
}

/// Runs both builds in turns, at the estimates.
fn measure(builds: &[Build; 2], launcher: &Launcher, budget: Duration) -> Result<Measured> {
    let _turn = turns::to_time();
    let mut plain = launcher.start(&builds[0])?;
    let outputs = output_regions(&plain.describe()?, None).map_err(anyhow::Error::msg)?;
    let planned = shapes::plan(&mut plain, &outputs, true)?;
    let (shapes, _) = shapes::compute(&mut plain, planned, launcher.seed)?;
    let mut watched = launcher.start(&builds[1])?;
    watched.prepare(&shapes, launcher.seed, &[])?;
    let settings = Settings { least_rounds: *ROUNDS.start(), most_rounds: *ROUNDS.end(), budget, spread: 0.0 };
    let mut both = [plain, watched];
    let clock = timing::Monotonic::start();
    let times = timing::interleave(&mut both, &settings, &clock, process::interrupted);
    let times = times.into_iter().collect::<Result<Vec<_>, _>>()?;
    let profile = both[1].profile()?;
    Ok(Measured { seconds: median(&times[0]), profiled_seconds: median(&times[1]), profile })
}

/// Seconds that all stages of each Func are expected to take.
fn predicted(subject: &Subject) -> Result<BTreeMap<String, f64>> {
    let Subject { pipeline, directives, priced, .. } = subject;
    let scheduled = analyze(pipeline, &Regions::at_estimates(pipeline)?, directives, &priced.hardware)?;
    let pricing = Pricing::new(pipeline, &priced.hardware, priced.model);
    let mut seconds = BTreeMap::new();
    for stage in stages(pipeline, &scheduled, &priced.hardware, &pricing) {
        *seconds.entry(stage.func).or_insert(0.0) += stage.seconds;
    }
    Ok(seconds)
}

fn print(profiled: &Profiled) {
    let Profiled { pipeline, scheduler, threads, seconds, profiled_seconds, .. } = profiled;
    let show = |seconds: Option<f64>| seconds.map_or("-".to_owned(), format::duration);
    let row = |name: &str, measured: f64, predicted: Option<f64>| {
        let ratio = predicted.filter(|_| measured > 0.0).map(|predicted| format!("{:.2}", predicted / measured));
        let share = format::percent(measured / profiled_seconds);
        [name.to_owned(), show(Some(measured)), share, show(predicted), ratio.unwrap_or("-".to_owned())]
    };
    let funcs = profiled.funcs.iter().map(|func| row(&func.name, func.measured_seconds, func.predicted_seconds));
    let all = row("all", *profiled_seconds, profiled.predicted_seconds);
    let header = ["Func", "measured", "share", "predicted", "predicted/measured"];
    println!("{pipeline}, {scheduler}, {threads} threads: {} a call\n", format::duration(*seconds));
    println!("{}", report::grid(header, funcs.chain([all]), 1));
    if profiled.is_disturbed() {
        let ratio = profiled_seconds / seconds;
        println!("\nThe profiler disturbs: with it a call takes {ratio:.2} times as long, mostly in Funcs that are computed many times.");
    }
}
