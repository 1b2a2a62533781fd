//! `nnc explain`: the loops of a schedule, what each stage is expected to take and why, and what other decisions would.

mod alternatives;
pub mod change;
mod loops;
mod priced;
mod subject;
mod summary;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use scheduler::cost::{Pricing, StagePrice};
use scheduler::features::{Features, ScheduledPipeline, ScheduledStage};
use scheduler::ir::{Pipeline, Regions};
use scheduler::{Bound, Directive, Hardware, Roofline, Times};
use serde::Serialize;

use crate::cli::BuildArgs;
use crate::process;
use crate::progress::Progress;
use crate::schedulers::Scheduler;
use alternatives::{Alternative, Alternatives};
use priced::Priced;

/// Arguments of `nnc explain`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc explain blur
  nnc explain --generator out/my.generator:sharpen,radius=3 --json
  nnc explain blur --scheduler manual                  the expert's schedule
  nnc explain blur --schedule report.json              the same pipeline with other directives

A FILE for --schedule is what autoscheduler.report=FILE or `nnc explain --json` writes, or a JSON list of directives. Only \
the former has a pipeline in it; for the others, name the pipeline.

Nothing is run: times are what the learned cost model for the target predicts (doc/learned-cost.md), or what \
--scheduler-param Srivastava2020.model=... and hardware=host have it search with, and what the analytic cost \
expects of each resource (doc/FEATURES.md), on which the former builds. Compare schedules of one pipeline with it, and measure \
with `nnc eval`.")]
pub struct ExplainArgs {
    /// What to build; exactly one pipeline, none where the schedule's file has one.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Explain the schedule of another scheduler: manual, the name of an autoscheduler, the path of a plugin
    #[arg(long, value_name = "SCHEDULER", conflicts_with = "schedule")]
    pub scheduler: Option<Scheduler>,
    /// Explain these directives instead of those that Srivastava2020 finds
    #[arg(long, value_name = "FILE")]
    pub schedule: Option<PathBuf>,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
}

/// A pipeline with a schedule for it.
pub struct Subject {
    /// How people call it.
    pub name: String,
    /// As data.
    pub pipeline: Pipeline,
    /// The schedule.
    pub directives: Vec<Directive>,
    /// Whether another scheduler made it, for Halide: explained even if our checker refuses it.
    pub made_by_other: bool,
    /// What prices it.
    pub priced: Priced,
}

/// What is expected of one stage.
#[derive(Debug, Serialize)]
struct StageReport {
    func: String,
    /// 0 for the pure definition, `n` for the update `n - 1`.
    stage: usize,
    seconds: f64,
    /// Of the whole pipeline's seconds.
    share: f64,
    /// What takes longest.
    bound: Bound,
    /// Seconds by resource, by the analytic cost.
    times: Times,
    features: Features,
}

/// All that is printed.
#[derive(Debug, Serialize)]
struct Explanation {
    pipeline: String,
    target: String,
    threads: u32,
    /// What predicts seconds.
    model: String,
    predicted_seconds: f64,
    /// Why our checker refuses the schedule, if it does.
    illegal: Option<String>,
    /// The nests as pseudo-code, one line each.
    loop_nest: Vec<String>,
    /// Producers first.
    stages: Vec<StageReport>,
    inlined: Vec<String>,
    /// Schedules that differ in one decision: faster ones first, then those about the slowest Funcs.
    alternatives: Vec<Alternative>,
    directives: Vec<Directive>,
}

/// Explains one schedule.
pub fn run(args: &ExplainArgs) -> Result<()> {
    let subject = subject::open(args)?;
    let explaining = Progress::one("explaining", &subject.name);
    // Nothing is open, and what other decisions would do is worked out at a stretch.
    let at_once = process::AtOnce::begin();
    let explanation = explain(&subject)?;
    drop((explaining, at_once));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&explanation)?);
    } else {
        print!("{}", summary::text(&explanation));
    }
    Ok(())
}

fn explain(subject: &Subject) -> Result<Explanation> {
    let Subject { name, pipeline, directives, made_by_other, priced } = subject;
    let hardware = &priced.hardware;
    let pricing = Pricing::new(pipeline, hardware, priced.model);
    // What our plugin adds in another order it has been allowed to.
    let check = if *made_by_other { scheduler::check } else { scheduler::check_reassociated };
    let illegal = match check(pipeline, directives) {
        Err(error) if *made_by_other => Some(error.to_string()),
        checked => checked.map(|()| None).context("the schedule does not fit the pipeline")?,
    };
    let regions = Regions::at_estimates(pipeline)?;
    let scheduled = scheduler::features::analyze(pipeline, &regions, directives, hardware)?;
    let stages = stages(pipeline, &scheduled, hardware, &pricing);
    let predicted_seconds = stages.iter().map(|s| s.seconds).sum();
    let is_inlined = |id: &scheduler::ir::FuncId| scheduled.computed[id.index()] == scheduler::features::Site::Inline;
    Ok(Explanation {
        pipeline: name.clone(),
        target: pipeline.target.name.clone(),
        threads: hardware.threads,
        model: priced.model_name.clone(),
        predicted_seconds,
        illegal,
        loop_nest: loops::lines(pipeline, directives, &scheduled, &stages),
        inlined: pipeline.func_ids().filter(is_inlined).map(|id| pipeline.func(id).name.clone()).collect(),
        alternatives: Alternatives { pipeline, regions: &regions, hardware, pricing: &pricing }
            .find(directives, &scheduled),
        stages,
        directives: directives.clone(),
    })
}

fn stages(
    pipeline: &Pipeline,
    scheduled: &ScheduledPipeline,
    hardware: &Hardware,
    pricing: &Pricing,
) -> Vec<StageReport> {
    let report = |(s, price): (&ScheduledStage, StagePrice)| {
        let times = Roofline(*hardware).times(&s.features);
        StageReport {
            func: pipeline.func(s.stage.func).name.clone(),
            stage: s.stage.stage,
            seconds: price.seconds,
            share: 0.0,
            bound: times.bound(),
            times,
            features: s.features.clone(),
        }
    };
    let mut stages: Vec<StageReport> = scheduled.stages.iter().zip(pricing.of(scheduled)).map(report).collect();
    let total: f64 = stages.iter().map(|s| s.seconds).sum();
    for stage in &mut stages {
        stage.share = stage.seconds / total.max(f64::MIN_POSITIVE);
    }
    stages
}

/// A resource as people call it.
fn bound_name(bound: Bound) -> &'static str {
    match bound {
        Bound::Compute => "compute",
        Bound::L1 => "L1",
        Bound::L2 => "L2",
        Bound::L3 => "L3",
        Bound::Dram => "DRAM",
        Bound::Overhead => "overhead",
    }
}

/// `name` of a pure definition, `name.update(0)` of the first update.
fn stage_name(func: &str, stage: usize) -> String {
    match stage {
        0 => func.to_owned(),
        n => format!("{func}.update({})", n - 1),
    }
}
