//! The report that tools read: the pipeline as data, the schedule, and what it is expected to cost.

use scheduler::ir::Pipeline;
use scheduler::{Failures, Found, Schedule, StopReason};
use serde::Serialize;
use std::path::Path;

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
}

/// Writes the report.
///
/// # Errors
/// A message with the path, when the file cannot be written.
pub fn write(
    path: &Path,
    made_by: &str,
    pipeline: &Pipeline,
    found: &Found,
    schedule_seconds: f64,
) -> Result<(), String> {
    let Found { schedules, candidates, stop, failures } = found;
    let report = Report {
        made_by,
        pipeline,
        schedule: &schedules[0],
        runners_up: &schedules[1..],
        candidates: *candidates,
        stop: *stop,
        failures,
        schedule_seconds,
    };
    let text = serde_json::to_string(&report).map_err(|e| e.to_string())?;
    std::fs::write(path, text).map_err(|e| format!("cannot write the report to {}: {e}", path.display()))
}
