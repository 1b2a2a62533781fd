//! The features of one stage.

use super::body::{bit, Body, LoopSet, Motions};
use super::border;
use super::chain::{Chain, Kept};
use super::masks;
use super::model::Model;
use super::nest::{Dim, LoopKind, Nest};
use super::plan::{Plan, Site};
use super::table::{Arithmetic, Features};
use crate::cost::{Hardware, LINE_BYTES};

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

impl Pattern {
    /// Whether a mask makes it a matter of single lanes.
    fn is_masked(self) -> bool {
        matches!(self, Self::Dense | Self::Strided(_))
    }
}

/// A stage's loops as instructions see them.
struct Shape<'s> {
    body: &'s Body,
    nest: &'s Nest,
    lanes: f64,
    /// Lanes that compute something, on average.
    active: f64,
    vectors: f64,
    vector_bytes: f64,
    /// The original loop that vectors run along.
    along: Option<usize>,
}

impl<'s> Shape<'s> {
    fn new(body: &'s Body, nest: &'s Nest, f: &Features, vector_bytes: u32) -> Self {
        let vectorized = nest.dims.iter().find(|d| d.kind == LoopKind::Vectorized);
        let along = vectorized.and_then(|d| nest.parts(d).first()).map(|p| p.origin);
        let vector_bytes = f64::from(vector_bytes.max(1));
        let active = f.lanes * f.lane_utilization;
        Self { body, nest, lanes: f.lanes, active, vectors: f.vectors, vector_bytes, along }
    }

    /// Whether some vectors cross the border that a boundary condition clamps to.
    fn crosses_border(&self, motions: &Motions) -> bool {
        self.along.is_some_and(|origin| motions.clamped & bit(origin) != 0)
    }

    fn pattern(&self, motions: &Motions) -> Pattern {
        let Some(origin) = self.along else {
            return Pattern::Dense;
        };
        match self.body.along(motions, origin).map(|(steps, others)| (steps.abs(), others)) {
            Some((0.0, false)) => Pattern::Broadcast,
            Some((s, false)) if s <= 1.0 => Pattern::Dense,
            Some((s, false)) if s <= 4.0 => Pattern::Strided(s),
            _ => Pattern::Scattered,
        }
    }

    /// Iterations that share one execution of something that moves with some loops: the unrolled loops that it does not
    /// move with, and those serial ones inside of all that it moves with.
    fn shared(&self, moving: LoopSet) -> f64 {
        self.hoisted(moving) * self.unrolled(moving)
    }

    /// The unrolled ones of these.
    fn unrolled(&self, moving: LoopSet) -> f64 {
        // A copy that a guard may leave out has values of its own.
        let whole = |d: &&Dim| d.kind == LoopKind::Unrolled && !d.is_cut_off();
        let unrolled = self.nest.dims.iter().filter(|d| whole(d) && d.origins & moving == 0);
        unrolled.map(|d| d.extent).product::<f64>().max(1.0)
    }

    /// The same for a quotient, which unrolled iterations do not share: where they multiply it, LLVM multiplies the dividend.
    fn hoisted(&self, moving: LoopSet) -> f64 {
        let all = self.nest.dims.iter().filter(|d| !matches!(d.kind, LoopKind::Vectorized | LoopKind::Unrolled));
        let inside = all.take_while(|d| d.origins & moving == 0 && d.kind != LoopKind::Parallel);
        inside.map(|d| d.extent).product::<f64>().max(1.0)
    }

    /// Natural vectors that all lanes of a type fill.
    fn natural(&self, bytes: f64) -> f64 {
        (self.lanes * bytes / self.vector_bytes).ceil().max(1.0)
    }

    /// Instructions in one run for `count` loads or stores an evaluation.
    fn instructions(&self, pattern: Pattern, bytes: f64, count: f64, shared: f64) -> f64 {
        let each = match pattern {
            Pattern::Broadcast => 1.0,
            Pattern::Dense => self.natural(bytes),
            Pattern::Strided(stride) => self.natural(bytes) * stride.ceil(),
            Pattern::Scattered => self.active,
        };
        count * each * self.vectors / shared
    }
}

