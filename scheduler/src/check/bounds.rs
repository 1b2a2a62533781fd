//! Whether declared bounds hold at any size.

use super::{first_stage, illegal, Replay};
use crate::directive::LoopVar;
use crate::ir::{
    Bound, Bounds, FuncId, Interval, Pipeline, Region, Regions, Source, StageBounds, StageRef, SymbolicInterval,
};
use crate::Error;
use std::collections::{BTreeMap, BTreeSet};

/// What is computed of a dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Known {
    Nothing,
    /// These coordinates, whatever the sizes of buffers and the values of parameters.
    Always(Interval),
    Depends,
}

impl Known {
    fn union(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, known) | (known, Self::Nothing) => known,
            (Self::Always(a), Self::Always(b)) => Self::Always(a.union(b)),
            _ => Self::Depends,
        }
    }
}

/// A dimension of a Func.
pub(super) type Dimension = (FuncId, usize);

impl Replay<'_> {
    pub(super) fn is_extensible(&self, (func, dim): Dimension) -> bool {
        let extensible = self
            .extensible
            .get_or_init(|| self.regions.map_or_else(Vec::new, |regions| regions.extensible(self.pipeline)));
        extensible.get(func.index()).is_some_and(|dims| dims[dim])
    }

    /// The dimension that a pure argument of a Func is.
    pub(super) fn dimension(&self, func: FuncId, var: &LoopVar) -> Result<Dimension, Error> {
        let dim = self.pipeline.func(func).args.iter().position(|a| *a == var.name && !var.rvar);
        dim.map(|dim| (func, dim)).ok_or_else(|| illegal(first_stage(func), format!("no argument {}", var.name)))
    }

    /// The loops along the dimension get a constant extent; [`Replay::promises`] says in the end whether the bound holds.
    pub(super) fn bound(&mut self, func: FuncId, var: &LoopVar, min: i32, extent: u32) -> Result<(), Error> {
        let dimension = self.dimension(func, var)?;
        if extent == 0 {
            return Err(illegal(first_stage(func), "an empty bound"));
        }
        let (min, extent) = (i64::from(min), i64::from(extent));
        self.bounds.insert(dimension, Interval { min, max: min + extent - 1 });
        let nests = self.nests.iter_mut().filter(|(stage, _)| stage.func == func);
        for dim in nests.flat_map(|(_, nest)| nest).filter(|dim| dim.var == *var) {
            dim.extent = Some(extent);
        }
        Ok(())
    }

    /// All declared bounds hold.
    pub(super) fn promises(&self) -> Result<(), Error> {
        match (self.regions, self.bounds.first_key_value()) {
            (_, None) => Ok(()),
            (Some(regions), _) => check(self.pipeline, regions, &self.bounds, &self.widened),
            (None, Some((&(func, _), _))) => Err(illegal(first_stage(func), "a bound, but no sizes to check it with")),
        }
    }

    /// Whether a split of a Func's own loop may compute more than is required; notes that it does.
    pub(super) fn may_widen(&mut self, stage: StageRef, old: &LoopVar) -> bool {
        let Ok(dimension) = self.dimension(stage.func, old) else { return false };
        let may = !self.bounds.contains_key(&dimension) && self.is_extensible(dimension);
        if may {
            self.widened.insert(dimension);
        }
        may
    }
}

/// Checks `Func::bound` calls: each covers what is required of its dimension, which must not depend on sizes. The
/// dimensions in `widened` are computed beyond what is required.
///
/// # Errors
/// [`Error::Illegal`] with the first bound that need not hold.
fn check(
    pipeline: &Pipeline,
    regions: &Regions,
    declared: &BTreeMap<Dimension, Interval>,
    widened: &BTreeSet<Dimension>,
) -> Result<(), Error> {
    let mut known: Vec<Vec<Known>> = pipeline.funcs.iter().map(|f| vec![Known::Nothing; f.args.len()]).collect();
    // Consumers first, so that all requirements are in.
    for id in pipeline.func_ids().rev() {
        let func = pipeline.func(id);
        require_own(pipeline, regions, id, &mut known[id.index()]);
        for (dim, arg) in func.args.iter().enumerate() {
            let required = &mut known[id.index()][dim];
            if pipeline.is_output(id) || func.extern_definition.is_some() || widened.contains(&(id, dim)) {
                *required = Known::Depends;
            }
            let bound = declared.get(&(id, dim));
            let covers = |b: &&Interval| matches!(*required, Known::Always(r) if b.min <= r.min && r.max <= b.max);
            if bound.is_some_and(|b| !covers(&b)) {
                let stage = StageRef { func: id, stage: 0 };
                return Err(illegal(stage, format!("what is required of {arg} need not be within the bound")));
            }
            let promised = func.bounds.get(arg).copied().and_then(Bound::interval);
            if let Some(interval) = bound.copied().or(promised) {
                *required = Known::Always(interval);
            }
        }
        for stage in func.stage_refs(id) {
            let (loops, symbolic) = (loops(regions.bounds(stage), &known[id.index()]), regions.bounds(stage));
            for (needed, written) in symbolic.requires.iter().zip(&pipeline.stage(stage).requires) {
                if let Some(producer) = needed.source.func().filter(|&producer| producer != id) {
                    require(&mut known[producer.index()], &loops, &needed.bounds, &written.bounds);
                }
            }
        }
    }
    Ok(())
}

/// What a Func's updates read and write of it.
fn require_own(pipeline: &Pipeline, regions: &Regions, id: FuncId, known: &mut [Known]) {
    for stage in pipeline.func(id).stage_refs(id) {
        let (symbolic, definition) = (regions.bounds(stage), pipeline.stage(stage));
        let loops = loops(symbolic, known);
        let own = symbolic.requires.iter().zip(&definition.requires).filter(|(n, _)| n.source == Source::Func(id));
        for (needed, written) in own {
            require(known, &loops, &needed.bounds, &written.bounds);
        }
        require(known, &loops, &symbolic.writes, &definition.writes);
    }
}

/// A stage's loops as far as they are known at any size.
fn loops(stage: &StageBounds, known: &[Known]) -> Region {
    let of_loop = |arg: &Option<usize>| match arg.map(|dim| known[dim]) {
        Some(Known::Always(interval)) => Some(interval),
        _ => None,
    };
    stage.args.iter().map(of_loop).collect()
}

/// Adds what a stage needs of each dimension, in the form that is evaluated and as it was written.
fn require(known: &mut [Known], loops: &Region, bounds: &[Bounds], written: &[SymbolicInterval]) {
    for (required, (bounds, written)) in known.iter_mut().zip(bounds.iter().zip(written)) {
        let interval = bounds.evaluate(loops).filter(|_| written.exact);
        *required = required.union(interval.map_or(Known::Depends, Known::Always));
    }
}
