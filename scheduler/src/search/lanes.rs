//! Reductions along rows of memory, in vectors: each lane sums up values of its own (`rfactor`), and in the end the lanes are
//! added up. Without, vectors run across rows and gather, as floats may not be added in another order.

use super::loops::{Nest, TASKS_PER_THREAD};
use super::nest::Planner;
use super::parts;
use super::placement::Placement;
use super::reduction::Reduction;
use super::vector::{self, Vector};
use crate::directive::{Directive, LoopVar, Tail};
use crate::ir::{Source, StageRef};

/// Shorter rows are not worth adding up lanes.
const MIN_STEPS: i64 = 128;
/// Vectors of sums side by side: more hide no latency.
const MAX_VECTORS: u32 = 8;
/// Lanes are added up one by one: at most as many as this times their square are steps.
const STEPS_PER_SQUARE: i64 = 4;

impl Planner<'_> {
    /// The reduction loop to sum up in lanes, if floats may be added in any order: one along rows of all that moves with it,
    /// where vectors of `best`, if any, would jump from row to row.
    pub(super) fn row_to_sum(&self, stage: StageRef, best: Option<Vector>, at_root: bool) -> Option<usize> {
        let definition = self.pipeline.stage(stage);
        let func = self.pipeline.func(stage.func);
        let leads = matches!(
            self.placements[stage.func.index()],
            Placement::Strips(_) | Placement::Slabs(_) | Placement::Tiles(_)
        );
        let simple = definition.associative && definition.commutative && !definition.predicate && func.types.len() == 1;
        let placed = !leads && (at_root || !func.args.is_empty());
        let gathers = best.is_none_or(|v| vector::sums_along_rows(definition, v.index));
        let allowed = self.reassociate && simple && placed && gathers;
        if !allowed || Reduction::of(self.pipeline, stage) != Some(Reduction::Accumulates) {
            return None;
        }
        let row = (0..definition.loops.len()).find(|&index| self.is_row(stage, index))?;
        (best.is_none() || !self.exceeds_caches(stage, row)).then_some(row)
    }

    /// Whether rows come from memory: those that vectors across rows gather from arrive side by side, single ones after
    /// each other. What is computed in a group's loops, more than a copy, is in a cache.
    fn exceeds_caches(&self, stage: StageRef, index: usize) -> bool {
        let accesses = self.pipeline.stage(stage).accesses.iter();
        let near = |source: Option<Source>| {
            source.and_then(Source::func).is_some_and(|f| {
                let computes = self.pipeline.func(f).stages.iter().any(|s| s.operations.weight() > 0.0);
                computes && self.placements[f.index()].is_member()
            })
        };
        let rows = accesses.filter(|a| vector::is_contiguous(a, index) && !near(a.source));
        let bytes: f64 = rows.map(|a| self.regions.source_bytes(self.pipeline, a.source)).sum();
        bytes > self.hardware.shared_cache_bytes as f64
    }

    /// Whether a reduction loop walks along memory in all that it moves.
    fn is_row(&self, stage: StageRef, index: usize) -> bool {
        let definition = self.pipeline.stage(stage);
        let others = || definition.accesses.iter().filter(|a| a.source != Some(Source::Func(stage.func)));
        let dim = &definition.loops[index];
        dim.reduction.is_some()
            && !dim.parallel
            && self.regions.loop_extent(stage, index) >= MIN_STEPS
            && others().any(|a| vector::is_contiguous(a, index))
            && others().all(|a| vector::is_contiguous(a, index) || a.is_fixed(index))
            && others().all(|a| a.rows.iter().flatten().all(|row| !row.clamped || row.coeffs[index][0] == 0))
            && vector::load_score(self.pipeline, self.placements, definition, index, vector::MAX_DEPTH) > 0.0
    }

    /// Sums up rows in lanes, one row after the other; threads share what is left outside, or parts of the reduction.
    pub(super) fn in_lanes(&self, stage: StageRef, index: usize, at_root: bool) -> Vec<Directive> {
        let mut nest = self.plain_nest_of(stage);
        let parallel = at_root && self.is_worth_tasks(stage);
        let part = parallel.then(|| parts::cut(self, &mut nest)).flatten();
        let lanes = vector::lanes(self.pipeline, stage, self.hardware.vector_bytes);
        let width = lanes * self.sums_side_by_side(stage, lanes);
        let row = nest.current[index].clone();
        let (steps, values) = nest.split(index, "l", width);
        let reductions: Vec<LoopVar> =
            nest.remaining(&[]).into_iter().filter(|d| d.place.is_none()).map(|d| d.var).collect();
        let serial =
            reductions.into_iter().filter(|var| *var != values && part.as_ref().is_none_or(|p| p.rvar != *var));
        let mut sums = Lanes { stage, row, values: values.clone(), lanes, width, steps: serial.collect(), at: None };
        debug_assert!(sums.steps.contains(&steps), "the row's steps are a reduction");

        let added = part.as_ref().map_or(&values, |p| &p.rvar).clone();
        nest.add_up(&added);
        let Some(part) = part else {
            let at = nest.directives.len();
            if parallel {
                let tasks = self.choices.of(stage.func).tasks.map_or(TASKS_PER_THREAD, i64::from);
                nest.parallelize(i64::from(self.hardware.threads), tasks, None);
            }
            sums.at = nest.innermost_pure();
            let rfactor = sums.directive(&mut nest);
            nest.directives.insert(at, rfactor);
            return nest.directives;
        };
        sums.at = nest.innermost_pure().or_else(|| Some(part.var.clone()));
        let inner = sums.directive(&mut nest);
        nest.directives.push(part.directive(stage, vec![inner]));
        nest.directives
    }

    /// Vectors of sums: as many as hide latencies, fewer for short rows, since lanes are added up one by one.
    fn sums_side_by_side(&self, stage: StageRef, lanes: u32) -> u32 {
        if let Some(chosen) = self.choices.of_stage(stage).side_by_side {
            return chosen.min(MAX_VECTORS);
        }
        let fits = |vectors: u32| {
            let width = i64::from(vectors * lanes);
            STEPS_PER_SQUARE * width * width <= self.steps(stage)
        };
        [MAX_VECTORS, 4, 2].into_iter().find(|&vectors| fits(vectors)).unwrap_or(1)
    }
}

