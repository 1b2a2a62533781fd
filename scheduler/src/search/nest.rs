//! The loops of every stage, as directives.

use super::placement::Placement;
use super::strips::{Strips, SMALL_DIMENSION};
use super::vector::{self, Vector};
use crate::cost::Hardware;
use crate::directive::{Directive, LoopVar, Tail};
use crate::ir::{FuncId, Loop, Pipeline, Regions, Source, StageRef};

/// Below this many weighted operations a stage is not worth waking other threads for.
const MIN_PARALLEL_WORK: f64 = 50_000.0;
/// Parallel tasks per thread that a long outer loop is cut into.
const TASKS_PER_THREAD: i64 = 8;
/// Iterations of small constant reductions that are unrolled.
const MAX_UNROLLED_REDUCTION: i64 = 16;

/// Directives for every Func that is not left alone, consumers first.
pub(super) fn directives(
    pipeline: &Pipeline,
    regions: &Regions,
    placements: &[Placement],
    hardware: &Hardware,
) -> Vec<Directive> {
    let planner = Planner { pipeline, regions, placements, hardware };
    pipeline.func_ids().rev().flat_map(|id| planner.func(id)).collect()
}

/// Loops of a strip leader, by name, that its members refer to.
struct StripLoops {
    row: LoopVar,
    storage: LoopVar,
}

struct Planner<'a> {
    pipeline: &'a Pipeline,
    regions: &'a Regions,
    placements: &'a [Placement],
    hardware: &'a Hardware,
}

