//! Which loop of a stage to vectorise, and how wide.

use super::interleave;
use super::placement::Placement;
use super::reduction::{unrolled_iterations, Reduction};
use crate::ir::{type_bytes, Access, FuncId, Lanes, Pipeline, Regions, Source, Stage, StageRef};

/// The loop to vectorise and the number of lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Vector {
    /// Index of the loop in the stage.
    pub(super) index: usize,
    /// Lanes, a power of two.
    pub(super) lanes: u32,
}

/// The best loop to vectorise: contiguous stores and loads decide, not the position. `None` when every candidate is
/// too short or would only gather.
pub(super) fn choose(
    pipeline: &Pipeline,
    regions: &Regions,
    placements: &[Placement],
    stage: StageRef,
    vector_bytes: u32,
) -> Option<Vector> {
    let definition = pipeline.stage(stage);
    let widest = lanes(pipeline, stage, vector_bytes);
    if let Some(values) = interleave::values(pipeline, regions, stage) {
        let index = interleave::next(pipeline, stage)?;
        let extent = regions.loop_extent(stage, index);
        let lanes = (widest / values.lanes).min(previous_power_of_two(extent));
        // Whole short vectors rather than wide ones with lanes to spare, which would pad every row.
        let short = self::lanes(pipeline, stage, vector_bytes.min(SHORT_BYTES)) / values.lanes;
        let fit = |lanes: u32| lanes > 0 && extent % i64::from(lanes) == 0;
        return Some(Vector { index, lanes: if fit(short) && !fit(lanes) { short } else { lanes } });
    }
    if pipeline.func(stage.func).lanes == Lanes::First && stage.stage == 0 {
        let index = definition.loop_index(&pipeline.func(stage.func).args[0])?;
        // The dimension fills short vectors at least.
        let whole = regions.loop_extent(stage, index).trailing_zeros();
        return Some(Vector { index, lanes: widest.min(1 << whole.min(30)) });
    }
    let mut best: Option<(f64, Vector)> = None;
    for (index, dim) in definition.loops.iter().enumerate() {
        let extent = regions.loop_extent(stage, index);
        let lanes = most_lanes(pipeline, stage, index, vector_bytes).min(previous_power_of_two(extent));
        if !dim.parallel || lanes < 4 {
            continue;
        }
        let mut score = store_score(pipeline, stage, index) / iterations_per_store(pipeline, stage);
        score += load_score(pipeline, placements, definition, index, MAX_DEPTH);
        // A half-filled vector is worth half as much.
        let score = score * f64::from(lanes) / f64::from(widest);
        if score > 0.0 && best.is_none_or(|(s, _)| score > s) {
            best = Some((score, Vector { index, lanes }));
        }
    }
    best.map(|(_, vector)| vector)
}

/// Lanes of a vector over a loop, where it is long enough.
pub(super) fn most_lanes(pipeline: &Pipeline, stage: StageRef, index: usize, vector_bytes: u32) -> u32 {
    let widest = lanes(pipeline, stage, vector_bytes);
    if sums_along_rows(pipeline.stage(stage), index) {
        widest.min(MAX_GATHERED_ROWS)
    } else {
        widest
    }
}

/// Rows that are walked along side by side, one in each lane: as many as a set of the first-level cache has ways, since
/// rows a power of two apart share their sets.
const MAX_GATHERED_ROWS: u32 = 8;

/// Whether the stage walks along memory in a reduction loop while loop `index` jumps from row to row of what it reads:
/// vectors over it gather one element of as many cache lines as they have lanes, and the next iterations find these
/// lines in the first-level cache.
pub(super) fn sums_along_rows(stage: &Stage, index: usize) -> bool {
    let reductions = || (0..stage.loops.len()).filter(|&l| stage.loops[l].reduction.is_some());
    let accesses = &stage.accesses;
    accesses.iter().any(|access| is_strided(access, index) && reductions().any(|l| is_contiguous(access, l)))
}

/// The loop along the rows that vectors over loop `index` gather a value each from, in a transposition: a copy without
/// boundary conditions, which Halide drops only inside a loop along them.
pub(super) fn row_of_gathers(stage: &Stage, index: usize) -> Option<usize> {
    let [access] = &stage.accesses[..] else { return None };
    let clamps = access.rows.iter().flatten().any(|row| row.clamped);
    let along = |l: &usize| *l != index && is_contiguous(access, *l);
    (0..stage.loops.len()).find(along).filter(|_| !clamps && is_strided(access, index))
}

/// Whether a load jumps through memory along loop `index`.
pub(super) fn is_strided(access: &Access, index: usize) -> bool {
    matches!(stride_along(access, index), Stride::Strided)
}

/// Whether a load walks along memory along loop `index`.
pub(super) fn is_contiguous(access: &Access, index: usize) -> bool {
    matches!(stride_along(access, index), Stride::Contiguous)
}

/// Whether vectors over loop `index` load lanes from elsewhere than side by side, or from one place.
pub(super) fn is_shuffled(stage: &Stage, index: usize) -> bool {
    let is_plain = |dim: usize, coefficient: Option<[i64; 2]>| match coefficient {
        Some([0, _]) => true,
        Some(coefficient) => dim == 0 && coefficient == [1, 1],
        None => false,
    };
    stage.accesses.iter().any(|a| (0..a.rows.len()).any(|dim| !is_plain(dim, a.coefficient(dim, index))))
}

