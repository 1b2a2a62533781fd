//! Which Funcs are inlined, and which get storage.

use super::choice::{Choices, Storage};
use super::problem::Problem;
use super::products::store_factors;
use super::sharing::sharing_loop;
use super::vector::{self, Vector};
use crate::ir::{Access, AccessRow, FuncId, Pipeline, Regions, Source, Stage, StageRef};
use std::collections::BTreeSet;

/// Where a Func is computed.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Placement {
    /// The user, or an extern stage, decided: no directives.
    LeftAlone,
    /// Substituted into its consumers.
    Inline,
    /// At root, in its own loops.
    Root,
    /// At root, in loops that several outputs share.
    Together {
        /// The output that runs first in these.
        first: FuncId,
    },
    /// At root, in its default loops, because the user placed other Funcs inside them.
    Host,
    /// At root, because the user scheduled other things of it.
    Partly,
    /// At root, in strips along one dimension, with other Funcs inside.
    Strips(super::strips::Strips),
    /// At root, in register tiles, with a reduction inside.
    Tiles(super::tiles::Tile),
    /// Inside the register tiles of another Func.
    InTile {
        /// The Func whose tiles.
        leader: FuncId,
        /// By dimension, values for each value of the leader.
        window: Vec<u32>,
    },
    /// Inside the tasks of a Func in register tiles, for a few rows of tiles at a time.
    InPanel {
        /// The Func whose tiles.
        leader: FuncId,
    },
    /// At root, in slabs along one dimension, with other Funcs inside.
    Slabs(super::slabs::Slabs),
    /// Inside the slabs of another Func, all stages of a slab before the next.
    InSlab {
        /// The Func whose slabs.
        leader: FuncId,
        /// Extents of the Func in one slab.
        extents: Vec<i64>,
    },
    /// Inside the strips of another Func, all rows of a strip, or of a chunk of one, at once.
    InBlock {
        /// The Func whose strips.
        leader: FuncId,
    },
    /// Inside a reduction loop of the first update of another Func, anew in every step.
    InStep {
        /// The Func whose update.
        host: FuncId,
        /// The loop, by its place in the update's definition.
        step: usize,
    },
    /// Inside the strips of another Func, one row at a time; `sliding` keeps earlier rows of the strip.
    InStrips {
        /// The Func whose strips.
        leader: FuncId,
        /// Whether its storage outlives a row.
        sliding: bool,
    },
}

impl Placement {
    /// Whether the Func has storage of its own.
    pub(super) fn is_stored(&self) -> bool {
        *self != Placement::Inline
    }

    /// Whether the user left no choice.
    pub(super) fn is_decided(&self) -> bool {
        matches!(self, Placement::LeftAlone | Placement::Host | Placement::Partly)
    }

    /// Whether it is inside of the strips, blocks or slabs of another Func, or of the steps of a reduction there.
    pub(super) fn is_member(&self) -> bool {
        use Placement::{InBlock, InSlab, InStep, InStrips};
        matches!(self, InStrips { .. } | InBlock { .. } | InStep { .. } | InSlab { .. })
    }

    /// The Func in whose loops it is computed.
    pub(super) fn host(&self) -> Option<FuncId> {
        match self {
            Self::InTile { leader, .. }
            | Self::InPanel { leader }
            | Self::InSlab { leader, .. }
            | Self::InBlock { leader }
            | Self::InStrips { leader, .. } => Some(*leader),
            Self::InStep { host, .. } => Some(*host),
            _ => None,
        }
    }

    /// Whether both are the same but for sizes.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Together { first: a }, Self::Together { first: b })
            | (Self::InTile { leader: a, .. }, Self::InTile { leader: b, .. })
            | (Self::InPanel { leader: a }, Self::InPanel { leader: b })
            | (Self::InBlock { leader: a }, Self::InBlock { leader: b })
            | (Self::InStep { host: a, .. }, Self::InStep { host: b, .. })
            | (Self::InSlab { leader: a, .. }, Self::InSlab { leader: b, .. })
            | (Self::InStrips { leader: a, .. }, Self::InStrips { leader: b, .. }) => a == b,
            (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
        }
    }
}

