//! The command line of `nnc explain`.

use clap::Args;

use crate::expected::subject::SubjectArgs;

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
    /// What to explain.
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// Print everything as JSON
    #[arg(long)]
    pub json: bool,
}
