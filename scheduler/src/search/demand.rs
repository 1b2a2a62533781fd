//! Regions that a part of one Func needs of the Funcs before it.

use crate::ir::{FuncId, Interval, Pipeline, Region, Regions, Source};

/// Widens `needed`, indexed by Func, by what computing `needed[id]` takes of the Func's producers. An interval that
/// cannot be bounded counts as the producer's whole region.
pub(super) fn add_requirements(pipeline: &Pipeline, regions: &Regions, id: FuncId, needed: &mut [Option<Region>]) {
    let func = pipeline.func(id);
    // Updates first: what they need of the Func itself widens what its pure definition must cover.
    for stage in func.stage_refs(id).rev() {
        let own = needed[id.index()].clone().unwrap_or_default();
        let definition = pipeline.stage(stage);
        let loops: Region = definition
            .loops
            .iter()
            .enumerate()
            .map(|(l, dim)| match func.args.iter().position(|a| *a == dim.var) {
                Some(arg) if dim.reduction.is_none() => own[arg],
                _ => regions.loops(stage)[l],
            })
            .collect();
        for requirement in &definition.requires {
            let Source::Func(producer) = requirement.source else {
                continue;
            };
            let whole = regions.func(producer);
            let region = needed[producer.index()].get_or_insert_with(|| vec![None; whole.len()]);
            for (dim, bounds) in requirement.bounds.iter().enumerate() {
                let interval = bounds.evaluate(definition, &loops).or(whole[dim]);
                region[dim] = match (region[dim], interval) {
                    (Some(a), Some(b)) => Some(a.union(b)),
                    (a, b) => a.or(b),
                };
            }
        }
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
