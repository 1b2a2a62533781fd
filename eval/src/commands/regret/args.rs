//! The command line of `nnc regret`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::measure::args::BuildArgs;
use crate::system::units::parse_duration;

/// Arguments of `nnc regret`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc regret                                   60 pipelines that nobody has seen
  nnc regret --seed 7000 --random 12 --json regret.json
  nnc regret harris unsharp --random 0

Of each pipeline, many schedules are timed: those of the rules, of searches under each judge with and without what holds them to the \
rules, random ones, neighbours of the best measured, and those of Halide's autoschedulers. A judge's regret is the time of the schedule that \
it picks over that of the best known; 1 is perfect.

The best known is picked by one launch of all schedules and timed by others, so that luck does not count; `noise` is what that leaves: the \
best by the second launch over the best by the first, both timed by a third. Judges: rules; search and `search without brakes`, the \
scheduler as it is and without margins in favour of the rules; analytic, nn+c and nn, the best predicted of all that were timed, by the \
analytic cost, the shipped networks, and networks that do not know it; `nn+c top 8`, the fastest measured of the eight best \
predicted; random, one of all. Intervals are over pipelines (95 %).

What was timed is kept: the same seeds take no second measurement, and a scheduler that picks what was not timed yet costs those \
schedules alone. Interrupted, the same command goes on; give it the seed that it printed.")]
pub struct RegretArgs {
    /// How to build; pipelines beside the random ones.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Number of random pipelines, of all sizes and families in turn
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub random: u64,
    /// Seed of the first random pipeline [default: a new one each time]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Schedules of each pipeline, about
    #[arg(long, value_name = "N", default_value_t = 48, value_parser = clap::value_parser!(u32).range(12..))]
    pub schedules: u32,
    /// Start no pipeline after this time
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub budget: Option<Duration>,
    /// Keep times that other processes disturbed, too, which otherwise are taken again
    #[arg(long)]
    pub keep_disturbed: bool,
    /// Where times are kept, a file for each pipeline [default: nnc/regret in this program's target folder]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
