//! All that `nnc explain` prints, as data.

use scheduler::Directive;
use serde::Serialize;

use super::alternatives::Alternative;
use crate::expected::stages::StageReport;

/// All that is printed.
#[derive(Debug, Serialize)]
pub struct Explanation {
    pub pipeline: String,
    pub target: String,
    pub threads: u32,
    /// What predicts seconds.
    pub model: String,
    pub predicted_seconds: f64,
    /// Why our checker refuses the schedule, if it does.
    pub illegal: Option<String>,
    /// The nests as pseudo-code, one line each.
    pub loop_nest: Vec<String>,
    /// Producers first.
    pub stages: Vec<StageReport>,
    pub inlined: Vec<String>,
    /// Schedules that differ in one decision: faster ones first, then those about the slowest Funcs.
    pub alternatives: Vec<Alternative>,
    pub directives: Vec<Directive>,
}
