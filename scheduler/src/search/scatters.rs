//! What an update scatters by (the bins of a histogram), computed a step of its reduction at a time.
//!
//! In strips, a histogram for each cell of a grid goes over as many rows of an image as a cell has, and what it reads of these is
//! computed before. If that is more than the first-level cache holds, each row is computed just before the update goes over it.

use super::choice::Choices;
use super::joining::{may_join, read_by_stage};
use super::placement::Placement;
use super::problem::Problem;
use super::reduction::Reduction;
use super::shape::Shape;
use super::steps::Steps;
use crate::demand::{add_pure_requirements, add_reads, add_requirements, points, widen_by_updates};
use crate::ir::{FuncId, Region, StageRef};

/// What is smaller stays in the first-level cache until the update reads it.
const MIN_BYTES: f64 = 32768.0;

/// Moves Funcs from the rows of strips into the outermost reduction loop of the one update that reads them and scatters.
pub(super) fn form(
    problem: &Problem,
    choices: &Choices,
    shape: &Shape,
    mut placements: Vec<Placement>,
) -> Vec<Placement> {
    for host in problem.pipeline.func_ids() {
        let Some(leader) = leader(&placements, host) else { continue };
        let Some(steps) = steps(problem, shape, host) else { continue };
        let former = Former { problem, choices, shape, placements: &placements, leader, steps };
        for id in former.members() {
            placements[id.index()] = Placement::InStep { host, step: steps.index };
        }
    }
    placements
}

/// The Func in whose strips another one is computed anew for every row.
fn leader(placements: &[Placement], id: FuncId) -> Option<FuncId> {
    match placements[id.index()] {
        Placement::InStrips { leader, sliding: false } => Some(leader),
        _ => None,
    }
}

/// The outermost reduction loop of an update that scatters one value at a time.
fn steps(problem: &Problem, shape: &Shape, host: FuncId) -> Option<Steps> {
    let func = problem.pipeline.func(host);
    let update = StageRef { func: host, stage: 1 };
    if func.stages.len() != 2 || Reduction::of(problem.pipeline, update) != Some(Reduction::Scans) {
        return None;
    }
    let definition = problem.pipeline.stage(update);
    let scatters = definition.stores.iter().any(Option::is_none) && shape.vector(update).is_none();
    let index = definition.loops.iter().rposition(|l| l.reduction.is_some())?;
    scatters.then_some(Steps { update, index })
}

struct Former<'a> {
    problem: &'a Problem<'a>,
    choices: &'a Choices,
    shape: &'a Shape,
    placements: &'a [Placement],
    leader: FuncId,
    steps: Steps,
}

impl Former<'_> {
    fn members(&self) -> Vec<FuncId> {
        let Problem { pipeline, regions, .. } = *self.problem;
        let Placement::Strips(strips) = &self.placements[self.leader.index()] else { return Vec::new() };
        let host = self.steps.update.func;
        // What a row of the leader needs, and what a step does.
        let mut in_row: Vec<Option<Region>> = vec![None; pipeline.funcs.len()];
        let mut in_step = in_row.clone();
        in_row[self.leader.index()] = Some(strips.rows(regions, self.leader, 1));
        add_pure_requirements(regions, self.leader, &mut in_row);
        let mut members = Vec::new();
        for id in (0..self.leader.index()).rev().map(FuncId::from_index) {
            let inline = self.placements[id.index()] == Placement::Inline;
            let Some(mut part) = in_row[id.index()].clone() else { continue };
            if id == host {
                widen_by_updates(pipeline, regions, id, &mut part);
                add_reads(regions, self.steps.update, &self.steps.loops_of_one(self.problem, &part), &mut in_step[..]);
            } else if inline && in_step[id.index()].is_some() {
                add_requirements(pipeline, regions, id, &mut in_step);
            } else if in_step[id.index()].as_ref().is_some_and(|slice| self.joins(id, slice, &part)) {
                members.push(id);
            }
            if inline || self.is_beside(id) {
                add_requirements(pipeline, regions, id, &mut in_row);
            }
        }
        members
    }

    /// Whether a Func is computed in the rows of the same strips.
    fn is_beside(&self, id: FuncId) -> bool {
        matches!(self.placements[id.index()], Placement::InStrips { leader, .. } if leader == self.leader)
    }

    fn joins(&self, id: FuncId, slice: &Region, part: &Region) -> bool {
        let Problem { pipeline, regions, .. } = *self.problem;
        let host = self.steps.update.func;
        let func = pipeline.func(id);
        let before = read_by_stage(pipeline, self.placements, StageRef { func: host, stage: 0 });
        leader(self.placements, id) == Some(self.leader)
            && may_join(self.problem, self.choices, id)
            && func.stages.len() == 1
            && self.shape.only_reader(id) == Some(host)
            && !before.contains(&id)
            && points(regions, id, part) * f64::from(func.value_bytes()) >= MIN_BYTES
            && self.steps.share_nothing(self.problem, id, slice, part)
            && self.shape.fills_vectors(regions, id, slice)
    }
}
