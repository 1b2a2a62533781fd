//! Resampling: sums at places that a formula gives, as a resize or a warp along one axis takes them.
//!
//! Vectors along that axis gather every tap. Along another one, which both Funcs share, they are dense if that lies
//! innermost in memory: what is read is then stored transposed, a scattered store a value instead of a gather a tap.

use super::placement::Placement;
use super::problem::Problem;
use super::reduction::Reduction;
use super::vector;
use crate::ir::{FuncId, Source, StageRef};

/// Fewer taps are not worth the scattered stores of both Funcs.
const MIN_TAPS: i64 = 4;
/// Shorter dimensions do not fill vectors.
const MIN_EXTENT: i64 = 8;

/// The argument of a Func that should lie innermost, along with the dimension of what its update reads that moves with
/// it: `None` unless the update's vectors would gather that at computed places.
pub(super) fn transposed_argument(problem: &Problem, placements: &[Placement], id: FuncId) -> Option<usize> {
    let Problem { pipeline, regions, hardware, ref pinned, .. } = *problem;
    let func = pipeline.func(id);
    let update = StageRef { func: id, stage: 1 };
    if func.stages.len() != 2 || Reduction::of(pipeline, update) != Some(Reduction::Accumulates) {
        return None;
    }
    let definition = pipeline.stage(update);
    let reductions = (0..definition.loops.len()).filter(|&l| definition.loops[l].reduction.is_some());
    let taps = reductions.fold(1, |n: i64, l| n.saturating_mul(regions.loop_extent(update, l)));
    let along = vector::choose(pipeline, regions, placements, update, hardware.vector_bytes)?.index;
    let stored = |source: Source| {
        source.func().is_some_and(|f| f != id && placements[f.index()] == Placement::Root && !pinned[f.index()])
    };
    let mut gathered = definition.accesses.iter().filter(|a| !a.by_data && a.is_gather_along(along));
    let access = gathered.find(|a| a.source.is_some_and(stored)).filter(|_| taps >= MIN_TAPS)?;
    (0..func.args.len()).find(|&arg| {
        let Some(index) = definition.loop_index(&func.args[arg]) else { return false };
        let moved = access.rows.iter().flatten().filter(|row| row.coeffs[index][0] != 0);
        arg != 0
            && regions.loop_extent(update, index) >= MIN_EXTENT
            && !access.is_gather_along(index)
            && moved.map(|row| row.coeffs[index]).eq([[1, 1]])
    })
}
