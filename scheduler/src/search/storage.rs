//! In which order the dimensions of Funcs lie in memory.
//!
//! Experts reorder storage where data decides on a coordinate: a histogram over intensity at every place, a table that is
//! looked up at every pixel. With that dimension innermost, one place is one cache line or two, scattered updates stay in
//! the first-level cache, and the stages in between run along it in vectors. Sums at computed places ([`resample`]) are
//! stored transposed, if slabs keep them in cache; operands of reductions are packed ([`packing`]). Everything else keeps
//! the order of its arguments.

use super::choice::Choices;
use super::interleave;
use super::packing::packed_arguments;
use super::placement::{place, Placement};
use super::problem::Problem;
use super::reads::{loads, Load};
use super::resample::transposed_argument;
use super::slices::{slices, Slice};
use super::{vector, Options};
use crate::demand::points;
use crate::ir::{FuncId, Lanes, Pipeline, Regions, Source, StageRef, StorageOrders};
use std::collections::{BTreeMap, BTreeSet};

/// A coordinate that moves less than this from one value of a vector to the next leaves the lanes of a gather together.
const SLOW_STEP: f64 = 0.25;
/// Fewer values in memory are not worth vectors along them.
const MIN_EXTENT: i64 = 8;
/// So much more must be accessed along the new innermost dimension than along others.
const MAJORITY: f64 = 2.0;

/// A Func has few values beside another one that has so many times as many.
const FEW: f64 = 16.0;

/// A pipeline with Funcs stored in the orders that suit it, and what is computed of it.
pub(super) struct Stored {
    pub(super) pipeline: Pipeline,
    pub(super) regions: Regions,
    pub(super) orders: StorageOrders,
    /// Funcs that are stored for the sake of their order.
    pub(super) packed: BTreeSet<FuncId>,
}

/// Orders the storage of Funcs that are accessed where data says, at computed places, or across their rows; `None` where
/// none is. Where there are two ways, that comes first for which more vectors are loaded whole.
pub(super) fn reorder(problem: &Problem, options: &Options) -> Vec<Option<Stored>> {
    let mut placements = place(problem, &Choices::default());
    let packed = packed_arguments(problem, &placements);
    for id in packed.keys() {
        placements[id.index()] = Placement::Root;
    }
    let transposed = problem.pipeline.func_ids().filter(|&id| placements[id.index()] == Placement::Root);
    let transposed: BTreeMap<FuncId, usize> =
        transposed.filter_map(|id| Some((id, transposed_argument(problem, &placements, id)?))).collect();
    let none = BTreeMap::new();
    let wishes = Wishes {
        placements: &placements,
        transposed: &transposed,
        packed: &packed,
        sliced: &none,
        whole_vectors: false,
    };
    if !transposed.is_empty() {
        if let Some(stored) = ordered(problem, wishes).filter(|s| s.keeps_in_slabs(&transposed, options)) {
            return vec![Some(stored)];
        }
    }
    let wishes = Wishes { transposed: &BTreeMap::new(), ..wishes };
    let slow = ordered(problem, wishes);
    // Only what is read where data says may be stored in another order for that.
    if !problem.gathers.contains(&true) {
        return vec![slow];
    }
    let sliced = slices(problem, &placements);
    let apart = (!sliced.is_empty()).then(|| {
        let mut placements = placements.clone();
        sliced.keys().for_each(|id| placements[id.index()] = Placement::Root);
        let whole_vectors = sliced.values().any(|slice| slice.channel.is_none());
        ordered(problem, Wishes { sliced: &sliced, placements: &placements, whole_vectors, ..wishes })
    });
    let whole = ordered(problem, Wishes { whole_vectors: true, ..wishes });
    let same = whole.as_ref().map(|s| &s.orders) == slow.as_ref().map(|s| &s.orders);
    apart.into_iter().chain((!same).then_some(whole)).chain([slow]).collect()
}

/// What is known before storage is ordered.
#[derive(Clone, Copy)]
struct Wishes<'a> {
    placements: &'a [Placement],
    /// Funcs that are summed at computed places, with the argument that should be innermost.
    transposed: &'a BTreeMap<FuncId, usize>,
    /// Operands of reductions that are copied, with the argument that should be innermost.
    packed: &'a BTreeMap<FuncId, usize>,
    /// Funcs that are stored as slices.
    sliced: &'a BTreeMap<FuncId, Slice>,
    /// Whether a dimension in which data says where to read goes innermost wherever it fills vectors.
    whole_vectors: bool,
}

