//! All that `nnc explain` prints, as data.

use scheduler::features::Features;
use scheduler::{Bound, Directive, Times};
use serde::Serialize;

use super::alternatives::Alternative;

/// What is expected of one stage.
#[derive(Debug, Serialize)]
pub struct StageReport {
    pub func: String,
    /// 0 for the pure definition, `n` for the update `n - 1`.
    pub stage: usize,
    pub seconds: f64,
    /// Of the whole pipeline's seconds.
    pub share: f64,
    /// What takes longest.
    pub bound: Bound,
    /// Seconds by resource, by the analytic cost.
    pub times: Times,
    pub features: Features,
}

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