/// Sums in lanes.
struct Lanes {
    stage: StageRef,
    /// The reduction loop that is cut into steps.
    row: LoopVar,
    /// The loop over a step's values.
    values: LoopVar,
    lanes: u32,
    /// Values of a step.
    width: u32,
    /// The loops over steps, innermost first.
    steps: Vec<LoopVar>,
    /// The loop that they are summed up in; `None` for root.
    at: Option<LoopVar>,
}

impl Lanes {
    /// Makes the lanes a Func of their own, whose update is vectorised and keeps its vectors in registers.
    fn directive(self, nest: &mut Nest) -> Directive {
        let Self { stage, row, values, lanes, width, steps, at } = self;
        let var = nest.derived(&row, "lane");
        let mut then: Vec<Directive> = Vec::new();
        let func = stage.func;
        then.extend(at.map(|var| Directive::ComputeAt { func, consumer: func, var }));
        // Cut once more, so that also of a row shorter than a step all values have sums.
        let [all, whole] = ["all", "step"].map(|name| nest.derived(&row, name));
        let [vectors, vector] = ["vectors", "vector"].map(|name| nest.derived(&row, name));
        let split = |stage, old: &LoopVar, [outer, inner]: [&LoopVar; 2], factor, tail| Directive::Split {
            stage,
            old: old.clone(),
            outer: outer.clone(),
            inner: inner.clone(),
            factor,
            tail,
        };
        for stage in [StageRef { stage: 0, ..stage }, stage] {
            then.push(split(stage, &var, [&all, &whole], width, Tail::RoundUp));
            then.push(split(stage, &whole, [&vectors, &vector], lanes, Tail::GuardWithIf));
            then.push(Directive::Vectorize { stage, var: vector.clone() });
            then.push(Directive::Unroll { stage, var: vectors.clone() });
        }
        let order = [vector, vectors].into_iter().chain(steps).chain([all]).collect();
        then.push(Directive::Reorder { stage, vars: order });
        Directive::Rfactor { stage, rvar: values, var, then }
    }
}
