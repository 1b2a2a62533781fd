//! Reductions computed in register tiles of their consumer, as in hand-written matrix products and convolutions.
//!
//! A tile of the reduction has a constant size, so LLVM keeps it in registers over all reduction loops; every vector
//! loaded serves all rows of the tile. Only consumers that are outputs qualify: whole tiles need a size to specialise on.

use super::choice::{Choices, Lead};
use super::joining::{MIN_SAVED_BYTES, PRIVATE_CACHE_BYTES};
use super::placement::Placement;
use super::problem::Problem;
use super::reduction::{constant_iterations, inner_steps, pure_loops, reused_loop, Reduction};
use super::register_tile::{registers, Covered, Shared, Unrolled, MOST_ROWS};
use super::shape::Shape;
use super::stencil::{span, Stencil};
use super::windows::Path;
use crate::demand::add_requirements;
use crate::ir::{FuncId, Interval, Pipeline, Region, Regions, Source, StageRef};

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
    /// Whether the operand that all rows share is too large to stay in cache from row to row, and columns of tiles are
    /// enough to share out: then tiles across come before tiles along, so that each part of it is used up at once.
    pub(super) across_first: bool,
    /// What others are computed for at a time, in the same task.
    pub(super) panel: Option<Panel>,
    /// Steps of the reduction that are unrolled: neighbouring rows read much of the same in them.
    pub(super) unrolled: Unrolled,
}

/// A part of a Func in register tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Panel {
    /// So many rows of tiles, from end to end.
    Rows(u32),
    /// The tiles across at one place along, at one value of all other dimensions.
    Column,
    /// The same at all values of the other dimensions.
    Columns,
}

/// The most that an operand may take to stay in cache from row to row of tiles.
pub(super) const KEPT_BYTES: f64 = PRIVATE_CACHE_BYTES / 4.0;
/// Most vectors side by side.
const MOST_VECTORS: i64 = 4;
/// Rows of a tile for a short reduction: accumulators enough for the latency of their additions.
const SHORT_ROWS: i64 = 3;
/// Steps of a short reduction: it needs no shared operand to be worth a tile, and is bound by memory rather than by loads
/// from the caches.
const MAX_SHORT_REDUCTION: i64 = 16;

/// Pairs output Funcs with the reduction that each reads point by point, or in windows that do not overlap.
pub(super) fn form(
    problem: &Problem,
    choices: &Choices,
    shape: &Shape,
    mut placements: Vec<Placement>,
) -> Vec<Placement> {
    let Problem { pipeline, regions, pinned, .. } = problem;
    for id in pipeline.func_ids().rev() {
        if placements[id.index()] != Placement::Root || pinned[id.index()] {
            continue;
        }
        let Some(path) = Path::of(problem, shape, &placements, id) else { continue };
        let chosen = match choices.of(path.leader).lead {
            Some(Lead::Tiles { vectors, rows }) => Some((vectors, rows)),
            Some(_) => continue,
            None => None,
        };
        let Some(window) = path.window(problem, &placements, id) else { continue };
        let Some(tile) = tile(problem, shape, id, &window, chosen) else { continue };
        if is_streamed(problem, shape, &placements, id) {
            continue;
        }
        let pooled = !path.between.is_empty() || window.iter().any(|&values| values > 1);
        if !pooled && !reads_point_by_point(pipeline, regions, &placements, path.leader, id, tile) {
            continue;
        }
        let all = path.between.iter().chain([&id]);
        let windows: Option<Vec<_>> =
            all.map(|&f| Some((f, path.window(problem, &placements, f).filter(|w| w[tile.along] == 1)?))).collect();
        for (member, window) in windows.into_iter().flatten() {
            placements[path.leader.index()] = Placement::Tiles(tile);
            placements[member.index()] = Placement::InTile { leader: path.leader, window };
        }
    }
    placements
}

