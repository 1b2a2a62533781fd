//! The choices that differ from those of a candidate in one decision about one Func.

use super::candidate::Candidate;
use super::choice::{Choices, Lead, Storage};
use super::placement::Placement;
use super::problem::Problem;
use super::slabs;
use super::vector::{self, Vector};
use crate::ir::{FuncId, StageRef};

/// Which decisions are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// Where Funcs are computed, and in which groups.
    Coarse,
    /// How large the parts are: strips, tiles, vectors, tasks.
    Fine,
}

/// Few strips are slow: those at the border run code that Halide does not partition again.
const STRIPS_PER_THREAD: [u32; 4] = [4, 8, 16, 32];
const CHUNKS: [u32; 4] = [256, 512, 1024, 2048];
const TILES: [(u32, u32); 8] = [(1, 4), (1, 8), (1, 12), (2, 4), (2, 6), (2, 8), (4, 4), (4, 6)];
const TASKS_PER_THREAD: [u32; 3] = [1, 2, 32];
const SIDE_BY_SIDE: [u32; 4] = [1, 2, 4, 8];

/// All such choices about a Func. Some may lead to the same schedule.
pub(super) fn about(problem: &Problem, candidate: &Candidate, id: FuncId, grain: Grain) -> Vec<Choices> {
    let func = problem.pipeline.func(id);
    let placement = &candidate.placements[id.index()];
    if placement.is_decided() || func.extern_definition.is_some() {
        return Vec::new();
    }
    match grain {
        Grain::Coarse => coarse(problem, candidate, id),
        Grain::Fine => fine(problem, candidate, id),
    }
}

fn coarse(problem: &Problem, candidate: &Candidate, id: FuncId) -> Vec<Choices> {
    let choices = &candidate.choices;
    let placement = &candidate.placements[id.index()];
    let can_inline = problem.inlinable[id.index()];
    let mut all = Vec::new();
    if *placement == Placement::Inline {
        all.push(choices.with(id, |c| c.storage = Some(Storage::Stored)));
        all.push(choices.with(id, |c| (c.storage, c.joins) = (Some(Storage::Stored), Some(true))));
        return all;
    }
    if can_inline {
        all.push(choices.with(id, |c| c.storage = Some(Storage::Inlined)));
    }
    match placement {
        Placement::InStrips { sliding, .. } => {
            all.push(choices.with(id, |c| c.joins = Some(false)));
            if *sliding {
                all.push(choices.with(id, |c| c.slides = Some(false)));
            }
        }
        member if member.is_member() => all.push(choices.with(id, |c| c.joins = Some(false))),
        Placement::Root if !problem.pinned[id.index()] => {
            all.push(choices.with(id, |c| c.joins = Some(true)));
        }
        Placement::Strips(_) | Placement::Slabs(_) | Placement::Tiles(_) => {
            all.push(choices.with(id, |c| c.lead = Some(Lead::Alone)));
        }
        _ => {}
    }
    if !placement.is_member() {
        if !matches!(placement, Placement::Strips(_)) {
            let strips = Lead::Strips { per_thread: 8, chunk: None };
            all.push(choices.with(id, |c| c.lead = Some(strips)));
        }
        if !matches!(placement, Placement::Slabs(_)) {
            all.push(choices.with(id, |c| c.lead = Some(Lead::Slabs { height: 16 })));
        }
    }
    all
}

fn fine(problem: &Problem, candidate: &Candidate, id: FuncId) -> Vec<Choices> {
    let choices = &candidate.choices;
    let lead = |lead: Lead| choices.with(id, |c| c.lead = Some(lead));
    let mut all: Vec<Choices> = match &candidate.placements[id.index()] {
        Placement::Inline => return Vec::new(),
        Placement::Strips(strips) => {
            let chunk = strips.chunk.map(|(_, width)| width);
            let chunks = CHUNKS.iter().map(|&c| Some(c)).chain([None]).filter(move |c| *c != chunk);
            let threads = i64::from(problem.hardware.threads);
            let rows = problem.regions.extent(id, strips.row);
            let now = (rows as f64 / (f64::from(strips.height) * threads as f64)).round().max(1.0) as u32;
            let counts = STRIPS_PER_THREAD.iter().filter(move |&&n| n != now);
            let other_counts = counts.map(|&per_thread| lead(Lead::Strips { per_thread, chunk }));
            other_counts.chain(chunks.map(|chunk| lead(Lead::Strips { per_thread: now, chunk }))).collect()
        }
        Placement::Slabs(slabs) => {
            let heights = slabs::HEIGHTS.iter().filter(|&&h| h != slabs.height);
            heights.map(|&height| lead(Lead::Slabs { height })).collect()
        }
        Placement::Tiles(tile) => {
            let extent = |dim| problem.regions.extent(id, dim);
            let fits = |(vectors, rows): (u32, u32)| {
                extent(tile.along) >= i64::from(vectors * tile.lanes) && extent(tile.across) >= i64::from(rows)
            };
            let others = TILES.iter().filter(|&&t| t != (tile.vectors, tile.rows) && fits(t));
            others.map(|&(vectors, rows)| lead(Lead::Tiles { vectors, rows })).collect()
        }
        Placement::Root => TASKS_PER_THREAD.iter().map(|&n| choices.with(id, |c| c.tasks = Some(n))).collect(),
        _ => Vec::new(),
    };
    if !matches!(candidate.placements[id.index()], Placement::Tiles(_) | Placement::InTile { .. }) {
        let stages = problem.pipeline.func(id).stage_refs(id);
        all.extend(stages.flat_map(|stage| of_stage(problem, candidate, stage)));
    }
    all
}

/// Other vectors, and other numbers of them side by side.
fn of_stage(problem: &Problem, candidate: &Candidate, stage: StageRef) -> Vec<Choices> {
    let Problem { pipeline, regions, hardware, .. } = *problem;
    let choices = &candidate.choices;
    let widest = vector::lanes(pipeline, stage, hardware.vector_bytes);
    let mut all = Vec::new();
    for (index, dim) in pipeline.stage(stage).loops.iter().enumerate().filter(|(_, l)| l.parallel) {
        let extent = regions.loop_extent(stage, index);
        let most = vector::most_lanes(pipeline, stage, index, hardware.vector_bytes);
        let fits =
            |lanes: &u32| *lanes >= 4 && *lanes <= most && i64::from(*lanes) <= extent && dim.reduction.is_none();
        for lanes in [widest / 2, widest, 2 * widest].into_iter().filter(fits) {
            all.push(choices.with_stage(stage, |c| c.vector = Some(Vector { index, lanes })));
        }
    }
    if stage.stage > 0 {
        let counts = SIDE_BY_SIDE.iter();
        all.extend(counts.map(|&n| choices.with_stage(stage, |c| c.side_by_side = Some(n))));
    }
    all
}
