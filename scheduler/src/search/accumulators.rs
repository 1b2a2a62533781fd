//! Which vectors and iterations of an update go on together inside its reduction loops, so that what they accumulate stays in
//! registers and latencies overlap.

use super::nest::{loads_rows, Planner};
use super::placement::Placement;
use super::reduction::{
    pure_loops, reused_loop, unrolled_iterations, vector_reused_loop, Reduction, MAX_UNROLLED_REDUCTION,
};
use super::register_tile::{registers, Covered, Shared, MOST_ROWS};
use super::vector::Vector;
use crate::ir::StageRef;

/// An update of at most this weight is little but an addition.
const MAX_LIGHT_WEIGHT: f64 = 2.0;
/// Fewer steps are a short reduction.
const MIN_LONG_REDUCTION: i64 = 128;
/// Iterations of another loop side by side where a row has one vector.
const ROWS_BESIDE: u32 = 4;
/// Fewer rows in all are not worth guards at their end.
const MIN_ROWS: i64 = 4;
/// Vectors side by side where several rows are, too.
const SIDE_BY_SIDE: [i64; 3] = [4, 2, 1];

impl Planner<'_> {
    /// What of an update is handled together inside its reduction loops: how many vectors, and of which loop how many
    /// iterations. Accumulations whose vectors serve several rows get a register tile, if LLVM can tell the rows apart.
    pub(super) fn beside(
        &self,
        stage: StageRef,
        reduction: Reduction,
        vector: Vector,
    ) -> (Option<u32>, Option<(usize, u32)>) {
        let definition = self.pipeline.stage(stage);
        let tiled = reduction == Reduction::Accumulates
            && unrolled_iterations(definition).is_none()
            && loads_rows(definition, vector);
        let reused = || vector_reused_loop(self.pipeline, self.regions, stage, vector.index);
        let long = |index: &usize| self.extent(stage, *index) >= MIN_ROWS && self.has_constant_stride(stage, *index);
        let Some(index) = tiled.then(reused).flatten().filter(long) else {
            let rows = self.rows_beside(stage, reduction, vector).map(|index| (index, ROWS_BESIDE));
            return (self.widening(stage, reduction, vector), rows);
        };
        let covered = Covered {
            along: self.extent(stage, vector.index),
            lanes: i64::from(vector.lanes),
            across: self.extent(stage, index),
            window: 1,
            shared: Shared::Nothing,
            inner_loads: None,
            registers: registers(self.pipeline, stage.func, self.hardware),
        };
        let available = covered.along / covered.lanes;
        let chosen = self.choices.of_stage(stage).side_by_side.map(i64::from);
        let vectors = SIDE_BY_SIDE.into_iter().filter(|&v| chosen.is_none_or(|c| v == c) && v <= available.max(1));
        let (vectors, rows) = covered.shape(vectors, MOST_ROWS);
        let several = |n: i64| u32::try_from(n).ok().filter(|&n| n >= 2);
        (several(vectors), several(rows).map(|rows| (index, rows)))
    }

    /// Whether a loop moves along a dimension whose stride in memory is constant, all that lie inside being cut by slabs.
    /// Else LLVM takes stores to one row for changes of the others, and keeps the sums in memory.
    fn has_constant_stride(&self, stage: StageRef, index: usize) -> bool {
        let id = stage.func;
        let (Some(arg), Placement::InSlab { extents, .. }) =
            (self.regions.argument(stage, index), &self.placements[id.index()])
        else {
            return false;
        };
        (0..arg).all(|dim| extents[dim] < self.regions.extent(id, dim))
    }

    /// How many vectors of an update are handled together inside its reduction loops.
    fn widening(&self, stage: StageRef, reduction: Reduction, vector: Vector) -> Option<u32> {
        let definition = self.pipeline.stage(stage);
        if !loads_rows(definition, vector) {
            return None;
        }
        let wanted: i64 = match reduction {
            // Accumulators side by side stay in registers over the whole reduction. Eight hide all the latency of theirs; more
            // than an addition or a product, and a short reduction, leave less to hide, and ends of rows to waste.
            Reduction::Accumulates if definition.operations.weight() > MAX_LIGHT_WEIGHT => 4,
            Reduction::Accumulates if self.steps(stage) < MIN_LONG_REDUCTION => 4,
            Reduction::Accumulates => 8,
            // A scan goes on along whole cache lines.
            Reduction::Scans => 8,
        };
        let available = self.extent(stage, vector.index) / i64::from(vector.lanes);
        // Unrolled reductions are accumulators enough, and their code grows with every further one.
        let unrolled = unrolled_iterations(definition).map_or(1, |i| i.max(1));
        let wide = match self.choices.of_stage(stage).side_by_side {
            Some(chosen) => i64::from(chosen).min(available).min(4 * MAX_UNROLLED_REDUCTION / unrolled),
            None => wanted.min(available).min(MAX_UNROLLED_REDUCTION / unrolled),
        };
        (wide >= 2).then(|| 1 << u32::try_from(wide).unwrap_or(1).ilog2())
    }

    /// Steps of a reduction.
    pub(super) fn steps(&self, stage: StageRef) -> i64 {
        let loops = self.pipeline.stage(stage).loops.iter().enumerate();
        let reductions = loops.filter(|(_, l)| l.reduction.is_some());
        reductions.map(|(index, _)| self.regions.loop_extent(stage, index)).fold(1, i64::saturating_mul)
    }

    /// A loop of which a few iterations go side by side inside the reduction where a row is hardly longer than a vector: a
    /// single accumulator would wait for itself.
    fn rows_beside(&self, stage: StageRef, reduction: Reduction, vector: Vector) -> Option<usize> {
        let definition = self.pipeline.stage(stage);
        let narrow = self.extent(stage, vector.index) < 2 * i64::from(vector.lanes);
        let alone = reduction == Reduction::Accumulates && narrow && unrolled_iterations(definition).is_none();
        if !alone || !loads_rows(definition, vector) {
            return None;
        }
        let any = || pure_loops(self.pipeline, self.regions, stage, vector.index).next();
        reused_loop(self.pipeline, self.regions, stage, vector.index).or_else(any)
    }
}