/// The features of a stage that is not inlined, given which caches keep what it touches from an earlier use; but for the
/// reuse distance of what is stored at root.
pub(super) fn features(
    model: &Model,
    plan: &Plan,
    hardware: &Hardware,
    (stage, body): (usize, &Body),
    kept: &[[Kept; 3]],
) -> Features {
    let nest = &plan.nests[stage];
    let mut f = extent(model, plan, stage);
    let shape = Shape::new(body, nest, &f, hardware.vector_bytes);
    f.inlined_evaluations = f.iterations * body.inlined;
    arithmetic(&mut f, model, &shape);
    let clamped = body.loads.iter().fold(0, |all, load| all | load.motions.clamped);
    let at_border = border::share(model, plan, stage, clamped);
    let func = model.stages[stage].stage.func.index();
    let inside = plan.compute[func] != Site::Root;
    let shares = Shares { at_border, under_mask: masks::share(nest, inside) };
    let counts = accesses(&mut f, model, &shape, (stage, shares));
    let chain = Chain::new(model, plan, stage, &counts, kept);
    memory(&mut f, model, hardware, (&chain, &nest.dims));
    f.allocated_bytes = plan.allocated[func];
    f.reuse_distance_bytes = chain.lifetime_bytes(model, plan.store[func]);
    let (tasks, task_bytes) = chain.tasks();
    f.task_bytes = task_bytes;
    f.tasks = tasks.max(1.0);
    f.threads = f.tasks.min(f64::from(hardware.threads)).max(1.0);
    f.imbalance = (f.tasks / f.threads).ceil() * f.threads / f.tasks;
    overheads(&mut f, model, plan, stage);
    recurrence(&mut f, model, plan, stage);
    f
}

fn extent(model: &Model, plan: &Plan, stage: usize) -> Features {
    let facts = &model.stages[stage];
    let dims = &plan.nests[stage].dims;
    let product = |kind: Option<LoopKind>, of: fn(&Dim) -> f64| -> f64 {
        dims.iter().filter(|d| kind.is_none_or(|k| d.kind == k)).map(of).product()
    };
    let realizations = plan.realizations[facts.stage.func.index()];
    let iterations = realizations * product(None, |d| d.extent);
    let vectors = iterations / product(Some(LoopKind::Vectorized), |d| d.extent).max(f64::MIN_POSITIVE);
    let lanes = product(Some(LoopKind::Vectorized), |d| d.slots);
    Features {
        realizations,
        iterations,
        recomputation: iterations / facts.iterations.max(1.0),
        lanes,
        lane_utilization: iterations / (vectors * lanes).max(f64::MIN_POSITIVE),
        vectors,
        unrolled: product(Some(LoopKind::Unrolled), |d| d.slots),
        ..Features::default()
    }
}

fn arithmetic(f: &mut Features, model: &Model, shape: &Shape) {
    for evaluated in &shape.body.evaluated {
        let every_time = evaluated.count * shape.vectors;
        let moving = evaluated.moving;
        let hoists = shape.hoisted(moving);
        let (hoisted, shared) = (every_time / hoists, every_time / (hoists * shape.unrolled(moving)));
        let uniform = shape.along.is_some_and(|origin| moving & bit(origin) == 0);
        for operation in evaluated.operations(model) {
            f.operations += f.iterations * evaluated.count * operation.count;
            let times = if operation.kind == Arithmetic::FloatDivide { hoisted } else { shared };
            let natural = match operation.kind {
                _ if uniform => 1.0,
                Arithmetic::Call => shape.active,
                // Nothing divides vectors of integers.
                Arithmetic::Divide => shape.lanes,
                _ => shape.natural(operation.type_bytes),
            };
            *f.arithmetic(operation.kind) += (operation.count - operation.fused) * natural * times;
            if operation.kind == Arithmetic::FloatMultiply {
                f.float_multiply_adds += operation.fused * natural * times;
            }
        }
    }
}

/// Parts of a stage that take vectors apart.
struct Shares {
    /// Of its iterations, those where boundary conditions clamp.
    at_border: f64,
    /// Of its vectors, those of which a guard cuts lanes off.
    under_mask: f64,
}

