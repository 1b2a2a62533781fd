//! Updates that are added up in parts (`rfactor`).

use super::{first_stage, illegal, Dim, Replay};
use crate::directive::{Directive, LoopVar};
use crate::ir::StageRef;
use crate::Error;

impl Replay<'_> {
    /// Replays the calls on the intermediate Func on copies of the nests, and leaves the loops that add up its parts.
    pub(super) fn rfactor(
        &mut self,
        stage: StageRef,
        rvar: &LoopVar,
        var: &LoopVar,
        then: &[Directive],
    ) -> Result<(), Error> {
        if !(self.pipeline.stage(stage).associative && self.any_order(stage)) {
            return Err(illegal(stage, "only exact, associative and commutative updates can be added up in parts"));
        }
        let (places, then): (Vec<_>, Vec<_>) = then.iter().partition(|d| matches!(d, Directive::ComputeAt { .. }));
        let at_root = self.pipeline.is_output(stage.func) || self.computed.get(&stage.func) == Some(&None);
        if !rvar.rvar || var.rvar || places.is_empty() && (!at_root || self.within_part) {
            return Err(illegal(
                stage,
                "parts are made of a reduction loop of a Func at root, or computed in its loops",
            ));
        }
        let inside = self.place_of_parts(stage, &places)?;
        let pure = first_stage(stage.func);
        if then.iter().any(|d| d.stage().is_none_or(|s| s != pure && s != stage)) {
            return Err(illegal(stage, "the intermediate Func has no other stages"));
        }
        let at = self.position(stage, rvar)?;
        let kept = self.nest(stage)?[at].clone();
        let parts = Dim { var: var.clone(), parallel: true, ..kept.clone() };
        let own = (self.nest(pure)?.clone(), self.nest(stage)?.clone());
        let pure_dims: Vec<Dim> =
            Self::original_nest(self.pipeline, pure).into_iter().chain(self.part_loops.iter().cloned()).collect();
        self.part_loops.push(parts.clone());
        self.nests.insert(pure, pure_dims.iter().cloned().chain([parts.clone()]).collect());
        self.nest(stage)?[at] = parts;
        self.distinct(stage)?;
        let outer = (std::mem::take(&mut self.parts_inside), self.within_part);
        self.within_part |= inside.is_some();
        then.iter().try_for_each(|directive| self.step(directive))?;
        self.parts()?;
        self.part_loops.pop();
        (self.parts_inside, self.within_part) = outer;
        self.parts_inside.extend(inside.map(|var| (stage, var)));
        self.nests.insert(pure, own.0);
        self.nests.insert(stage, [kept].into_iter().chain(pure_dims).collect());
        self.in_parts.insert(stage.func);
        Ok(())
    }

    /// The loop of an update that its parts are computed in; `None` for root.
    fn place_of_parts(&self, stage: StageRef, places: &[&Directive]) -> Result<Option<LoopVar>, Error> {
        match places {
            [] => Ok(None),
            [Directive::ComputeAt { func, consumer, var }] if (*func, *consumer) == (stage.func, stage.func) => {
                Ok(Some(var.clone()))
            }
            _ => Err(illegal(stage, "parts are computed in one loop of what adds them up")),
        }
    }

    /// Parts are computed in loops that there are.
    pub(super) fn parts(&self) -> Result<(), Error> {
        let exists = |stage: &StageRef, var: &LoopVar| self.nests[stage].iter().any(|d| d.var == *var);
        match self.parts_inside.iter().find(|(stage, var)| !exists(stage, var)) {
            Some((stage, var)) => Err(illegal(*stage, format!("no loop {} to compute parts in", var.name))),
            None => Ok(()),
        }
    }
}
