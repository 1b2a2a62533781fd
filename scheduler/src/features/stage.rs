//! The features of one stage.

use super::body::{is_fixed, Body, Motion};
use super::chain::{Cache, Chain};
use super::nest::{Level, LoopKind};
use super::plan::Plan;
use super::table::Features;
use super::timeline::Timeline;
use crate::cost::{Hardware, LINE_BYTES};
use crate::ir::{type_bytes, AccessRow, Source, StageRef};
use std::collections::BTreeMap;

/// Bytes of a vector instruction with its share of address arithmetic.
const INSTRUCTION_BYTES: f64 = 6.0;

/// How a load or store moves from lane to lane.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Pattern {
    Broadcast,
    Dense,
    /// Every so-manieth element of the innermost dimension.
    Strided(f64),
    Scattered,
}

/// A stage's loops as instructions see them.
struct Shape<'l> {
    levels: &'l [Level],
    lanes: f64,
    vectors: f64,
    vector_bytes: f64,
}

impl Shape<'_> {
    /// The original loop that vectors run along.
    fn along(&self) -> Option<usize> {
        self.levels.iter().find(|l| l.kind == LoopKind::Vectorized).map(|l| l.parts[0].origin)
    }

    /// Iterations of the original loop that vectors run along.
    fn row(&self) -> f64 {
        let parts = self.levels.iter().flat_map(|l| &l.parts).filter(|p| Some(p.origin) == self.along());
        parts.map(|p| p.extent).product::<f64>().max(1.0)
    }

    /// Whether some vectors cross the border that a boundary condition clamps to.
    fn crosses_border(&self, motions: &[Motion]) -> bool {
        let moves = |m: &Motion, origin| m.along(origin).is_some_and(|step| step != 0.0);
        self.along().is_some_and(|origin| motions.iter().any(|m| m.clamped && moves(m, origin)))
    }

    fn pattern(&self, motions: &[Motion]) -> Pattern {
        let Some(origin) = self.along() else {
            return Pattern::Dense;
        };
        let mut steps = motions.iter().map(|m| m.along(origin).map(f64::abs));
        let innermost = steps.next();
        match (innermost, steps.all(|s| s == Some(0.0))) {
            (None | Some(Some(0.0)), true) => Pattern::Broadcast,
            (Some(Some(s)), true) if s <= 1.0 => Pattern::Dense,
            (Some(Some(s)), true) if s <= 4.0 => Pattern::Strided(s),
            _ => Pattern::Scattered,
        }
    }

    /// Iterations that share one execution of something that moves like this: the unrolled loops that it does not move
    /// with, and those serial ones inside of all that it moves with.
    fn shared(&self, motions: &[Motion]) -> f64 {
        let mut shared = 1.0;
        let mut hoists = true;
        for level in self.levels.iter().filter(|l| l.kind != LoopKind::Vectorized) {
            let fixed = level.parts.iter().all(|p| is_fixed(motions, p.origin));
            hoists &= fixed || level.kind == LoopKind::Unrolled;
            if fixed && (hoists || level.kind == LoopKind::Unrolled) && level.kind != LoopKind::Parallel {
                shared *= level.extent;
            }
        }
        shared
    }

    /// Natural vectors that all lanes of a type fill.
    fn natural(&self, bytes: f64) -> f64 {
        (self.lanes * bytes / self.vector_bytes).ceil().max(1.0)
    }

    /// Instructions in one run for `count` loads or stores an evaluation.
    fn instructions(&self, pattern: Pattern, bytes: f64, count: f64, motions: &[Motion]) -> f64 {
        let each = match pattern {
            Pattern::Broadcast => 1.0,
            Pattern::Dense => self.natural(bytes),
            Pattern::Strided(stride) => self.natural(bytes) * stride.ceil(),
            Pattern::Scattered => self.lanes,
        };
        count * each * self.vectors / self.shared(motions).max(1.0)
    }
}

