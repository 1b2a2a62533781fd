//! Short loops whose iterations share work, such as those over the channels of a pixel: unrolled inside the vectors, what
//! they share is loaded and computed once, and a select between channels costs nothing.

use super::vector::Vector;
use crate::ir::{Access, Pipeline, Regions, Source, StageRef};

/// Most iterations that share loads.
const MAX_SHARED: i64 = 4;
/// Most iterations that a select tells apart.
const MAX_CASES: i64 = 8;

/// A short pure loop, other than the vectorised one: one that selects go by, or along which some load stays where it is.
pub(super) fn sharing_loop(pipeline: &Pipeline, regions: &Regions, stage: StageRef, vector: Vector) -> Option<usize> {
    let definition = pipeline.stage(stage);
    let loads =
        |access: &&Access| access.source.is_some_and(|s| s != Source::Func(stage.func)) && !access.rows.is_empty();
    (0..definition.loops.len()).filter(|&index| index != vector.index).find(|&index| {
        let extent = regions.loop_extent(stage, index);
        let is_case = definition.compared.contains(&index) && extent <= MAX_CASES;
        let shares = || extent <= MAX_SHARED && definition.accesses.iter().filter(loads).any(|a| a.is_fixed(index));
        let dim = &definition.loops[index];
        extent >= 2 && dim.parallel && dim.reduction.is_none() && (is_case || shares())
    })
}
