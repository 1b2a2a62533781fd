//! What each stage is expected to take.

use scheduler::cost::{Pricing, StagePrice};
use scheduler::features::{Features, ScheduledPipeline, ScheduledStage};
use scheduler::ir::Pipeline;
use scheduler::{Bound, Hardware, Roofline, Times};
use serde::Serialize;

/// What is expected of one stage.
#[derive(Debug, Serialize)]
pub struct StageReport {
    /// Of which Func.
    pub func: String,
    /// 0 for the pure definition, `n` for the update `n - 1`.
    pub stage: usize,
    /// Predicted seconds.
    pub seconds: f64,
    /// Of the whole pipeline's seconds.
    pub share: f64,
    /// What takes longest.
    pub bound: Bound,
    /// Seconds by resource, by the analytic cost.
    pub times: Times,
    /// Its loops and what it does.
    pub features: Features,
}

/// What a model expects of all stages, producers first.
pub fn stages(
    pipeline: &Pipeline,
    scheduled: &ScheduledPipeline,
    hardware: &Hardware,
    pricing: &Pricing,
) -> Vec<StageReport> {
    let report = |(s, price): (&ScheduledStage, StagePrice)| {
        let times = Roofline(*hardware).times(&s.features);
        StageReport {
            func: pipeline.func(s.stage.func).name.clone(),
            stage: s.stage.stage,
            seconds: price.seconds,
            share: 0.0,
            bound: times.bound(),
            times,
            features: s.features.clone(),
        }
    };
    let mut stages: Vec<StageReport> = scheduled.stages.iter().zip(pricing.of(scheduled)).map(report).collect();
    let total: f64 = stages.iter().map(|s| s.seconds).sum();
    for stage in &mut stages {
        stage.share = stage.seconds / total.max(f64::MIN_POSITIVE);
    }
    stages
}
