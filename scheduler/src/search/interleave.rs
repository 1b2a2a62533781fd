//! Vectors over two dimensions: of a few values that a look-up reads side by side (the channels of a grid's cell), and of
//! the dimension in which data says where it looks.

use super::vector::Vector;
use crate::ir::{Lanes, Pipeline, Regions, StageRef};

/// Most values side by side.
const MAX_VALUES: i64 = 4;

/// Whether so many values fill a part of a vector evenly.
pub(super) fn suits(values: i64) -> bool {
    (2..=MAX_VALUES).contains(&values) && values.count_ones() == 1
}

/// What lies side by side in the vectors of a stage: the loop over all values of an interleaved Func's first argument, as
/// lanes.
pub(super) fn values(pipeline: &Pipeline, regions: &Regions, stage: StageRef) -> Option<Vector> {
    let func = pipeline.func(stage.func);
    if func.lanes != Lanes::Interleaved || stage.stage > 0 {
        return None;
    }
    let index = pipeline.stage(stage).loop_index(&func.args[0])?;
    let lanes = u32::try_from(regions.extent(stage.func, 0)).ok().filter(|&v| suits(i64::from(v)))?;
    Some(Vector { index, lanes })
}

/// Most places of a cell.
const MAX_CELL: i64 = 8;

/// The loop over places, and how many of them read from one cell of a coarser grid: where the loop is unrolled over these,
/// their weights are constants.
pub(super) fn cell(pipeline: &Pipeline, stage: StageRef) -> Option<(usize, u32)> {
    let definition = pipeline.stage(stage);
    let index = definition.loop_index(pipeline.func(stage.func).args.get(2)?)?;
    let coefficients = definition.accesses.iter().flat_map(|a| a.rows.iter().flatten()).map(|row| row.coeffs[index]);
    let cells = coefficients.filter(|c| c[0] == 1 && (2..=MAX_CELL).contains(&c[1]));
    Some((index, u32::try_from(cells.map(|c| c[1]).max()?).ok()?))
}

/// The loop along which vectors of an interleaved Func go on.
pub(super) fn next(pipeline: &Pipeline, stage: StageRef) -> Option<usize> {
    let arg = pipeline.func(stage.func).args.get(1)?;
    pipeline.stage(stage).loop_index(arg)
}
