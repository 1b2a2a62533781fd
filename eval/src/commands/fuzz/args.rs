//! The command line of `nnc fuzz`.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::measure::args::BuildArgs;
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::sizes::Size;
use crate::system::units::{parse_duration, parse_range};

/// Arguments of `nnc fuzz`.
#[derive(Args, Debug)]
#[command(mut_arg("names", |names| names.help("With --vary: generators to take, all of them if none is named").requires("vary")), after_long_help = "Examples:
  nnc fuzz
  nnc fuzz --count 5000 --seed 1000 --budget 1h --json fuzz.json
  nnc fuzz --families matmul+scan --stages 1..6 --quirks none
  nnc fuzz --generator out/my.generator:my_random
  nnc fuzz --vary --count 100 local_laplacian nl_means

Each seed is a pipeline: that of the generator random_pipeline, or another one with the parameters seed and stages. It is \
built unscheduled and scheduled, with strict_float, run at its estimates and at odd and tiny sizes, and compared bit for \
bit. With --vary, each seed is instead one of the pipelines named (all of this project's, if none is) with random values of \
those parameters of its generator that are numbers or flags and have not been given. A pipeline that cannot be built or run unscheduled is not counted. What fails is tried again with fewer stages.

Results are kept: the same command goes on where it was interrupted. Exits with 1 on any difference or failure.")]
pub struct FuzzArgs {
    /// How to build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Number of pipelines
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub count: u64,
    /// Seed of the first pipeline, and of the input values
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Stages of a pipeline: a number, or a range to draw from
    #[arg(long, value_name = "N[..M]", default_value = "3..30", value_parser = parse_range)]
    pub stages: RangeInclusive<u64>,
    /// Kinds of stages to draw from, joined by plus signs [default: all]
    #[arg(long, value_name = "NAMES")]
    pub families: Option<String>,
    /// What people do besides defining Funcs, joined by plus signs: names (shared by several things), schedules (that leave the
    /// place open), bounds (of buffers), estimates (missing ones); all, or none [default: all of random_pipeline]
    #[arg(long, value_name = "NAMES")]
    pub quirks: Option<String>,
    /// Draw the parameters of pipelines instead of random pipelines
    #[arg(long, conflicts_with_all = ["families", "stages"])]
    pub vary: bool,
    /// What schedules the pipelines [default: HL_AUTOSCHEDULER, else Srivastava2020]
    #[arg(long, value_name = "SCHEDULER")]
    pub scheduler: Option<Scheduler>,
    /// Sizes for each dimension of the outputs: numbers, estimate, estimate+N, estimate-N
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "1,7,33,estimate-1,estimate+1")]
    pub sizes: Vec<Size>,
    /// Start no pipeline after this time
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub budget: Option<Duration>,
    /// Write all results to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
