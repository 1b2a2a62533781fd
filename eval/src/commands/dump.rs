//! `nnc dump`: a pipeline as the autoscheduler sees it.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::measure::args::BuildArgs;
use crate::measure::build::described::report_of;
use crate::measure::build::schedulers::Scheduler;
use crate::system::files;
use crate::system::progress::Progress;

/// Arguments of `nnc dump`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc dump blur
  nnc dump --generator out/my.generator:sharpen,radius=3 -o sharpen.json")]
pub struct DumpArgs {
    /// What to read; exactly one pipeline.
    #[command(flatten)]
    pub build: BuildArgs,
    /// Where the JSON goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Prints what our plugin read of a pipeline.
pub fn run(args: &DumpArgs) -> Result<()> {
    let pipeline = args.build.open_pipeline()?;
    let reading = Progress::one("reading", &pipeline.to_string());
    let mut report = report_of(&pipeline, &args.build.builder(&Scheduler::Unscheduled)?, &Scheduler::Unscheduled)?;
    drop(reading);
    let text = serde_json::to_string_pretty(&report["pipeline"].take())? + "\n";
    match &args.out {
        Some(path) => files::write(path, text.as_bytes()),
        None => {
            print!("{text}");
            Ok(())
        }
    }
}
