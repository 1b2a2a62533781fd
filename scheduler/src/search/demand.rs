//! Regions that a part of one Func needs of the Funcs before it.

use crate::ir::{FuncId, Interval, Loop, Pipeline, Region, Regions, Requirement, Source, Stage, StageRef};

/// Widens `needed`, indexed by Func, by what computing `needed[id]` takes of the Func's producers. An interval that
/// cannot be bounded counts as the producer's whole region.
pub(super) fn add_requirements(pipeline: &Pipeline, regions: &Regions, id: FuncId, needed: &mut [Option<Region>]) {
    let func = pipeline.func(id);
    // Updates first: what they need of the Func itself widens what its pure definition must cover.
    for stage in func.stage_refs(id).rev() {
        let own = needed[id.index()].clone().unwrap_or_default();
        let definition = pipeline.stage(stage);
        let loops = loop_bounds(pipeline, regions, stage, &own);
        for requirement in &definition.requires {
            let Source::Func(producer) = requirement.source else {
                continue;
            };
            let whole = regions.func(producer);
            let region = needed[producer.index()].get_or_insert_with(|| vec![None; whole.len()]);
            widen(region, requirement, definition, &loops, whole);
        }
    }
}

/// Widens a region of a Func by what its own updates read of it to compute that region.
pub(super) fn widen_by_updates(pipeline: &Pipeline, regions: &Regions, id: FuncId, region: &mut Region) {
    for stage in (1..pipeline.func(id).stages.len()).rev().map(|stage| StageRef { func: id, stage }) {
        let definition = pipeline.stage(stage);
        let loops = loop_bounds(pipeline, regions, stage, region);
        let own = definition.requires.iter().filter(|r| r.source == Source::Func(id));
        for requirement in own {
            widen(region, requirement, definition, &loops, regions.func(id));
        }
    }
}

/// Bounds of a stage's loops when it computes `own` of its Func.
fn loop_bounds(pipeline: &Pipeline, regions: &Regions, stage: StageRef, own: &Region) -> Region {
    let args = &pipeline.func(stage.func).args;
    let bounds = |(l, dim): (usize, &Loop)| match args.iter().position(|a| *a == dim.var) {
        Some(arg) if dim.reduction.is_none() => own[arg],
        _ => regions.loops(stage)[l],
    };
    pipeline.stage(stage).loops.iter().enumerate().map(bounds).collect()
}

fn widen(region: &mut Region, requirement: &Requirement, stage: &Stage, loops: &Region, whole: &Region) {
    for (dim, bounds) in requirement.bounds.iter().enumerate() {
        let interval = bounds.evaluate(stage, loops).or(whole[dim]);
        region[dim] = match (region[dim], interval) {
            (Some(a), Some(b)) => Some(a.union(b)),
            (a, b) => a.or(b),
        };
    }
}

/// Points of a region; dimensions of unknown size count as in [`Regions::extent`].
pub(super) fn points(regions: &Regions, id: FuncId, region: &Region) -> f64 {
    let extent = |(dim, interval): (usize, &Option<Interval>)| match interval {
        Some(i) => i.extent().max(1) as f64,
        None => regions.extent(id, dim) as f64,
    };
    region.iter().enumerate().map(extent).product()
}
