//! A stage's loop nest while it is being scheduled.

use super::reads;
use super::vector::{self, Vector};
use crate::directive::{AtLeast, Directive, LoopVar, Tail};
use crate::ir::{Func, Loop, Name, Pipeline, Regions, StageRef};
use compact_str::format_compact;
use std::collections::BTreeMap;

/// Parallel tasks per thread that a long outer loop is cut into.
pub(super) const TASKS_PER_THREAD: i64 = 8;

/// One loop of a nest.
#[derive(Clone, Debug)]
pub(super) struct Dim {
    pub(super) var: LoopVar,
    /// How far out its dimension lies in memory; `None` for reductions.
    pub(super) place: Option<usize>,
    /// Iterations at the estimates.
    pub(super) extent: i64,
    /// Free of data hazards.
    pub(super) parallel: bool,
}

/// Guarded lanes that are loaded from elsewhere than side by side become a branch each, which LLVM takes a time for that grows
/// with the third power of their number: 1 s for 32 of them, 18 s for 64.
const MAX_GUARDED_LANES: u32 = 32;

/// A stage's loops, innermost first, as directives change them.
pub(super) struct Nest {
    pub(super) stage: StageRef,
    pub(super) loops: Vec<Dim>,
    pub(super) directives: Vec<Directive>,
    /// By index of the stage's original loops, the innermost loop that now stands for each.
    pub(super) current: Vec<LoopVar>,
    /// When set, the first split of every original loop shifts its last tile inwards, and the extents that this needs
    /// are noted here by original loop. Only for outputs.
    fits: Option<BTreeMap<Name, u32>>,
    /// Pure arguments whose loops may run past their end.
    overruns: Vec<Name>,
    /// Those that may where all others are computed for it, too.
    widens: Vec<Name>,
    /// By original loop, whether lanes of vectors over it load from elsewhere than side by side.
    shuffled: Vec<bool>,
    /// By original loop, whether vectors over it walk along an embedded image.
    embedded: Vec<bool>,
    /// Names of the pure arguments.
    originals: Vec<Name>,
    /// Names in use in the Func.
    taken: Vec<Name>,
}

impl Nest {
    /// See [`Regions::may_overrun`] for `indexed_within`.
    pub(super) fn new(
        pipeline: &Pipeline,
        regions: &Regions,
        stage: StageRef,
        indexed_within: impl Fn() -> bool,
    ) -> Self {
        let definition = pipeline.stage(stage);
        let var = |l: &Loop| LoopVar { name: l.var.clone(), rvar: l.reduction.is_some() };
        let func = pipeline.func(stage.func);
        let dim = |(index, l): (usize, &Loop)| Dim {
            var: var(l),
            place: func.args.iter().position(|a| l.reduction.is_none() && *a == l.var),
            extent: regions.loop_extent(stage, index),
            parallel: l.parallel,
        };
        // Whole vectors of an initial value would only make the storage of what updates read and write larger.
        let may_overrun = stage.stage > 0 || func.stages.len() == 1;
        let arguments = |may: &dyn Fn(usize) -> bool| -> Vec<Name> {
            let dims = (0..func.args.len()).filter(|&dim| may_overrun && may(dim));
            dims.map(|dim| func.args[dim].clone()).collect()
        };
        let loop_names = func.stages.iter().flat_map(|s| &s.loops).map(|l| l.var.clone());
        Self {
            stage,
            loops: definition.loops.iter().enumerate().map(dim).collect(),
            directives: Vec::new(),
            current: definition.loops.iter().map(var).collect(),
            fits: None,
            overruns: arguments(&|dim| regions.may_overrun(pipeline, stage.func, dim, &indexed_within)),
            widens: arguments(&|dim| regions.may_overrun(pipeline, stage.func, dim, || true)),
            shuffled: (0..definition.loops.len()).map(|index| vector::is_shuffled(definition, index)).collect(),
            embedded: reads::walks_embedded(pipeline, stage),
            originals: func.args.clone(),
            taken: loop_names.chain(func.args.iter().cloned()).collect(),
        }
    }

