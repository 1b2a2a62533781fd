//! The command line of `nnc hardware`.

use clap::Args;

/// Arguments of `nnc hardware`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc hardware
  nnc hardware --json

The profile is what the analytic cost of a stage is computed with: operations and loads a second of one core, bandwidths \
of each level of the memory, sizes of the caches. What the scheduler assumes of a computer that nobody measured is shown \
beside it. Starting parallel loops and tasks is not measured. `nnc calibrate` measures it for itself.")]
pub struct HardwareArgs {
    /// Threads to measure memory with [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub threads: Option<u32>,
    /// Print JSON: fields of the profile in seconds, bytes, and both by the second
    #[arg(long)]
    pub json: bool,
}
