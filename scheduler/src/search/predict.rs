//! Expected seconds of every stage that has loops of its own.

use super::placement::Placement;
use super::{vector, StageSeconds};
use crate::cost::{CostModel, Hardware, Roofline, Work};
use crate::ir::{FuncId, Pipeline, Regions, StageRef};

/// Predicts every stage that is not inlined. Inlined stages count with the stages they are inlined into.
pub(super) fn stages(
    pipeline: &Pipeline,
    regions: &Regions,
    placements: &[Placement],
    hardware: &Hardware,
) -> Vec<StageSeconds> {
    let weights = weights(pipeline, placements);
    let model = Roofline(*hardware);
    let mut stages = Vec::new();
    for id in pipeline.func_ids().filter(|id| placements[id.index()].is_stored()) {
        for stage in pipeline.func(id).stage_refs(id) {
            let weight = weights[id.index()][stage.stage];
            let work = work(pipeline, regions, placements, hardware, stage, weight);
            stages.push(StageSeconds { stage, seconds: model.seconds(&work) });
        }
    }
    stages
}

/// Weighted operations of one evaluation of each stage, with what is inlined into it.
fn weights(pipeline: &Pipeline, placements: &[Placement]) -> Vec<Vec<f64>> {
    let mut weights: Vec<Vec<f64>> = Vec::with_capacity(pipeline.funcs.len());
    for id in pipeline.func_ids() {
        let stages = &pipeline.func(id).stages;
        let of_stage = |s: &crate::ir::Stage| {
            let inlined = s.accesses.iter().filter_map(|a| a.source?.func());
            let inlined = inlined.filter(|p| *p < id && placements[p.index()] == Placement::Inline);
            let loaded: f64 = inlined.map(|p: FuncId| weights[p.index()][0]).sum();
            1.0 + s.operations.weight() + s.accesses.len() as f64 + loaded
        };
        let own = stages.iter().map(of_stage).collect();
        weights.push(own);
    }
    weights
}

fn work(
    pipeline: &Pipeline,
    regions: &Regions,
    placements: &[Placement],
    hardware: &Hardware,
    stage: StageRef,
    weight: f64,
) -> Work {
    let func = pipeline.func(stage.func);
    let loops = pipeline.stage(stage).loops.len();
    let iterations: f64 = (0..loops).map(|l| regions.loop_extent(stage, l) as f64).product();
    let points: f64 = (0..func.args.len()).map(|d| regions.extent(stage.func, d) as f64).product();
    let resident = matches!(placements[stage.func.index()], Placement::InStrips { .. });
    let lanes = vector::choose(pipeline, regions, placements, stage, hardware.vector_bytes).map_or(1, |v| v.lanes);
    let parallel = pipeline.stage(stage).loops.iter().any(|l| l.parallel);
    Work {
        operations: iterations * weight,
        lanes: f64::from(lanes),
        // Written, and read by a consumer.
        memory_bytes: if resident { 0.0 } else { 2.0 * points * f64::from(func.value_bytes()) },
        threads: if parallel { f64::from(hardware.threads) } else { 1.0 },
    }
}
