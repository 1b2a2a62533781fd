//! Dimensions of which the same is computed whatever the sizes of buffers and the values of parameters.

use super::bounds::Bounds;
use super::{FuncId, Pipeline, Region, Regions, Source, StageRef, SymbolicInterval};

impl Regions {
    /// By Func and dimension, whether what is required is a constant of the algorithm: Halide then knows the strides of
    /// all dimensions further out as multiples of a number.
    pub(crate) fn constant_dimensions(&self, pipeline: &Pipeline) -> Vec<Vec<bool>> {
        let sized = |id| pipeline.is_output(id) || self.is_read_by_extern(id);
        let mut constant: Vec<Vec<bool>> =
            pipeline.func_ids().map(|id| vec![!sized(id); pipeline.func(id).args.len()]).collect();
        // Consumers first, and what a Func needs of itself before what it needs of others.
        for id in pipeline.func_ids().rev() {
            for own in [true, false] {
                for stage in pipeline.func(id).stage_refs(id) {
                    self.rule_out(pipeline, stage, own, &mut constant);
                }
            }
        }
        constant
    }

    /// Takes out what depends on sizes among what a stage requires of its own Func, or of others.
    fn rule_out(&self, pipeline: &Pipeline, stage: StageRef, own: bool, constant: &mut [Vec<bool>]) {
        let (definition, symbolic) = (pipeline.stage(stage), self.bounds(stage));
        let loops = self.constant_loops(pipeline, stage, &constant[stage.func.index()]);
        let mut take_out = |id: FuncId, bounds: &[Bounds], written: &[SymbolicInterval]| {
            for (constant, (bounds, written)) in constant[id.index()].iter_mut().zip(bounds.iter().zip(written)) {
                *constant &= written.exact && bounds.evaluate(&loops).is_some();
            }
        };
        for (needed, written) in symbolic.requires.iter().zip(&definition.requires) {
            match needed.source {
                Source::Func(id) if (id == stage.func) == own => take_out(id, &needed.bounds, &written.bounds),
                _ => {}
            }
        }
        if own {
            take_out(stage.func, &symbolic.writes, &definition.writes);
        }
    }

    /// A stage's loops; `None` where they depend on sizes.
    fn constant_loops(&self, pipeline: &Pipeline, stage: StageRef, constant: &[bool]) -> Region {
        let loops = &pipeline.stage(stage).loops;
        let is_constant = |index: usize| match (&loops[index].reduction, self.argument(stage, index)) {
            (Some(reduction), _) => reduction.constant.is_some(),
            (None, arg) => arg.is_some_and(|dim| constant[dim]),
        };
        self.loops(stage).iter().enumerate().map(|(index, bounds)| bounds.filter(|_| is_constant(index))).collect()
    }
}
