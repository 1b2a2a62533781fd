//! The command line of `nnc eval`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::fail_on::FailOn;
use crate::measure::args::BuildArgs;
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::output_sizes::OutputSizes;
use crate::system::units::parse_duration;

/// Arguments of `nnc eval`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc eval                                             all pipelines, all schedulers
  nnc eval blur harris --schedulers none,Srivastava2020
  nnc eval --generator out/my.generator --html my.html
  nnc eval --generator out/my.generator:sharpen,radius=3 --threads 4
  nnc eval unsharp --size output=640x480x3 --size output=2560x1920x3
  HL_AUTOSCHEDULER=./libautoschedule_mine.so,depth=2 nnc eval

What is compared: `none` is the generator's own schedule, `manual` the one behind its parameter manual=true. The default \
is none, manual, Mullapudi2016, Adams2019, Li2018 and the autoscheduler that HL_AUTOSCHEDULER names, else Srivastava2020.

Outputs are compared with an unscheduled build: integers bit for bit, floats bit for bit if the target has strict_float and no reassociate=true is given. \
Otherwise Halide lets LLVM contract and reassociate, and floats count as equal within 1e-4 of the value plus 1e-5 of the \
output's largest magnitude (1e-10 and 1e-12 for float64, 1e-2 and 1e-2 for float16), integers that the pipeline computes \
through floats within one unit plus 1e-4 of the value. Where more differs, both are built once more with strict_float, and \
what is equal then bit for bit is right: the row says that it differs by rounding.

schedule_seconds runs from the start of the generator until Halide begins to lower the scheduled pipeline; \
compile_seconds from there to the end of the generator. Builds run side by side (--jobs), timing alone.

Interrupted runs lose nothing: builds and timings are kept, and the next run goes on from there. \
Times taken while other processes took some of the processors are marked, and not kept.

A row that failed does not change the exit code, unless --fail-on has it: `error` exits with 1 if a row failed (skipped ones \
did not), `slower=1.05` if the scheduler that speedups are about takes more than 1.05 times as long as any other on any \
pipeline, the whole 95 % interval of the ratio lying beyond.")]
pub struct EvalArgs {
    /// What to build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Schedulers to compare: none, manual, unscheduled, names of autoschedulers, paths of plugins; either of these with
    /// parameters, as Srivastava2020:strategy=greedy
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub schedulers: Vec<Scheduler>,
    /// Extents of outputs, instead of the estimates that builds are scheduled for; a row for each. Other outputs keep their
    /// estimates. May be repeated
    #[arg(long = "size", value_name = "OUTPUT=WxH[,OUTPUT=WxH...]")]
    pub sizes: Vec<OutputSizes>,
    /// Write all results to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Write a page with plots to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Time for measuring one pipeline, all schedulers together
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    pub time_budget: Duration,
    /// Most samples of one scheduler
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
    pub rounds: u32,
    /// A time is settled when the 95 % interval of the median is this narrow (half-width over median)
    #[arg(long, value_name = "FRACTION", default_value_t = 0.01)]
    pub spread: f64,
    /// Seed of the input values
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Exit with 1 on these: error, slower=FACTOR. May be repeated
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    pub fail_on: Vec<FailOn>,
    /// The build that outputs are compared with
    #[arg(long, value_name = "SCHEDULER", default_value = "unscheduled")]
    pub reference: Scheduler,
}
