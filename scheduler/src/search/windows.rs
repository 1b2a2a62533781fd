//! What lies between a reduction and the output in whose register tiles it is computed: nothing, or a pooling, which reads a
//! window of sums for each of its values. A tile then holds the windows of all its points.

use super::placement::Placement;
use super::problem::Problem;
use super::reduction::{unrolled_iterations, Reduction};
use super::shape::Shape;
use crate::demand::{add_requirements, middle};
use crate::ir::{FuncId, Pipeline, Region, StageRef};

/// From a reduction to the output that reads it.
pub(super) struct Path {
    pub(super) leader: FuncId,
    /// Short reductions on the way: the maximum of a window, say.
    pub(super) between: Vec<FuncId>,
}

impl Path {
    /// Follows the only reader of a Func, and that of what pools it, to an output that can have whole tiles.
    pub(super) fn of(problem: &Problem, shape: &Shape, placements: &[Placement], id: FuncId) -> Option<Self> {
        let mut between = Vec::new();
        let mut read = id;
        loop {
            let reader = shape.only_reader(read)?;
            if placements[reader.index()] != Placement::Root {
                return None;
            }
            if may_lead(problem.pipeline, reader) {
                return Some(Self { leader: reader, between });
            }
            if problem.pinned[reader.index()] || !pools(problem.pipeline, reader) {
                return None;
            }
            between.push(reader);
            read = reader;
        }
    }

    /// By dimension of a Func on the way, how many of its values each value of the leader needs; `None` where neighbours
    /// share some, which would be computed for both.
    pub(super) fn window(&self, problem: &Problem, placements: &[Placement], id: FuncId) -> Option<Vec<u32>> {
        let dims = problem.regions.func(self.leader).len();
        let extents = |values: &dyn Fn(usize) -> i64| -> Option<Vec<i64>> {
            let needed = self.needed(problem, placements, id, values)?;
            needed.into_iter().map(|interval| Some(interval?.extent())).collect()
        };
        let one = extents(&|_| 1)?;
        let is_long = |&dim: &usize| problem.regions.extent(self.leader, dim) > 1;
        let grows_alone = |dim: usize| {
            let two = extents(&|d| if d == dim { 2 } else { 1 });
            two.is_some_and(|two| (0..dims).all(|d| two[d] == if d == dim { 2 * one[d] } else { one[d] }))
        };
        if one.len() != dims || !(0..dims).filter(is_long).all(grows_alone) {
            return None;
        }
        one.into_iter().map(|values| u32::try_from(values).ok()).collect()
    }

    /// What so many values of the leader, in the middle of it, need of a Func on the way.
    fn needed(
        &self,
        problem: &Problem,
        placements: &[Placement],
        id: FuncId,
        values: &dyn Fn(usize) -> i64,
    ) -> Option<Region> {
        let (pipeline, regions, leader) = (problem.pipeline, problem.regions, self.leader);
        let mut needed = vec![None; pipeline.funcs.len()];
        let whole = regions.func(leader).iter().enumerate();
        let part = whole.map(|(dim, &i)| i.map(|_| middle(i, regions.extent(leader, dim), values(dim)))).collect();
        needed[leader.index()] = Some(part);
        for func in (id.index() + 1..=leader.index()).rev().map(FuncId::from_index) {
            let inside =
                func == leader || self.between.contains(&func) || placements[func.index()] == Placement::Inline;
            if inside && needed[func.index()].is_some() {
                add_requirements(pipeline, regions, func, &mut needed);
            }
        }
        needed[id.index()].take()
    }
}

/// Whether a Func can have whole tiles only: guarded ones keep no sums in registers and, unrolled, take minutes to compile.
fn may_lead(pipeline: &Pipeline, id: FuncId) -> bool {
    pipeline.may_specialize(id) && pipeline.func(id).stages.len() == 1
}

/// Whether a Func is a reduction of so few steps that all are unrolled.
fn pools(pipeline: &Pipeline, id: FuncId) -> bool {
    let update = StageRef { func: id, stage: 1 };
    pipeline.func(id).stages.len() == 2
        && Reduction::of(pipeline, update) == Some(Reduction::Accumulates)
        && unrolled_iterations(pipeline.stage(update)).is_some()
}
