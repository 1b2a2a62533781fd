//! The report that tools read: the pipeline as data, the schedule, and what it is expected to cost.

use crate::model::Chosen;
use scheduler::cost::ModelSource;
use scheduler::ir::Pipeline;
use scheduler::{Failures, Found, Schedule, StopReason};
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

#[derive(Serialize)]
struct Report<'a> {
    /// The scheduler, its parameters and the target: what it takes, with the pipeline, to search again.
    made_by: &'a str,
    pipeline: &'a Pipeline,
    #[serde(flatten)]
    schedule: &'a Schedule,
    /// The next best schedules, the best first.
    runners_up: &'a [Schedule],
    /// Schedules that the search evaluated.
    candidates: u64,
    /// Why it ended.
    stop: StopReason,
    /// What failed inside.
    failures: &'a Failures,
    /// Seconds from extraction to the applied schedule.
    schedule_seconds: f64,
    /// Threads that were planned for.
    parallelism: u32,
    /// What priced schedules, as the schedule's source calls it.
    model: &'a str,
    model_source: &'a ModelSource,
}

/// How a schedule was made.
pub struct Made<'a> {
    /// The scheduler, its parameters and the target.
    pub by: &'a str,
    /// Threads that were planned for.
    pub parallelism: u32,
    /// What priced schedules.
    pub model: &'a Chosen,
    /// When extraction began.
    pub started: Instant,
}

/// Writes the report.
///
/// # Errors
/// A message with the path, when the file cannot be written.
pub fn write(path: &Path, pipeline: &Pipeline, found: &Found, made: Made) -> Result<(), String> {
    let Found { schedules, candidates, stop, failures } = found;
    let report = Report {
        made_by: made.by,
        pipeline,
        schedule: &schedules[0],
        runners_up: &schedules[1..],
        candidates: *candidates,
        stop: *stop,
        failures,
        schedule_seconds: made.started.elapsed().as_secs_f64(),
        parallelism: made.parallelism,
        model: &made.model.name,
        model_source: &made.model.source,
    };
    let text = serde_json::to_string(&report).map_err(|e| e.to_string())?;
    host::write_output(path, text.as_bytes()).map_err(|e| format!("cannot write the report to {}: {e}", path.display()))
}