impl Planner<'_> {
    fn func(&self, id: FuncId) -> Vec<Directive> {
        let mut directives = Vec::new();
        let at_root = match &self.placements[id.index()] {
            Placement::LeftAlone | Placement::Inline => return directives,
            Placement::Root => true,
            Placement::Strips(strips) => {
                directives.extend(self.root(id));
                directives.extend(self.leader(id, *strips).0.directives);
                return directives;
            }
            Placement::InStrips { leader, sliding } => {
                let loops = self.strip_loops(*leader);
                directives.push(Directive::ComputeAt { func: id, consumer: *leader, var: loops.row });
                if *sliding {
                    directives.push(Directive::StoreAt { func: id, consumer: *leader, var: loops.storage });
                }
                false
            }
        };
        if at_root {
            directives.extend(self.root(id));
        }
        for stage in self.pipeline.func(id).stage_refs(id) {
            directives.extend(self.stage(stage, at_root));
        }
        directives
    }

    fn root(&self, id: FuncId) -> Option<Directive> {
        (!self.pipeline.is_output(id)).then_some(Directive::ComputeRoot { func: id })
    }

    fn vector(&self, stage: StageRef) -> Option<Vector> {
        vector::choose(self.pipeline, self.regions, self.placements, stage, self.hardware.vector_bytes)
    }

    fn strip_loops(&self, leader: FuncId) -> StripLoops {
        match &self.placements[leader.index()] {
            Placement::Strips(strips) => self.leader(leader, *strips).1,
            other => unreachable!("members follow a leader with strips, not {other:?}"),
        }
    }

    /// Order, innermost first: vector, the rest of the row, small dimensions, rows of the strip, chunks, larger
    /// dimensions, strips.
    fn leader(&self, id: FuncId, strips: Strips) -> (Nest, StripLoops) {
        let stage = StageRef { func: id, stage: 0 };
        let mut nest = Nest::new(self.pipeline, self.regions, stage);
        let loop_of = |arg: usize| {
            let arg = &self.pipeline.func(id).args[arg];
            self.pipeline.stage(stage).loop_index(arg).expect("a pure stage loops over every argument")
        };
        let (strip, row) = nest.split(loop_of(strips.row), "s", strips.height);
        let mut outer = Vec::new();
        if let Some((along, width)) = strips.chunk {
            outer.push(nest.split(loop_of(along), "c", width).0);
        }
        let mut inner: Vec<LoopVar> = Vec::new();
        if let Some(vector) = self.vector(stage) {
            inner.push(nest.vectorize(vector).1);
        }
        for dim in nest.remaining(&[&inner[..], &outer[..], &[row.clone(), strip.clone()]].concat()) {
            let small = dim.extent <= SMALL_DIMENSION || inner.len() <= 1;
            if small { &mut inner } else { &mut outer }.push(dim.var);
        }
        outer.push(strip.clone());
        let storage = outer[0].clone();
        nest.reorder([&inner[..], &[row.clone()], &outer[..]].concat());
        nest.directives.push(Directive::Parallel { stage, var: strip });
        (nest, StripLoops { row, storage })
    }

    fn stage(&self, stage: StageRef, at_root: bool) -> Vec<Directive> {
        let mut nest = Nest::new(self.pipeline, self.regions, stage);
        let reduction = Reduction::of(self.pipeline, stage);
        let mut inner: Vec<LoopVar> = Vec::new();
        if let Some(vector) = self.vector(stage) {
            let wide = self.widening(stage, reduction, vector);
            if let Some(vectors) = wide {
                nest.split(vector.index, "w", vectors * vector.lanes);
            }
            let (vectors, lanes) = nest.vectorize(vector);
            inner.push(lanes);
            inner.extend(wide.map(|_| vectors.clone()));
            if reduction == Some(Reduction::Accumulates) {
                nest.directives.extend(wide.map(|_| Directive::Unroll { stage, var: vectors }));
                inner.extend(self.unrolled_rows(stage, vector, &mut nest));
            }
        }
        self.unroll_reduction(stage, &mut nest);
        let (hazards, free): (Vec<_>, Vec<_>) = nest.remaining(&inner).into_iter().partition(|d| !d.parallel);
        let order: Vec<LoopVar> = inner.into_iter().chain(hazards.into_iter().chain(free).map(|d| d.var)).collect();
        nest.reorder(order);
        if at_root && self.work(stage) >= MIN_PARALLEL_WORK {
            nest.parallelize(i64::from(self.hardware.threads));
        }
        if nest.directives.is_empty() && stage.stage > 0 {
            nest.directives.push(Directive::Unscheduled { stage });
        }
        nest.directives
    }

    /// How many vectors of an update are handled together inside its reduction loops.
    fn widening(&self, stage: StageRef, reduction: Option<Reduction>, vector: Vector) -> Option<u32> {
        let wanted: i64 = match reduction? {
            // Accumulators live in registers: 32 of them with 64-byte vectors, 16 otherwise.
            Reduction::Accumulates => {
                if self.hardware.vector_bytes >= 64 {
                    4
                } else {
                    2
                }
            }
            // A scan goes on along whole cache lines.
            Reduction::Scans => 8,
        };
        let available = self.regions.loop_extent(stage, vector.index) / i64::from(vector.lanes);
        let wide = wanted.min(available);
        (wide >= 2).then(|| 1 << u32::try_from(wide).unwrap_or(1).ilog2())
    }

    /// Unrolls a second pure loop of an accumulation by 4 when a load does not depend on it: each loaded vector then
    /// serves four accumulators.
    fn unrolled_rows(&self, stage: StageRef, vector: Vector, nest: &mut Nest) -> Option<LoopVar> {
        let definition = self.pipeline.stage(stage);
        let reused = |index: usize| {
            definition
                .accesses
                .iter()
                .filter(|a| a.source != Some(Source::Func(stage.func)))
                .any(|a| a.rows.iter().all(|r| r.as_ref().is_some_and(|r| r.coeffs[index][0] == 0)))
        };
        let index = (0..definition.loops.len()).find(|&index| {
            index != vector.index
                && definition.loops[index].parallel
                && definition.loops[index].reduction.is_none()
                && self.regions.loop_extent(stage, index) >= 4
                && reused(index)
        })?;
        let (_, inner) = nest.split(index, "u", 4);
        nest.directives.push(Directive::Unroll { stage, var: inner.clone() });
        Some(inner)
    }

    /// Unrolls all reduction loops when they are few, constant iterations.
    fn unroll_reduction(&self, stage: StageRef, nest: &mut Nest) {
        let loops = &self.pipeline.stage(stage).loops;
        let extents: Option<Vec<i64>> = loops.iter().filter_map(|l| l.reduction.as_ref()).map(|r| r.constant).collect();
        let iterations = extents.map_or(i64::MAX, |e| e.into_iter().fold(1, i64::saturating_mul));
        if iterations > MAX_UNROLLED_REDUCTION {
            return;
        }
        for index in (0..loops.len()).filter(|&l| loops[l].reduction.is_some() && !loops[l].parallel) {
            let var = nest.current[index].clone();
            nest.directives.push(Directive::Unroll { stage, var });
        }
    }

    fn work(&self, stage: StageRef) -> f64 {
        let definition = self.pipeline.stage(stage);
        let iterations: f64 = (0..definition.loops.len()).map(|l| self.regions.loop_extent(stage, l) as f64).product();
        iterations * (1.0 + definition.operations.weight() + definition.accesses.len() as f64)
    }
}

