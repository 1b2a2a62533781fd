//! The command line of `nnc calibrate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::measure::args::BuildArgs;
use crate::system::units::parse_duration;

/// Arguments of `nnc calibrate`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc calibrate
  nnc calibrate --budget 2m
  nnc calibrate --target x86-64-linux-avx2-fma-f16c-sse41
  nnc eval --scheduler-param Srivastava2020.hardware=host      afterwards

Measures the hardware profile (see nnc hardware), times schedules of random pipelines, and trains the shipped cost model \
further with them. Of the shipped model, and the refined ones with the shipped and with the measured profile, the one is \
kept that predicts pipelines best that it was not trained with. Interrupted or out of time, the next run goes on from \
there: more time gives a better model.

The plugin uses what is kept if it is told autoscheduler.hardware=host.")]
pub struct CalibrateArgs {
    /// How to build.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Time for measuring schedules
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_duration)]
    pub budget: Duration,
    /// Pipelines to draw; a third or so repeat themselves and are left out
    #[arg(long, value_name = "N", default_value_t = 72)]
    pub random: u64,
    /// Schedules of each pipeline
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub schedules: usize,
    /// Keep times that other processes disturbed, too, which otherwise are taken again
    #[arg(long)]
    pub keep_disturbed: bool,
    /// Where records are kept [default: nnc/calibration in this program's target folder]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Write the model to this file instead of the store
    #[arg(long, value_name = "FILE")]
    pub save: Option<PathBuf>,
    /// Write all figures to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
}