    /// A nest that may assume outputs of at least the size of its tiles.
    pub(super) fn shifting(mut self) -> Self {
        self.fits = Some(BTreeMap::new());
        self
    }

    /// Whether it assumes that.
    pub(super) fn is_shifting(&self) -> bool {
        self.fits.is_some()
    }

    /// The directives as a specialisation on the sizes that shifted tiles need.
    pub(super) fn specialized(self, func: &Func) -> Option<Directive> {
        let fits = self.fits.filter(|fits| !fits.is_empty())?;
        let dim = |name: &Name| func.args.iter().position(|a| a == name);
        let when = fits.iter().filter_map(|(name, &extent)| Some(AtLeast { dim: dim(name)?, extent })).collect();
        Some(Directive::Specialize { stage: self.stage, when, then: self.directives })
    }

    fn tail(&mut self, old: &LoopVar, extent: i64, factor: u32) -> Tail {
        match &mut self.fits {
            Some(fits) if self.originals.contains(&old.name) && extent >= i64::from(factor) => {
                fits.insert(old.name.clone(), factor);
                Tail::ShiftInwards
            }
            _ => Tail::GuardWithIf,
        }
    }

    /// The tail of a vector: as long as nothing else is affected, whole vectors.
    fn vector_tail(&mut self, old: &LoopVar, extent: i64, lanes: u32) -> Tail {
        if self.overruns.contains(&old.name) {
            return Tail::RoundUp;
        }
        self.tail(old, extent, lanes)
    }

    fn position(&self, var: &LoopVar) -> usize {
        self.loops.iter().position(|d| d.var == *var).expect("the loop is in the nest")
    }

    /// A new name: the loop's own, without the number Halide gave its RDom, and a tag; unique in the Func.
    fn fresh(&mut self, var: &LoopVar, tag: &str) -> LoopVar {
        let base = var.name.rsplit('$').next().unwrap_or(&var.name);
        let stage = if self.stage.stage == 0 { Name::default() } else { format_compact!("u{}", self.stage.stage - 1) };
        let mut name = format_compact!("{base}_{stage}{tag}");
        while self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.push(name.clone());
        var.derived(name)
    }

    /// Splits the loop that stands for original loop `index`; the inner part stands for it from now on. Returns the
    /// outer and the inner part.
    pub(super) fn split(&mut self, index: usize, tag: &str, factor: u32) -> (LoopVar, LoopVar) {
        self.split_current(index, tag, factor, Self::tail)
    }

    /// Splits off iterations of original loop `index` and unrolls them. Returns the loop over them.
    pub(super) fn unroll(&mut self, index: usize, iterations: u32) -> LoopVar {
        let inner = self.split(index, "u", iterations).1;
        self.directives.push(Directive::Unroll { stage: self.stage, var: inner.clone() });
        inner
    }

    /// The same for a loop that may run past its end, where what is computed starts and ends at multiples of these iterations.
    pub(super) fn unroll_aligned(&mut self, index: usize, iterations: u32) -> Option<LoopVar> {
        let var = self.current[index].clone();
        let is_free = self.widens.contains(&var.name);
        is_free.then(|| {
            let func = self.stage.func;
            self.directives.push(Directive::AlignBounds { func, var, modulus: iterations, remainder: 0 });
            self.unroll(index, iterations)
        })
    }

    fn split_current(
        &mut self,
        index: usize,
        tag: &str,
        factor: u32,
        tail: impl FnOnce(&mut Self, &LoopVar, i64, u32) -> Tail,
    ) -> (LoopVar, LoopVar) {
        let old = self.current[index].clone();
        let extent = self.loops[self.position(&old)].extent;
        let tail = tail(self, &old, extent, factor);
        let (outer, inner) = self.split_loop(&old, tag, factor, tail);
        self.current[index] = inner.clone();
        (outer, inner)
    }