/// The features of a stage.
pub(super) fn features(plan: &Plan, timeline: &Timeline, hardware: &Hardware, stage: StageRef) -> Features {
    let levels = &plan.nests[stage.func.index()][stage.stage];
    let mut f = extent(plan, stage, levels);
    let shape =
        Shape { levels, lanes: f.lanes, vectors: f.vectors, vector_bytes: f64::from(hardware.vector_bytes.max(1)) };
    let body = Body::new(plan.pipeline, stage, |id| plan.compute[id.index()] == super::Site::Inline);
    f.inlined_evaluations = f.iterations * body.inlined;
    arithmetic(&mut f, &shape, &body, !plan.pipeline.target.strict_float);
    let touches = accesses(&mut f, plan, &shape, &body, stage);
    let chain = Chain::new(plan, stage, touches);
    memory(&mut f, plan, timeline, hardware, &chain, stage);
    let (tasks, task_bytes) = chain.tasks();
    f.task_bytes = task_bytes;
    f.tasks = tasks.max(1.0);
    f.threads = f.tasks.min(f64::from(hardware.threads)).max(1.0);
    f.imbalance = (f.tasks / f.threads).ceil() * f.threads / f.tasks;
    overheads(&mut f, plan, stage, levels);
    f
}

fn extent(plan: &Plan, stage: StageRef, levels: &[Level]) -> Features {
    let product = |kind: Option<LoopKind>, of: fn(&Level) -> f64| -> f64 {
        levels.iter().filter(|l| kind.is_none_or(|k| l.kind == k)).map(of).product()
    };
    let realizations = plan.realizations[stage.func.index()];
    let iterations = realizations * product(None, |l| l.extent);
    let once: f64 =
        (0..plan.pipeline.stage(stage).loops.len()).map(|l| plan.regions.loop_extent(stage, l) as f64).product();
    let vectors = iterations / product(Some(LoopKind::Vectorized), |l| l.extent).max(f64::MIN_POSITIVE);
    let lanes = product(Some(LoopKind::Vectorized), |l| l.slots);
    Features {
        realizations,
        iterations,
        recomputation: iterations / once.max(1.0),
        lanes,
        lane_utilization: iterations / (vectors * lanes).max(f64::MIN_POSITIVE),
        vectors,
        unrolled: product(Some(LoopKind::Unrolled), |l| l.slots),
        ..Features::default()
    }
}

fn arithmetic(f: &mut Features, shape: &Shape, body: &Body, fuses: bool) {
    for evaluated in &body.evaluated {
        let times = evaluated.count * shape.vectors / shape.shared(&evaluated.motions).max(1.0);
        let uniform = shape.pattern(&evaluated.motions) == Pattern::Broadcast;
        let count = |kind: &str, operation: &str| {
            let same = evaluated.operations.iter().find(|o| o.0 == kind && o.1 == operation);
            same.map_or(0.0, |o| o.2)
        };
        for &(kind, operation, all) in &evaluated.operations {
            f.operations += f.iterations * evaluated.count * all;
            let natural = if uniform { 1.0 } else { shape.natural(f64::from(type_bytes(kind))) };
            let float = kind.contains("float");
            let fused = if fuses && float { count(kind, "add").min(count(kind, "mul")) } else { 0.0 };
            let alone = if matches!(operation, "add" | "mul") { all - fused } else { all };
            *f.arithmetic(operation, float) += alone * natural * times;
            if operation == "mul" {
                f.float_multiply_adds += fused * natural * times;
            }
        }
    }
}

