//! An independent check that a schedule is legal and cannot change a result.
//!
//! Replays the directives on plain loop lists. Shares no code with the search that made them.

mod bounds;
mod fused;

use crate::directive::{AtLeast, Directive, LoopVar, Tail};
use crate::ir::{FuncId, Interval, Loop, Pipeline, Regions, Source, StageRef};
use crate::Error;
use bounds::Dimension;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Checks a schedule for a pipeline.
///
/// # Errors
/// [`Error::Illegal`] with the first violation: an unknown loop, a vectorised or unrolled loop of unknown extent, a
/// loop with data hazards reordered against another one, vectorised or made parallel, a tail strategy that computes
/// or needs coordinates outside the requested region, a Func computed where not all of its consumers are.
pub fn check(pipeline: &Pipeline, directives: &[Directive]) -> Result<(), Error> {
    replay(Replay::new(pipeline), pipeline, directives)
}

/// As [`check`], but floats may be rounded otherwise: sums and products of them may be in any order.
///
/// # Errors
/// As [`check`].
pub fn check_reassociated(pipeline: &Pipeline, directives: &[Directive]) -> Result<(), Error> {
    replay(Replay { reassociate: true, ..Replay::new(pipeline) }, pipeline, directives)
}

fn replay(mut replay: Replay, pipeline: &Pipeline, directives: &[Directive]) -> Result<(), Error> {
    for directive in directives {
        exists(pipeline, directive)?;
        replay.step(directive)?;
    }
    replay.placements()?;
    replay.parts()?;
    replay.promises()?;
    replay.shared.iter().try_for_each(|(stage, with, var)| replay.fused(*stage, *with, var))
}

/// Schedules may come from a file: all Funcs and stages they name must be there.
fn exists(pipeline: &Pipeline, directive: &Directive) -> Result<(), Error> {
    let subject = directive.stage().unwrap_or_else(|| first_stage(directive.subject()));
    let host = match directive {
        Directive::ComputeAt { consumer, .. } | Directive::StoreAt { consumer, .. } => *consumer,
        Directive::ComputeWith { with, .. } => with.func,
        _ => subject.func,
    };
    let count = pipeline.funcs.len();
    if subject.func.index() >= count || host.index() >= count {
        return Err(illegal(subject, format!("the pipeline has {count} Funcs")));
    }
    let with = match directive {
        Directive::ComputeWith { with, .. } => Some(*with),
        _ => None,
    };
    match directive.stage().into_iter().chain(with).find(|s| s.stage >= pipeline.func(s.func).stages.len()) {
        Some(stage) => Err(illegal(stage, "no such stage")),
        None => Ok(()),
    }
}

#[derive(Clone, Debug)]
struct Dim {
    var: LoopVar,
    /// Iterations, if known at compile time.
    extent: Option<i64>,
    /// Free of data hazards.
    parallel: bool,
    /// Neither split nor fused: runs over the whole dimension.
    whole: bool,
}

struct Replay<'a> {
    pipeline: &'a Pipeline,
    /// Whether floats may be added and multiplied in any order.
    reassociate: bool,
    /// What is computed at the estimates; `None` where they are missing.
    regions: Option<Regions>,
    nests: BTreeMap<StageRef, Vec<Dim>>,
    /// Nests of specialised stages.
    specialized: BTreeMap<StageRef, Vec<Dim>>,
    /// Guaranteed extents inside the specialisation that is being replayed.
    guaranteed: Vec<AtLeast>,
    computed: BTreeMap<FuncId, Option<(FuncId, LoopVar)>>,
    stored: BTreeMap<FuncId, (FuncId, LoopVar)>,
    /// Declared bounds.
    bounds: BTreeMap<Dimension, Interval>,
    /// What is computed beyond what is required.
    widened: BTreeSet<Dimension>,
    /// See [`Regions::extensible`].
    extensible: OnceCell<Vec<Vec<bool>>>,
    /// Stages that share the loops of another one, with the innermost loop shared.
    shared: Vec<(StageRef, StageRef, LoopVar)>,
    /// Funcs with updates that are added up in parts: their loops are spread over two Funcs.
    in_parts: BTreeSet<FuncId>,
    /// Further pure loops of the intermediate Func that is replayed.
    part_loops: Vec<Dim>,
    /// Loops of updates that their parts are computed in.
    parts_inside: Vec<(StageRef, LoopVar)>,
    /// Whether what is replayed is computed in a loop as a part.
    within_part: bool,
    /// Updates whose reductions may be vectorised: Halide adds up the lanes.
    atomic: BTreeSet<StageRef>,
}

