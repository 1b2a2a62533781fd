//! Vectors over two dimensions: of a few values that a look-up reads side by side (the channels of a grid's cell), and of
//! the dimension in which data says where it looks.

use super::placement::Placement;
use super::reads::loads;
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
const MAX_CELL: f64 = 8.0;

/// The loop over places next to those that vectors hold, and how many of them read from one cell of a coarser grid, through inlined
/// Funcs too: where the loop is unrolled over these, their weights are constants.
pub(super) fn cell(pipeline: &Pipeline, placements: &[Placement], stage: StageRef) -> Option<(usize, u32)> {
    let func = pipeline.func(stage.func);
    let held = match func.lanes {
        Lanes::Interleaved => 2,
        Lanes::First if stage.stage == 0 => 1,
        _ => return None,
    };
    let index = pipeline.stage(stage).loop_index(func.args.get(held)?)?;
    let loads = loads(pipeline, stage, |f| placements[f.index()] == Placement::Inline);
    let steps = loads.iter().flat_map(|load| load.coordinates.iter().flatten()).map(|steps| steps[index]);
    let cells = steps.filter(|&step| step > 0.0).map(f64::recip).filter(|cell| cell.fract() == 0.0);
    let cells = cells.filter(|cell| (2.0..=MAX_CELL).contains(cell));
    Some((index, cells.reduce(f64::max)? as u32))
}

/// The loop along which vectors of an interleaved Func go on.
pub(super) fn next(pipeline: &Pipeline, stage: StageRef) -> Option<usize> {
    let arg = pipeline.func(stage.func).args.get(1)?;
    pipeline.stage(stage).loop_index(arg)
}
