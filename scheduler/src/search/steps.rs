//! Steps of a reduction: iterations of a loop of an update, with what they read computed inside.

use super::nest::Planner;
use super::placement::Placement;
use super::problem::Problem;
use crate::demand::{loop_bounds, middle, points};
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, Region, StageRef};

/// A Func of which steps together compute more than this many times what they need is not computed in them.
pub(super) const MAX_RECOMPUTE: f64 = 1.1;

/// A reduction loop of an update.
#[derive(Clone, Copy)]
pub(super) struct Steps {
    pub(super) update: StageRef,
    /// Its place in the definition.
    pub(super) index: usize,
}

impl Steps {
    /// How many there are, those of the loops around included.
    fn count(self, problem: &Problem) -> f64 {
        let loops = problem.pipeline.stage(self.update).loops.iter().enumerate().skip(self.index);
        let reductions = loops.filter(|(_, l)| l.reduction.is_some());
        reductions.map(|(index, _)| problem.regions.loop_extent(self.update, index) as f64).product()
    }

    /// Where the update's loops run in one of them, over a part of its Func.
    pub(super) fn loops_of_one(self, problem: &Problem, part: &Region) -> Region {
        let loops = problem.pipeline.stage(self.update).loops.iter().enumerate();
        loops
            .zip(loop_bounds(problem.regions, self.update, part))
            .map(|((index, l), whole)| match whole {
                Some(whole) if l.reduction.is_some() && index >= self.index => {
                    Some(middle(Some(whole), whole.extent(), 1))
                }
                _ => whole,
            })
            .collect()
    }

    /// Whether each needs values of its own of a Func: `slice` of the `part` that all need together.
    pub(super) fn share_nothing(self, problem: &Problem, id: FuncId, slice: &Region, part: &Region) -> bool {
        self.values(problem, id, slice) <= MAX_RECOMPUTE * points(problem.regions, id, part)
    }

    /// How many values of a Func all compute together.
    pub(super) fn values(self, problem: &Problem, id: FuncId, slice: &Region) -> f64 {
        points(problem.regions, id, slice) * self.count(problem)
    }
}

impl Planner<'_> {
    /// The loop of an update that Funcs are computed in, if some are.
    pub(super) fn step_of(&self, stage: StageRef) -> Option<usize> {
        self.placements.iter().find_map(|p| match p {
            Placement::InStep { host, step } if *host == stage.func && stage.stage == 1 => Some(*step),
            _ => None,
        })
    }

    /// The reduction loop of a host's update that slices are computed in.
    pub(super) fn step_loop(&self, host: FuncId, step: usize) -> LoopVar {
        let update = StageRef { func: host, stage: 1 };
        LoopVar { name: self.pipeline.stage(update).loops[step].var.clone(), rvar: true }
    }

    /// An update in whose reduction loop `step` others are computed. Order, innermost first: vectors, or what scattered updates
    /// share; reduction loops inside of that, the part computed, the loop itself, those around it.
    pub(super) fn in_steps(&self, stage: StageRef, step: usize) -> Vec<Directive> {
        let mut nest = self.plain_nest_of(stage);
        let vector = self.vector(stage);
        let lanes = match vector {
            Some(vector) => Some(nest.vectorize(vector).1),
            None => self.shared_scatter(stage, &mut nest),
        };
        let inside: Vec<LoopVar> = nest.current[..step].to_vec();
        let (hazards, free): (Vec<_>, Vec<_>) =
            nest.remaining(lanes.as_slice()).into_iter().partition(|d| d.place.is_none());
        let (inner, outer): (Vec<_>, Vec<_>) = hazards.into_iter().partition(|d| inside.contains(&d.var));
        let rest = inner.into_iter().chain(free).chain(outer).map(|d| d.var);
        nest.reorder(lanes.into_iter().chain(rest).collect());
        nest.partition_rows(vector);
        nest.directives
    }
}
