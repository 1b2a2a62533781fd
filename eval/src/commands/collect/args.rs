//! The command line of `nnc collect`.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::measure::args::BuildArgs;
use crate::system::units::{parse_duration, parse_range};

/// Arguments of `nnc collect`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc collect --budget 1h
  nnc collect --random 200 --seed 5000 --schedules 40 --out more
  nnc collect blur harris --random 0
  nnc collect --random 40 --seed 9000 --schedules 6 --others 6 --timeout 20s --out others
  nnc collect --export records.gz

Schedules are drawn at random: walks of a few random decisions away from the schedule found by the search, and from plain \
loops. They are legal, differ from each other, and are timed in turns.

Pipelines that are in the folder already are not measured again, so that the same command goes on where it was \
interrupted.")]
pub struct CollectArgs {
    /// How to build; pipelines beside the random ones.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Number of random pipelines
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub random: u64,
    /// Seed of the first random pipeline
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Stages of a random pipeline: a number, or a range to draw from
    #[arg(long, value_name = "N[..M]", default_value = "1..6", value_parser = parse_range)]
    pub stages: RangeInclusive<u64>,
    /// Schedules of each pipeline
    #[arg(long, value_name = "N", default_value_t = 16)]
    pub schedules: usize,
    /// Sizes at which schedules are timed: the estimates, and some of a quarter or four times as many elements. With more than one,
    /// they are timed with one thread, too
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=5))]
    pub sizes: u32,
    /// Beside these, schedules of each pipeline by Adams2019, and one each by Mullapudi2016 and Li2018
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub others: usize,
    /// Keep times that other processes disturbed, too, which otherwise are taken again
    #[arg(long)]
    pub keep_disturbed: bool,
    /// Start no pipeline after this time
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub budget: Option<Duration>,
    /// Where records are kept, a file for each pipeline [default: nnc/records in this program's target folder]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Measure nothing: write all records of the folder to this file
    #[arg(long, value_name = "FILE")]
    pub export: Option<PathBuf>,
}
