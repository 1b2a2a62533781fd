//! Packing: copies of operands in the order in which a reduction reads them.
//!
//! Where a reduction runs along the rows of an operand and its result along the columns (`x · Wᵀ`, the layers of neural
//! networks), vectors gather each lane from a row of its own. Stored once with the columns innermost, the operand is loaded
//! in whole vectors, as experts do with `in()`.

use super::placement::Placement;
use super::problem::Problem;
use super::reduction::Reduction;
use super::vector;
use crate::demand::points;
use crate::ir::{Access, FuncId, Source, StageRef};
use std::collections::BTreeMap;

/// Each value has to be read so often for a copy of it to pay.
pub(super) const MIN_READS: f64 = 8.0;
/// Shorter dimensions do not fill vectors.
const MIN_EXTENT: i64 = 8;

/// The Funcs that are to be copied, inlined ones included, with the argument that should lie innermost.
pub(super) fn packed_arguments(problem: &Problem, placements: &[Placement]) -> BTreeMap<FuncId, usize> {
    let Problem { pipeline, ref pinned, .. } = *problem;
    let is_stored = |id: FuncId| placements[id.index()] == Placement::Root;
    let updates =
        pipeline.func_ids().filter(|&id| is_stored(id)).flat_map(|id| pipeline.func(id).stage_refs(id).skip(1));
    let mut packed = BTreeMap::new();
    for update in updates {
        let Some(index) = gathering_loop(problem, placements, update) else { continue };
        for access in &pipeline.stage(update).accesses {
            let Some(Source::Func(id)) = access.source else { continue };
            let free = matches!(placements[id.index()], Placement::Root | Placement::Inline) && !pinned[id.index()];
            if free && id != update.func && pipeline.func(id).stages.len() == 1 && is_reread(problem, update, id) {
                packed.extend(moved_argument(access, index).map(|arg| (id, arg)));
            }
        }
    }
    packed
}

/// The loop that an accumulation stores along, if its best vectors gather from rows.
fn gathering_loop(problem: &Problem, placements: &[Placement], update: StageRef) -> Option<usize> {
    let Problem { pipeline, regions, hardware, .. } = *problem;
    if Reduction::of(pipeline, update) != Some(Reduction::Accumulates) {
        return None;
    }
    let definition = pipeline.stage(update);
    let vector = vector::choose(pipeline, regions, placements, update, hardware.vector_bytes);
    let gathers = vector.is_none_or(|v| vector::sums_along_rows(definition, v.index));
    let index = definition.loop_index(pipeline.func(update.func).args.first()?)?;
    (gathers && regions.loop_extent(update, index) >= MIN_EXTENT).then_some(index)
}

/// Whether an update reads each value of a Func often.
fn is_reread(problem: &Problem, update: StageRef, id: FuncId) -> bool {
    let regions = problem.regions;
    regions.iterations(update) >= MIN_READS * points(regions, id, regions.func(id))
}

/// The dimension that a loop moves, where it is the only one and not the innermost.
fn moved_argument(access: &Access, index: usize) -> Option<usize> {
    let moves = |dim: &usize| access.rows[*dim].as_ref().is_none_or(|row| row.coeffs[index][0] != 0);
    let mut moved = (0..access.rows.len()).filter(moves);
    let (Some(arg), None) = (moved.next(), moved.next()) else { return None };
    let is_unit = access.rows[arg].as_ref().is_some_and(|row| row.coeffs[index] == [1, 1]);
    (is_unit && arg != 0).then_some(arg)
}
