//! Reductions computed in register tiles of their consumer, as in hand-written matrix products and convolutions.
//!
//! A tile of the reduction has a constant size, so LLVM keeps it in registers over all reduction loops; every vector
//! loaded serves all rows of the tile. Only consumers that are outputs qualify: whole tiles need a size to specialise on.

use super::choice::{Choices, Lead};
use super::joining::MIN_SAVED_BYTES;
use super::placement::Placement;
use super::problem::Problem;
use super::reduction::{constant_iterations, pure_loops, reused_loop, Reduction};
use super::register_tile::{registers, Covered, MOST_ROWS};
use super::vector;
use crate::cost::Hardware;
use crate::demand::add_requirements;
use crate::ir::{FuncId, Interval, Pipeline, Region, Regions, Source, StageRef};
use std::collections::BTreeSet;

/// A tile of `vectors * lanes` by `rows` points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tile {
    /// The vectorised argument.
    pub(super) along: usize,
    /// Vectors side by side.
    pub(super) vectors: u32,
    /// Lanes of a vector.
    pub(super) lanes: u32,
    /// The argument that the other operand of the reduction does not depend on.
    pub(super) across: usize,
    /// Values of it in a tile.
    pub(super) rows: u32,
    /// Whether the operand that all rows share is too large to stay in cache from row to row: then tiles across come
    /// before tiles along, so that each part of it is used up at once.
    pub(super) across_first: bool,
    /// Rows of tiles that others are computed for at a time, in the same task.
    pub(super) panel: Option<u32>,
}

/// Most vectors side by side.
const MOST_VECTORS: i64 = 4;
/// Rows of a tile for a short reduction: accumulators enough for the latency of their additions.
const SHORT_ROWS: i64 = 3;
/// Steps of a short reduction: it needs no shared operand to be worth a tile, and is bound by memory rather than by loads
/// from the caches.
const MAX_SHORT_REDUCTION: i64 = 16;

/// Pairs output Funcs with the reduction each reads point by point.
pub(super) fn form(
    problem: &Problem,
    choices: &Choices,
    readers: &[BTreeSet<FuncId>],
    mut placements: Vec<Placement>,
) -> Vec<Placement> {
    let Problem { pipeline, regions, hardware, pinned, .. } = problem;
    for id in pipeline.func_ids().rev() {
        let mut only = readers[id.index()].iter();
        let (Some(&leader), None) = (only.next(), only.next()) else { continue };
        let free = placements[id.index()] == Placement::Root && placements[leader.index()] == Placement::Root;
        if !free || pinned[id.index()] || !may_lead(pipeline, leader) {
            continue;
        }
        let chosen = choices.of(leader).lead;
        if matches!(chosen, Some(lead) if !matches!(lead, Lead::Tiles { .. })) {
            continue;
        }
        if let Some(mut tile) = tile(pipeline, regions, &placements, hardware, id)
            .filter(|_| !is_streamed(problem, readers, &placements, id))
        {
            if let Some(Lead::Tiles { vectors, rows }) = chosen {
                (tile.vectors, tile.rows) = (vectors, rows);
            }
            if reads_point_by_point(pipeline, regions, &placements, leader, id, tile) {
                placements[leader.index()] = Placement::Tiles(tile);
                placements[id.index()] = Placement::InTile { leader };
            }
        }
    }
    placements
}

/// Whether a Func can have whole tiles only: guarded ones keep no sums in registers and, unrolled, take minutes to compile.
fn may_lead(pipeline: &Pipeline, id: FuncId) -> bool {
    pipeline.may_specialize(id) && pipeline.func(id).stages.len() == 1
}

