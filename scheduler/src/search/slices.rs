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
    let pipeline = problem.pipeline;
    let is_free = |id: &FuncId| placements[id.index()] == Placement::Inline && !problem.pinned[id.index()];
    let reads_by_data = |id: &FuncId| pipeline.func(*id).stages[0].accesses.iter().any(is_lookup);
    let candidates: Vec<FuncId> = pipeline.func_ids().filter(is_free).filter(reads_by_data).collect();
    if candidates.is_empty() {
        return BTreeMap::new();
    }
    let constant = problem.regions.constant_dimensions(pipeline);
    let slice = |id: FuncId| {
        let few = |&arg: &usize| constant[id.index()][arg] && interleave::suits(problem.regions.extent(id, arg));
        let args: Vec<usize> = (0..pipeline.func(id).args.len()).filter(few).collect();
        let finder = Finder { problem, placements, id, args };
        finder.in_channels().or_else(|| finder.in_depth())
    };
    candidates.into_iter().filter_map(|id| Some((id, slice(id)?))).collect()
}

struct Finder<'a> {
    problem: &'a Problem<'a>,
    placements: &'a [Placement],
    id: FuncId,
    /// Its arguments that have a few values.
    args: Vec<usize>,
}

impl Finder<'_> {
    fn stage(&self) -> StageRef {
        StageRef { func: self.id, stage: 0 }
    }

    fn index(&self, arg: usize) -> Option<usize> {
        self.problem.pipeline.stage(self.stage()).loop_index(&self.problem.pipeline.func(self.id).args[arg])
    }

    /// Whether a Func is stored for the pipeline alone: only then does a reader choose the order.
    fn is_ours(&self, id: FuncId) -> bool {
        self.placements[id.index()] == Placement::Root && !self.problem.pinned[id.index()]
    }

    /// Of what is looked up in a stored Func alone, in several channels.
    fn in_channels(&self) -> Option<Slice> {
        let Problem { pipeline, regions, hardware, .. } = *self.problem;
        let lanes = i64::from(vector::lanes(pipeline, self.stage(), hardware.vector_bytes));
        let accesses = &pipeline.stage(self.stage()).accesses;
        let stored = |access: &Access| access.source.and_then(Source::func).is_some_and(|f| self.is_ours(f));
        let slices = |around: usize, channel: usize| {
            let (Some(around), Some(channel)) = (self.index(around), self.index(channel)) else { return false };
            accesses.iter().filter(|a| is_lookup(a)).all(|a| stored(a) && is_sliced(a, around, channel))
        };
        let pairs = self.args.iter().flat_map(|&around| self.args.iter().map(move |&channel| (around, channel)));
        let mut suited = pairs.filter(|&(around, channel)| {
            let values = regions.extent(self.id, around) * regions.extent(self.id, channel);
            around != channel && (MIN_LANES..=lanes).contains(&values) && slices(around, channel)
        });
        suited.next().map(|(around, channel)| Slice { around, channel: Some(channel) })
    }

    /// Of many values that are looked up together, through inlined Funcs too.
    fn in_depth(&self) -> Option<Slice> {
        let accesses = &self.problem.pipeline.stage(self.stage()).accesses;
        let many = |&arg: &usize| {
            let Some(around) = self.index(arg) else { return false };
            let added = |access: &Access| {
                let mut dims = 0..access.rows.len();
                dims.all(|dim| access.rows[dim].is_none() || access.coefficient(dim, around).is_some_and(|c| c[0] == 0))
            };
            let looked_up = || self.side_by_side(self.stage(), around, MAX_DEPTH).unwrap_or(0);
            accesses.iter().all(added) && looked_up() * self.problem.regions.extent(self.id, arg) >= MIN_VALUES
        };
        Some(Slice { around: self.args.iter().copied().find(many)?, channel: None })
    }

    /// How many values with storage an evaluation reads at coordinates that one step of the loop `around` moves by one, through
    /// inlined Funcs too; `None` if the loop moves what is read in another way.
    fn side_by_side(&self, stage: StageRef, around: usize, depth: usize) -> Option<i64> {
        let pipeline = self.problem.pipeline;
        let mut count = 0;
        for access in &pipeline.stage(stage).accesses {
            let steps = (0..access.rows.len()).map(|dim| Some((dim, access.coefficient(dim, around)?)));
            let moved: Option<Vec<_>> = steps.filter(|step| !matches!(step, Some((_, [0, _])))).collect();
            let dim = match moved?[..] {
                [] => continue,
                [(dim, [1, 1])] => dim,
                _ => return None,
            };
            let read = access.source.and_then(Source::func)?;
            count += if self.placements[read.index()] == Placement::Inline {
                let behind = StageRef { func: read, stage: 0 };
                let around = pipeline.stage(behind).loop_index(&pipeline.func(read).args[dim])?;
                self.side_by_side(behind, around, depth.checked_sub(1)?)?
            } else {
                self.is_ours(read).then_some(1)?
            };
        }
        Some(count)
    }
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
