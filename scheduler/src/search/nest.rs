//! The loops of every stage, as directives.

use super::choice::Choices;
use super::interleave;
use super::loops::{Nest, TASKS_PER_THREAD};
use super::parts;
use super::placement::Placement;
use super::problem::Problem;
use super::reduction::{shared_loop, unrolled_iterations, Reduction, MAX_UNROLLED_REDUCTION};
use super::sharing::sharing_loop;
use super::slabs::Slabs;
use super::strips::Strips;
use super::unscheduled_updates;
use super::vector::{self, Vector};
use crate::cost::Hardware;
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, Given, Pipeline, Regions, Seat, Stage, StageRef};

/// Below this many weighted operations a stage is not worth waking other threads for.
const MIN_PARALLEL_WORK: f64 = 50_000.0;
/// Sums that are computed side by side where they cannot be vectorised: latency times throughput of an addition.
const SCALAR_ACCUMULATORS: u32 = 8;

/// Directives for every Func that is not left alone, consumers first.
pub(super) fn directives(problem: &Problem, choices: &Choices, placements: &[Placement]) -> Vec<Directive> {
    let planner = Planner::new(problem, choices, placements);
    problem.pipeline.func_ids().rev().flat_map(|id| planner.func(id)).collect()
}

/// Whether the lanes of a vector load neighbours, none from a place of its own.
pub(super) fn loads_rows(definition: &Stage, vector: Vector) -> bool {
    !definition.gathers_along(vector.index) && !vector::sums_along_rows(definition, vector.index)
}

/// Loops of a strip leader, by name, that its members refer to.
struct StripLoops {
    row: LoopVar,
    storage: LoopVar,
}

/// What the loops of all stages are made from.
pub(super) struct Planner<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) regions: &'a Regions,
    pub(super) placements: &'a [Placement],
    pub(super) hardware: &'a Hardware,
    pub(super) choices: &'a Choices,
    /// Whether sums of floats may be in another order.
    pub(super) reassociate: bool,
}

impl<'a> Planner<'a> {
    pub(super) fn new(problem: &'a Problem, choices: &'a Choices, placements: &'a [Placement]) -> Self {
        let Problem { pipeline, regions, hardware, reassociate, .. } = *problem;
        Self { pipeline, regions, placements, hardware, choices, reassociate }
    }
}