/// The register tile of a reduction with one update and an operand to reuse.
fn tile(
    pipeline: &Pipeline,
    regions: &Regions,
    placements: &[Placement],
    hardware: &Hardware,
    id: FuncId,
) -> Option<Tile> {
    let update = StageRef { func: id, stage: 1 };
    if pipeline.func(id).stages.len() != 2 || Reduction::of(pipeline, update) != Some(Reduction::Accumulates) {
        return None;
    }
    let vector = vector::choose(pipeline, regions, placements, update, hardware.vector_bytes)?;
    // Gathers take a register per lane and, unrolled, minutes to compile.
    if pipeline.stage(update).gathers_along(vector.index) {
        return None;
    }
    let is_short = short_reduction(pipeline, update);
    let any = || pure_loops(pipeline, regions, update, vector.index).next().filter(|_| is_short);
    let across = reused_loop(pipeline, regions, update, vector.index).or_else(any)?;
    let most_rows = if is_short { SHORT_ROWS } else { MOST_ROWS };
    let lanes = i64::from(vector.lanes);
    let covered = Covered {
        along: regions.loop_extent(update, vector.index),
        lanes,
        across: regions.loop_extent(update, across),
        registers: registers(pipeline, id, hardware),
    };
    let most_vectors = (covered.along / lanes).clamp(1, MOST_VECTORS);
    let (vectors, rows) = covered.shape((1..=most_vectors).rev(), most_rows);
    Some(Tile {
        along: regions.argument(update, vector.index)?,
        vectors: u32::try_from(vectors).ok()?,
        lanes: vector.lanes,
        across: regions.argument(update, across)?,
        rows: u32::try_from(rows).ok()?,
        across_first: shared_bytes(pipeline, regions, update, across) > hardware.private_cache_bytes as f64 / 4.0,
        panel: None,
    })
}

/// Whether the reduction takes so few steps that keeping what it accumulates in memory takes as long as the steps.
fn short_reduction(pipeline: &Pipeline, stage: StageRef) -> bool {
    constant_iterations(pipeline.stage(stage)).is_some_and(|steps| steps <= MAX_SHORT_REDUCTION)
}

/// Whether a short reduction reads a large Func that strips would keep from memory.
fn is_streamed(problem: &Problem, readers: &[BTreeSet<FuncId>], placements: &[Placement], id: FuncId) -> bool {
    let Problem { pipeline, regions, .. } = problem;
    let is_read =
        |producer: &FuncId| placements[producer.index()] == Placement::Root && readers[producer.index()].contains(&id);
    let is_large = |producer| regions.source_bytes(pipeline, Some(Source::Func(producer))) >= MIN_SAVED_BYTES;
    short_reduction(pipeline, StageRef { func: id, stage: 1 }) && pipeline.func_ids().filter(is_read).any(is_large)
}

/// Bytes of the largest operand that does not depend on a loop.
fn shared_bytes(pipeline: &Pipeline, regions: &Regions, stage: StageRef, index: usize) -> f64 {
    let shared = pipeline.stage(stage).accesses.iter().filter(|a| a.is_fixed(index));
    shared.map(|a| regions.source_bytes(pipeline, a.source)).fold(0.0, f64::max)
}

/// Whether a tile of the leader needs just the same tile of the reduction.
fn reads_point_by_point(
    pipeline: &Pipeline,
    regions: &Regions,
    placements: &[Placement],
    leader: FuncId,
    id: FuncId,
    tile: Tile,
) -> bool {
    let whole = regions.func(leader);
    if whole.len() != regions.func(id).len() {
        return false;
    }
    let extent = |dim: usize| match dim {
        d if d == tile.along => i64::from(tile.vectors * tile.lanes),
        d if d == tile.across => i64::from(tile.rows),
        _ => 1,
    };
    let part: Option<Region> = (0..whole.len())
        .map(|dim| whole[dim].map(|i| Some(Interval { min: i.min, max: i.min + extent(dim) - 1 })))
        .collect();
    let mut needed = vec![None; pipeline.funcs.len()];
    needed[leader.index()] = part;
    for func in (id.index() + 1..=leader.index()).rev().map(FuncId::from_index) {
        if needed[func.index()].is_some() && (func == leader || placements[func.index()] == Placement::Inline) {
            add_requirements(pipeline, regions, func, &mut needed);
        }
    }
    needed[id.index()] == needed[leader.index()] && needed[id.index()].is_some()
}
