//! Vectors of which a guard cuts lanes off.
//!
//! Halide loads and stores them under a mask, which LLVM turns into a test and a jump for every lane where the target has no
//! instruction for it. Where Halide partitions loops around a vector, those in the last iteration of the outermost such loop
//! are under a mask, and no others; where it partitions none, all are.

use super::border::is_partitioned;
use super::nest::{LoopKind, Nest};

/// Share of a stage's vectors that are under a mask; `inside` says whether its Func is computed in a loop of another.
pub(super) fn share(nest: &Nest, inside: bool) -> f64 {
    let mut vectors = nest.dims.iter().filter(|d| d.kind == LoopKind::Vectorized);
    let Some(lanes) = vectors.find(|d| d.is_cut_off()) else { return 0.0 };
    let is_loop = |kind| matches!(kind, LoopKind::Serial | LoopKind::Parallel);
    let around = || nest.dims.iter().filter(|d| d.origins & lanes.origins != 0 && is_loop(d.kind));
    // Sizes inside of other loops are constant as a rule, and so is the mask of a single vector: nothing is left of it.
    if inside && around().all(|d| d.extent <= 1.0) {
        return 0.0;
    }
    let partitioned = around().rfind(|d| is_partitioned(d));
    1.0 / partitioned.map_or(1.0, |d| d.extent.max(1.0))
}
