//! Regions that a part of one Func needs of what it reads.

use crate::ir::{merge, Bounds, FuncId, Interval, Pipeline, Region, Regions, Source, StageRef};

/// Regions under collection.
pub(crate) trait Needs {
    /// The region noted so far of a source, and all of it; `None` for sources that nobody asks about.
    fn region<'a>(&'a mut self, regions: &'a Regions, source: Source) -> Option<Noted<'a>>;
}

/// A region under collection.
pub(crate) struct Noted<'a> {
    /// What is needed so far.
    pub(crate) region: &'a mut [Option<Interval>],
    /// All of the source: what an interval that cannot be bounded counts as.
    pub(crate) whole: &'a [Option<Interval>],
}

impl Noted<'_> {
    fn widen(&mut self, bounds: &[Bounds], loops: &[Option<Interval>]) {
        for ((region, bounds), whole) in self.region.iter_mut().zip(bounds).zip(self.whole) {
            *region = merge(*region, bounds.evaluate(loops).or(*whole));
        }
    }
}

/// Widens `needs` by what a stage reads while its loops run over the given intervals.
pub(crate) fn add_reads(
    regions: &Regions,
    stage: StageRef,
    loops: &[Option<Interval>],
    needs: &mut (impl Needs + ?Sized),
) {
    for needed in &regions.bounds(stage).requires {
        if let Some(mut noted) = needs.region(regions, needed.source) {
            noted.widen(&needed.bounds, loops);
        }
    }
}

/// Widens `needs` by what an update writes while its loops run over the given intervals.
pub(crate) fn add_writes(
    regions: &Regions,
    stage: StageRef,
    loops: &[Option<Interval>],
    needs: &mut (impl Needs + ?Sized),
) {
    if let Some(mut noted) = needs.region(regions, Source::Func(stage.func)) {
        noted.widen(&regions.bounds(stage).writes, loops);
    }
}

/// Bounds of a stage's loops when it computes `own` of its Func, innermost first.
pub(crate) fn loop_bounds<'a>(
    regions: &'a Regions,
    stage: StageRef,
    own: &'a [Option<Interval>],
) -> impl Iterator<Item = Option<Interval>> + 'a {
    let args = regions.bounds(stage).args.iter();
    args.zip(regions.loops(stage)).map(|(arg, whole)| arg.and_then(|arg| own[arg]).or(*whole))
}

/// `length` values of an interval of `extent`, from the middle, where boundary conditions do not shrink what is needed.
pub(crate) fn middle(whole: Option<Interval>, extent: i64, length: i64) -> Interval {
    let start = whole.map_or(0, |i| i.min) + ((extent - length) / 2).max(0);
    Interval { min: start, max: start + length - 1 }
}

/// Needs by Func; inputs do not matter.
impl Needs for [Option<Region>] {
    fn region<'a>(&'a mut self, regions: &'a Regions, source: Source) -> Option<Noted<'a>> {
        let id = source.func()?;
        let whole = regions.func(id);
        Some(Noted { region: self[id.index()].get_or_insert_with(|| vec![None; whole.len()]), whole })
    }
}

/// Widens `needed`, indexed by Func, by what computing `needed[id]` takes of the Func's producers. An interval that
/// cannot be bounded counts as the producer's whole region.
pub(crate) fn add_requirements(pipeline: &Pipeline, regions: &Regions, id: FuncId, needed: &mut [Option<Region>]) {
    // Updates first: what they need of the Func itself widens what its pure definition must cover.
    for stage in pipeline.func(id).stage_refs(id).rev() {
        let own = needed[id.index()].get_or_insert_with(|| vec![None; regions.func(id).len()]);
        let loops: Region = loop_bounds(regions, stage, own).collect();
        add_reads(regions, stage, &loops, needed);
    }
}

/// The same for its pure definition alone.
pub(crate) fn add_pure_requirements(regions: &Regions, id: FuncId, needed: &mut [Option<Region>]) {
    let stage = StageRef { func: id, stage: 0 };
    let own = needed[id.index()].get_or_insert_with(|| vec![None; regions.func(id).len()]);
    let loops: Region = loop_bounds(regions, stage, own).collect();
    add_reads(regions, stage, &loops, needed);
}

/// The region of one Func; nothing else matters.
struct Own<'r>(FuncId, &'r mut Region);

impl Needs for Own<'_> {
    fn region<'a>(&'a mut self, regions: &'a Regions, source: Source) -> Option<Noted<'a>> {
        (source == Source::Func(self.0)).then(|| Noted { region: self.1, whole: regions.func(self.0) })
    }
}

/// Widens a region of a Func by what its own updates read of it to compute that region.
pub(crate) fn widen_by_updates(pipeline: &Pipeline, regions: &Regions, id: FuncId, region: &mut Region) {
    for stage in (1..pipeline.func(id).stages.len()).rev().map(|stage| StageRef { func: id, stage }) {
        let loops: Region = loop_bounds(regions, stage, region).collect();
        add_reads(regions, stage, &loops, &mut Own(id, region));
    }
}

/// A part of a Func from its middle: so many values of some dimensions, all of the others.
pub(crate) fn cut(regions: &Regions, id: FuncId, lengths: impl IntoIterator<Item = (usize, i64)>) -> Region {
    let mut part = regions.func(id).clone();
    for (dim, length) in lengths {
        part[dim] = Some(middle(part[dim], regions.extent(id, dim), length));
    }
    part
}

/// Points of a region; dimensions of unknown size count as in [`Regions::extent`].
pub(crate) fn points(regions: &Regions, id: FuncId, region: &Region) -> f64 {
    let extent = |(dim, interval): (usize, &Option<Interval>)| match interval {
        Some(i) => i.extent().max(1) as f64,
        None => regions.extent(id, dim) as f64,
    };
    region.iter().enumerate().map(extent).product()
}

/// How many windows slide, each below the other, in a leader whose loop over rows is guarded. The first row of such a loop is
/// a case of its own for Halide (a `select` in the bounds), and it cannot tell that bounds with several of them only ever
/// grow. Measured on chains of stencils; further Funcs are computed anew for every row. Without a guard all slide.
pub(crate) fn sliding_depth(leader_is_output: bool) -> usize {
    if leader_is_output {
        2
    } else {
        1
    }
}