/// What an update's loops with data hazards do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reduction {
    /// Every iteration updates the same value.
    Accumulates,
    /// Iterations write different values, each from earlier ones.
    Scans,
}

impl Reduction {
    fn of(pipeline: &Pipeline, stage: StageRef) -> Option<Self> {
        let definition = pipeline.stage(stage);
        let hazards: Vec<usize> = (0..definition.loops.len()).filter(|&l| !definition.loops[l].parallel).collect();
        if hazards.is_empty() {
            return None;
        }
        let fixed = definition
            .stores
            .iter()
            .all(|row| row.as_ref().is_some_and(|r| hazards.iter().all(|&l| r.coeffs[l][0] == 0)));
        Some(if fixed { Self::Accumulates } else { Self::Scans })
    }
}

#[derive(Clone, Debug)]
struct Dim {
    var: LoopVar,
    extent: i64,
    parallel: bool,
}

/// A stage's loops, innermost first, as directives change them.
struct Nest {
    stage: StageRef,
    loops: Vec<Dim>,
    directives: Vec<Directive>,
    /// By index of the stage's original loops, the innermost loop that now stands for each.
    current: Vec<LoopVar>,
    /// Names in use in the Func.
    taken: Vec<String>,
}

impl Nest {
    fn new(pipeline: &Pipeline, regions: &Regions, stage: StageRef) -> Self {
        let definition = pipeline.stage(stage);
        let var = |l: &Loop| LoopVar { name: l.var.clone(), rvar: l.reduction.is_some() };
        let dim = |(index, l): (usize, &Loop)| Dim {
            var: var(l),
            extent: regions.loop_extent(stage, index),
            parallel: l.parallel,
        };
        let func = pipeline.func(stage.func);
        let loop_names = func.stages.iter().flat_map(|s| &s.loops).map(|l| l.var.clone());
        Self {
            stage,
            loops: definition.loops.iter().enumerate().map(dim).collect(),
            directives: Vec::new(),
            current: definition.loops.iter().map(var).collect(),
            taken: loop_names.chain(func.args.iter().cloned()).collect(),
        }
    }

    fn position(&self, var: &LoopVar) -> usize {
        self.loops.iter().position(|d| d.var == *var).expect("the loop is in the nest")
    }

    /// A new name: the loop's own, without the number Halide gave its RDom, and a tag; unique in the Func.
    fn fresh(&mut self, var: &LoopVar, tag: &str) -> LoopVar {
        let base = var.name.rsplit('$').next().unwrap_or(&var.name);
        let stage = if self.stage.stage == 0 { String::new() } else { format!("u{}", self.stage.stage - 1) };
        let mut name = format!("{base}_{stage}{tag}");
        while self.taken.contains(&name) {
            name.push('_');
        }
        self.taken.push(name.clone());
        var.derived(name)
    }

