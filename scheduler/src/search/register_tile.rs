//! How many accumulators stay in registers, and in which shape.

use super::stencil::Stencil;
use crate::cost::Hardware;
use crate::ir::{FuncId, Pipeline};

/// Most rows side by side.
pub(super) const MOST_ROWS: i64 = 12;
/// Accumulations whose latencies overlap: fewer wait for each other.
const MIN_ACCUMULATORS: f64 = 8.0;
/// Lanes that the unrolled steps of a stencil load: beyond, LLVM takes minutes for those at borders.
const MOST_STENCIL_LANES: i64 = 1024;
/// What a load takes beside an accumulation.
const LOAD: f64 = 1.0;

/// Vector registers for each component of a Func's values: machines with vectors of 64 bytes have 32, others 16.
pub(super) fn registers(pipeline: &Pipeline, id: FuncId, hardware: &Hardware) -> i64 {
    let registers = if hardware.vector_bytes >= 64 { 32 } else { 16 };
    registers / pipeline.func(id).types.len().max(1) as i64
}

/// What is covered by vectors along a dimension, and rows of another.
pub(super) struct Covered {
    pub(super) along: i64,
    pub(super) lanes: i64,
    pub(super) across: i64,
    /// Sums beside each other in a row, of which none loads a vector of its own: those that a pooling reads together.
    pub(super) window: i64,
    /// What rows read beside each other in the unrolled steps of a stencil.
    pub(super) stencil: Option<Stencil>,
    pub(super) registers: i64,
}

impl Covered {
    /// Vectors side by side and rows of the tiles that take least time: each step of a reduction loads a vector of one
    /// operand for each vector, and a value of the other for each row; tiles that run past an end compute more, or again.
    pub(super) fn shape(&self, vectors: impl Iterator<Item = i64>, most_rows: i64) -> (i64, i64) {
        let most_rows = most_rows.min(self.across);
        let all = vectors.flat_map(|v| (1..=most_rows).map(move |r| (v, r)));
        // Beside the sums, the vectors of one operand and a value of the other, twice.
        let fitting = all.filter(|&shape| self.fits(shape));
        fitting.min_by(|&a, &b| self.work(a).total_cmp(&self.work(b))).unwrap_or((1, 1))
    }

    /// Whether the registers hold the sums of a tile, and what a step loads; of a stencil, whose steps share what they load,
    /// what several steps do.
    pub(super) fn fits(&self, (vectors, rows): (i64, i64)) -> bool {
        let (loaded, loads) = self.stencil.map_or((vectors + 2, 0), |s| (self.registers / 2, s.loads));
        vectors * rows * self.window + loaded <= self.registers
            && vectors * rows * self.lanes * loads <= MOST_STENCIL_LANES
    }

    /// Accumulations of vectors in each step, or what takes as long.
    fn work(&self, (vectors, rows): (i64, i64)) -> f64 {
        let covered = |extent: i64, part: i64| (extent + part - 1) / part * part;
        let points = (covered(self.along, vectors * self.lanes) * covered(self.across, rows)) as f64;
        let sums = rows * self.window;
        let per_step = (vectors * sums) as f64;
        let waits = (MIN_ACCUMULATORS / per_step).max(1.0);
        let others = self.stencil.map_or(sums as f64, |s| (vectors * s.read_by(rows)) as f64 / s.count as f64);
        points / self.lanes as f64 * (waits + LOAD * (vectors as f64 + others) / per_step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(along: i64, across: i64, registers: i64) -> (i64, i64) {
        Covered { along, lanes: 16, across, window: 1, stencil: None, registers }
            .shape((1..=4).filter(|v| v * 16 <= along), MOST_ROWS)
    }

    #[test]
    fn most_registers_hold_sums() {
        assert_eq!(shape(1024, 1024, 32), (4, 6));
        assert_eq!(shape(1024, 1024, 16), (2, 6));
    }

    #[test]
    fn little_is_computed_twice() {
        // 56 values are two parts of 32, but no three of 48; 80 rows are 16 parts of 5.
        assert_eq!(shape(56, 64, 32), (2, 8));
        assert_eq!(shape(128, 80, 32), (4, 5));
    }

    #[test]
    fn unrolled_stencils_load_few_strided_vectors() {
        let shape = |loads| {
            let stencil = Some(Stencil { stride: 1, step: 1, count: 3, loads });
            Covered { along: 16, lanes: 16, across: 240, window: 1, stencil, registers: 32 }.shape(1..=1, MOST_ROWS)
        };
        assert_eq!((shape(3), shape(9), shape(18)), ((1, 12), (1, 7), (1, 3)));
    }

    #[test]
    fn a_single_vector_gets_more_rows() {
        assert_eq!(shape(16, 240, 32), (1, 12));
    }
}
