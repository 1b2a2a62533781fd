//! Whether stages may share loops (`compute_with`).

use super::{illegal, Dim, Replay};
use crate::directive::LoopVar;
use crate::ir::{FuncId, Pipeline, StageRef};
use crate::Error;

impl Replay<'_> {
    /// Stages of Funcs that do not depend on each other, computed in the same place, whose outer loops are alike.
    ///
    /// # Errors
    /// [`Error::Illegal`] for anything else.
    pub(super) fn fused(&self, stage: StageRef, with: StageRef, var: &LoopVar) -> Result<(), Error> {
        let refuse = |reason: &str| Err(illegal(stage, format!("computed with another stage: {reason}")));
        if stage.func == with.func || self.pipeline.func(stage.func).stages.len() != 1 || stage.stage != with.stage {
            return refuse("only pure definitions without updates are");
        }
        let place = |func: FuncId| match self.pipeline.is_output(func) {
            true => Some(&None),
            false => self.computed.get(&func),
        };
        if place(stage.func) != place(with.func) || place(stage.func).is_none() {
            return refuse("the Funcs are computed in different places");
        }
        if self.specialized.contains_key(&stage) || self.specialized.contains_key(&with) {
            return refuse("it is specialised");
        }
        if depends(self.pipeline, stage.func, with.func) || depends(self.pipeline, with.func, stage.func) {
            return refuse("one Func depends on the other");
        }
        let outer = |stage: StageRef| -> Option<&[Dim]> {
            let nest = &self.nests[&stage];
            Some(&nest[nest.iter().position(|d| d.var == *var)?..])
        };
        // Halide computes what either needs where loops of one name are split by different factors: much of it many times.
        let alike = |a: &Dim, b: &Dim| a.var == b.var && a.made == b.made;
        match (outer(stage), outer(with)) {
            (Some(a), Some(b)) if a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)) => Ok(()),
            (Some(_), Some(_)) => refuse("their outer loops differ"),
            _ => refuse(&format!("no loop {}", var.name)),
        }
    }
}

/// Whether a Func reads another one, directly or through others.
fn depends(pipeline: &Pipeline, reader: FuncId, on: FuncId) -> bool {
    let mut reached = vec![false; pipeline.funcs.len()];
    reached[reader.index()] = true;
    // Consumers first.
    for id in pipeline.func_ids().rev().filter(|&id| id <= reader) {
        if reached[id.index()] {
            let stages = &pipeline.func(id).stages;
            stages.iter().flat_map(|s| s.producers()).for_each(|producer| reached[producer.index()] = true);
        }
    }
    reached[on.index()]
}
