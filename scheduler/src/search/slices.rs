//! Slices: Funcs that read a few values around a place that data says, in several channels or several times.
//!
//! Inlined into what runs along a row, every lane gathers these values one by one. Where they lie side by side in memory, a
//! vector over them and the channels loads them at once: stored for themselves, they are then read in strides. Without channels
//! (a pixel's two levels of a pyramid, each interpolated between others) that pays if many are loaded so.

use super::interleave;
use super::placement::Placement;
use super::problem::Problem;
use super::vector;
use crate::ir::{Access, FuncId, Source, StageRef};
use std::collections::BTreeMap;

/// Fewer lanes are not worth a store and a load for every place,
const MIN_LANES: i64 = 4;
/// unless so many values are looked up there.
const MIN_VALUES: i64 = 8;
/// Look-ups are followed through so many inlined Funcs.
const MAX_DEPTH: usize = 4;

/// The arguments of a slice that its vectors run over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slice {
    /// Which of the values around the place.
    pub(super) around: usize,
    /// Which channel, if there are several.
    pub(super) channel: Option<usize>,
}

/// The inlined Funcs that are to be stored as slices.
pub(super) fn slices(problem: &Problem, placements: &[Placement]) -> BTreeMap<FuncId, Slice> {
    let Problem { pipeline, regions, hardware, ref pinned, .. } = *problem;
    let is_free = |id: &FuncId| placements[id.index()] == Placement::Inline && !pinned[id.index()];
    let reads_by_data = |id: &FuncId| pipeline.func(*id).stages[0].accesses.iter().any(is_lookup);
    let candidates: Vec<FuncId> = pipeline.func_ids().filter(is_free).filter(reads_by_data).collect();
    if candidates.is_empty() {
        return BTreeMap::new();
    }
    let constant = regions.constant_dimensions(pipeline);
    let slice = |id: FuncId| {
        let stage = StageRef { func: id, stage: 0 };
        let lanes = i64::from(vector::lanes(pipeline, stage, hardware.vector_bytes));
        let few = |&arg: &usize| constant[id.index()][arg] && interleave::suits(regions.extent(id, arg));
        let args: Vec<usize> = (0..pipeline.func(id).args.len()).filter(few).collect();
        let pairs = args.iter().flat_map(|&around| args.iter().map(move |&channel| (around, channel)));
        let fits = |&(around, channel): &(usize, usize)| {
            let values = regions.extent(id, around) * regions.extent(id, channel);
            around != channel && (MIN_LANES..=lanes).contains(&values)
        };
        let definition = pipeline.stage(stage);
        let index = |arg: usize| definition.loop_index(&pipeline.func(id).args[arg]);
        let lookups = || definition.accesses.iter().filter(|a| is_lookup(a));
        // Only of what is stored for the pipeline alone does a reader choose the order.
        let is_ours = |f: FuncId| placements[f.index()] == Placement::Root && !pinned[f.index()];
        let orders = |access: &Access| access.source.and_then(Source::func).is_some_and(is_ours);
        let slices = |&(around, channel): &(usize, usize)| {
            let (Some(around), Some(channel)) = (index(around), index(channel)) else { return false };
            lookups().all(|lookup| orders(lookup) && is_sliced(lookup, around, channel))
        };
        let several = pairs.filter(fits).find(slices);
        let several = several.map(|(around, channel)| Slice { around, channel: Some(channel) });
        let many = |&around: &usize| {
            let count = index(around).and_then(|around| side_by_side(problem, placements, stage, around, MAX_DEPTH));
            count.is_some_and(|count| count * regions.extent(id, around) >= MIN_VALUES)
        };
        several.or_else(|| Some(Slice { around: args.iter().copied().find(many)?, channel: None }))
    };
    candidates.into_iter().filter_map(|id| Some((id, slice(id)?))).collect()
}

fn is_lookup(access: &Access) -> bool {
    access.by_data && access.is_gather()
}

/// Whether one loop is added to the coordinate that data decides on, and another one is a coordinate of its own.
fn is_sliced(access: &Access, around: usize, channel: usize) -> bool {
    let unknown: Vec<usize> = (0..access.rows.len()).filter(|&dim| access.rows[dim].is_none()).collect();
    let [unknown] = unknown[..] else { return false };
    (0..access.rows.len()).all(|dim| {
        let steps = [around, channel].map(|index| access.coefficient(dim, index));
        match dim == unknown {
            true => steps == [Some([1, 1]), Some([0, 1])],
            false => steps[0] == Some([0, 1]) && matches!(steps[1], Some([0, _] | [1, 1])),
        }
    }) && (0..access.rows.len()).any(|dim| access.coefficient(dim, channel) == Some([1, 1]))
}

/// How many values with storage an evaluation reads at coordinates to which the loop `around` is added, one of each value's, through
/// inlined Funcs too; `None` if the loop moves what is read in another way.
fn side_by_side(
    problem: &Problem,
    placements: &[Placement],
    stage: StageRef,
    around: usize,
    depth: usize,
) -> Option<i64> {
    let mut count = 0;
    for access in &problem.pipeline.stage(stage).accesses {
        let steps = (0..access.rows.len()).map(|dim| Some((dim, access.coefficient(dim, around)?)));
        let moved: Option<Vec<_>> = steps.filter(|step| !matches!(step, Some((_, [0, _])))).collect();
        let dim = match moved?[..] {
            [] => continue,
            [(dim, [1, 1])] => dim,
            _ => return None,
        };
        let read = access.source.and_then(Source::func).filter(|f| !problem.pinned[f.index()])?;
        count += match placements[read.index()] {
            Placement::Root => 1,
            Placement::Inline => {
                let behind = StageRef { func: read, stage: 0 };
                let arg = &problem.pipeline.func(read).args[dim];
                let around = problem.pipeline.stage(behind).loop_index(arg)?;
                side_by_side(problem, placements, behind, around, depth.checked_sub(1)?)?
            }
            _ => return None,
        };
    }
    Some(count)
}