/// Counts loads and stores; returns how many of each source one evaluation makes.
fn accesses(f: &mut Features, model: &Model, shape: &Shape, (stage, shares): (usize, Shares)) -> Vec<(usize, f64)> {
    let facts = &model.stages[stage];
    let mut counts: Vec<(usize, f64)> = Vec::with_capacity(8);
    let mut count = |source: usize, more: f64| match counts.iter_mut().find(|c| c.0 == source) {
        Some(known) => known.1 += more,
        None => counts.push((source, more)),
    };
    // The test of the lane, its loads and its stores.
    let mut lane_by_lane = 1.0;
    for load in &shape.body.loads {
        count(load.source, load.count());
        let source = &model.sources[load.source];
        if source.in_register {
            continue;
        }
        let pattern = shape.pattern(&load.motions);
        let slot = match pattern {
            Pattern::Broadcast => &mut f.broadcast_loads,
            Pattern::Dense => &mut f.dense_loads,
            Pattern::Strided(_) => &mut f.strided_loads,
            Pattern::Scattered => &mut f.gathered_loads,
        };
        let shared = shape.shared(load.motions.moving);
        *slot += shape.instructions(pattern, source.load_bytes, load.count(), shared);
        lane_by_lane += if pattern.is_masked() { load.count() / shared } else { 0.0 };
        if shape.crosses_border(&load.motions) {
            f.boundary_loads += shares.at_border * load.count() * f.iterations;
        }
    }
    if let Some(stored) = &shape.body.stored {
        let pattern = shape.pattern(stored);
        let slot = match pattern {
            Pattern::Broadcast | Pattern::Dense => &mut f.dense_stores,
            Pattern::Strided(_) => &mut f.strided_stores,
            Pattern::Scattered => &mut f.scattered_stores,
        };
        let shared = shape.shared(stored.moving);
        for bytes in &facts.component_bytes {
            *slot += shape.instructions(pattern, *bytes, 1.0, shared);
            lane_by_lane += if pattern.is_masked() { 1.0 / shared } else { 0.0 };
        }
    }
    f.masked_lanes = shares.under_mask * shape.vectors * shape.lanes * lane_by_lane;
    count(facts.stage.func.index(), 1.0);
    counts
}

fn memory(f: &mut Features, model: &Model, hardware: &Hardware, (chain, dims): (&Chain, &[Dim])) {
    let innermost = dims.iter().position(|d| matches!(d.kind, LoopKind::Serial | LoopKind::Parallel));
    f.inner_bytes = chain.own_bytes(innermost.map_or(dims.len(), |at| at + 1));
    f.realization_bytes = chain.own_bytes(dims.len());
    let l1 = chain.misses(model, 0, hardware);
    let l2 = chain.misses(model, 1, hardware).min(l1);
    let l3 = chain.misses(model, 2, hardware).min(l2);
    (f.l1_miss_bytes, f.l2_miss_bytes) = (l1.bytes(), l2.bytes());
    // Memory gives lines that are to be written, and takes them back; a cache takes them beside those that it gives.
    f.l3_miss_bytes = l3.bytes() + l3.written;
    f.l1_miss_lines = f.l1_miss_bytes / LINE_BYTES;
}

fn overheads(f: &mut Features, model: &Model, plan: &Plan, stage: usize) {
    let at = model.stages[stage].stage;
    let func = at.func.index();
    // Those that it shares are the other stage's.
    let own = plan.together[func].map_or(usize::MAX, |together| together.level);
    let at_root = plan.compute[func] == Site::Root;
    for (level, dim) in plan.nests[stage].dims.iter().enumerate().take(own) {
        if matches!(dim.kind, LoopKind::Vectorized | LoopKind::Unrolled) {
            continue;
        }
        let (iterations, entries) = (plan.executions(stage, level), plan.executions(stage, level + 1));
        f.loop_iterations += iterations;
        // Inside of other loops, sizes are constant as a rule, and a loop of one iteration is none.
        let remains = dim.extent > 1.0 || at_root;
        f.loop_entries += if remains { entries } else { 0.0 };
        if dim.kind == LoopKind::Parallel {
            f.task_starts += if remains { iterations } else { 0.0 };
            // A single task is run by the thread that starts it, and wakes nobody.
            f.parallel_launches += if dim.extent > 1.0 { entries } else { 0.0 };
        }
    }
    if at.stage == 0 && !plan.allocates_nothing(model, func) {
        f.allocations = match plan.store[func] {
            Site::At { stage, level } => plan.executions(model.index(stage), level),
            Site::Inline | Site::Root => 1.0,
        };
    }
    let instructions = f.loads() + f.stores() + f.arithmetic_instructions();
    let copies = if plan.specialized[stage] { 2.0 } else { 1.0 };
    f.code_bytes = INSTRUCTION_BYTES * instructions / f.vectors.max(1.0) * f.unrolled * copies;
}

/// Steps that a core works on at a time, out of order.
const STEPS_IN_FLIGHT: f64 = 64.0;

fn recurrence(f: &mut Features, model: &Model, plan: &Plan, stage: usize) {
    let hazards = model.stages[stage].hazards;
    let dims = &plan.nests[stage].dims;
    let waits = |d: &Dim| d.origins & hazards != 0 && !d.apart;
    let Some(innermost) = dims.iter().position(waits) else { return };
    let length: f64 = dims.iter().filter(|d| waits(d)).map(|d| d.extent).product();
    // Lanes step together, wherever their loop is.
    let lanes: f64 = dims[innermost..].iter().filter(|d| d.kind == LoopKind::Vectorized).map(|d| d.extent).product();
    f.chained_steps = plan.executions(stage, innermost) / lanes * (length / STEPS_IN_FLIGHT).min(1.0);
}
