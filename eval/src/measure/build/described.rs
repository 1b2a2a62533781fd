//! Pipelines, and the schedules that others make of them, as our plugin sees them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result};
use nnc_worker_protocol as protocol;
use scheduler::ir;

use crate::measure::build::builder::{expected_by_adams2019, Builder};
use crate::measure::build::generator::Pipeline;
use crate::measure::build::hl_autoscheduler::{Source, OURS};
use crate::measure::build::schedulers::Scheduler;
use crate::measure::build::warm::{estimates, Built, Warm};
use crate::results::failure::{explain, Failure};
use crate::system::child;
use crate::system::plain;
use crate::system::tail::Tail;
use crate::system::turns;

/// The schedule of any scheduler, in a file that our plugin reads.
pub struct Serialised {
    path: PathBuf,
    /// What the scheduler itself expects the pipeline to take, if it says.
    pub expected_seconds: Option<f64>,
    /// The threads that it was told to plan for, if not the builder's.
    parallelism: Option<String>,
}

/// Has a pipeline write `what` into a folder, as a scheduler schedules it, with a report of the plugin if `report` names
/// a file. Returns the seconds that the scheduler expects, if it says.
fn emit(
    pipeline: &Pipeline,
    builder: &Builder,
    scheduler: &Scheduler,
    what: &str,
    folder: &Path,
    report: Option<&Path>,
) -> Result<Result<Option<f64>, Failure>> {
    let chosen = scheduler.arguments(&builder.plugins, &pipeline.executable, builder.threads)?;
    let mut command = builder.generator(pipeline);
    command.args(["-g", &pipeline.name, "-e", what, "-o"]).arg(folder).env("HL_DEBUG_CODEGEN", "1");
    command.arg(format!("target={}", builder.target));
    command.args(pipeline.params.iter().map(|(key, value)| format!("{key}={value}")));
    command.args(chosen.args).args(report.map(|path| format!("autoscheduler.report={}", path.display())));
    let (mut tail, mut expected) = (Tail::default(), None);
    let _turn = turns::to_compile();
    let finished = child::run(command, &builder.limits, |_, line| {
        expected = expected_by_adams2019(line).or(expected);
        tail.push(line);
    })?;
    let failure = explain(&finished, &tail, &builder.limits, "reading the pipeline");
    Ok(failure.map_or(Ok(expected), Err))
}

/// The report of our plugin, with a scheduler that is ours, on `pipeline`.
pub fn report_of(pipeline: &Pipeline, builder: &Builder, scheduler: &Scheduler) -> Result<serde_json::Value> {
    try_report(pipeline, builder, scheduler)?.map_err(|failure| Error::new(failure).context(pipeline.to_string()))
}

fn try_report(
    pipeline: &Pipeline,
    builder: &Builder,
    scheduler: &Scheduler,
) -> Result<Result<serde_json::Value, Failure>> {
    let folder = builder.cache.work_folder()?;
    let report = folder.path().join("report.json");
    // The schedule alone spares the compiler the work.
    if let Err(failure) = emit(pipeline, builder, scheduler, "schedule", folder.path(), Some(&report))? {
        return Ok(Err(failure));
    }
    read_report(&report).map(Ok)
}

fn read_report(path: &Path) -> Result<serde_json::Value> {
    let text = std::fs::read(path).context("the plugin wrote no report")?;
    let report = serde_json::from_slice(&text).context("the plugin's report")?;
    Ok(plain::data(report))
}

/// The pipeline of a report.
fn pipeline_in(report: &serde_json::Value) -> Result<ir::Pipeline> {
    Ok(ir::Pipeline::from_json(&report["pipeline"].to_string())?)
}

/// A pipeline as our plugin reads it.
pub fn described(pipeline: &Pipeline, builder: &Builder) -> Result<ir::Pipeline> {
    pipeline_in(&report_of(pipeline, builder, &Scheduler::Unscheduled)?)
}

/// Writes a pipeline into a folder with the schedule that any scheduler makes.
pub fn serialise(
    pipeline: &Pipeline,
    builder: &Builder,
    scheduler: &Scheduler,
    folder: &Path,
) -> Result<Result<Serialised, Failure>> {
    let written = emit(pipeline, builder, scheduler, "hlpipe", folder, None)?;
    let path = folder.join(format!("{}.hlpipe", pipeline.name));
    let parallelism = scheduler.param("parallelism").map(str::to_owned);
    Ok(written.map(|expected_seconds| Serialised { path, expected_seconds, parallelism }))
}

/// The report of our plugin with a serialised schedule. It fails where there is no directive for what was scheduled.
pub fn read_back(
    pipeline: &Pipeline,
    builder: &Builder,
    schedule: &Serialised,
) -> Result<Result<serde_json::Value, Failure>> {
    let reader = Scheduler::plugin(Source::Known(OURS)).with("strategy", "root");
    let reader = reader.with("schedule", &schedule.path.to_string_lossy());
    let reader = schedule.parallelism.iter().fold(reader, |reader, threads| reader.with("parallelism", threads));
    try_report(pipeline, builder, &reader)
}

/// The schedule that any scheduler makes, in a report of our plugin.
pub fn report_of_any(pipeline: &Pipeline, builder: &Builder, scheduler: &Scheduler) -> Result<serde_json::Value> {
    if matches!(scheduler, Scheduler::Plugin { source: Source::Known(OURS), .. } | Scheduler::Unscheduled) {
        return report_of(pipeline, builder, scheduler);
    }
    let folder = builder.cache.work_folder()?;
    let failed = |failure: Failure| Error::new(failure).context(pipeline.to_string());
    let schedule = serialise(pipeline, builder, scheduler, folder.path())?.map_err(failed)?;
    read_back(pipeline, builder, &schedule)?.map_err(failed)
}

/// Has the generator write `pipeline` down, before anything is scheduled but what its author did, for workers to build. Returns the
/// pipeline as data, too.
pub fn open_warm(pipeline: &Pipeline, builder: &Builder) -> Result<(Warm, ir::Pipeline)> {
    let folder = builder.cache.work_folder()?;
    let path = folder.path().join("pipeline.hlpipe");
    // The generator goes on to lower it, and some pipelines take for ever if everything is inlined.
    let writer = Scheduler::plugin(Source::Known(OURS)).with("strategy", "root");
    let report = report_of(pipeline, builder, &writer.with("hlpipe", &path.to_string_lossy()))?;
    let data = pipeline_in(&report)?;
    let source = protocol::Source { path, estimates: estimates(&data), arguments: Vec::new() };
    let libraries = pipeline.executable.libhalide.as_deref().and_then(Path::parent).map(Path::to_owned);
    Ok((Warm::new(folder, source, libraries), data))
}

/// What our plugin reads of a pipeline in a worker.
pub fn describe_again(pipeline: &Pipeline, builder: &Builder, warm: &Warm) -> Result<ir::Pipeline> {
    let folder = builder.cache.work_folder()?;
    let path = folder.path().join("report.json");
    let reader = Scheduler::plugin(Source::Known(OURS)).with("strategy", "root");
    let reader = reader.with("report", &path.to_string_lossy());
    let chosen = reader.arguments(&builder.plugins, &pipeline.executable, builder.threads)?;
    let job = protocol::Job { autoscheduler: chosen.autoscheduler, ..builder.job() };
    let _turn = turns::to_compile();
    let Built { finished, tail, .. } = warm.build(job)?;
    if let Some(failure) = explain(&finished, &tail, &builder.limits, "reading the pipeline") {
        return Err(Error::new(failure).context(pipeline.to_string()));
    }
    pipeline_in(&read_report(&path)?)
}