/// Most weighted operations that a stage may grow to by inlining: beyond, compile time explodes.
const MAX_INLINED_WEIGHT: f64 = 1500.0;
/// What a boundary condition costs inside a consumer, in the interior, where Halide's loop partitioning drops the clamps:
/// a load that may cross cache lines.
const BOUNDARY_CONDITION: f64 = 1.5;
/// Operations on whole vectors that gathering one lane of a vector at either end of a row takes.
const GATHERED_LANE: f64 = 1.25;
/// Weighted operations that gathering one value into a vector weighs.
const GATHER: f64 = 8.0;
/// Weighted operations that storing a value and loading it again is worth where a cache keeps it meanwhile.
pub(super) const STORE_AND_LOAD: f64 = 4.0;
/// The same where it goes through memory: 8 bytes at tens of GB/s, against operations on whole vectors.
const STORE_AND_LOAD_MEMORY: f64 = 25.0;
/// The same where it goes through the last-level cache, for each of several values that are computed from it.
const STORE_AND_LOAD_COARSER: f64 = 12.0;
/// Funcs larger than this leave the private caches.
const PRIVATE_CACHES_BYTES: f64 = 2e6;
/// Funcs larger than this do not stay in cache from one loop nest to the next.
const LAST_LEVEL_CACHE_BYTES: f64 = 16e6;

/// Inlines what is cheaper to compute again than to store, or made of less; everything else is computed at root.
pub(super) fn place(problem: &Problem, choices: &Choices) -> Vec<Placement> {
    let (placements, readers) = place_each(problem, choices);
    match store_factors(problem, choices, &placements, &readers) {
        Some(choices) => place_each(problem, &choices).0,
        None => placements,
    }
}

/// Decides on one Func after the other; says, too, for every Func, which Funcs with storage read it.
fn place_each(problem: &Problem, choices: &Choices) -> (Vec<Placement>, Vec<BTreeSet<FuncId>>) {
    let Problem { pipeline, regions, consumers, .. } = problem;
    let mut inlining = Inlining {
        pipeline,
        regions,
        evaluations: pipeline.funcs.iter().map(|f| vec![0.0; f.stages.len()]).collect(),
        weights: pipeline.funcs.iter().map(|f| f.stages.iter().map(stage_weight).collect()).collect(),
        readers: vec![BTreeSet::new(); pipeline.funcs.len()],
        gathers: &problem.gathers,
    };
    let mut placements = vec![Placement::Root; pipeline.funcs.len()];
    for id in pipeline.func_ids().rev() {
        let func = pipeline.func(id);
        let read_by = &consumers[id.index()];
        let inlines = |inlining: &Inlining| match choices.of(id).storage {
            Some(Storage::Stored) => false,
            Some(Storage::Inlined) => inlining.fits(id, read_by),
            None => !problem.packed.contains(&id) && inlining.pays(id, read_by, &placements),
        };
        inlining.readers[id.index()] = problem.readers_of(id, &placements, &inlining.readers);
        placements[id.index()] = if func.scheduled.is_some() {
            Placement::LeftAlone
        } else if problem.hosts.contains(&id) {
            Placement::Host
        } else if func.partly.is_some() {
            Placement::Partly
        } else if problem.inlinable[id.index()] && inlines(&inlining) {
            inlining.inline(id, read_by, &placements);
            Placement::Inline
        } else {
            Placement::Root
        };
        if placements[id.index()].is_stored() {
            inlining.store(id);
        }
    }
    (placements, inlining.readers)
}

/// Weighted operations of one evaluation, loads included.
pub(super) fn stage_weight(stage: &Stage) -> f64 {
    stage.operations.weight() + stage.accesses.len() as f64
}

/// The same of one point of a Func: of all its stages.
pub(super) fn func_weight(pipeline: &Pipeline, id: FuncId) -> f64 {
    pipeline.func(id).stages.iter().map(stage_weight).sum()
}

struct Inlining<'a> {
    pipeline: &'a Pipeline,
    regions: &'a Regions,
    /// How often each stage's expression is evaluated, by Func and stage.
    evaluations: Vec<Vec<f64>>,
    /// Weighted operations of each stage, with what is inlined into it.
    weights: Vec<Vec<f64>>,
    /// For every Func, the Funcs with storage that read it.
    readers: Vec<BTreeSet<FuncId>>,
    /// See [`Problem::gathers`].
    gathers: &'a [bool],
}

