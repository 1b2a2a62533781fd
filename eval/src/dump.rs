//! `nnc dump`: a pipeline as the autoscheduler sees it.

use anyhow::{bail, Context, Result};

use crate::builder::Builder;
use crate::child;
use crate::cli::{BuildArgs, DumpArgs};
use crate::failure::{explain, Tail};
use crate::generator::{self, Pipeline};
use crate::schedulers::Scheduler;

/// Runs the one pipeline asked for through our plugin, with a scheduler that is ours; returns its name and the plugin's
/// report.
pub fn report(build: &BuildArgs, scheduler: &Scheduler) -> Result<(String, serde_json::Value)> {
    let pipeline = build.open_pipeline()?;
    let report = report_of(&pipeline, &build.builder(scheduler)?, scheduler)?;
    Ok((pipeline.to_string(), report))
}

/// The report of our plugin, with a scheduler that is ours, on `pipeline`.
pub fn report_of(pipeline: &Pipeline, builder: &Builder, scheduler: &Scheduler) -> Result<serde_json::Value> {
    let chosen = scheduler.arguments(&builder.plugins, &pipeline.executable, builder.threads)?;
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report.json");
    let mut command = generator::command(&pipeline.executable.path);
    // The schedule alone spares the compiler the work.
    command.args(["-g", &pipeline.name, "-e", "schedule", "-o"]).arg(folder.path());
    command.arg(format!("target={}", builder.target));
    command.args(pipeline.params.iter().map(|(key, value)| format!("{key}={value}")));
    command.args(chosen.args).arg(format!("autoscheduler.report={}", report.display()));
    let mut tail = Tail::default();
    let finished = child::run(command, &builder.limits, |_, line| tail.push(line))?;
    if let Some((_, message)) = explain(&finished, &tail, &builder.limits, "reading the pipeline") {
        bail!("{pipeline}: {message}");
    }
    let text = std::fs::read(&report).context("the plugin wrote no report")?;
    serde_json::from_slice(&text).context("the plugin's report")
}

/// Prints what our plugin read of a pipeline.
pub fn run(args: &DumpArgs) -> Result<()> {
    let (_, mut report) = report(&args.build, &Scheduler::Unscheduled)?;
    let text = serde_json::to_string_pretty(&report["pipeline"].take())? + "\n";
    match &args.out {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display())),
        None => {
            print!("{text}");
            Ok(())
        }
    }
}
