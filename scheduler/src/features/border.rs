//! How much of a stage runs where boundary conditions clamp.
//!
//! Halide partitions a loop into the two ends, where coordinates may be clamped, and the middle, where they are not. It does
//! so once, in the outermost loop over a dimension that it may partition: in strips or chunks at the border, everything is
//! code that clamps, along all dimensions.

use super::body::{bit, LoopSet};
use super::model::Model;
use super::nest::{Dim, LoopKind};
use super::plan::{Plan, Site};

/// Parts at the ends of a loop.
const ENDS: f64 = 2.0;

/// Share of the stage's iterations that are in the outermost parts at the border of a loop over which loads are clamped. A
/// dimension across vectors that no loop partitions is clamped once for each row, in scalars.
pub(super) fn share(model: &Model, plan: &Plan, stage: usize, clamped: LoopSet) -> f64 {
    let is_vectorized =
        |origin| plan.nests[stage].dims.iter().any(|d| d.kind == LoopKind::Vectorized && d.origins & bit(origin) != 0);
    // Reduction loops only move within what the pure ones are at.
    let loops = model.stages[stage].loop_of.iter().enumerate();
    let pure = loops.filter_map(|(dim, &l)| Some((dim, l.filter(|&l| clamped & bit(l) != 0)?)));
    let inside = pure.map(|(dim, origin)| match parts(model, plan, stage, (dim, origin)) {
        Some(parts) => 1.0 - (ENDS / parts).min(1.0),
        None if is_vectorized(origin) => 0.0,
        None => 1.0,
    });
    1.0 - inside.product::<f64>()
}

/// Parts of a dimension of the stage's Func in the outermost loop over it that is partitioned.
fn parts(model: &Model, plan: &Plan, stage: usize, (dim, origin): (usize, usize)) -> Option<f64> {
    let func = model.stages[stage].stage.func.index();
    let whole = model.sources[func].extents[dim];
    let mut parts = None;
    let nest = &plan.nests[stage];
    let mut extent = 1.0;
    for of_dim in nest.dims.iter().filter(|d| d.origins & bit(origin) != 0) {
        if is_partitioned(of_dim) {
            parts = Some(whole / extent);
        }
        let steps = nest.parts(of_dim).iter().filter(|p| p.origin == origin).map(|p| p.extent);
        extent *= steps.product::<f64>();
    }
    // Loops further out, if one iteration of theirs needs less of the dimension than all do.
    let mut at = stage;
    while let Site::At { stage: host, level } = plan.compute[model.stages[at].stage.func.index()] {
        at = model.index(host);
        let needed = |level: usize| {
            let region = plan.blocks[at].region(level, func, model.sources[func].extents.len());
            region.and_then(|region| region[dim]).map_or(whole, |i| i.extent().max(1) as f64)
        };
        for (level, of_host) in plan.nests[at].dims.iter().enumerate().skip(level) {
            if is_partitioned(of_host) && needed(level) < needed(level + 1) {
                parts = Some(whole / needed(level));
            }
        }
    }
    parts
}

/// Whether Halide may cut a loop into a middle and ends.
pub(super) fn is_partitioned(dim: &Dim) -> bool {
    dim.partitions && matches!(dim.kind, LoopKind::Serial | LoopKind::Parallel)
}
