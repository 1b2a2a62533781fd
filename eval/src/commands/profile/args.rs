//! The command line of `nnc profile`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::expected::subject::SubjectArgs;
use crate::system::units::parse_duration;

/// Arguments of `nnc profile`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc profile bilateral_grid
  nnc profile camera_pipe --scheduler manual --threads 1
  nnc profile --generator out/my.generator:sharpen,radius=3 --schedule report.json --json profile.json

The pipeline is built with Halide's sampling profiler and without, and both run in turns. The profiler adds to each time a Func \
begins: where the profiled build takes more than 1.1 times as long, Funcs that are computed many times over seem slower than they are, and \
a line says so. A Func's milliseconds are those of all its stages, and of what is inlined into it; memory that is taken and given \
back has lines of its own. Predictions are those of `nnc explain`. The Func whose prediction is most milliseconds off comes first.

A FILE for --schedule is what autoscheduler.report=FILE or `nnc explain --json` writes, or a JSON list of directives.")]
pub struct ProfileArgs {
    /// What to profile.
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// Time for measuring, both builds together
    #[arg(long, value_name = "TIME", default_value = "4s", value_parser = parse_duration)]
    pub time_budget: Duration,
    /// Seed of the input values
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
