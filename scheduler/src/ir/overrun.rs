//! Where computing more of a Func than is asked for is harmless.

use super::{Func, FuncId, Interval, Pipeline, Region, Regions, Source, StageRef};
use std::collections::BTreeSet;

/// Far beyond any tile: what a requirement does over this many coordinates it does for good.
const FAR: i64 = 1 << 20;

/// On which sides more is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sides {
    /// Past the end.
    End,
    /// Past the end and before the start.
    Both,
}

impl Sides {
    /// The loops of a stage when more is computed along one of them.
    pub(super) fn extend(self, loops: &Region, index: usize) -> Option<Region> {
        let mut extended = loops.clone();
        let interval = extended[index].as_mut()?;
        let before = if self == Self::Both { FAR } else { 0 };
        *interval = Interval { min: interval.min - before, max: interval.max + FAR };
        Some(extended)
    }
}

/// By Func and dimension, whether it may be extended and nothing that this reads, directly or through other Funcs, lies
/// outside of an input, because every path to an input clamps the coordinate.
pub(super) fn harmless(
    pipeline: &Pipeline,
    regions: &Regions,
    sides: Sides,
    may_extend: impl Fn(FuncId, usize) -> bool,
) -> Vec<Vec<bool>> {
    let mut harmless: Vec<Vec<bool>> = Vec::with_capacity(pipeline.funcs.len());
    // Producers come first, so theirs are known.
    for id in pipeline.func_ids() {
        let func = pipeline.func(id);
        let reads = |dim| {
            func.stage_refs(id).all(|stage| reads_are_harmless(pipeline, regions, sides, (stage, dim), &harmless))
        };
        let dims = (0..func.args.len()).map(|dim| may_extend(id, dim) && reads(dim)).collect();
        harmless.push(dims);
    }
    harmless
}

/// Of one stage: if it loops over the dimension it runs further with it, else it stays as it is.
fn reads_are_harmless(
    pipeline: &Pipeline,
    regions: &Regions,
    sides: Sides,
    (stage, dim): (StageRef, usize),
    harmless: &[Vec<bool>],
) -> bool {
    let loops = regions.loops(stage);
    let Some(index) = regions.loop_over(stage, dim) else { return true };
    let Some(extended) = sides.extend(loops, index) else { return false };
    let allowed = |source: Source, d: usize| match source {
        Source::Func(producer) if producer == stage.func => d == dim,
        Source::Func(producer) => harmless[producer.index()][d],
        Source::Input(_) => false,
    };
    let both = regions.bounds(stage).requires.iter().zip(&pipeline.stage(stage).requires);
    both.into_iter().all(|(needed, written)| {
        needed.bounds.iter().zip(&written.bounds).enumerate().all(|(d, (bounds, written))| {
            let (before, after) = (bounds.evaluate(loops), bounds.evaluate(&extended));
            let known = before.is_some() && after.is_some();
            written.inside || known && (before == after || allowed(needed.source, d))
        })
    })
}

/// Where computing coordinates past the end reads nothing outside of an input.
///
/// Updates may then write more of other dimensions, which [`Regions::extensible`] forbids. Halide allocates that too, but
/// earlier stages cover it only if the update reads it as well, and such reads are looked at here.
pub(super) fn reads_stay_inside(pipeline: &Pipeline, regions: &Regions) -> Vec<Vec<bool>> {
    harmless(pipeline, regions, Sides::End, |id, _| may_overrun(pipeline.func(id)))
}

/// Where it also moves nothing that data decides on and only the values of Funcs keep within bounds.
pub(super) fn indices_stay_inside(pipeline: &Pipeline, regions: &Regions) -> Vec<Vec<bool>> {
    let steady = |stage: StageRef, dim: usize| {
        let definition = pipeline.stage(stage);
        let moves = |index| definition.gathers_along(index) || definition.stores.iter().any(Option::is_none);
        definition.indexed_by.is_empty() || !regions.loop_over(stage, dim).is_some_and(moves)
    };
    harmless(pipeline, regions, Sides::End, |id, dim| {
        let func = pipeline.func(id);
        may_overrun(func) && func.stage_refs(id).all(|stage| steady(stage, dim))
    })
}

/// Declared bounds are promises, and what the user scheduled has its own tails.
fn may_overrun(func: &Func) -> bool {
    func.extern_definition.is_none() && func.bounds.is_empty() && func.is_free()
}

impl Regions {
    /// Whether the pure loops of a Func's stages may run past the end of what is required along a dimension, at any size of
    /// the outputs: nothing that is then read lies outside of an input, and what is written too much nobody reads. Outputs
    /// and what extern stages read never may.
    ///
    /// Halide computes no more of other Funcs for it, but of those inside of these loops: what is read of others is any
    /// value. That matters where values say where to read or write: then `indexed_within` is asked for
    /// [`Pipeline::is_indexed_within`] of the Func and of all that is computed in its loops.
    pub fn may_overrun(
        &self,
        pipeline: &Pipeline,
        id: FuncId,
        dim: usize,
        indexed_within: impl FnOnce() -> bool,
    ) -> bool {
        !pipeline.is_output(id)
            && !self.is_read_by_extern(id)
            && self.reads_stay_inside(id, dim)
            && (self.indices_stay_inside(id, dim) || indexed_within())
    }
}

/// Where a Func is computed, for one that runs past its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seat {
    /// In what reads it.
    Inlined,
    /// In its loops, or in those of a Func there: as far as it is needed.
    Inside,
    /// Anywhere else: no further than is required.
    Outside,
}

impl Pipeline {
    /// Whether the places where a Func, and what is inlined into it, reads and writes by data are within bounds because of
    /// values that are computed as far as it runs.
    pub fn is_indexed_within(&self, id: FuncId, seat: impl Fn(FuncId) -> Seat) -> bool {
        let mut bodies = vec![id];
        let mut seen: BTreeSet<FuncId> = [id].into();
        let mut values = Vec::new();
        while let Some(body) = bodies.pop() {
            for stage in &self.func(body).stages {
                values.extend(&stage.indexed_by);
                bodies.extend(stage.producers().filter(|&p| seat(p) == Seat::Inlined && seen.insert(p)));
            }
        }
        let mut seen = BTreeSet::new();
        while let Some(value) = values.pop() {
            if seat(value) == Seat::Outside {
                return false;
            }
            if seen.insert(value) {
                values.extend(&self.func(value).bounded_by);
            }
        }
        true
    }
}