fn illegal(stage: StageRef, reason: impl Into<String>) -> Error {
    Error::Illegal { stage, reason: reason.into() }
}

fn first_stage(func: FuncId) -> StageRef {
    StageRef { func, stage: 0 }
}

impl<'a> Replay<'a> {
    fn new(pipeline: &'a Pipeline) -> Self {
        let mut nests = BTreeMap::new();
        for id in pipeline.func_ids() {
            let func = pipeline.func(id);
            for stage in func.stage_refs(id) {
                nests.insert(stage, Self::original_nest(pipeline, stage));
            }
        }
        Self {
            pipeline,
            reassociate: false,
            regions: Regions::at_estimates(pipeline).ok(),
            nests,
            specialized: BTreeMap::new(),
            guaranteed: Vec::new(),
            computed: BTreeMap::new(),
            stored: BTreeMap::new(),
            bounds: BTreeMap::new(),
            widened: BTreeSet::new(),
            extensible: OnceCell::new(),
            shared: Vec::new(),
            in_parts: BTreeSet::new(),
            part_loops: Vec::new(),
            parts_inside: Vec::new(),
            within_part: false,
            atomic: BTreeSet::new(),
        }
    }

    fn original_nest(pipeline: &Pipeline, stage: StageRef) -> Vec<Dim> {
        let dim = |l: &Loop| Dim {
            var: LoopVar { name: l.var.clone(), rvar: l.reduction.is_some() },
            extent: match &l.reduction {
                Some(r) => r.constant,
                None => pipeline.func(stage.func).bounds.get(&l.var).and_then(|b| b.extent),
            },
            parallel: l.parallel,
            whole: true,
        };
        pipeline.stage(stage).loops.iter().map(dim).collect()
    }

    fn nest(&mut self, stage: StageRef) -> Result<&mut Vec<Dim>, Error> {
        self.nests.get_mut(&stage).ok_or_else(|| illegal(stage, "no such stage"))
    }

    fn position(&mut self, stage: StageRef, var: &LoopVar) -> Result<usize, Error> {
        let found = self.nest(stage)?.iter().position(|d| d.var == *var);
        found.ok_or_else(|| illegal(stage, format!("no loop {}", var.name)))
    }