    /// Splits the loop that stands for original loop `index`; the inner part stands for it from now on. Returns the
    /// outer and the inner part.
    fn split(&mut self, index: usize, tag: &str, factor: u32) -> (LoopVar, LoopVar) {
        let (outer, inner) = self.split_loop(&self.current[index].clone(), tag, factor);
        self.current[index] = inner.clone();
        (outer, inner)
    }

    fn split_loop(&mut self, old: &LoopVar, tag: &str, factor: u32) -> (LoopVar, LoopVar) {
        let at = self.position(old);
        let outer = self.fresh(old, &format!("{tag}o"));
        let inner = self.fresh(old, &format!("{tag}i"));
        let dim = self.loops[at].clone();
        let part = |var: &LoopVar, extent| Dim { var: var.clone(), extent, parallel: dim.parallel };
        let tiles = (dim.extent + i64::from(factor) - 1) / i64::from(factor);
        self.loops.splice(at..=at, [part(&inner, i64::from(factor)), part(&outer, tiles)]);
        self.directives.push(Directive::Split {
            stage: self.stage,
            old: old.clone(),
            outer: outer.clone(),
            inner: inner.clone(),
            factor,
            tail: Tail::GuardWithIf,
        });
        (outer, inner)
    }

    /// Splits off vectors and vectorises them. Returns the loop over vectors and the loop over lanes.
    fn vectorize(&mut self, vector: Vector) -> (LoopVar, LoopVar) {
        let (outer, inner) = self.split(vector.index, "v", vector.lanes);
        self.directives.push(Directive::Vectorize { stage: self.stage, var: inner.clone() });
        (outer, inner)
    }

    fn remaining(&self, except: &[LoopVar]) -> Vec<Dim> {
        self.loops.iter().filter(|d| !except.contains(&d.var)).cloned().collect()
    }

    fn reorder(&mut self, order: Vec<LoopVar>) {
        if self.loops.iter().map(|d| &d.var).eq(order.iter()) {
            return;
        }
        self.loops = order.iter().map(|v| self.loops[self.position(v)].clone()).collect();
        self.directives.push(Directive::Reorder { stage: self.stage, vars: order });
    }

    /// Runs the outermost loops in parallel, fused or cut so that every thread gets a few tasks.
    fn parallelize(&mut self, threads: i64) {
        while let [.., inner, outer] = &self.loops[..] {
            let few = outer.extent < 2 * threads && inner.parallel && outer.parallel;
            if !few || inner.var.rvar != outer.var.rvar || self.is_inner(&inner.var) {
                break;
            }
            let (inner, outer) = (inner.clone(), outer.clone());
            let fused = self.fresh(&inner.var, "f");
            self.loops.truncate(self.loops.len() - 2);
            self.loops.push(Dim { var: fused.clone(), extent: inner.extent * outer.extent, parallel: true });
            self.directives.push(Directive::Fuse { stage: self.stage, inner: inner.var, outer: outer.var, fused });
        }
        let Some(last) = self.loops.last().cloned() else {
            return;
        };
        if !last.parallel || last.extent < 2 || self.is_inner(&last.var) {
            return;
        }
        let tasks = TASKS_PER_THREAD * threads;
        let mut var = last.var;
        if last.extent > 2 * tasks {
            let factor = u32::try_from(last.extent / tasks).unwrap_or(u32::MAX);
            var = self.split_loop(&var, "p", factor).0;
        }
        self.directives.push(Directive::Parallel { stage: self.stage, var });
    }

    /// Whether the loop is vectorised or unrolled.
    fn is_inner(&self, var: &LoopVar) -> bool {
        self.directives
            .iter()
            .any(|d| matches!(d, Directive::Vectorize { var: v, .. } | Directive::Unroll { var: v, .. } if v == var))
    }
}