    /// The loop right around another one; that one itself if it is the outermost.
    pub(super) fn around(&self, var: &LoopVar) -> LoopVar {
        let at = self.position(var);
        self.loops[(at + 1).min(self.loops.len() - 1)].var.clone()
    }

    /// Splits a loop. Returns the outer and the inner part.
    pub(super) fn split_loop(&mut self, old: &LoopVar, tag: &str, factor: u32, tail: Tail) -> (LoopVar, LoopVar) {
        let at = self.position(old);
        let outer = self.fresh(old, &format_compact!("{tag}o"));
        let inner = self.fresh(old, &format_compact!("{tag}i"));
        let dim = self.loops[at].clone();
        let part = |var: &LoopVar, extent| Dim { var: var.clone(), extent, ..dim };
        let tiles = (dim.extent + i64::from(factor) - 1) / i64::from(factor);
        self.loops.splice(at..=at, [part(&inner, i64::from(factor)), part(&outer, tiles)]);
        self.directives.push(Directive::Split {
            stage: self.stage,
            old: old.clone(),
            outer: outer.clone(),
            inner: inner.clone(),
            factor,
            tail,
        });
        (outer, inner)
    }

    /// Whether vectors over a loop get a guard.
    fn is_guarded(&self, index: usize) -> bool {
        let var = &self.current[index].name;
        self.originals.contains(var) && !self.overruns.contains(var)
    }

    /// Splits off vectors and vectorises them. Returns the loop over vectors and the loop over lanes.
    pub(super) fn vectorize(&mut self, vector: Vector) -> (LoopVar, LoopVar) {
        let guarded = self.is_guarded(vector.index);
        let most = if guarded && self.shuffled[vector.index] { MAX_GUARDED_LANES } else { u32::MAX };
        let (outer, inner) = self.split_current(vector.index, "v", vector.lanes.min(most), Self::vector_tail);
        self.directives.push(Directive::Vectorize { stage: self.stage, var: inner.clone() });
        if guarded && self.embedded[vector.index] {
            // Halide 21 cuts such a loop into parts even where nothing is left for one, and then fails to compile its first load,
            // at a place that is constant and before the image.
            self.directives.push(Directive::NeverPartition { stage: self.stage, vars: vec![outer.clone()] });
        }
        (outer, inner)
    }

    /// A new name with a tag, for a pure loop of an intermediate Func.
    pub(super) fn derived(&mut self, var: &LoopVar, tag: &str) -> LoopVar {
        LoopVar { rvar: false, ..self.fresh(var, tag) }
    }

    /// Leaves the loops that add up a reduction's parts: over the parts, then the dimensions as they lie in memory.
    pub(super) fn add_up(&mut self, parts: &LoopVar) {
        self.loops.retain(|d| d.place.is_some() || d.var == *parts);
        self.loops.sort_by_key(|d| d.place);
    }

    /// The innermost loop along a dimension.
    pub(super) fn innermost_pure(&self) -> Option<LoopVar> {
        self.loops.iter().find(|d| d.place.is_some()).map(|d| d.var.clone())
    }

    /// All other loops: reductions, then dimensions as they lie in memory.
    pub(super) fn remaining(&self, except: &[LoopVar]) -> Vec<Dim> {
        let mut rest: Vec<Dim> = self.loops.iter().filter(|d| !except.contains(&d.var)).cloned().collect();
        rest.sort_by_key(|d| d.place);
        rest
    }

    pub(super) fn reorder(&mut self, order: Vec<LoopVar>) {
        if self.loops.iter().map(|d| &d.var).eq(order.iter()) {
            return;
        }
        self.loops = order.iter().map(|v| self.loops[self.position(v)].clone()).collect();
        self.directives.push(Directive::Reorder { stage: self.stage, vars: order });
    }

