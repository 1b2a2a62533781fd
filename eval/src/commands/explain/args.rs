//! The command line of `nnc explain`.

use std::path::PathBuf;

use clap::Args;

use crate::measure::args::BuildArgs;
use crate::measure::build::schedulers::Scheduler;

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
