//! How much of a stage runs where boundary conditions clamp.
//!
//! Halide partitions a loop into the two ends, where coordinates may be clamped, and the middle, where they are not. It does
//! so once, in the outermost loop over a dimension: in strips or chunks at the border, everything is code that clamps.

use super::body::{bit, LoopSet};
use super::model::Model;
use super::plan::{Plan, Site};

/// Parts at the ends of a loop.
const ENDS: f64 = 2.0;

/// Share of the stage's iterations that are in the outermost parts at the border of a loop over which loads are clamped.
pub(super) fn share(model: &Model, plan: &Plan, stage: usize, clamped: LoopSet) -> f64 {
    // Reduction loops only move within what the pure ones are at.
    let loops = model.stages[stage].loop_of.iter().enumerate();
    let pure = loops.filter_map(|(dim, &l)| Some((dim, l.filter(|&l| clamped & bit(l) != 0)?)));
    let inside = pure.map(|(dim, origin)| 1.0 - (ENDS / parts(model, plan, stage, (dim, origin))).min(1.0));
    1.0 - inside.product::<f64>()
}

/// Parts that the outermost loop over a dimension of the stage's Func makes.
fn parts(model: &Model, plan: &Plan, stage: usize, (dim, origin): (usize, usize)) -> f64 {
    let func = model.stages[stage].stage.func.index();
    let whole = model.sources[func].extents[dim];
    // The outermost loop around it that cuts the dimension.
    let mut parts = 1.0;
    let mut at = stage;
    while let Site::At { stage: host, level } = plan.compute[model.stages[at].stage.func.index()] {
        at = model.index(host);
        for level in level..plan.nests[at].dims.len() {
            let dims = model.sources[func].extents.len();
            let region = plan.blocks[at].region(level, func, dims).and_then(|region| region[dim]);
            let extent = region.map_or(whole, |i| i.extent().max(1) as f64);
            if extent < whole {
                parts = whole / extent;
            }
        }
    }
    if parts > 1.0 {
        return parts;
    }
    let nest = &plan.nests[stage];
    let outermost = nest.dims.iter().rev().find(|d| nest.parts(d).iter().any(|p| p.origin == origin));
    outermost.map_or(1.0, |d| d.extent)
}