    /// Runs the outermost loops in parallel, nested, until every thread gets a few tasks; a long one is cut into tasks.
    /// Stops at loop `keep`, which stays whole. (Fusing instead would hide from Halide how far the inner loop goes: bounds
    /// of fused loops have led to reads far outside of inputs.)
    pub(super) fn parallelize(&mut self, threads: i64, tasks_per_thread: i64, keep: Option<&LoopVar>) {
        let mut tasks = 1;
        for dim in self.loops.clone().into_iter().rev() {
            if tasks >= 2 * threads || !dim.parallel || keep == Some(&dim.var) || self.is_inner(&dim.var) {
                break;
            }
            let wanted = tasks_per_thread * threads / tasks;
            let mut var = dim.var;
            if dim.extent > 2 * wanted {
                let factor = u32::try_from(dim.extent / wanted).unwrap_or(u32::MAX);
                var = self.split_loop(&var, "p", factor, Tail::GuardWithIf).0;
            }
            tasks *= dim.extent.min(wanted);
            self.directives.push(Directive::Parallel { stage: self.stage, var });
        }
    }

    /// Runs the outermost loop in parallel, cut into tasks if it is long. Returns the loop that now stands for
    /// `innermost`.
    pub(super) fn parallel_tasks(&mut self, threads: i64, innermost: LoopVar) -> LoopVar {
        let Some(outermost) = self.loops.last().cloned() else { return innermost };
        let mut stands = innermost;
        let mut var = outermost.var;
        let wanted = TASKS_PER_THREAD * threads;
        if outermost.extent > 2 * wanted {
            let factor = u32::try_from(outermost.extent / wanted).unwrap_or(u32::MAX);
            let (tasks, inner) = self.split_loop(&var, "p", factor, Tail::GuardWithIf);
            if stands == var {
                stands = inner;
            }
            var = tasks;
        }
        self.directives.push(Directive::Parallel { stage: self.stage, var });
        stands
    }

    /// Has Halide partition no loops but those along vectors, along unrolled iterations that a guard may cut off, and along
    /// the innermost dimension: across them, what keeps coordinates inside is computed once for a row, in scalars.
    pub(super) fn partition_rows(&mut self, vector: Option<Vector>) {
        let Some(vector) = vector else { return };
        let pure = || self.loops.iter().filter(|d| d.place.is_some());
        let cut_off = |d: &&Dim| self.fits.is_none() && self.is_inner(&d.var);
        let mut within: Vec<Option<usize>> = pure().filter(cut_off).map(|d| d.place).collect();
        within.extend(pure().find(|d| !self.is_inner(&d.var)).map(|d| d.place));
        within.push(self.loops[self.position(&self.current[vector.index])].place);
        let across = |d: &&Dim| !within.contains(&d.place) && !self.is_inner(&d.var);
        let vars = pure().filter(across).map(|d| d.var.clone()).collect();
        self.never_partition(vars);
    }

    /// The same loops in little code, for outputs too small to notice: unrolled guards take LLVM a minute, and copies of guarded
    /// loops for the inside of an image and for its borders as long as all else.
    pub(super) fn brief(mut self) -> Self {
        self.directives.retain(|d| !matches!(d, Directive::Unroll { .. } | Directive::NeverPartition { .. }));
        let whole = self.loops.iter().filter(|d| d.place.is_some() && !self.is_inner(&d.var));
        let vars = whole.map(|d| d.var.clone()).collect();
        self.never_partition(vars);
        self
    }

    fn never_partition(&mut self, vars: Vec<LoopVar>) {
        if !vars.is_empty() {
            self.directives.push(Directive::NeverPartition { stage: self.stage, vars });
        }
    }

    /// Whether the loop is vectorised or unrolled.
    fn is_inner(&self, var: &LoopVar) -> bool {
        self.directives
            .iter()
            .any(|d| matches!(d, Directive::Vectorize { var: v, .. } | Directive::Unroll { var: v, .. } if v == var))
    }
}