    fn step(&mut self, directive: &Directive) -> Result<(), Error> {
        if self.pipeline.func(directive.subject()).scheduled.is_some() {
            return Err(illegal(first_stage(directive.subject()), "the user has scheduled this Func"));
        }
        let hosts = |func: FuncId| self.pipeline.funcs.iter().any(|f| f.placed_inside.contains(&func));
        if let Some(stage) = directive.stage().filter(|s| hosts(s.func)) {
            if !matches!(directive, Directive::Unscheduled { .. }) {
                return Err(illegal(stage, "the user has placed other Funcs inside its loops"));
            }
        }
        match directive {
            Directive::ComputeRoot { func } => {
                self.computed.insert(*func, None);
            }
            Directive::ComputeAt { func, consumer, var } => {
                self.computed.insert(*func, Some((*consumer, var.clone())));
            }
            Directive::StoreAt { func, consumer, var } => {
                self.stored.insert(*func, (*consumer, var.clone()));
            }
            Directive::StoreRoot { .. } | Directive::StoreIn { .. } | Directive::Unscheduled { .. } => {}
            Directive::FoldStorage { func, var, factor } => {
                self.dimension(*func, var)?;
                if *factor == 0 || self.pipeline.is_output(*func) {
                    return Err(illegal(first_stage(*func), "folded storage of an output, or of no length"));
                }
            }
            Directive::Bound { func, var, min, extent } => self.bound(*func, var, *min, *extent)?,
            Directive::AlignBounds { func, var, modulus, remainder } => {
                let dimension = self.dimension(*func, var)?;
                if remainder >= modulus || !self.is_extensible(dimension) {
                    return Err(illegal(first_stage(*func), format!("no more of {} may be computed", var.name)));
                }
                self.widened.insert(dimension);
            }
            Directive::ComputeWith { stage, with, var } => self.shared.push((*stage, *with, var.clone())),
            Directive::ReorderStorage { func, vars } => self.reorder_storage(*func, vars)?,
            Directive::Split { stage, old, outer, inner, factor, tail } => {
                self.split(*stage, old, [outer, inner], *factor, *tail)?;
            }
            Directive::Fuse { stage, inner, outer, fused } => self.fuse(*stage, inner, outer, fused)?,
            Directive::Reorder { stage, vars } => self.reorder(*stage, vars)?,
            Directive::Vectorize { stage, var } => {
                let dim = self.constant_extent(*stage, var)?;
                let adds_up = self.atomic.contains(stage) && self.any_order(*stage);
                if !dim.parallel && !adds_up {
                    return Err(illegal(*stage, format!("vectorised loop {} has data hazards", var.name)));
                }
            }
            Directive::Unroll { stage, var } => {
                self.constant_extent(*stage, var)?;
            }
            Directive::Parallel { stage, var } => {
                let at = self.position(*stage, var)?;
                if !self.nest(*stage)?[at].parallel {
                    return Err(illegal(*stage, format!("parallel loop {} has data hazards", var.name)));
                }
            }
            Directive::NeverPartition { stage, vars } => {
                vars.iter().try_for_each(|var| self.position(*stage, var).map(drop))?;
            }
            Directive::Specialize { stage, when, then } => self.specialize(*stage, when, then)?,
            Directive::Rfactor { stage, rvar, var, then } => self.rfactor(*stage, rvar, var, then)?,
            Directive::Atomic { stage } => {
                if !self.pipeline.stage(*stage).associative {
                    return Err(illegal(*stage, "atomic needs an associative update"));
                }
                self.atomic.insert(*stage);
            }
        }
        Ok(())
    }

    /// What the pipeline's user or an extern stage gets as a buffer has its dimensions in the order of the arguments.
    fn reorder_storage(&self, func: FuncId, vars: &[LoopVar]) -> Result<(), Error> {
        let stage = first_stage(func);
        let definition = self.pipeline.func(func);
        let externs = self.pipeline.funcs.iter().filter_map(|f| f.extern_definition.as_ref());
        let is_buffer = definition.extern_definition.is_some()
            || self.pipeline.is_output(func)
            || externs.flat_map(|e| &e.sources).any(|&s| s == Source::Func(func));
        if is_buffer {
            return Err(illegal(stage, "the storage of outputs and of extern stages' buffers has a fixed order"));
        }
        let mut named: Vec<&String> = vars.iter().filter(|v| !v.rvar).map(|v| &v.name).collect();
        let mut arguments: Vec<&String> = definition.args.iter().collect();
        named.sort_unstable();
        arguments.sort_unstable();
        if named.len() != vars.len() || named != arguments {
            return Err(illegal(stage, "storage is reordered by something else than all arguments"));
        }
        Ok(())
    }

    /// Replays the specialised calls on a copy of the nest.
    fn specialize(&mut self, stage: StageRef, when: &[AtLeast], then: &[Directive]) -> Result<(), Error> {
        if !self.pipeline.is_output(stage.func) || stage.stage != 0 {
            return Err(illegal(stage, "only the pure stage of an output has sizes to specialise on"));
        }
        if self.pipeline.stage(stage).drops_reads() {
            // Halide simplifies what it specialises, and its bounds inference crashes on Funcs that are then read no more.
            return Err(illegal(stage, "specialising it would drop reads"));
        }
        if then.iter().any(|d| d.stage() != Some(stage) || matches!(d, Directive::Specialize { .. })) {
            return Err(illegal(stage, "a specialisation schedules something else"));
        }
        let general = self.nest(stage)?.clone();
        self.guaranteed = when.to_vec();
        let replayed = then.iter().try_for_each(|directive| self.step(directive));
        self.guaranteed.clear();
        replayed?;
        if let Some(special) = self.nests.insert(stage, general) {
            self.specialized.insert(stage, special);
        }
        Ok(())
    }