impl Planner<'_> {
    fn func(&self, id: FuncId) -> Vec<Directive> {
        match &self.placements[id.index()] {
            Placement::LeftAlone | Placement::Inline => Vec::new(),
            Placement::Host => self.root(id).into_iter().chain(unscheduled_updates(self.pipeline, id)).collect(),
            Placement::Partly => self.root(id).into_iter().chain(self.rest(id)).collect(),
            Placement::Root => self.root(id).into_iter().chain(self.stages(id, true)).collect(),
            Placement::Strips(strips) => {
                let nest = self.strips(self.plain_nest(id), strips).0;
                self.root(id).into_iter().chain(nest.directives).chain(self.updates(id)).collect()
            }
            Placement::Together { first } => self.together(id, *first),
            Placement::Tiles(tile) => self.leader(id, |nest| self.tiles(nest, *tile).nest),
            Placement::Slabs(slabs) => self.leader(id, |nest| self.slabs(nest, slabs).0),
            Placement::InSlab { leader, .. } => self.slab_member(id, *leader),
            Placement::InTile { leader, window } => self.tile_member(id, *leader, window),
            Placement::InPanel { leader } => {
                let var = self.tiles(self.plain_nest(*leader), self.tile_of(*leader)).panel;
                self.inside(id, *leader, var)
            }
            Placement::InBlock { leader } => self.inside(id, *leader, self.strip_loops(*leader).storage),
            Placement::InStep { host, step } => self.inside(id, *host, self.step_loop(*host, *step)),
            Placement::InStrips { leader, sliding } => {
                let loops = self.strip_loops(*leader);
                let at = Directive::ComputeAt { func: id, consumer: *leader, var: loops.row };
                let kept = sliding.then_some(Directive::StoreAt { func: id, consumer: *leader, var: loops.storage });
                [at].into_iter().chain(kept).chain(self.stages(id, false)).collect()
            }
        }
    }

    /// All stages of a Func in each iteration of a consumer's loop.
    fn inside(&self, id: FuncId, consumer: FuncId, var: LoopVar) -> Vec<Directive> {
        let at = Directive::ComputeAt { func: id, consumer, var };
        [at].into_iter().chain(self.stages(id, false)).collect()
    }

    fn stages(&self, id: FuncId, at_root: bool) -> impl Iterator<Item = Directive> + '_ {
        self.pipeline.func(id).stage_refs(id).flat_map(move |stage| self.stage(stage, at_root))
    }

    /// What the user has left to schedule of a Func at root.
    fn rest(&self, id: FuncId) -> impl Iterator<Item = Directive> + '_ {
        self.pipeline.func(id).stage_refs(id).flat_map(|stage| match self.pipeline.stage(stage).given {
            Given::Nothing => self.stage(stage, true),
            Given::Order => self.in_order(stage),
            Given::All => Vec::new(),
        })
    }

    /// Loops that keep their order: vectors of the innermost one, tasks of the outermost ones.
    fn in_order(&self, stage: StageRef) -> Vec<Directive> {
        let mut nest = self.plain_nest_of(stage);
        let is_innermost = |v: &Vector| v.index == 0 && nest.loops[0].parallel;
        if let Some(vector) = self.vector(stage).filter(is_innermost) {
            nest.vectorize(vector);
        }
        if self.is_worth_tasks(stage) {
            nest.parallelize(i64::from(self.hardware.threads), TASKS_PER_THREAD, None);
        }
        nest.directives
    }

    /// The updates of a leader, after all that its pure definition led.
    fn updates(&self, id: FuncId) -> impl Iterator<Item = Directive> + '_ {
        self.pipeline.func(id).stage_refs(id).skip(1).flat_map(|stage| self.stage(stage, true))
    }

    /// A pure Func at root in register tiles or slabs that others are computed in. For outputs as large as one, all are
    /// whole, shifted inwards at the end, so that what is computed in them has constant sizes. Smaller outputs get guards.
    fn leader(&self, id: FuncId, schedule: impl Fn(Nest) -> Nest) -> Vec<Directive> {
        let shifted = self.pipeline.may_specialize(id).then(|| schedule(self.plain_nest(id).shifting()));
        let shifted = shifted.and_then(|nest| nest.specialized(self.pipeline.func(id)));
        let guarded = schedule(self.plain_nest(id));
        let guarded = if shifted.is_some() { guarded.brief() } else { guarded };
        self.root(id).into_iter().chain(shifted).chain(guarded.directives).chain(self.updates(id)).collect()
    }

    fn root(&self, id: FuncId) -> Option<Directive> {
        (!self.pipeline.is_output(id)).then_some(Directive::ComputeRoot { func: id })
    }

    pub(super) fn vector(&self, stage: StageRef) -> Option<Vector> {
        let by_rule =
            || vector::choose(self.pipeline, self.regions, self.placements, stage, self.hardware.vector_bytes);
        self.choices.of_stage(stage).vector.or_else(by_rule)
    }

    pub(super) fn plain_nest(&self, id: FuncId) -> Nest {
        self.plain_nest_of(StageRef { func: id, stage: 0 })
    }

    pub(super) fn plain_nest_of(&self, stage: StageRef) -> Nest {
        Nest::new(self.pipeline, self.regions, stage, || self.is_indexed_within(stage.func))
    }

    /// Whether values say where to read or write only as far as they are computed, where a Func runs past its end.
    fn is_indexed_within(&self, id: FuncId) -> bool {
        let is_inside = |mut func: FuncId| loop {
            match self.placements[func.index()].host() {
                _ if func == id => return true,
                Some(host) => func = host,
                None => return false,
            }
        };
        let seat = |func: FuncId| match self.placements[func.index()] {
            Placement::Inline => Seat::Inlined,
            _ if is_inside(func) => Seat::Inside,
            _ => Seat::Outside,
        };
        self.pipeline.func_ids().filter(|&f| is_inside(f)).all(|f| self.pipeline.is_indexed_within(f, seat))
    }

    pub(super) fn loop_of(&self, id: FuncId, stage: usize, arg: usize) -> usize {
        let var = &self.pipeline.func(id).args[arg];
        let definition = self.pipeline.stage(StageRef { func: id, stage });
        definition.loop_index(var).expect("the stage loops over this argument")
    }

    fn strip_loops(&self, leader: FuncId) -> StripLoops {
        match &self.placements[leader.index()] {
            Placement::Strips(strips) => self.strips(self.plain_nest(leader), strips).1,
            other => unreachable!("members follow a leader with strips, not {other:?}"),
        }
    }

    /// Vectors of a stage without data hazards, and inside them, unrolled, iterations that share work. Returns these loops,
    /// innermost first, lanes included. The loops `held` by something else stay as they are.
    pub(super) fn vectors(&self, nest: &mut Nest, vector: Vector, held: &[usize]) -> Vec<LoopVar> {
        let goes_on = Some(vector.index) == interleave::next(self.pipeline, nest.stage);
        if let Some(values) = interleave::values(self.pipeline, self.regions, nest.stage).filter(|_| goes_on) {
            let side_by_side = nest.vectorize(values).1;
            let (vectors, lanes) = nest.vectorize(vector);
            let cell = self.unroll_cell(nest);
            return [side_by_side, lanes, vectors].into_iter().chain(cell).collect();
        }
        let sharing = self.sharing_loop(nest.stage, vector).filter(|index| !held.contains(index));
        let vector = if sharing.is_some() { self.narrowed(nest.stage, vector) } else { vector };
        let (vectors, lanes) = nest.vectorize(vector);
        let shared = sharing.and_then(|index| self.unrolled(nest, index));
        let cell = if shared.is_none() { self.unroll_cell(nest) } else { None };
        [lanes].into_iter().chain(shared).chain([vectors]).chain(cell).collect()
    }

    /// Places that read from one cell of a coarser grid, unrolled.
    fn unroll_cell(&self, nest: &mut Nest) -> Option<LoopVar> {
        let (index, cell) = interleave::cell(self.pipeline, self.placements, nest.stage)?;
        nest.unroll_aligned(index, cell)
    }

    /// Vectors of one register of the widest type computed with, for where several iterations are unrolled inside them:
    /// code grows with both, and the guarded end of a row takes branches for each lane.
    fn narrowed(&self, stage: StageRef, vector: Vector) -> Vector {
        let narrow = vector::register_lanes(self.pipeline, stage, self.hardware.vector_bytes);
        Vector { lanes: vector.lanes.min(narrow), ..vector }
    }

    /// The loop whose iterations share work, beside vectors.
    fn sharing_loop(&self, stage: StageRef, vector: Vector) -> Option<usize> {
        sharing_loop(self.pipeline, self.regions, stage, vector)
    }

    /// All iterations of a loop, unrolled.
    fn unrolled(&self, nest: &mut Nest, index: usize) -> Option<LoopVar> {
        let iterations = u32::try_from(self.regions.loop_extent(nest.stage, index)).ok()?;
        Some(nest.unroll(index, iterations))
    }

    /// The nest of a strip leader, and its loop over rows.
    pub(super) fn rows(&self, id: FuncId, strips: &Strips) -> (Nest, LoopVar) {
        let (nest, loops) = self.strips(self.plain_nest(id), strips);
        (nest, loops.row)
    }

    /// Order, innermost first: vector, the rest of the row, other dimensions, rows of the strip, chunks, planes, strips.
    fn strips(&self, mut nest: Nest, strips: &Strips) -> (Nest, StripLoops) {
        let stage = nest.stage;
        let id = stage.func;
        let (strip, row) = nest.split(self.loop_of(id, 0, strips.row), "s", strips.height);
        let mut outer = Vec::new();
        if let Some((along, width)) = strips.chunk {
            outer.push(nest.split(self.loop_of(id, 0, along), "c", width).0);
        }
        let planes: Vec<usize> = strips.planes.iter().map(|&arg| self.loop_of(id, 0, arg)).collect();
        outer.extend(planes.iter().map(|&index| nest.current[index].clone()));
        // Members are computed in whole rows.
        let held = [&planes[..], &[self.loop_of(id, 0, strips.row)]].concat();
        let vector = self.vector(stage).filter(|v| !held.contains(&v.index));
        let mut inner: Vec<LoopVar> = vector.map(|v| self.vectors(&mut nest, v, &held)).unwrap_or_default();
        let rest = nest.remaining(&[&inner[..], &outer[..], &[row.clone(), strip.clone()]].concat());
        inner.extend(rest.into_iter().map(|dim| dim.var));
        outer.push(strip.clone());
        let storage = outer[0].clone();
        nest.reorder(inner.into_iter().chain([row.clone()]).chain(outer).collect());
        nest.directives.push(Directive::Parallel { stage, var: strip });
        nest.partition_rows(vector);
        (nest, StripLoops { row, storage })
    }

    /// Order, innermost first: vectors, other dimensions, the slab's own, those outside of it, slabs. Returns the loop that
    /// the members are computed in.
    fn slabs(&self, mut nest: Nest, slabs: &Slabs) -> (Nest, LoopVar) {
        let id = nest.stage.func;
        let (slab, rows) = nest.split(self.loop_of(id, 0, slabs.dim), "s", slabs.height);
        let held: Vec<usize> = slabs.outside.iter().map(|&arg| self.loop_of(id, 0, arg)).collect();
        let mut outer: Vec<LoopVar> = held.iter().map(|&index| nest.current[index].clone()).collect();
        outer.push(slab);
        let vector = self.vector(nest.stage).filter(|v| !held.contains(&v.index));
        let mut inner: Vec<LoopVar> = vector.map(|v| self.vectors(&mut nest, v, &held)).unwrap_or_default();
        let rest = nest.remaining(&[&inner[..], &outer[..], std::slice::from_ref(&rows)].concat());
        inner.extend(rest.into_iter().map(|dim| dim.var));
        inner.extend(nest.loops.iter().any(|d| d.var == rows).then_some(rows));
        let innermost = outer[0].clone();
        nest.reorder(inner.into_iter().chain(outer).collect());
        let innermost = nest.parallel_tasks(i64::from(self.hardware.threads), innermost);
        // Where the last slab is cut off, only partition tells Halide that all others have one size.
        if nest.is_shifting() {
            nest.partition_rows(vector);
        }
        (nest, innermost)
    }

    fn slab_member(&self, id: FuncId, leader: FuncId) -> Vec<Directive> {
        let Placement::Slabs(slabs) = &self.placements[leader.index()] else {
            unreachable!("members follow a leader with slabs")
        };
        let var = self.slabs(self.plain_nest(leader), slabs).1;
        self.inside(id, leader, var)
    }

    fn stage(&self, stage: StageRef, at_root: bool) -> Vec<Directive> {
        if let Some(step) = self.step_of(stage) {
            return self.in_steps(stage, step);
        }
        let vector = self.vector(stage);
        if let Some(row) = self.row_to_sum(stage, vector, at_root) {
            return self.in_lanes(stage, row, at_root);
        }
        let mut nest = self.plain_nest_of(stage);
        let reduction = Reduction::of(self.pipeline, stage);
        let mut inner: Vec<LoopVar> = Vec::new();
        // Vectors follow each other also where memory lies across them: Halide drops the clamps of boundary conditions
        // from the inside of the innermost loop only.
        let mut along = None;
        match (vector, reduction) {
            (Some(vector), None) => {
                inner = self.vectors(&mut nest, vector, &[]);
                let row = vector::row_of_gathers(self.pipeline.stage(stage), vector.index);
                let row = row.map(|index| nest.current[index].clone());
                // The lines that a vector gathers from serve the next ones, unless all of them lie in its lanes.
                if let Some(row) = row.filter(|row| !inner.contains(row)) {
                    inner.insert(inner.len() - 1, row);
                }
            }
            (Some(vector), Some(reduction)) => {
                let (wide, rows) = self.beside(stage, reduction, vector);
                if let Some(vectors) = wide {
                    nest.split(vector.index, "w", vectors * vector.lanes);
                }
                let (vectors, lanes) = nest.vectorize(vector);
                inner.push(lanes);
                if self.pipeline.stage(stage).gathers_along(vector.index) {
                    let sharing = self.sharing_loop(stage, vector);
                    inner.extend(sharing.and_then(|index| self.unrolled(&mut nest, index)));
                }
                inner.extend(wide.map(|_| vectors.clone()));
                inner.extend(rows.map(|(index, rows)| nest.unroll(index, rows)));
                along = wide.is_none().then(|| vectors.clone());
                if reduction == Reduction::Accumulates {
                    nest.directives.extend(wide.map(|_| Directive::Unroll { stage, var: vectors }));
                }
            }
            (None, Some(Reduction::Accumulates)) => inner.extend(self.side_by_side(stage, &mut nest)),
            (None, Some(Reduction::Scans)) => inner.extend(self.shared_scatter(stage, &mut nest)),
            (None, None) => {}
        }
        self.unroll_reduction(stage, &mut nest);
        let (hazards, mut free): (Vec<_>, Vec<_>) = nest.remaining(&inner).into_iter().partition(|d| !d.parallel);
        free.sort_by_key(|d| along.as_ref() != Some(&d.var));
        let order: Vec<LoopVar> = inner.into_iter().chain(hazards.into_iter().chain(free).map(|d| d.var)).collect();
        nest.reorder(order);
        if at_root && self.is_worth_tasks(stage) {
            let tasks = self.choices.of(stage.func).tasks.map_or(TASKS_PER_THREAD, i64::from);
            // Its copies would not know of an intermediate Func.
            let in_parts = self.pipeline.func(stage.func).is_free() && parts::form(self, &mut nest);
            if !in_parts {
                nest.parallelize(i64::from(self.hardware.threads), tasks, None);
            }
        }
        nest.partition_rows(vector);
        if nest.directives.is_empty() && stage.stage > 0 {
            nest.directives.push(Directive::Unscheduled { stage });
        }
        nest.directives
    }

    /// Iterations of a loop each time the stage runs.
    pub(super) fn extent(&self, stage: StageRef, index: usize) -> i64 {
        let whole = self.regions.loop_extent(stage, index);
        let Placement::InSlab { extents, .. } = &self.placements[stage.func.index()] else { return whole };
        self.regions.argument(stage, index).map_or(whole, |dim| extents[dim])
    }

    /// Without vectors, accumulators of the innermost pure loop side by side: independent sums, whose latencies overlap.
    fn side_by_side(&self, stage: StageRef, nest: &mut Nest) -> Option<LoopVar> {
        let loops = &self.pipeline.stage(stage).loops;
        let first = &self.pipeline.func(stage.func).args.first()?;
        let index = loops.iter().position(|l| l.var == **first)?;
        // The steps of an unrolled reduction are code enough.
        let steps = unrolled_iterations(self.pipeline.stage(stage)).map_or(1, |i| i.clamp(1, MAX_UNROLLED_REDUCTION));
        let sums = SCALAR_ACCUMULATORS / u32::try_from(steps).ok()?;
        if sums < 2 || self.extent(stage, index) < i64::from(sums) {
            return None;
        }
        Some(nest.unroll(index, sums))
    }

    /// Scattered updates of a few values each, with loads that all of them share: unrolled innermost, so that what is
    /// loaded and computed from it serves all.
    pub(super) fn shared_scatter(&self, stage: StageRef, nest: &mut Nest) -> Option<LoopVar> {
        let scatters = self.pipeline.stage(stage).stores.iter().any(Option::is_none);
        let index = shared_loop(self.pipeline, self.regions, stage).filter(|_| scatters)?;
        self.unrolled(nest, index)
    }

    /// Unrolls all reduction loops when they are few, constant iterations.
    pub(super) fn unroll_reduction(&self, stage: StageRef, nest: &mut Nest) {
        let loops = &self.pipeline.stage(stage).loops;
        if unrolled_iterations(self.pipeline.stage(stage)).is_none() {
            return;
        }
        for index in (0..loops.len()).filter(|&l| loops[l].reduction.is_some() && !loops[l].parallel) {
            let var = nest.current[index].clone();
            nest.directives.push(Directive::Unroll { stage, var });
        }
    }

    /// Whether a stage is worth waking other threads for.
    pub(super) fn is_worth_tasks(&self, stage: StageRef) -> bool {
        let definition = self.pipeline.stage(stage);
        let each = 1.0 + definition.operations.weight() + definition.accesses.len() as f64;
        self.regions.iterations(stage) * each >= MIN_PARALLEL_WORK
    }
}
