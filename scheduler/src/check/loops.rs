//! What may be done to the loops of a stage.

use super::{illegal, Dim, Made, Replay};
use crate::directive::{LoopVar, Tail};
use crate::ir::{FuncId, Seat, StageRef};
use crate::Error;
use std::collections::BTreeSet;

impl Replay<'_> {
    /// Whether a split of an original loop of an output may shift its last tile back.
    fn may_shift(&self, stage: StageRef, old: &LoopVar, factor: u32) -> bool {
        let dim = self.pipeline.func(stage.func).args.iter().position(|a| *a == old.name);
        self.guaranteed.iter().any(|g| Some(g.dim) == dim && g.extent >= factor)
    }

    /// Whether the split of an original pure loop may run past its end, as far as can be said before all Funcs are placed.
    fn may_overrun(&mut self, stage: StageRef, old: &LoopVar) -> bool {
        let dim = self.pipeline.func(stage.func).args.iter().position(|a| !old.rvar && *a == old.name);
        let Some((dim, regions)) = dim.zip(self.regions) else { return false };
        let indexed = || {
            self.overrunning.insert(stage);
            true
        };
        regions.may_overrun(self.pipeline, stage.func, dim, indexed)
    }

    /// Where a Func runs past its end, values say where to read or write only as far as they are computed.
    pub(super) fn indices(&self) -> Result<(), Error> {
        for &stage in &self.overrunning {
            let seat = |func: FuncId| match self.computed.get(&func) {
                _ if self.is_within(func, stage.func) => Seat::Inside,
                None if self.is_inlined(func) => Seat::Inlined,
                _ => Seat::Outside,
            };
            let mut inside = self.pipeline.func_ids().filter(|&f| self.is_within(f, stage.func));
            if let Some(func) = inside.find(|&f| !self.pipeline.is_indexed_within(f, seat)) {
                let name = &self.pipeline.func(func).name;
                return Err(illegal(
                    stage,
                    format!("past its end, values that are not computed say where {name} reads or writes"),
                ));
            }
        }
        Ok(())
    }

    fn is_inlined(&self, func: FuncId) -> bool {
        let definition = self.pipeline.func(func);
        definition.inlinable && definition.is_free() && !self.pipeline.is_output(func)
    }

    /// Whether a Func is another one, or computed in its loops.
    fn is_within(&self, mut func: FuncId, other: FuncId) -> bool {
        for _ in 0..=self.pipeline.funcs.len() {
            match self.computed.get(&func) {
                _ if func == other => return true,
                Some(Some((host, _))) => func = *host,
                _ => return false,
            }
        }
        false
    }

    /// `split`: two loops take the place of one, with a tail that computes and needs nothing outside of what is required.
    pub(super) fn split(
        &mut self,
        stage: StageRef,
        old: &LoopVar,
        [outer, inner]: [&LoopVar; 2],
        factor: u32,
        tail: Tail,
    ) -> Result<(), Error> {
        let at = self.position(stage, old)?;
        if factor == 0 {
            return Err(illegal(stage, "split by zero"));
        }
        if [outer, inner].iter().any(|v| v.rvar != old.rvar) {
            return Err(illegal(stage, "a split turns a Var into an RVar or back"));
        }
        let dim = self.nest(stage)?[at].clone();
        let exact = dim.extent.is_some_and(|e| e % i64::from(factor) == 0);
        let any_size = matches!(tail, Tail::GuardWithIf | Tail::Predicate);
        let shifts = tail == Tail::ShiftInwards && dim.made.is_empty() && self.may_shift(stage, old, factor);
        let holds = any_size || exact || shifts;
        let overruns = !holds && tail == Tail::RoundUp && self.may_overrun(stage, old);
        if !holds && !overruns && !self.may_widen(stage, old) {
            return Err(illegal(stage, format!("tail {tail:?} of {} needs a multiple of {factor}", old.name)));
        }
        let nest = self.nest(stage)?;
        let half = |var: &LoopVar, extent, made| Dim {
            var: var.clone(),
            extent,
            parallel: dim.parallel,
            made: [dim.made.as_slice(), &[made]].concat(),
        };
        let tiles = dim.extent.map(|e| (e + i64::from(factor) - 1) / i64::from(factor));
        let inner = half(inner, Some(i64::from(factor)), Made::Inner(factor));
        nest.splice(at..=at, [inner, half(outer, tiles, Made::Outer(factor))]);
        self.distinct(stage)
    }

    /// `fuse`: one loop takes the place of two neighbours.
    pub(super) fn fuse(
        &mut self,
        stage: StageRef,
        inner: &LoopVar,
        outer: &LoopVar,
        fused: &LoopVar,
    ) -> Result<(), Error> {
        let (i, o) = (self.position(stage, inner)?, self.position(stage, outer)?);
        if o != i + 1 {
            return Err(illegal(stage, format!("{} and {} are not adjacent", inner.name, outer.name)));
        }
        let nest = self.nest(stage)?;
        let dim = Dim {
            var: fused.clone(),
            extent: nest[i].extent.zip(nest[o].extent).map(|(a, b)| a * b),
            parallel: nest[i].parallel && nest[o].parallel,
            made: [nest[i].made.as_slice(), &nest[o].made, &[Made::Fused]].concat(),
        };
        nest.splice(i..=o, [dim]);
        self.distinct(stage)
    }

    /// No two loops of a stage have one name.
    pub(super) fn distinct(&mut self, stage: StageRef) -> Result<(), Error> {
        let nest = self.nest(stage)?;
        let names: BTreeSet<_> = nest.iter().map(|d| &d.var.name).collect();
        if names.len() == nest.len() {
            return Ok(());
        }
        Err(illegal(stage, "two loops have one name"))
    }

    /// The listed loops take, in the given order, the places the same loops had before.
    pub(super) fn reorder(&mut self, stage: StageRef, vars: &[LoopVar]) -> Result<(), Error> {
        let mut places = Vec::new();
        for var in vars {
            places.push(self.position(stage, var)?);
        }
        let nest = self.nest(stage)?;
        let hazards =
            |dims: &[Dim]| -> Vec<LoopVar> { dims.iter().filter(|d| !d.parallel).map(|d| d.var.clone()).collect() };
        let before = hazards(nest);
        let moved: Vec<Dim> = places.iter().map(|&p| nest[p].clone()).collect();
        places.sort_unstable();
        if places.windows(2).any(|w| w[0] == w[1]) {
            return Err(illegal(stage, "a loop is reordered twice"));
        }
        for (place, dim) in places.into_iter().zip(moved) {
            nest[place] = dim;
        }
        if before != hazards(nest) && !self.any_order(stage) {
            return Err(illegal(stage, "loops with data hazards change their order"));
        }
        Ok(())
    }

    /// Whether an update's iterations may run in any order: rounding is all that could differ.
    pub(super) fn any_order(&self, stage: StageRef) -> bool {
        let rounds =
            self.pipeline.func(stage.func).types.iter().any(|t| t.starts_with("float") || t.starts_with("bfloat"));
        self.pipeline.stage(stage).commutative && (self.reassociate || !rounds)
    }

    /// A loop whose iterations are known at compile time.
    pub(super) fn constant_extent(&mut self, stage: StageRef, var: &LoopVar) -> Result<Dim, Error> {
        let at = self.position(stage, var)?;
        let dim = self.nest(stage)?[at].clone();
        match dim.extent {
            Some(_) => Ok(dim),
            None => Err(illegal(stage, format!("loop {} has no constant extent", var.name))),
        }
    }
}