    /// Replays the calls on the intermediate Func on copies of the nests, and leaves the loops that add up its parts.
    fn rfactor(&mut self, stage: StageRef, rvar: &LoopVar, var: &LoopVar, then: &[Directive]) -> Result<(), Error> {
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
    fn parts(&self) -> Result<(), Error> {
        let exists = |stage: &StageRef, var: &LoopVar| self.nests[stage].iter().any(|d| d.var == *var);
        match self.parts_inside.iter().find(|(stage, var)| !exists(stage, var)) {
            Some((stage, var)) => Err(illegal(*stage, format!("no loop {} to compute parts in", var.name))),
            None => Ok(()),
        }
    }

    /// Whether a split of an original loop of an output may shift its last tile back.
    fn may_shift(&self, stage: StageRef, old: &LoopVar, factor: u32) -> bool {
        let dim = self.pipeline.func(stage.func).args.iter().position(|a| *a == old.name);
        self.guaranteed.iter().any(|g| Some(g.dim) == dim && g.extent >= factor)
    }

    /// Whether the split of an original pure loop may run past its end.
    fn may_overrun(&self, stage: StageRef, old: &LoopVar) -> bool {
        let dim = self.pipeline.func(stage.func).args.iter().position(|a| !old.rvar && *a == old.name);
        let regions = self.regions.as_ref();
        dim.zip(regions).is_some_and(|(dim, regions)| regions.may_overrun(self.pipeline, stage.func, dim))
    }

    fn split(
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
        let shifts = tail == Tail::ShiftInwards && dim.whole && self.may_shift(stage, old, factor);
        let overruns = tail == Tail::RoundUp && self.may_overrun(stage, old);
        if !any_size && !exact && !shifts && !overruns && !self.may_widen(stage, old) {
            return Err(illegal(stage, format!("tail {tail:?} of {} needs a multiple of {factor}", old.name)));
        }
        let nest = self.nest(stage)?;
        let half = |var: &LoopVar, extent| Dim { var: var.clone(), extent, parallel: dim.parallel, whole: false };
        let tiles = dim.extent.map(|e| (e + i64::from(factor) - 1) / i64::from(factor));
        nest.splice(at..=at, [half(inner, Some(i64::from(factor))), half(outer, tiles)]);
        self.distinct(stage)
    }

    fn fuse(&mut self, stage: StageRef, inner: &LoopVar, outer: &LoopVar, fused: &LoopVar) -> Result<(), Error> {
        let (i, o) = (self.position(stage, inner)?, self.position(stage, outer)?);
        if o != i + 1 {
            return Err(illegal(stage, format!("{} and {} are not adjacent", inner.name, outer.name)));
        }
        let nest = self.nest(stage)?;
        let dim = Dim {
            var: fused.clone(),
            extent: nest[i].extent.zip(nest[o].extent).map(|(a, b)| a * b),
            parallel: nest[i].parallel && nest[o].parallel,
            whole: false,
        };
        nest.splice(i..=o, [dim]);
        self.distinct(stage)
    }

    fn distinct(&mut self, stage: StageRef) -> Result<(), Error> {
        let nest = self.nest(stage)?;
        let names: BTreeSet<_> = nest.iter().map(|d| &d.var.name).collect();
        if names.len() == nest.len() {
            return Ok(());
        }
        Err(illegal(stage, "two loops have one name"))
    }

    /// The listed loops take, in the given order, the places the same loops had before.
    fn reorder(&mut self, stage: StageRef, vars: &[LoopVar]) -> Result<(), Error> {
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
    fn any_order(&self, stage: StageRef) -> bool {
        let rounds =
            self.pipeline.func(stage.func).types.iter().any(|t| t.starts_with("float") || t.starts_with("bfloat"));
        self.pipeline.stage(stage).commutative && (self.reassociate || !rounds)
    }

    fn constant_extent(&mut self, stage: StageRef, var: &LoopVar) -> Result<Dim, Error> {
        let at = self.position(stage, var)?;
        let dim = self.nest(stage)?[at].clone();
        match dim.extent {
            Some(_) => Ok(dim),
            None => Err(illegal(stage, format!("loop {} has no constant extent", var.name))),
        }
    }

    /// Every Func is computed, and stored, around all of its uses.
    fn placements(&self) -> Result<(), Error> {
        let consumers = self.pipeline.consumers();
        for (&func, level) in &self.computed {
            let Some((host, var)) = level else { continue };
            if self.in_parts.contains(host) {
                return Err(illegal(first_stage(func), "computed in loops that are added up in parts"));
            }
            self.loop_exists(func, *host, var)?;
            for &stage in &consumers[func.index()] {
                if !self.inside(stage, *host, var, &consumers, self.pipeline.funcs.len()) {
                    let reader = &self.pipeline.func(stage.func).name;
                    return Err(illegal(first_stage(func), format!("read by {reader} outside of loop {}", var.name)));
                }
            }
            if let Some((store_host, store_var)) = self.stored.get(&func) {
                self.loop_exists(func, *store_host, store_var)?;
            }
        }
        match self.stored.keys().find(|f| !matches!(self.computed.get(f), Some(Some(_)))) {
            Some(&func) => Err(illegal(first_stage(func), "stored at a loop but not computed at one")),
            None => Ok(()),
        }
    }

    fn loop_exists(&self, func: FuncId, host: FuncId, var: &LoopVar) -> Result<(), Error> {
        let lacking = |(s, nest): (&StageRef, &Vec<Dim>)| s.func == host && !nest.iter().any(|d| d.var == *var);
        if self.specialized.iter().any(lacking) {
            return Err(illegal(first_stage(func), format!("a specialisation has no loop {}", var.name)));
        }
        let hosting = self.nests.iter().filter(|(s, _)| s.func == host);
        match hosting.filter(|(_, nest)| nest.iter().any(|d| d.var == *var)).count() {
            1 => Ok(()),
            n => Err(illegal(first_stage(func), format!("{n} loops {} to be computed at", var.name))),
        }
    }

    /// Whether a stage only ever runs inside loop `var` of `host`.
    fn inside(&self, stage: StageRef, host: FuncId, var: &LoopVar, consumers: &[Vec<StageRef>], fuel: usize) -> bool {
        if fuel == 0 {
            return false;
        }
        if stage.func == host {
            return self.nests[&stage].iter().any(|d| d.var == *var);
        }
        if let Some((_, _, innermost)) = self.shared.iter().find(|(s, with, _)| *s == stage && with.func == host) {
            return self.at_or_inside(host, innermost, var);
        }
        match self.computed.get(&stage.func) {
            Some(None) => false,
            Some(Some((other, at))) => {
                if *other == host {
                    return self.at_or_inside(host, at, var);
                }
                let users = self.nests.iter().filter(|(s, nest)| s.func == *other && nest.iter().any(|d| d.var == *at));
                users.map(|(s, _)| *s).all(|s| self.inside(s, host, var, consumers, fuel - 1))
            }
            // Inlined: wherever its own consumers are.
            None => {
                let users = &consumers[stage.func.index()];
                !users.is_empty()
                    && !self.pipeline.is_output(stage.func)
                    && users.iter().all(|&s| self.inside(s, host, var, consumers, fuel - 1))
            }
        }
    }

    /// Whether loop `at` of a Func is `var` or inside of it.
    fn at_or_inside(&self, host: FuncId, at: &LoopVar, var: &LoopVar) -> bool {
        self.nests.iter().filter(|(s, _)| s.func == host).any(|(_, nest)| {
            let place = |v: &LoopVar| nest.iter().position(|d| d.var == *v);
            matches!((place(at), place(var)), (Some(a), Some(v)) if a <= v)
        })
    }
}