impl Inlining<'_> {
    fn store(&mut self, id: FuncId) {
        for stage in self.pipeline.func(id).stage_refs(id) {
            self.evaluations[id.index()][stage.stage] = self.regions.iterations(stage);
        }
    }

    /// What a consumer loads of a Func.
    fn loads(&self, consumer: StageRef, id: FuncId) -> impl Iterator<Item = &Access> {
        self.pipeline.stage(consumer).accesses.iter().filter(move |a| a.source == Some(Source::Func(id)))
    }

    /// How a consumer's vectors run, as far as it is known.
    fn vector(&self, consumer: StageRef, placements: &[Placement]) -> Option<Vector> {
        vector::choose(self.pipeline, self.regions, placements, consumer, self.pipeline.target.vector_bytes)
    }

    fn calls(&self, consumer: StageRef, id: FuncId) -> f64 {
        self.loads(consumer, id).count().max(1) as f64
    }

    fn evaluations_if_inlined(&self, id: FuncId, consumers: &[StageRef], placements: &[Placement]) -> f64 {
        let evaluations = |&c: &StageRef| {
            self.evaluations[c.func.index()][c.stage] * self.calls(c, id) / self.shared(c, id, placements)
        };
        consumers.iter().map(evaluations).sum()
    }

    /// Iterations of a consumer that share one evaluation: those of an unrolled loop that does not move what they read. What
    /// gathers had better not be computed in vectors as wide as the consumer's, and a quotient that is multiplied is
    /// divided last, in each iteration.
    fn shared(&self, consumer: StageRef, id: FuncId, placements: &[Placement]) -> f64 {
        let Self { pipeline, regions, .. } = self;
        let is_fixed = |index: &usize| self.loads(consumer, id).all(|a| a.is_fixed(*index));
        // Most consumers move all that they read with every loop: that is known without choosing a vector.
        let unshared = self.gathers[id.index()] || pipeline.func(id).stages[0].operations.divides_floats();
        if unshared || !(0..pipeline.stage(consumer).loops.len()).any(|l| is_fixed(&l)) {
            return 1.0;
        }
        let shared = self
            .vector(consumer, placements)
            .and_then(|v| sharing_loop(pipeline, regions, consumer, v))
            .filter(is_fixed);
        shared.map_or(1.0, |index| regions.loop_extent(consumer, index) as f64)
    }

    /// Whether a consumer's vectors run along the Func's storage but, through it, across that of its source: inlined, each
    /// vector is gathered; stored, the Func is a transposed copy, gathered once.
    fn gathers_if_inlined(&self, id: FuncId, consumers: &[StageRef], placements: &[Placement]) -> bool {
        let pipeline = self.pipeline;
        let (Some(arg), [access]) = (pipeline.func(id).args.first(), &pipeline.func(id).stages[0].accesses[..]) else {
            return false;
        };
        let along = pipeline.func(id).stages[0].loop_index(arg);
        if !along.is_some_and(|l| vector::is_strided(access, l)) {
            return false;
        }
        consumers.iter().any(|&consumer| {
            self.vector(consumer, placements)
                .is_some_and(|v| self.loads(consumer, id).any(|a| vector::is_contiguous(a, v.index)))
        })
    }

    /// Whether there are consumers, none of which grows too large.
    fn fits(&self, id: FuncId, consumers: &[StageRef]) -> bool {
        let weight = self.weight_if_inlined(id, consumers);
        let grown = |c: StageRef| self.weights[c.func.index()][c.stage] + weight * self.calls(c, id);
        !consumers.is_empty() && consumers.iter().all(|&c| grown(c) <= MAX_INLINED_WEIGHT)
    }

    fn pays(&self, id: FuncId, consumers: &[StageRef], placements: &[Placement]) -> bool {
        if !self.fits(id, consumers) {
            return false;
        }
        let weight = self.weight_if_inlined(id, consumers);
        let points: f64 = (0..self.pipeline.func(id).args.len()).map(|d| self.regions.extent(id, d) as f64).product();
        let recompute = self.evaluations_if_inlined(id, consumers, placements) / points.max(1.0);
        let weight = if self.gathers_if_inlined(id, consumers, placements) { weight.max(GATHER) } else { weight };
        let alone = consumers.iter().any(|&c| self.evaluates_one_by_one(c, id, placements));
        let times = if alone { recompute } else { recompute - 1.0 };
        // Loads that the consumer would do anyway (of the Func itself) come free.
        let extra = times.max(0.0) * (weight - 1.0).max(0.0);
        extra <= self.store_and_load(id, consumers)
    }

    /// Whether a consumer stores where data says, and its vectors do not run along what it reads of a Func: stored, the Func
    /// would be computed in vectors.
    fn evaluates_one_by_one(&self, consumer: StageRef, id: FuncId, placements: &[Placement]) -> bool {
        let scatters = self.pipeline.stage(consumer).stores.iter().any(Option::is_none);
        let across = |v: Vector| self.loads(consumer, id).all(|a| a.is_fixed(v.index));
        scatters && self.vector(consumer, placements).is_none_or(across)
    }

    /// Weighted operations of one evaluation inside consumers: far fewer for a boundary condition, but for the vectors at
    /// both ends of a row, whose lanes are gathered one by one.
    fn weight_if_inlined(&self, id: FuncId, consumers: &[StageRef]) -> f64 {
        let Self { pipeline, regions, .. } = self;
        if !pipeline.func(id).stages[0].is_boundary_condition() || pipeline.func(id).args.is_empty() {
            return self.weights[id.index()][0];
        }
        let stencils = consumers.iter().filter(|&&c| self.reads_neighbours(c, id));
        let lanes = stencils.map(|&c| f64::from(vector::lanes(pipeline, c, pipeline.target.vector_bytes)));
        let lanes = lanes.fold(1.0, f64::max);
        BOUNDARY_CONDITION + 2.0 * lanes * lanes * GATHERED_LANE / regions.extent(id, 0) as f64
    }

    /// Whether a consumer reads neighbours, so that some of its vectors, or those of what it is inlined into, cross the
    /// ends of rows. Several values at one place (the channels of a pixel) are none.
    fn reads_neighbours(&self, consumer: StageRef, id: FuncId) -> bool {
        let rows: Vec<_> = self.loads(consumer, id).map(|a| &a.rows).collect();
        (0..self.pipeline.func(id).args.len()).any(|dim| {
            let moves = |r: &AccessRow| r.coeffs.iter().any(|c| c[0] != 0);
            let offset = |row: &Option<AccessRow>| row.as_ref().map(|r| if moves(r) { r.offset } else { Some(0) });
            rows.windows(2).any(|pair| offset(&pair[0][dim]) != offset(&pair[1][dim]))
        })
    }

    /// A Func with one reader can be computed close to it, in cache; several readers mostly are nests of their own.
    fn store_and_load(&self, id: FuncId, consumers: &[StageRef]) -> f64 {
        let readers = self.readers[id.index()].len();
        let bytes = self.regions.source_bytes(self.pipeline, Some(Source::Func(id)));
        if readers > 1 && bytes > LAST_LEVEL_CACHE_BYTES {
            STORE_AND_LOAD_MEMORY
        } else if bytes > PRIVATE_CACHES_BYTES && consumers.iter().any(|&c| self.upsamples(c, id)) {
            STORE_AND_LOAD_COARSER
        } else {
            STORE_AND_LOAD
        }
    }

    /// Whether a consumer reads each value at several places next to each other: strips of it cannot slide over the Func.
    fn upsamples(&self, consumer: StageRef, id: FuncId) -> bool {
        let mut rows = self.loads(consumer, id).flat_map(|a| a.rows.iter().flatten());
        rows.any(|row| row.coeffs.iter().any(|c| c[1] > 1))
    }

    fn inline(&mut self, id: FuncId, consumers: &[StageRef], placements: &[Placement]) {
        self.evaluations[id.index()][0] = self.evaluations_if_inlined(id, consumers, placements);
        for &c in consumers {
            self.weights[c.func.index()][c.stage] += self.weights[id.index()][0] * self.calls(c, id);
        }
    }
}
