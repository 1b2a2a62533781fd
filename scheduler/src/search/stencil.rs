//! Reductions as stencils: neighbouring values read much of the same.

use super::reduction::{inner_steps, operands, unrolled_iterations};
use crate::ir::{Pipeline, StageRef};
use std::collections::BTreeSet;

/// Where an operand is read along one of its dimensions: at `stride * row + step * tap`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stencil {
    pub(super) stride: i64,
    pub(super) step: i64,
    pub(super) count: i64,
    /// Vectors that all unrolled steps load for a value of the reduction, along other dimensions too; strided ones count for
    /// all that they span.
    pub(super) loads: i64,
}

/// Vectors that a load of one along a loop spans: more than one where it is strided.
pub(super) fn span(pipeline: &Pipeline, stage: StageRef, along: usize) -> i64 {
    let coordinates = operands(pipeline, stage).flat_map(|a| a.rows.iter().flatten());
    coordinates.map(|row| row.coeffs[along][0].abs()).max().unwrap_or(1).max(1)
}

impl Stencil {
    /// Of a reduction short enough to unroll, which reads vectors along loop `along` that move with loop `across` and with
    /// one of its own.
    pub(super) fn of(pipeline: &Pipeline, stage: StageRef, along: usize, across: usize) -> Option<Self> {
        let definition = pipeline.stage(stage);
        let steps = unrolled_iterations(definition)?;
        let vectors = operands(pipeline, stage).filter(|a| !a.is_fixed(along));
        let coordinates: Vec<_> = vectors.flat_map(|a| a.rows.iter().flatten()).collect();
        let loads = steps * span(pipeline, stage, along);
        let loops = definition.loops.iter().enumerate();
        let constant: Vec<_> = loops.filter_map(|(index, l)| Some((index, l.reduction.as_ref()?.constant?))).collect();
        let all = coordinates.into_iter().flat_map(|row| constant.iter().map(move |&taps| (&row.coeffs, taps)));
        all.filter_map(|(coeffs, taps)| Self::along(coeffs, across, taps, loads)).next()
    }

    /// Of a reduction that reads single values which move with loop `across` and with its own innermost loop, if that is a
    /// short one.
    pub(super) fn of_values(pipeline: &Pipeline, stage: StageRef, along: usize, across: usize) -> Option<Self> {
        let taps = inner_steps(pipeline.stage(stage))?;
        let values = operands(pipeline, stage).filter(|a| a.is_fixed(along));
        let mut coordinates = values.flat_map(|a| a.rows.iter().flatten());
        coordinates.find_map(|row| Self::along(&row.coeffs, across, taps, taps.1))
    }

    /// Of a coordinate that moves with a loop across and so many taps of another, if neighbours share what they read.
    fn along(coeffs: &[[i64; 2]], across: usize, (taps, count): (usize, i64), loads: i64) -> Option<Self> {
        let moves = |index: usize| Some(coeffs[index][0]).filter(|&by| by != 0 && coeffs[index][1] == 1);
        let stencil = Self { stride: moves(across)?, step: moves(taps)?, count, loads };
        (stencil.read_by(2) < 2 * count).then_some(stencil)
    }

    /// How many different vectors a number of rows reads.
    pub(super) fn read_by(self, rows: i64) -> i64 {
        let places = (0..rows).flat_map(|row| (0..self.count).map(move |tap| self.stride * row + self.step * tap));
        places.collect::<BTreeSet<_>>().len() as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_what_they_read() {
        let stencil = |stride, step| Stencil { stride, step, count: 3, loads: 9 };
        assert_eq!(stencil(1, 1).read_by(4), 6);
        assert_eq!(stencil(2, 1).read_by(4), 9);
        assert_eq!(stencil(-1, 1).read_by(4), 6);
        assert_eq!(stencil(1, 2).read_by(4), 8);
        assert_eq!(stencil(3, 1).read_by(4), 12);
    }
}