/// Counts loads and stores; returns how many of each source one evaluation makes.
fn accesses(f: &mut Features, plan: &Plan, shape: &Shape, body: &Body, stage: StageRef) -> BTreeMap<Source, f64> {
    let pipeline = plan.pipeline;
    let mut touches = BTreeMap::new();
    for load in &body.loads {
        let bytes = f64::from(match load.source {
            Source::Func(id) => pipeline.func(id).element_bytes(),
            Source::Input(id) => type_bytes(&pipeline.inputs[id.index()].element),
        });
        *touches.entry(load.source).or_insert(0.0) += load.count;
        // A scalar parameter stays in a register.
        if load.motions.is_empty() && matches!(load.source, Source::Input(_)) {
            continue;
        }
        let pattern = shape.pattern(&load.motions);
        let slot = match pattern {
            Pattern::Broadcast => &mut f.broadcast_loads,
            Pattern::Dense => &mut f.dense_loads,
            Pattern::Strided(_) => &mut f.strided_loads,
            Pattern::Scattered => &mut f.gathered_loads,
        };
        *slot += shape.instructions(pattern, bytes, load.count, &load.motions);
        if shape.crosses_border(&load.motions) {
            f.boundary_loads += 2.0 * f.lanes * load.count * f.iterations / shape.row();
        }
    }
    let func = pipeline.func(stage.func);
    let motions = stored_at(plan, stage);
    let pattern = shape.pattern(&motions);
    let slot = match pattern {
        Pattern::Broadcast | Pattern::Dense => &mut f.dense_stores,
        Pattern::Strided(_) => &mut f.strided_stores,
        Pattern::Scattered => &mut f.scattered_stores,
    };
    for component in &func.types {
        *slot += shape.instructions(pattern, f64::from(type_bytes(component)), 1.0, &motions);
    }
    *touches.entry(Source::Func(stage.func)).or_insert(0.0) += 1.0;
    touches
}

/// How the coordinates that a stage writes move.
fn stored_at(plan: &Plan, stage: StageRef) -> Vec<Motion> {
    let definition = plan.pipeline.stage(stage);
    if stage.stage == 0 {
        let args = &plan.pipeline.func(stage.func).args;
        return args.iter().map(|arg| Motion::unit(definition.loop_index(arg), definition.loops.len())).collect();
    }
    let steps = |row: &AccessRow| row.coeffs.iter().map(|c| c[0] as f64 / c[1] as f64).collect();
    definition.stores.iter().map(|row| Motion { steps: row.as_ref().map(steps), clamped: false }).collect()
}

fn memory(f: &mut Features, plan: &Plan, timeline: &Timeline, hardware: &Hardware, chain: &Chain, stage: StageRef) {
    let levels = &plan.nests[stage.func.index()][stage.stage];
    let innermost = levels.iter().position(|l| matches!(l.kind, LoopKind::Serial | LoopKind::Parallel));
    f.inner_bytes = chain.own_bytes(innermost.map_or(levels.len(), |at| at + 1));
    f.realization_bytes = chain.own_bytes(levels.len());
    let misses = |bytes: u64, private: bool| {
        let cache = Cache { bytes: bytes as f64, private };
        chain.misses(cache, hardware, |source| timeline.distance(source, stage))
    };
    f.l1_miss_bytes = misses(hardware.l1_bytes, true);
    f.l2_miss_bytes = misses(hardware.private_cache_bytes, true).min(f.l1_miss_bytes);
    f.l3_miss_bytes = misses(hardware.shared_cache_bytes, false).min(f.l2_miss_bytes);
    f.l1_miss_lines = f.l1_miss_bytes / LINE_BYTES;
    f.allocated_bytes = plan.allocated[stage.func.index()];
    f.reuse_distance_bytes = match plan.store[stage.func.index()] {
        super::Site::At { .. } => chain.lifetime_bytes(plan.store[stage.func.index()]),
        super::Site::Inline | super::Site::Root => timeline.lifetime(stage.func),
    };
}

fn overheads(f: &mut Features, plan: &Plan, stage: StageRef, levels: &[Level]) {
    for (index, level) in levels.iter().enumerate() {
        let iterations = plan.executions(stage, index);
        match level.kind {
            LoopKind::Serial => f.loop_iterations += iterations,
            LoopKind::Parallel => {
                f.loop_iterations += iterations;
                f.task_starts += iterations;
                f.parallel_launches += plan.executions(stage, index + 1);
            }
            LoopKind::Vectorized | LoopKind::Unrolled => {}
        }
    }
    let constant = plan.allocates_nothing(stage.func);
    if stage.stage == 0 && !constant {
        f.allocations = match plan.store[stage.func.index()] {
            super::Site::At { stage, level } => plan.executions(stage, level),
            super::Site::Inline | super::Site::Root => 1.0,
        };
    }
    let instructions = f.loads() + f.stores() + f.arithmetic_instructions();
    let copies = if plan.specialized.contains(&stage) { 2.0 } else { 1.0 };
    f.code_bytes = INSTRUCTION_BYTES * instructions / f.vectors.max(1.0) * f.unrolled * copies;
}
