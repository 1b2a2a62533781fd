//! How many accumulators stay in registers, and in which shape.

use super::stencil::Stencil;
use crate::cost::Hardware;
use crate::ir::{FuncId, Pipeline};

/// Most rows side by side.
pub(super) const MOST_ROWS: i64 = 12;
/// Accumulations whose latencies overlap: fewer wait for each other.
const MIN_ACCUMULATORS: f64 = 8.0;
/// Lanes that unrolled steps load: beyond, LLVM takes minutes for those at borders.
const MOST_UNROLLED_LANES: i64 = 1024;
/// Most rows that the tile of a stencil reads and writes: as many as a set of a first-level cache has lines, since rows of images
/// often are a power of two apart. Two rows share enough to pay anyway, and stencils that alone read more need all they can.
const MOST_STENCIL_ROWS: i64 = 8;
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
    pub(super) shared: Shared,
    /// Vectors that the steps of the innermost loop of the reduction load for a value, strided ones counted for all that they
    /// span, if the steps are few enough to unroll.
    pub(super) inner_loads: Option<i64>,
    pub(super) registers: i64,
}

/// What rows read beside each other in unrolled steps of a reduction.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shared {
    Nothing,
    /// Vectors, all steps being unrolled.
    Vectors(Stencil),
    /// Single values, the steps of the innermost loop being unrolled.
    Values(Stencil),
}

/// Which steps of a reduction are unrolled in a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unrolled {
    None,
    Innermost,
    All,
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

    /// Whether the registers hold the sums of a tile, and what a step loads; of a stencil's vectors, whose steps share what
    /// they load, what several steps do.
    pub(super) fn fits(&self, shape: (i64, i64)) -> bool {
        let (vectors, rows) = shape;
        let sums = vectors * rows * self.window;
        match self.shared {
            Shared::Vectors(stencil) => {
                let few = rows <= 2 || stencil.read_by(rows) + rows <= MOST_STENCIL_ROWS;
                sums + self.registers / 2 <= self.registers
                    && self.is_brief(shape, stencil.loads)
                    && (few || stencil.count > MOST_STENCIL_ROWS)
            }
            Shared::Nothing | Shared::Values(_) => sums + vectors + 2 <= self.registers,
        }
    }

    /// Which steps of the reduction are unrolled in a tile that fits: no loop is left around a few steps of an inner one.
    pub(super) fn unrolled(&self, shape: (i64, i64)) -> Unrolled {
        let is_brief = self.inner_loads.is_some_and(|loads| self.is_brief(shape, loads));
        match self.shared {
            Shared::Vectors(_) => Unrolled::All,
            Shared::Values(_) if is_brief && self.keeps_values(shape) => Unrolled::Innermost,
            Shared::Nothing if is_brief => Unrolled::Innermost,
            Shared::Nothing | Shared::Values(_) => Unrolled::None,
        }
    }

    /// Whether the registers also hold a value for each row until the next step reads it, as LLVM has it wherever steps share
    /// values. One operand of an accumulation may come from memory.
    fn keeps_values(&self, (vectors, rows): (i64, i64)) -> bool {
        (vectors + 1) * rows * self.window + vectors.max(2) <= self.registers + 1
    }

    /// Whether unrolled steps that load so many vectors are little code.
    fn is_brief(&self, (vectors, rows): (i64, i64), loads: i64) -> bool {
        vectors * rows * self.window * self.lanes * loads <= MOST_UNROLLED_LANES
    }

    /// Accumulations of vectors in each step, or what takes as long.
    fn work(&self, shape: (i64, i64)) -> f64 {
        let (vectors, rows) = shape;
        let covered = |extent: i64, part: i64| (extent + part - 1) / part * part;
        let points = (covered(self.along, vectors * self.lanes) * covered(self.across, rows)) as f64;
        let sums = rows * self.window;
        let per_step = (vectors * sums) as f64;
        // The sums of several tiles overlap where none takes many steps.
        let waits = match self.shared {
            Shared::Vectors(_) => 1.0,
            Shared::Nothing | Shared::Values(_) => (MIN_ACCUMULATORS / per_step).max(1.0),
        };
        let read = |stencil: Stencil| stencil.read_by(rows) as f64 / stencil.count as f64;
        let others = match self.shared {
            Shared::Vectors(stencil) => vectors as f64 * read(stencil),
            Shared::Values(stencil) if self.unrolled(shape) == Unrolled::Innermost => {
                self.window as f64 * read(stencil)
            }
            Shared::Nothing | Shared::Values(_) => sums as f64,
        };
        points / self.lanes as f64 * (waits + LOAD * (vectors as f64 + others) / per_step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(along: i64, across: i64, registers: i64) -> (i64, i64) {
        Covered { along, lanes: 16, across, window: 1, shared: Shared::Nothing, inner_loads: None, registers }
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
    fn unrolled_stencils_read_few_rows_and_load_few_strided_vectors() {
        let shape = |stride, count, loads| {
            let shared = Shared::Vectors(Stencil { stride, step: 1, count, loads });
            Covered { along: 16, lanes: 16, across: 240, window: 1, shared, inner_loads: Some(3), registers: 32 }
                .shape(1..=1, MOST_ROWS)
        };
        assert_eq!((shape(1, 3, 9), shape(1, 5, 5), shape(2, 3, 18)), ((1, 3), (1, 2), (1, 2)));
        assert_eq!((shape(1, 9, 9), shape(1, 9, 18)), ((1, 7), (1, 3)));
    }

    #[test]
    fn steps_that_load_wide_strides_stay_a_loop() {
        let unrolled = |inner_loads| {
            let inner_loads = Some(inner_loads);
            Covered {
                along: 2048,
                lanes: 16,
                across: 1536,
                window: 1,
                shared: Shared::Nothing,
                inner_loads,
                registers: 32,
            }
            .unrolled((4, 3))
        };
        assert_eq!((unrolled(3), unrolled(3 * 3)), (Unrolled::Innermost, Unrolled::None));
    }

    #[test]
    fn values_shared_between_rows_leave_fewer_sums() {
        let shape = |lanes, registers| {
            let shared = Shared::Values(Stencil { stride: 1, step: 1, count: 3, loads: 3 });
            let covered =
                Covered { along: 128, lanes, across: 120, window: 1, shared, inner_loads: Some(3), registers };
            let shape = covered.shape((1..=4).rev(), MOST_ROWS);
            (shape, covered.unrolled(shape))
        };
        assert_eq!(shape(8, 16), ((2, 5), Unrolled::Innermost));
        assert_eq!(shape(16, 32), ((2, 10), Unrolled::Innermost));
    }

    #[test]
    fn a_single_vector_gets_more_rows() {
        assert_eq!(shape(16, 240, 32), (1, 12));
    }
}
