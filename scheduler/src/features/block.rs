//! What a block touches: one iteration of a loop, or a whole nest, with the Funcs computed inside.

use super::nest::Level;
use crate::cost::LINE_BYTES;
use crate::ir::{type_bytes, FuncId, Interval, Pipeline, Region, Regions, Source, Stage, StageRef, SymbolicInterval};
use std::collections::BTreeMap;

/// Regions by source.
pub(super) type Touched = BTreeMap<Source, Region>;

/// Intervals of a stage's original loops during one iteration of level `level` (all of the nest where there is no such
/// level), taken in the middle, where boundary conditions do not shrink what is needed.
pub(super) fn iteration(whole: &Region, levels: &[Level], level: usize) -> Region {
    let mut lengths = vec![1.0_f64; whole.len()];
    for part in levels[..level].iter().flat_map(|l| &l.parts) {
        lengths[part.origin] *= part.extent;
    }
    let cut = |(interval, length): (&Option<Interval>, &f64)| {
        let Interval { min, max } = (*interval)?;
        let extent = max - min + 1;
        let length = (length.ceil() as i64).clamp(1, extent.max(1));
        let start = if level == levels.len() { min } else { min + (extent - length) / 2 };
        Some(Interval { min: start, max: start + length - 1 })
    };
    whole.iter().zip(&lengths).map(cut).collect()
}

/// Adds regions to those that are touched. An interval that cannot be bounded is all of the source.
fn require<'a>(
    pipeline: &Pipeline,
    regions: &Regions,
    touched: &mut Touched,
    definition: &Stage,
    loops: &Region,
    needs: impl Iterator<Item = (Source, &'a [SymbolicInterval])>,
) {
    for (source, bounds) in needs {
        let whole = |dim: usize| match source {
            Source::Func(id) => regions.func(id)[dim],
            Source::Input(id) => pipeline.inputs[id.index()].dims[dim].interval(),
        };
        let region = touched.entry(source).or_insert_with(|| vec![None; bounds.len()]);
        for (dim, symbolic) in bounds.iter().enumerate() {
            let interval = symbolic.evaluate(definition, loops).or(whole(dim));
            region[dim] = match (region[dim], interval) {
                (Some(a), Some(b)) => Some(a.union(b)),
                (a, b) => a.or(b),
            };
        }
    }
}

/// Adds what a stage reads and writes while its loops run over the given intervals.
pub(super) fn touch_stage(
    pipeline: &Pipeline,
    regions: &Regions,
    touched: &mut Touched,
    stage: StageRef,
    loops: &Region,
) {
    let definition = pipeline.stage(stage);
    let reads = definition.requires.iter().map(|r| (r.source, &r.bounds[..]));
    let own = Source::Func(stage.func);
    let writes = (stage.stage > 0).then_some((own, &definition.writes[..]));
    require(pipeline, regions, touched, definition, loops, reads.chain(writes));
    if stage.stage == 0 {
        let written = pipeline.func(stage.func).args.iter().map(|arg| loops[definition.loop_index(arg)?]).collect();
        touched.insert(own, written);
    }
}

/// Adds what computing a Func's part in `touched` reads.
pub(super) fn touch_func(pipeline: &Pipeline, regions: &Regions, touched: &mut Touched, id: FuncId) {
    let func = pipeline.func(id);
    // Updates first: what they need of the Func itself widens what its pure definition must cover.
    for stage in func.stage_refs(id).rev() {
        let definition = pipeline.stage(stage);
        let own = touched.get(&Source::Func(id)).cloned().unwrap_or_default();
        let loop_interval = |(l, dim): (usize, &crate::ir::Loop)| {
            let arg = func.args.iter().position(|a| *a == dim.var).filter(|_| dim.reduction.is_none());
            arg.and_then(|arg| own.get(arg).copied().flatten()).or(regions.loops(stage)[l])
        };
        let loops: Region = definition.loops.iter().enumerate().map(loop_interval).collect();
        let reads = definition.requires.iter().map(|r| (r.source, &r.bounds[..]));
        require(pipeline, regions, touched, definition, &loops, reads);
    }
}

/// Points of a region; unknown extents count as in [`Regions::extent`].
pub(super) fn points(regions: &Regions, id: FuncId, region: &Region) -> f64 {
    let extent = |(dim, interval): (usize, &Option<Interval>)| match interval {
        Some(i) => i.extent().max(1) as f64,
        None => regions.extent(id, dim) as f64,
    };
    region.iter().enumerate().map(extent).product()
}

/// Bytes of the cache lines that a region of a source covers.
pub(super) fn line_bytes(pipeline: &Pipeline, regions: &Regions, source: Source, region: &Region) -> f64 {
    let (element, dims) = match source {
        Source::Func(id) => (f64::from(pipeline.func(id).value_bytes()), region.len()),
        Source::Input(id) => (f64::from(type_bytes(&pipeline.inputs[id.index()].element)), region.len()),
    };
    let extent = |dim: usize| match (region[dim], source) {
        (Some(i), _) => i.extent().max(1) as f64,
        (None, Source::Func(id)) => regions.extent(id, dim) as f64,
        (None, Source::Input(id)) => pipeline.inputs[id.index()].dims[dim].extent.unwrap_or(1) as f64,
    };
    let row = if dims == 0 { element } else { extent(0) * element };
    let lines = (row / LINE_BYTES).ceil() * LINE_BYTES;
    (1..dims).map(extent).product::<f64>() * lines
}
