//! `nnc dump`: a pipeline as the autoscheduler sees it.

use std::path::Path;

use anyhow::{bail, Context, Result};

use crate::builder::Builder;
use crate::child;
use crate::cli::{BuildArgs, DumpArgs};
use crate::failure::{explain, Tail};
use crate::generator::{self, Pipeline};
use crate::hl_autoscheduler::{Source, OURS};
use crate::schedulers::Scheduler;

/// Runs the one pipeline asked for through our plugin, with a scheduler that is ours; returns its name and the plugin's
/// report.
pub fn report(build: &BuildArgs, scheduler: &Scheduler) -> Result<(String, serde_json::Value)> {
    let pipeline = build.open_pipeline()?;
    let report = report_of(&pipeline, &build.builder(scheduler)?, scheduler)?;
    Ok((pipeline.to_string(), report))
}

/// Has a pipeline write `what` into a folder, as a scheduler schedules it, with a report of the plugin if `report` names
/// a file.
fn emit(
    pipeline: &Pipeline,
    builder: &Builder,
    scheduler: &Scheduler,
    what: &str,
    folder: &Path,
    report: Option<&Path>,
) -> Result<()> {
    let chosen = scheduler.arguments(&builder.plugins, &pipeline.executable, builder.threads)?;
    let mut command = generator::command(&pipeline.executable.path);
    command.args(["-g", &pipeline.name, "-e", what, "-o"]).arg(folder);
    command.arg(format!("target={}", builder.target));
    command.args(pipeline.params.iter().map(|(key, value)| format!("{key}={value}")));
    command.args(chosen.args).args(report.map(|path| format!("autoscheduler.report={}", path.display())));
    let mut tail = Tail::default();
    let finished = child::run(command, &builder.limits, |_, line| tail.push(line))?;
    if let Some((_, message)) = explain(&finished, &tail, &builder.limits, "reading the pipeline") {
        bail!("{pipeline}: {message}");
    }
    Ok(())
}

/// The report of our plugin, with a scheduler that is ours, on `pipeline`.
pub fn report_of(pipeline: &Pipeline, builder: &Builder, scheduler: &Scheduler) -> Result<serde_json::Value> {
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report.json");
    // The schedule alone spares the compiler the work.
    emit(pipeline, builder, scheduler, "schedule", folder.path(), Some(&report))?;
    let text = std::fs::read(&report).context("the plugin wrote no report")?;
    serde_json::from_slice(&text).context("the plugin's report")
}

/// As [`report`], with the schedule that any scheduler makes.
pub fn report_of_any(build: &BuildArgs, scheduler: &Scheduler) -> Result<(String, serde_json::Value)> {
    if matches!(scheduler, Scheduler::Plugin { source: Source::Known(OURS), .. } | Scheduler::Unscheduled) {
        return report(build, scheduler);
    }
    let (pipeline, builder) = (build.open_pipeline()?, build.builder(scheduler)?);
    let folder = tempfile::tempdir()?;
    emit(&pipeline, &builder, scheduler, "hlpipe", folder.path(), None)?;
    let written = folder.path().join(format!("{}.hlpipe", pipeline.name));
    let params = [("strategy", "root".to_owned()), ("schedule", written.display().to_string())];
    let params = params.map(|(key, value)| (key.to_owned(), value)).into();
    let reader = Scheduler::Plugin { source: Source::Known(OURS), params, variant: String::new() };
    Ok((pipeline.to_string(), report_of(&pipeline, &builder, &reader)?))
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