/// Orders storage as most accesses wish.
fn ordered(problem: &Problem, wishes: Wishes) -> Option<Stored> {
    let Problem { pipeline, regions, ref pinned, .. } = *problem;
    let Wishes { placements, packed, sliced, .. } = wishes;
    let mut votes = Votes {
        pipeline,
        regions,
        wishes,
        constant: regions.constant_dimensions(pipeline),
        ballots: BTreeMap::new(),
        orders: StorageOrders::new(),
        lanes: BTreeMap::new(),
    };
    // Consumers first: where a Func's vectors run along a new innermost dimension, its producers had better follow.
    for id in pipeline.func_ids().rev() {
        if placements[id.index()] == Placement::Root {
            votes.count_scatters(id);
            votes.count_transposed(id);
            match sliced.get(&id) {
                Some(slice) => votes.store_slice(id, *slice),
                None if !pinned[id.index()] => votes.decide(id),
                None => {}
            }
            votes.count_loads(id);
        }
    }
    let Votes { mut orders, lanes, .. } = votes;
    for (id, _) in lanes.iter().filter(|(_, &lanes)| lanes == Lanes::Interleaved) {
        orders.get_mut(id)?.swap(0, 1);
    }
    let mut pipeline = (!orders.is_empty()).then(|| pipeline.with_storage(&orders))?;
    if !wishes.transposed.is_empty() {
        shorten_vectors(problem, &orders, &mut pipeline);
    }
    for (id, lanes) in lanes {
        pipeline.funcs[id.index()].lanes = lanes;
    }
    let regions = Regions::at_estimates(&pipeline).ok()?;
    let packed = packed.keys().chain(sliced.keys()).copied().filter(|id| orders.contains_key(id)).collect();
    Some(Stored { pipeline, regions, orders, packed })
}

/// Has Funcs that are stored across rows computed in short vectors, and those with few values that they need, so that low
/// slabs do for all.
fn shorten_vectors(problem: &Problem, orders: &StorageOrders, pipeline: &mut Pipeline) {
    let values = |id: FuncId| points(problem.regions, id, problem.regions.func(id));
    let most = orders.keys().map(|&id| values(id)).fold(0.0, f64::max);
    for id in pipeline.func_ids().rev() {
        let is_short = |reader: &StageRef| pipeline.func(reader.func).lanes == Lanes::Short;
        let needed = || problem.consumers[id.index()].iter().any(is_short);
        if orders.contains_key(&id) || (FEW * values(id) <= most && needed()) {
            pipeline.funcs[id.index()].lanes = Lanes::Short;
        }
    }
}

impl Stored {
    /// The problem that is solved instead.
    pub(super) fn problem<'a>(&'a self, options: &'a Options) -> Problem<'a> {
        Problem { packed: self.packed.clone(), ..Problem::new(&self.pipeline, &self.regions, options) }
    }

    /// Whether a slab holds all of these Funcs: at root, every value stored across memory would miss the caches.
    fn keeps_in_slabs(&self, transposed: &BTreeMap<FuncId, usize>, options: &Options) -> bool {
        let (placements, _) = self.problem(options).construct(&Choices::default());
        transposed.keys().all(|f| matches!(placements[f.index()], Placement::InSlab { .. }))
    }
}

/// How often a Func's dimensions should be innermost.
#[derive(Default)]
struct Ballot {
    /// Accesses by the dimension that should be innermost.
    by_dim: BTreeMap<usize, f64>,
    /// The order wanted by those most who want one for a reason: accesses where data says, or Funcs that are reordered.
    order: Option<(f64, Wish)>,
}

/// The order of dimensions that an access wants.
struct Wish {
    order: Vec<usize>,
    /// How much it matters which dimensions follow the innermost; `None` where the access is happy with what there is.
    weight: Option<f64>,
    /// Whether all values of the second of these dimensions are wanted at once, so that they had better be innermost.
    together: bool,
}

impl Wish {
    fn new(order: Vec<usize>, weight: f64) -> Self {
        Self { order, weight: Some(weight), together: false }
    }
}

