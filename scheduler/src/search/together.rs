//! Outputs that read the same large data, computed side by side in the same loops (`compute_with`): each part of it is
//! read from memory once.

use super::choice::{Choices, Lead};
use super::joining::MIN_SAVED_BYTES;
use super::loops::{Nest, TASKS_PER_THREAD};
use super::nest::Planner;
use super::placement::Placement;
use super::problem::Problem;
use super::reads::loads;
use super::strips::Strips;
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, Source, StageRef};
use std::collections::BTreeSet;

/// Values of each output in one iteration of the innermost loop shared, at least: fewer are not worth its bounds.
const MIN_VALUES: i64 = 512;
/// Where there is but one dimension, the values of an iteration.
const CHUNK: u32 = 2048;

/// Outputs of equal size and in the same arguments, pure, which nobody reads: those that can share loops. The last of each
/// team goes first: what is computed in its loops comes before it in the pipeline, as everywhere.
pub(super) fn teams(problem: &Problem, choices: &Choices, placements: &[Placement]) -> Vec<Vec<FuncId>> {
    let Problem { pipeline, regions, .. } = problem;
    let is_free = |id: &FuncId| {
        let func = pipeline.func(*id);
        placements[id.index()] == Placement::Root
            && func.stages.len() == 1
            && func.extern_definition.is_none()
            && problem.consumers[id.index()].is_empty()
            && matches!(choices.of(*id).lead, None | Some(Lead::Strips { .. }))
    };
    let mut teams: Vec<Vec<FuncId>> = Vec::new();
    for &id in pipeline.outputs.iter().filter(|id| is_free(id)) {
        let alike = |team: &&mut Vec<FuncId>| {
            pipeline.func(team[0]).args == pipeline.func(id).args && regions.func(team[0]) == regions.func(id)
        };
        match teams.iter_mut().find(alike) {
            Some(team) => team.push(id),
            None => teams.push(vec![id]),
        }
    }
    teams.retain(|team| team.len() > 1);
    teams.iter_mut().for_each(|team| team.sort_by(|a, b| b.cmp(a)));
    teams
}

/// Has outputs in whose loops nothing else is computed share those of the first that reads some of the same.
pub(super) fn form(problem: &Problem, choices: &Choices, mut placements: Vec<Placement>) -> Vec<Placement> {
    let mut together = Vec::new();
    for team in teams(problem, choices, &placements) {
        let reads: Vec<BTreeSet<Source>> = team.iter().map(|&id| large_sources(problem, &placements, id)).collect();
        let planner = Planner::new(problem, choices, &placements);
        let loops: Vec<Option<Outer>> = team.iter().map(|&id| planner.loops_to_share(id)).collect();
        // The first of the loops that each is in.
        let mut firsts: Vec<usize> = (0..team.len()).collect();
        for at in 0..team.len() {
            let is_alike = |other: usize| loops[at].is_some() && loops[at] == loops[other];
            let other = (0..at).find(|&other| is_alike(other) && !reads[at].is_disjoint(&reads[other]));
            if let Some(other) = other {
                firsts[at] = firsts[other];
                together.extend([at, firsts[at]].map(|member| (team[member], team[firsts[at]])));
            }
        }
    }
    for (id, first) in together {
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

/// Loops, from the innermost that outputs may share, and their iterations.
type Outer = Vec<(LoopVar, i64)>;

fn outer(nest: &Nest, innermost: &LoopVar) -> Outer {
    nest.loops.iter().skip_while(|d| d.var != *innermost).map(|d| (d.var.clone(), d.extent)).collect()
}

impl Planner<'_> {
    /// An output in the loops of the first that it goes with.
    pub(super) fn together(&self, id: FuncId, first: FuncId) -> Vec<Directive> {
        let Some((nest, shared)) = self.shared_nest(id, first) else { unreachable!("they were found to share loops") };
        let stage = nest.stage;
        let with = StageRef { func: first, ..stage };
        let joins = (id != first).then_some(Directive::ComputeWith { stage, with, var: shared });
        nest.directives.into_iter().chain(joins).collect()
    }

    /// Whether the loops over rows and strips are the same for all of these outputs.
    pub(super) fn share_strips(&self, leaders: &[FuncId], strips: &Strips) -> bool {
        let loops = |&id: &FuncId| {
            let (nest, row) = self.rows(id, strips);
            outer(&nest, &row)
        };
        leaders.iter().all(|id| loops(id) == loops(&leaders[0]))
    }

    fn loops_to_share(&self, id: FuncId) -> Option<Outer> {
        let (nest, shared) = self.rows_or_chunks(id)?;
        Some(outer(&nest, &shared))
    }

    /// The nest of an output with the innermost loop to share.
    fn shared_nest(&self, id: FuncId, first: FuncId) -> Option<(Nest, LoopVar)> {
        match &self.placements[first.index()] {
            Placement::Strips(strips) => Some(self.rows(id, strips)),
            _ => self.rows_or_chunks(id),
        }
    }

    /// Order, innermost first: vectors, other dimensions, tasks. Returns the innermost loop to share, too.
    fn rows_or_chunks(&self, id: FuncId) -> Option<(Nest, LoopVar)> {
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
