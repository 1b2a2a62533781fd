//! Boundary conditions as the interior sees them, where Halide's loop partitioning drops what keeps coordinates inside.

use super::body::{bit, LoopSet};
use super::model::{source_index, LoadFacts, Row};
use crate::ir::{Access, AccessRow, Bounds, Interval, Pipeline, Regions, Stage, StageRef};

/// What coordinates are computed in; mirroring takes more than signed integers.
const COORDINATE_TYPES: [&str; 3] = ["int32", "uint32", "bool"];

/// The loads of a stage, and the loops for which it is nothing but a boundary condition: what depends on these alone is not
/// computed in the interior.
pub(super) fn loads(pipeline: &Pipeline, regions: &Regions, stage: StageRef) -> (Vec<LoadFacts>, LoopSet) {
    let definition = pipeline.stage(stage);
    // With one load, what is needed of its source is what it reads.
    let needed = match (&definition.accesses[..], &regions.bounds(stage).requires[..]) {
        ([access], [needed]) if access.source == Some(needed.source) => Some(needed),
        _ => None,
    };
    let all = 0..definition.loops.len();
    let load = |access: &Access| {
        let row = |(dim, row): (usize, &Option<AccessRow>)| {
            let inside = || interior(regions.loops(stage), &needed?.bounds[dim]);
            let coefficients = all.clone().map(|l| access.coefficient(dim, l));
            row.is_none().then(inside).flatten().unwrap_or_else(|| Row::new(row.as_ref(), coefficients))
        };
        let rows = access.rows.iter().enumerate().map(row).collect();
        Some(LoadFacts { source: source_index(pipeline, access.source?), component: access.value, rows })
    };
    let mut loads: Vec<LoadFacts> = definition.accesses.iter().filter_map(load).collect();
    let [only] = &mut loads[..] else { return (loads, 0) };
    if is_constant_outside(definition) {
        only.rows.iter_mut().for_each(|row| row.clamped = true);
        return (loads, LoopSet::MAX);
    }
    if !definition.operations.are_arithmetic(&COORDINATE_TYPES) {
        return (loads, 0);
    }
    // Of a dimension with few values, mirrored, say, there may be no interior.
    let clamped = only.rows.iter().filter(|row| row.affine && row.clamped);
    let clamped = clamped.flat_map(|row| &row.steps).fold(0, |loops, (l, _)| loops | bit(*l));
    (loads, clamped)
}

/// How a coordinate moves in the middle of a stage, where it is affine there: mirrored and repeated images are. Data decides
/// on coordinates whose bounds are not tight.
fn interior(loops: &[Option<Interval>], bounds: &Bounds) -> Option<Row> {
    let whole: Vec<Interval> = loops.iter().copied().collect::<Option<_>>()?;
    let mut at: Vec<Option<Interval>> = whole.iter().map(|i| point(middle(*i))).collect();
    let value = |at: &[Option<Interval>]| bounds.evaluate(at).filter(|i| i.min == i.max).map(|i| i.min);
    let centre = value(&at)?;
    let mut steps = Vec::new();
    for (l, interval) in whole.iter().enumerate() {
        let middle = middle(*interval);
        let mut slopes = Vec::new();
        for (by, inside) in [(-1, middle > interval.min), (1, middle < interval.max)] {
            if inside {
                at[l] = point(middle + by);
                slopes.push((value(&at)? - centre) * by);
            }
        }
        at[l] = point(middle);
        match slopes[..] {
            [a, b] if a != b => return None,
            [0, ..] | [] => {}
            [slope, ..] => steps.push((l, slope as f64)),
        }
    }
    // The only load of its stage: no other is at another offset.
    Some(Row { steps, offset: Some(0.0), affine: true, unknown: 0, clamped: true })
}

fn middle(interval: Interval) -> i64 {
    interval.min + interval.extent() / 2
}

fn point(at: i64) -> Option<Interval> {
    Some(Interval { min: at, max: at })
}

/// Whether a stage is a load inside of some bounds, and a constant outside: one selection, by comparisons of coordinates.
fn is_constant_outside(stage: &Stage) -> bool {
    let count = |wanted: &str| -> u32 { stage.operations.iter().filter(|o| o.1 == wanted).map(|o| o.2).sum() };
    let (compared, combined) = (count("compare"), count("logic"));
    let coordinates = |(kind, operation, _): (&str, &str, u32)| match operation {
        "select" => true,
        "logic" => kind == "bool",
        "compare" | "add" => kind == "int32",
        _ => false,
    };
    count("select") == 1 && compared >= 2 && combined + 1 >= compared && stage.operations.iter().all(coordinates)
}
