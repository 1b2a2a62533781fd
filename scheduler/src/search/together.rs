//! Outputs that read the same large data, computed side by side in the same loops (`compute_with`): each part of it is
//! read from memory once.

use super::choice::Choices;
use super::joining::MIN_SAVED_BYTES;
use super::loops::{Nest, TASKS_PER_THREAD};
use super::nest::Planner;
use super::placement::Placement;
use super::problem::Problem;
use super::reads::loads;
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, Source, StageRef};
use std::collections::BTreeSet;

/// Values of each output in one iteration of the innermost loop shared, at least: fewer are not worth its bounds.
const MIN_VALUES: i64 = 512;
/// Where there is but one dimension, the values of an iteration.
const CHUNK: u32 = 2048;

/// Has outputs of equal size, which nobody reads, share loops with the first of them that reads some of the same.
pub(super) fn form(problem: &Problem, choices: &Choices, mut placements: Vec<Placement>) -> Vec<Placement> {
    let Problem { pipeline, regions, .. } = problem;
    let is_free = |id: &FuncId| {
        let func = pipeline.func(*id);
        placements[id.index()] == Placement::Root
            && pipeline.is_output(*id)
            && func.stages.len() == 1
            && func.extern_definition.is_none()
            && problem.consumers[id.index()].is_empty()
    };
    let free: Vec<FuncId> = pipeline.func_ids().filter(is_free).collect();
    if free.len() < 2 {
        return placements;
    }
    let reads: Vec<BTreeSet<Source>> = free.iter().map(|&id| large_sources(problem, &placements, id)).collect();
    let planner = Planner::new(problem, choices, &placements);
    let loops: Vec<Option<Vec<(LoopVar, i64)>>> = free.iter().map(|&id| planner.loops_to_share(id)).collect();
    let mut members = Vec::new();
    for (at, &id) in free.iter().enumerate() {
        let is_alike = |&first: &usize| {
            loops[at].is_some() && loops[at] == loops[first] && regions.func(id) == regions.func(free[first])
        };
        let shares = |&first: &usize| !reads[at].is_disjoint(&reads[first]);
        let first = (0..at).find(|first| is_alike(first) && shares(first));
        members.extend(first.map(|first| (id, free[first])));
    }
    for (id, first) in members {
        placements[first.index()] = Placement::Together { first };
        placements[id.index()] = Placement::Together { first };
    }
    placements
}

/// What an output reads that does not stay in cache from one loop nest to the next.
fn large_sources(problem: &Problem, placements: &[Placement], id: FuncId) -> BTreeSet<Source> {
    let Problem { pipeline, regions, .. } = problem;
    let inlined = |f: FuncId| placements[f.index()] == Placement::Inline;
    let read = loads(pipeline, StageRef { func: id, stage: 0 }, inlined).into_iter().map(|load| load.source);
    read.filter(|&source| regions.source_bytes(pipeline, Some(source)) >= MIN_SAVED_BYTES).collect()
}

impl Planner<'_> {
    /// An output in the loops of the first that it goes with.
    pub(super) fn together(&self, id: FuncId, first: FuncId) -> Vec<Directive> {
        let Some((nest, shared)) = self.shared_nest(id) else { unreachable!("outputs that share loops have vectors") };
        let stage = nest.stage;
        let with = StageRef { func: first, ..stage };
        let joins = (id != first).then_some(Directive::ComputeWith { stage, with, var: shared });
        nest.directives.into_iter().chain(joins).collect()
    }

    /// The loops that an output may share with others, from the innermost, and their iterations.
    fn loops_to_share(&self, id: FuncId) -> Option<Vec<(LoopVar, i64)>> {
        let (nest, shared) = self.shared_nest(id)?;
        let outer = nest.loops.iter().skip_while(|d| d.var != shared);
        Some(outer.map(|d| (d.var.clone(), d.extent)).collect())
    }

    /// Order, innermost first: vectors, other dimensions, tasks. Returns the innermost loop to share, too.
    fn shared_nest(&self, id: FuncId) -> Option<(Nest, LoopVar)> {
        let mut nest = self.plain_nest(id);
        let vector = self.vector(nest.stage)?;
        let chunks = (nest.loops.len() == 1).then(|| nest.split(vector.index, "c", CHUNK).0);
        let mut inner = self.vectors(&mut nest, vector, &[]);
        let rest = nest.remaining(&[&inner[..], chunks.as_slice()].concat());
        inner.extend(rest.into_iter().map(|dim| dim.var).chain(chunks));
        nest.reorder(inner);
        if self.is_worth_tasks(nest.stage) {
            let tasks = self.choices.of(id).tasks.map_or(TASKS_PER_THREAD, i64::from);
            nest.parallelize(i64::from(self.hardware.threads), tasks, None);
        }
        nest.partition_rows(Some(vector));
        let mut values = 1;
        let enough = nest.loops.iter().find(|dim| {
            let before = values;
            values *= dim.extent;
            before >= MIN_VALUES
        })?;
        let shared = enough.var.clone();
        Some((nest, shared))
    }
}
