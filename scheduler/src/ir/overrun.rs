//! Where computing more of a Func than is asked for is harmless.

use super::{Func, FuncId, Interval, Pipeline, Region, Regions, Source};

/// Far beyond any tile: what a requirement does over this many coordinates it does for good.
const FAR: i64 = 1 << 20;

/// By Func and dimension, whether nothing that computing coordinates past the end reads, directly or through other
/// Funcs, lies outside of an input, because every path to an input clamps the coordinate.
pub(super) fn reads_stay_inside(pipeline: &Pipeline, regions: &Regions) -> Vec<Vec<bool>> {
    let mut inside: Vec<Vec<bool>> = Vec::with_capacity(pipeline.funcs.len());
    // Producers come first, so theirs are known.
    for id in pipeline.func_ids() {
        let func = pipeline.func(id);
        let of_dim = |dim| may_extend(func) && reads_of_dim_stay_inside(pipeline, regions, id, dim, &inside);
        let dims = (0..func.args.len()).map(of_dim).collect();
        inside.push(dims);
    }
    inside
}

/// Declared bounds are promises, and what the user scheduled has its own tails.
fn may_extend(func: &Func) -> bool {
    func.extern_definition.is_none() && func.bounds.is_empty() && func.scheduled.is_none()
}

/// Of all stages: those of updates that loop over the dimension run further with it, others stay as they are.
fn reads_of_dim_stay_inside(
    pipeline: &Pipeline,
    regions: &Regions,
    id: FuncId,
    dim: usize,
    inside: &[Vec<bool>],
) -> bool {
    let own_reads = |source: Source, d: usize| source == Source::Func(id) && d == dim;
    pipeline.func(id).stage_refs(id).all(|stage| {
        let definition = pipeline.stage(stage);
        let loops = regions.loops(stage);
        let Some(index) = definition.loop_index(&pipeline.func(id).args[dim]) else { return true };
        let Some(extended) = extend(loops, index) else { return false };
        regions.bounds(stage).requires.iter().all(|needed| {
            needed.bounds.iter().enumerate().all(|(d, bounds)| {
                let (before, after) = (bounds.evaluate(loops), bounds.evaluate(&extended));
                match (before, after, needed.source) {
                    (Some(a), Some(b), _) if a == b => true,
                    (Some(_), Some(_), source) if own_reads(source, d) => true,
                    (Some(_), Some(_), Source::Func(producer)) => {
                        inside.get(producer.index()).is_some_and(|dims: &Vec<bool>| dims[d])
                    }
                    _ => false,
                }
            })
        })
    })
}

fn extend(loops: &Region, index: usize) -> Option<Region> {
    let mut extended = loops.clone();
    let interval = extended.get_mut(index)?.as_mut()?;
    *interval = Interval { max: interval.max + FAR, ..*interval };
    Some(extended)
}

impl Regions {
    /// Whether a Func may compute coordinates past the end of what is required along a dimension, at any size of the
    /// outputs: nothing it then reads lies outside of an input. Outputs, what extern stages read and Funcs with updates,
    /// which write where they write, never may.
    pub fn may_overrun(&self, pipeline: &Pipeline, id: FuncId, dim: usize) -> bool {
        let pure = pipeline.func(id).stages.len() == 1;
        pure && !pipeline.is_output(id) && !self.is_read_by_extern(id) && self.reads_stay_inside(id, dim)
    }
}