/// The register tile of a reduction with one update and an operand to reuse, in points of its leader, for each of which it
/// has a window of sums; of the chosen vectors and rows if their sums fit.
fn tile(problem: &Problem, shape: &Shape, id: FuncId, window: &[u32], chosen: Option<(u32, u32)>) -> Option<Tile> {
    let Problem { pipeline, regions, hardware, .. } = *problem;
    let update = StageRef { func: id, stage: 1 };
    if pipeline.func(id).stages.len() != 2 || Reduction::of(pipeline, update) != Some(Reduction::Accumulates) {
        return None;
    }
    let vector = shape.vector(update)?;
    // Gathers take a register per lane and, unrolled, minutes to compile.
    if pipeline.stage(update).gathers_along(vector.index) {
        return None;
    }
    let is_short = short_reduction(pipeline, update);
    let any = || pure_loops(pipeline, regions, update, vector.index).next().filter(|_| is_short);
    let (across, shared) = match stencil_loop(pipeline, regions, update, vector.index) {
        Some((across, stencil)) => (across, Shared::Vectors(stencil)),
        None => {
            let across = reused_loop(pipeline, regions, update, vector.index).or_else(any)?;
            let values = Stencil::of_values(pipeline, update, vector.index, across);
            (across, values.map_or(Shared::Nothing, Shared::Values))
        }
    };
    let most_rows = if is_short && !matches!(shared, Shared::Vectors(_)) { SHORT_ROWS } else { MOST_ROWS };
    let lanes = i64::from(vector.lanes);
    let row_of_windows = regions.argument(update, across)?;
    let covered = Covered {
        along: regions.loop_extent(update, vector.index),
        lanes,
        across: (regions.loop_extent(update, across) / i64::from(window[row_of_windows])).max(1),
        window: window.iter().map(|&values| i64::from(values)).product(),
        shared,
        inner_loads: inner_steps(pipeline.stage(update)).map(|(_, steps)| steps * span(pipeline, update, vector.index)),
        registers: registers(pipeline, id, hardware),
    };
    let most_vectors = (covered.along / lanes).clamp(1, MOST_VECTORS);
    let chosen = chosen.map(|(vectors, rows)| (i64::from(vectors), i64::from(rows)));
    let chosen = chosen.filter(|&shape| covered.window == 1 || covered.fits(shape));
    let shape = chosen.unwrap_or_else(|| covered.shape((1..=most_vectors).rev(), most_rows));
    // Windows of a short reduction are loaded rather than computed.
    if covered.window > 1 && (is_short || !covered.fits(shape)) {
        return None;
    }
    let columns = (covered.along as f64 / (shape.0 * lanes) as f64).ceil();
    let enough = columns >= 2.0 * f64::from(hardware.threads);
    let across_first = shared_bytes(pipeline, regions, update, across) > KEPT_BYTES;
    Some(Tile {
        along: regions.argument(update, vector.index)?,
        vectors: u32::try_from(shape.0).ok()?,
        lanes: vector.lanes,
        across: row_of_windows,
        rows: u32::try_from(shape.1).ok()?,
        across_first: across_first && enough,
        panel: None,
        unrolled: covered.unrolled(shape),
    })
}

/// The loop whose neighbours share most of what a short stencil reads, and of several the one that lies farthest out in memory:
/// then tiles follow each other through it in lines, and each line is read by few of them.
fn stencil_loop(pipeline: &Pipeline, regions: &Regions, stage: StageRef, along: usize) -> Option<(usize, Stencil)> {
    pure_loops(pipeline, regions, stage, along)
        .filter_map(|index| Some((index, Stencil::of(pipeline, stage, along, index)?)))
        .max_by_key(|&(index, _)| regions.argument(stage, index))
}

/// Whether the reduction takes so few steps that keeping what it accumulates in memory takes as long as the steps.
fn short_reduction(pipeline: &Pipeline, stage: StageRef) -> bool {
    constant_iterations(pipeline.stage(stage)).is_some_and(|steps| steps <= MAX_SHORT_REDUCTION)
}

/// Whether a short reduction reads a large Func that strips would keep from memory.
fn is_streamed(problem: &Problem, shape: &Shape, placements: &[Placement], id: FuncId) -> bool {
    let Problem { pipeline, regions, .. } = problem;
    let is_read = |producer: &FuncId| {
        placements[producer.index()] == Placement::Root && shape.readers[producer.index()].contains(&id)
    };
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