struct Votes<'a> {
    pipeline: &'a Pipeline,
    regions: &'a Regions,
    wishes: Wishes<'a>,
    /// See [`Regions::constant_dimensions`].
    constant: Vec<Vec<bool>>,
    ballots: BTreeMap<FuncId, Ballot>,
    orders: StorageOrders,
    /// Funcs whose first dimension fills whole vectors, and those whose first two change places in the end and share them.
    lanes: BTreeMap<FuncId, Lanes>,
}

impl Votes<'_> {
    fn vote(&mut self, id: FuncId, wish: Wish, accesses: f64) {
        let ballot = self.ballots.entry(id).or_default();
        *ballot.by_dim.entry(wish.order[0]).or_insert(0.0) += accesses;
        let Some(weight) = wish.weight else { return };
        if ballot.order.as_ref().is_none_or(|(most, _)| weight * accesses > *most) {
            ballot.order = Some((weight * accesses, wish));
        }
    }

    /// Updates that write where data says.
    fn count_scatters(&mut self, id: FuncId) {
        for stage in self.pipeline.func(id).stage_refs(id).skip(1) {
            let stores = &self.pipeline.stage(stage).stores;
            let unknown: Vec<usize> = (0..stores.len()).filter(|&d| stores[d].is_none()).collect();
            if let [dim] = unknown[..] {
                // Readers rather than scattered writes say which dimensions come next.
                self.vote(id, Wish::new(first(dim, &[], stores.len()), 0.0), self.regions.iterations(stage));
            }
        }
    }

    /// Updates that read at computed places.
    fn count_transposed(&mut self, id: FuncId) {
        let Some(&arg) = self.wishes.transposed.get(&id) else { return };
        let order = first(arg, &[], self.pipeline.func(id).args.len());
        let accesses = self.regions.iterations(StageRef { func: id, stage: 1 });
        self.vote(id, Wish::new(order, 1.0), accesses);
    }

    fn store_slice(&mut self, id: FuncId, Slice { around, channel }: Slice) {
        self.orders.insert(id, first(around, channel.as_slice(), self.pipeline.func(id).args.len()));
        self.lanes.insert(id, if channel.is_some() { Lanes::Interleaved } else { Lanes::First });
    }

    fn decide(&mut self, id: FuncId) {
        let Some(ballot) = self.ballots.get(&id) else { return };
        let Some((_, Wish { order, together, .. })) = &ballot.order else { return };
        let total: f64 = ballot.by_dim.values().sum();
        let wanted = ballot.by_dim[&order[0]];
        let long = self.regions.extent(id, order[0]) >= MIN_EXTENT;
        if order[0] != 0 && long && wanted >= MAJORITY * (total - wanted) {
            self.orders.insert(id, order.clone());
            if *together && self.shares_vectors(id, order[1]) {
                self.lanes.insert(id, Lanes::Interleaved);
            } else if self.fills_vectors(id, order[0]) {
                self.lanes.insert(id, Lanes::First);
            }
        }
    }

    /// Whether a dimension always fills whole vectors of a Func's pure definition, which may be short.
    fn fills_vectors(&self, id: FuncId, dim: usize) -> bool {
        let bytes = self.pipeline.target.vector_bytes.min(vector::SHORT_BYTES);
        let lanes = vector::lanes(self.pipeline, StageRef { func: id, stage: 0 }, bytes);
        self.constant[id.index()][dim] && self.regions.extent(id, dim) % i64::from(lanes) == 0
    }

    /// Whether vectors of a Func's pure definition may hold all values of a dimension, for several of another one.
    fn shares_vectors(&self, id: FuncId, dim: usize) -> bool {
        let values = self.regions.extent(id, dim);
        let lanes = vector::lanes(self.pipeline, StageRef { func: id, stage: 0 }, self.pipeline.target.vector_bytes);
        self.constant[id.index()][dim] && interleave::suits(values) && 2 * values <= i64::from(lanes)
    }

    /// What the loads of a stored Func's stages want of what they load.
    fn count_loads(&mut self, id: FuncId) {
        for stage in self.pipeline.func(id).stage_refs(id) {
            let along = self.along(stage);
            let iterations = self.regions.iterations(stage);
            for load in loads(self.pipeline, stage, |f| self.wishes.placements[f.index()] == Placement::Inline) {
                let Source::Func(loaded) = load.source else { continue };
                let packed = self.wishes.packed.get(&loaded).filter(|_| stage.stage > 0);
                let packing = packed.map(|&arg| Wish::new(first(arg, &[], load.coordinates.len()), 1.0));
                if let Some(wish) = packing.or_else(|| self.wish(stage, along, &load)) {
                    self.vote(loaded, wish, iterations * load.count);
                }
            }
        }
    }

    /// How a stage's Func is stored, if in another order than its arguments' and if its vectors run along that.
    fn reordered(&self, stage: StageRef) -> Option<&Vec<usize>> {
        let follows = stage.stage == 0 || self.wishes.transposed.contains_key(&stage.func);
        self.orders.get(&stage.func).filter(|_| follows)
    }

    /// The loop that vectors of a stage run along.
    fn along(&self, stage: StageRef) -> Option<usize> {
        let func = self.pipeline.func(stage.func);
        if let Some(order) = self.reordered(stage) {
            return self.pipeline.stage(stage).loop_index(&func.args[order[0]]);
        }
        let bytes = self.pipeline.target.vector_bytes;
        vector::choose(self.pipeline, self.regions, self.wishes.placements, stage, bytes).map(|v| v.index)
    }

    /// The order that a load wants: first the coordinate that depends on data, if all others are slow or it fills vectors;
    /// else the one that vectors move, and then as the reader itself is stored.
    fn wish(&self, stage: StageRef, along: Option<usize>, load: &Load) -> Option<Wish> {
        let coordinates = &load.coordinates;
        let unknown: Vec<usize> = (0..coordinates.len()).filter(|&d| coordinates[d].is_none()).collect();
        let step = |dim: usize, origin: usize| {
            coordinates[dim].as_ref().and_then(|s| s.get(origin)).map_or(0.0, |step| step.abs())
        };
        if let ([dim], true) = (&unknown[..], load.by_data) {
            let dim = *dim;
            let slow = |d: usize| along.is_none_or(|l| step(d, l) <= SLOW_STEP);
            let fills = |loaded| self.wishes.whole_vectors && self.fills_vectors(loaded, dim);
            let full = load.source.func().is_some_and(fills);
            if full || (0..coordinates.len()).all(slow) {
                let definition = self.pipeline.stage(stage);
                let channel = self
                    .wishes
                    .sliced
                    .get(&stage.func)
                    .and_then(|slice| definition.loop_index(&self.pipeline.func(stage.func).args[slice.channel?]));
                let stands = |d: usize, l: usize| step(d, l) == 0.0 || Some(l) == channel;
                let fixed: Vec<usize> = (0..coordinates.len())
                    .filter(|&d| d != dim && (0..definition.loops.len()).all(|l| stands(d, l)))
                    .collect();
                let order = first(dim, &fixed, coordinates.len());
                return Some(Wish { together: !fixed.is_empty(), ..Wish::new(order, 1.0) });
            }
        }
        let moved = |origin: usize| (0..coordinates.len()).find(|&d| step(d, origin) == 1.0);
        let dim = moved(along?)?;
        let args = &self.pipeline.func(stage.func).args;
        if stage.stage > 0 && self.wishes.transposed.contains_key(&stage.func) {
            // The computed coordinate comes next: it has a constant stride where the innermost extent is constant.
            return Some(Wish::new(first(dim, &unknown, coordinates.len()), 1.0));
        }
        let reordered = self.orders.get(&stage.func).filter(|_| stage.stage == 0);
        let loops = reordered.into_iter().flatten().filter_map(|&d| self.pipeline.stage(stage).loop_index(&args[d]));
        let next: Vec<usize> = loops.filter_map(moved).collect();
        let together = self.lanes.get(&stage.func) == Some(&Lanes::Interleaved) && !next.is_empty();
        Some(Wish { order: first(dim, &next, coordinates.len()), weight: reordered.map(|_| 1.0), together })
    }
}

/// `dim`, then `next`, then all other dimensions.
fn first(dim: usize, next: &[usize], dims: usize) -> Vec<usize> {
    let mut order = vec![dim];
    for d in next.iter().copied().chain(0..dims) {
        if !order.contains(&d) {
            order.push(d);
        }
    }
    order
}
