//! Where computing more of a Func than is asked for, on both sides, is harmless.

use super::bounds::Bounds;
use super::overrun::{harmless, Sides};
use super::{FuncId, Pipeline, Regions, StageRef};

impl Regions {
    /// By Func and dimension, whether it may be computed beyond both ends of what is required, at any size of the outputs:
    /// every path to an input clamps the coordinate, so that nothing outside is read for it. Unlike with
    /// [`Regions::may_overrun`], all stages of a Func cover the larger region.
    pub fn extensible(&self, pipeline: &Pipeline) -> Vec<Vec<bool>> {
        harmless(pipeline, self, Sides::Both, |id, dim| {
            self.may_extend(pipeline, id, dim) && pipeline.func(id).stage_refs(id).all(|s| self.writes_stay(s, dim))
        })
    }

    /// Outputs and buffers of extern stages are as large as they are; declared bounds are promises, and what the user
    /// scheduled has its own tails.
    fn may_extend(&self, pipeline: &Pipeline, id: FuncId, dim: usize) -> bool {
        let func = pipeline.func(id);
        !pipeline.is_output(id)
            && !self.is_read_by_extern(id)
            && func.extern_definition.is_none()
            && func.is_free()
            && !func.bounds.contains_key(&func.args[dim])
    }

    /// Whether a stage that runs over more of a dimension writes no more of others.
    fn writes_stay(&self, stage: StageRef, dim: usize) -> bool {
        let loops = self.loops(stage);
        let Some(index) = self.loop_over(stage, dim) else { return true };
        let Some(extended) = Sides::Both.extend(loops, index) else { return false };
        let stays = |bounds: &Bounds| bounds.evaluate(loops) == bounds.evaluate(&extended);
        self.bounds(stage).writes.iter().enumerate().all(|(d, written)| d == dim || stays(written))
    }
}
