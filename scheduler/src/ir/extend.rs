//! Where computing more of a Func than is asked for, on both sides, is harmless.

use super::bounds::Bounds;
use super::{FuncId, Interval, Pipeline, Region, Regions, Source, StageRef};

/// Far beyond any tile: what a requirement does over this many coordinates it does for good.
const FAR: i64 = 1 << 20;

impl Regions {
    /// By Func and dimension, whether it may be computed beyond both ends of what is required, at any size of the outputs:
    /// every path to an input clamps the coordinate, so that nothing outside is read for it. Unlike
    /// [`Regions::may_overrun`] this holds for Funcs with updates too: all their stages cover the larger region.
    pub fn extensible(&self, pipeline: &Pipeline) -> Vec<Vec<bool>> {
        let mut extensible: Vec<Vec<bool>> = Vec::with_capacity(pipeline.funcs.len());
        // Producers come first, so theirs are known.
        for id in pipeline.func_ids() {
            let of_dim = |dim| self.may_extend(pipeline, id, dim) && self.reads_allow(pipeline, id, dim, &extensible);
            let dims = (0..pipeline.func(id).args.len()).map(of_dim).collect();
            extensible.push(dims);
        }
        extensible
    }

    /// Outputs and buffers of extern stages are as large as they are; declared bounds are promises, and what the user
    /// scheduled has its own tails.
    fn may_extend(&self, pipeline: &Pipeline, id: FuncId, dim: usize) -> bool {
        let func = pipeline.func(id);
        !pipeline.is_output(id)
            && !self.is_read_by_extern(id)
            && func.extern_definition.is_none()
            && func.scheduled.is_none()
            && !func.bounds.contains_key(&func.args[dim])
    }

    /// Whether every stage of a Func may run over more of a dimension.
    fn reads_allow(&self, pipeline: &Pipeline, id: FuncId, dim: usize, extensible: &[Vec<bool>]) -> bool {
        pipeline.func(id).stage_refs(id).all(|stage| self.stage_allows(stage, dim, extensible))
    }

    fn stage_allows(&self, stage: StageRef, dim: usize, extensible: &[Vec<bool>]) -> bool {
        let (loops, symbolic) = (self.loops(stage), self.bounds(stage));
        let Some(index) = symbolic.args.iter().position(|&arg| arg == Some(dim)) else {
            // An update that does not run along the dimension stays as it is.
            return true;
        };
        let Some(extended) = extend(loops, index) else { return false };
        let moves = |bounds: &Bounds| bounds.evaluate(loops) != bounds.evaluate(&extended);
        let writes_elsewhere = symbolic.writes.iter().enumerate().any(|(d, written)| d != dim && moves(written));
        let allowed = |source: Source, d: usize| match source {
            Source::Func(producer) if producer == stage.func => d == dim,
            Source::Func(producer) => extensible[producer.index()][d],
            Source::Input(_) => false,
        };
        !writes_elsewhere
            && symbolic.requires.iter().all(|needed| {
                let known = |bounds: &Bounds| bounds.evaluate(loops).is_some() && bounds.evaluate(&extended).is_some();
                let fine = |(d, bounds): (usize, &Bounds)| !moves(bounds) || allowed(needed.source, d);
                needed.bounds.iter().all(known) && needed.bounds.iter().enumerate().all(fine)
            })
    }
}

fn extend(loops: &Region, index: usize) -> Option<Region> {
    let mut extended = loops.clone();
    let interval = extended[index].as_mut()?;
    *interval = Interval { min: interval.min - FAR, max: interval.max + FAR };
    Some(extended)
}