fn stride_along(access: &Access, index: usize) -> Stride {
    stride((0..access.rows.len()).map(|dim| access.coefficient(dim, index)))
}

/// Bytes of a short vector: half of a cache line.
pub(super) const SHORT_BYTES: u32 = 32;

/// How far inlined Funcs are followed when loads are scored.
pub(super) const MAX_DEPTH: usize = 8;

fn previous_power_of_two(n: i64) -> u32 {
    1 << n.clamp(1, 1 << 30).ilog2()
}

/// Lanes that fill one vector of the stored type, but at most four vectors of the widest type computed with.
pub(super) fn lanes(pipeline: &Pipeline, stage: StageRef, vector_bytes: u32) -> u32 {
    let func = pipeline.func(stage.func);
    let stored = func.element_bytes();
    let vector_bytes = if func.lanes == Lanes::Short { vector_bytes.min(SHORT_BYTES) } else { vector_bytes };
    (vector_bytes / stored).min(4 * register_lanes(pipeline, stage, vector_bytes)).max(1)
}

/// Lanes of one register of the widest type computed with.
pub(super) fn register_lanes(pipeline: &Pipeline, stage: StageRef, vector_bytes: u32) -> u32 {
    let stored = pipeline.func(stage.func).element_bytes();
    // What is wide for a conversion alone is wide as long as it takes to narrow it.
    let computing = pipeline.stage(stage).operations.iter().filter(|(_, operation, _)| *operation != "cast");
    let computed = computing.map(|(t, _, _)| type_bytes(t)).max().unwrap_or(stored).max(stored);
    (vector_bytes / computed).max(1)
}

/// Iterations for each store: unrolled sums are stored once.
fn iterations_per_store(pipeline: &Pipeline, stage: StageRef) -> f64 {
    match unrolled_iterations(pipeline.stage(stage)) {
        Some(iterations) if Reduction::of(pipeline, stage) == Some(Reduction::Accumulates) => iterations.max(1) as f64,
        _ => 1.0,
    }
}

/// 4 for contiguous stores, negative for scattered ones.
fn store_score(pipeline: &Pipeline, stage: StageRef, index: usize) -> f64 {
    let definition = pipeline.stage(stage);
    if stage.stage == 0 {
        let contiguous = pipeline.func(stage.func).args.first() == Some(&definition.loops[index].var);
        return if contiguous { 4.0 } else { -4.0 };
    }
    let moved = definition.stores.iter().map(|row| row.as_ref().map(|r| r.coeffs[index]));
    match stride(moved) {
        Stride::Contiguous => 4.0,
        Stride::Fixed => 0.0,
        Stride::Near | Stride::Strided | Stride::Unknown => -4.0,
    }
}

/// 2 for contiguous loads, negative for those from places of their own, inlined Funcs followed.
pub(super) fn load_score(
    pipeline: &Pipeline,
    placements: &[Placement],
    stage: &Stage,
    index: usize,
    depth: usize,
) -> f64 {
    let mut score = 0.0;
    for access in &stage.accesses {
        score += match stride_along(access, index) {
            Stride::Contiguous => 2.0,
            Stride::Fixed | Stride::Near => 0.5,
            Stride::Strided => -1.0,
            Stride::Unknown => -1.5,
        };
        if let Some(Source::Func(inlined)) = access.source.filter(|s| is_inlined(placements, *s)) {
            score += inlined_load_score(pipeline, placements, access, inlined, index, depth);
        }
    }
    score
}

fn is_inlined(placements: &[Placement], source: Source) -> bool {
    source.func().is_some_and(|f| placements[f.index()] == Placement::Inline)
}

/// The loads of an inlined Func count as far as the loop moves exactly one of its arguments.
fn inlined_load_score(
    pipeline: &Pipeline,
    placements: &[Placement],
    access: &Access,
    inlined: FuncId,
    index: usize,
    depth: usize,
) -> f64 {
    let moved: Vec<usize> = (0..access.rows.len())
        .filter(|&dim| access.rows[dim].as_ref().is_some_and(|r| r.coeffs[index] == [1, 1]))
        .collect();
    let (&[dim], Some(deeper)) = (&moved[..], depth.checked_sub(1)) else {
        return 0.0;
    };
    let definition = &pipeline.func(inlined).stages[0];
    let arg = &pipeline.func(inlined).args[dim];
    match definition.loop_index(arg) {
        Some(inner) => load_score(pipeline, placements, definition, inner, deeper),
        None => 0.0,
    }
}

enum Stride {
    /// Does not move.
    Fixed,
    /// Moves by one element in the innermost dimension.
    Contiguous,
    /// Moves by a few elements in the innermost dimension: dense vectors and a shuffle.
    Near,
    /// Moves otherwise.
    Strided,
    /// Depends on data.
    Unknown,
}

fn stride(coeffs: impl Iterator<Item = Option<[i64; 2]>>) -> Stride {
    let mut result = Stride::Fixed;
    for (dim, coeff) in coeffs.enumerate() {
        result = match (coeff, result) {
            (None, _) => return Stride::Unknown,
            (Some([0, _]), so_far) => so_far,
            (Some([1, 1]), Stride::Fixed) if dim == 0 => Stride::Contiguous,
            // Half of a vector, each element twice: nearly as good as contiguous.
            (Some([1, d]), Stride::Fixed) if dim == 0 && d > 1 => Stride::Contiguous,
            (Some([2..=4, 1]), Stride::Fixed) if dim == 0 => Stride::Near,
            _ => Stride::Strided,
        };
    }
    result
}
