//! Groups of Funcs computed together, a slab of their last consumer at a time.
//!
//! Strips slide along rows, which Funcs with updates cannot: scans and sums along rows need all of a row, or of a column,
//! in every stage. A slab is a few rows of the consumer, as many as such stages need to fill their vectors; everything in
//! the group, updates included, is computed for it while it stays in the private cache, before the next slab starts.

use super::choice::{Choices, Lead};
use super::joining::{has_pure_definition, may_join, read_anew, read_by_updates, MEMBER_BYTES, MIN_SAVED_BYTES};
use super::placement::{Placement, STORE_AND_LOAD};
use super::problem::Problem;
use super::reduction::Reduction;
use super::shape::Shape;
use crate::cost::Hardware;
use crate::demand::{add_pure_requirements, add_requirements, cut, points, widen_by_updates};
use crate::ir::{Access, FuncId, Interval, Pipeline, Region, Regions, Source, StageRef};
use std::collections::{BTreeMap, BTreeSet};

/// How the leader of a group is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slabs {
    /// The argument that is cut.
    pub(super) dim: usize,
    /// Values of it in a slab.
    pub(super) height: u32,
    /// Arguments of which a slab has one value.
    pub(super) outside: Vec<usize>,
}

/// Heights that are tried, from the shallowest.
pub(super) const HEIGHTS: [u32; 4] = [8, 16, 32, 64];
/// What is computed more often than this pays for no locality.
const MAX_RECOMPUTE: f64 = 1.1;

/// Moves Funcs from root into slabs of their consumers, where a Func with updates is among them.
pub(super) fn form(problem: &Problem, choices: &Choices, shape: Shape, placements: Vec<Placement>) -> Vec<Placement> {
    let pipeline = problem.pipeline;
    let with_updates = |id: FuncId| placements[id.index()] == Placement::Root && pipeline.func(id).stages.len() > 1;
    if !pipeline.func_ids().any(with_updates) {
        return placements;
    }
    let mut former = Former::new(problem, choices, shape, placements);
    for leader in pipeline.func_ids().rev() {
        let seam = former.placements[leader.index()] == Placement::Inline && former.is_seam(leader);
        if former.placements[leader.index()] != Placement::Root && !seam {
            continue;
        }
        let group = if seam { former.storing(leader).best_group(leader) } else { former.best_group(leader) };
        if let Some(group) = group {
            former.placements[leader.index()] = Placement::Slabs(group.slabs);
            for (member, extents) in group.members {
                former.placements[member.index()] = Placement::InSlab { leader, extents };
            }
            // It may have given storage to Funcs that were inlined.
            former.shape = Shape::of(problem, &former.placements);
        }
    }
    former.placements
}

/// A group that was gathered.
struct Group {
    slabs: Slabs,
    /// The members, with the extents of each in a slab.
    members: Vec<(FuncId, Vec<i64>)>,
    /// Bytes that are no longer written to memory and read back.
    saved_bytes: f64,
    /// Whether a stage goes on from row to row: such a stage wants several vectors, whose latencies overlap.
    scans: bool,
    resident_bytes: f64,
}

struct Former<'a> {
    problem: &'a Problem<'a>,
    choices: &'a Choices,
    pipeline: &'a Pipeline,
    regions: &'a Regions,
    hardware: &'a Hardware,
    placements: Vec<Placement>,
    shape: Shape,
    /// By Func, what evaluating it reads of memory: sources with storage, through inlined Funcs.
    loads: Vec<BTreeSet<Source>>,
}

impl<'a> Former<'a> {
    fn new(problem: &'a Problem<'a>, choices: &'a Choices, shape: Shape, placements: Vec<Placement>) -> Self {
        let Problem { pipeline, regions, hardware, .. } = *problem;
        let mut loads: Vec<BTreeSet<Source>> = Vec::with_capacity(pipeline.funcs.len());
        for id in pipeline.func_ids() {
            let direct = pipeline.func(id).stages.iter().flat_map(|s| &s.accesses).filter_map(|a| a.source);
            let mut own = BTreeSet::new();
            for source in direct.filter(|s| *s != Source::Func(id)) {
                match source {
                    Source::Func(f) if placements[f.index()] == Placement::Inline => own.extend(&loads[f.index()]),
                    stored => drop(own.insert(stored)),
                }
            }
            loads.push(own);
        }
        Self { problem, choices, pipeline, regions, hardware, placements, shape, loads }
    }

    /// The same with one more Func at root.
    fn storing(&self, id: FuncId) -> Self {
        let mut placements = self.placements.clone();
        placements[id.index()] = Placement::Root;
        let shape = Shape::of(self.problem, &placements);
        Self::new(self.problem, self.choices, shape, placements)
    }

    /// Whether an inlined Func only carries the values of one Func with updates into the pure definition of another.
    /// Stored, it can lead slabs of the first; the second cannot.
    fn is_seam(&self, id: FuncId) -> bool {
        let has_updates = |f: FuncId| self.pipeline.func(f).stages.len() > 1;
        let Some(reader) = self.shape.only_reader(id) else { return false };
        let [access] = &self.pipeline.func(id).stages[0].accesses[..] else { return false };
        let Some(producer) = access.source.and_then(Source::func) else { return false };
        let in_updates = self.pipeline.func(reader).stages.iter().skip(1).flat_map(|s| &s.accesses);
        has_updates(reader)
            && has_updates(producer)
            && self.placements[producer.index()] == Placement::Root
            && !in_updates.into_iter().any(|a| a.source == Some(Source::Func(id)))
    }

    /// Whether an inlined Func is evaluated for several Funcs although that takes longer than loading a value from cache:
    /// it was inlined to spare the memory, and inside a slab it has better storage.
    fn is_costly(&self, id: FuncId) -> bool {
        self.shape.readers[id.index()].len() > 1
            && self.pipeline.func(id).stages[0].operations.weight() > STORE_AND_LOAD
    }

    /// The group that saves most; among equals the lowest slabs, or for scans the highest.
    fn best_group(&self, leader: FuncId) -> Option<Group> {
        if !has_pure_definition(self.pipeline, leader) {
            return None;
        }
        let func = self.pipeline.func(leader);
        let read_later = read_by_updates(self.pipeline, &self.placements, leader);
        let chosen = self.choices.of(leader).lead;
        let heights: &[u32] = match &chosen {
            None => &HEIGHTS,
            Some(Lead::Slabs { height }) => std::slice::from_ref(height),
            Some(_) => return None,
        };
        let mut best: Option<Group> = None;
        for dim in 0..func.args.len() {
            for &height in heights {
                let slabs = self.regions.extent(leader, dim) / i64::from(height);
                if slabs < 2 * i64::from(self.hardware.threads) {
                    break;
                }
                for outside in [self.others(leader, dim), Vec::new()] {
                    let group = self.gather(leader, &read_later, Slabs { dim, height, outside });
                    if best.as_ref().is_none_or(|b| group.beats(b)) {
                        best = Some(group);
                    }
                }
            }
        }
        let multi = |g: &Group| g.members.iter().any(|(m, _)| self.pipeline.func(*m).stages.len() > 1);
        best.filter(|g| multi(g) && g.saved_bytes >= MIN_SAVED_BYTES)
    }

    /// The dimensions outside of slabs: all but the one cut and the longest of the rest.
    fn others(&self, leader: FuncId, dim: usize) -> Vec<usize> {
        let extent = |d: &usize| self.regions.extent(leader, *d);
        let rest = (0..self.pipeline.func(leader).args.len()).filter(|&d| d != dim);
        let along = rest.clone().rev().max_by_key(extent);
        rest.filter(|&d| Some(d) != along).collect()
    }

    fn gather(&self, leader: FuncId, read_later: &BTreeSet<FuncId>, slabs: Slabs) -> Group {
        let mut needed: Vec<Option<Region>> = vec![None; self.pipeline.funcs.len()];
        needed[leader.index()] = Some(self.slab(leader, &slabs));
        add_pure_requirements(self.regions, leader, &mut needed);
        let whole = points(self.regions, leader, self.regions.func(leader));
        let count = whole / needed[leader.index()].as_ref().map_or(1.0, |r| points(self.regions, leader, r));
        let mut group = Group { slabs, members: Vec::new(), saved_bytes: 0.0, scans: false, resident_bytes: 0.0 };
        for id in (0..leader.index()).rev().map(FuncId::from_index) {
            let Some(mut region) = needed[id.index()].clone() else { continue };
            widen_by_updates(self.pipeline, self.regions, id, &mut region);
            let inline = self.placements[id.index()] == Placement::Inline;
            let candidate = if inline { self.is_costly(id) } else { self.placements[id.index()] == Placement::Root };
            let joins = candidate && !read_later.contains(&id) && self.joins(leader, id, &region, count, &group);
            if joins {
                self.admit(&mut group, id, &region);
            }
            if joins || inline {
                add_requirements(self.pipeline, self.regions, id, &mut needed);
            }
        }
        group.saved_bytes += self.shared_loads(leader, &group);
        group
    }

    /// One slab.
    fn slab(&self, leader: FuncId, slabs: &Slabs) -> Region {
        let lengths = slabs.outside.iter().map(|&d| (d, 1)).chain([(slabs.dim, i64::from(slabs.height))]);
        cut(self.regions, leader, lengths)
    }

    fn admit(&self, group: &mut Group, id: FuncId, region: &Region) {
        let func = self.pipeline.func(id);
        let whole = points(self.regions, id, self.regions.func(id));
        // Every stage goes over all values, and the first reader once more.
        let passes = 1.0 + func.stages.len() as f64;
        group.saved_bytes += passes * whole * f64::from(func.value_bytes());
        group.resident_bytes += self.resident(id, region);
        group.scans |= func.stage_refs(id).any(|s| Reduction::of(self.pipeline, s) == Some(Reduction::Scans));
        let extents =
            region.iter().enumerate().map(|(dim, i)| i.map_or(self.regions.extent(id, dim), Interval::extent));
        group.members.push((id, extents.collect()));
    }

    /// Bytes of large sources that several Funcs of the group read: all but the first find them in cache.
    fn shared_loads(&self, leader: FuncId, group: &Group) -> f64 {
        let mut readers: BTreeMap<Source, usize> = BTreeMap::new();
        for id in group.members.iter().map(|(m, _)| *m).chain([leader]) {
            for &source in &self.loads[id.index()] {
                *readers.entry(source).or_default() += 1;
            }
        }
        let bytes = |source: Source| self.regions.source_bytes(self.pipeline, Some(source));
        let outside = readers.into_iter().filter(|(s, _)| !group.members.iter().any(|(m, _)| *s == Source::Func(*m)));
        let saved = outside.map(|(source, count)| (count - 1) as f64 * bytes(source));
        saved.filter(|&b| b >= MIN_SAVED_BYTES).sum()
    }

    fn resident(&self, id: FuncId, region: &Region) -> f64 {
        points(self.regions, id, region) * f64::from(self.pipeline.func(id).value_bytes())
    }

    fn joins(&self, leader: FuncId, id: FuncId, region: &Region, slabs: f64, group: &Group) -> bool {
        let inside = |r: &FuncId| *r == leader || group.members.iter().any(|(m, _)| m == r);
        let whole = points(self.regions, id, self.regions.func(id));
        let is_cut = |dim: usize| region[dim].is_some_and(|i| i.extent() < self.regions.extent(id, dim));
        // Gathers are bound by instructions rather than memory, and a lane each of code, compiled once for every way that
        // the leader is specialised, takes long.
        let gathers = || self.pipeline.func(id).stage_refs(id).skip(1).any(|stage| self.gathers(stage));
        may_join(self.problem, self.choices, id)
            && self.shape.readers[id.index()].iter().all(inside)
            && !gathers()
            && points(self.regions, id, region) * slabs <= MAX_RECOMPUTE * whole
            && group.resident_bytes + self.resident(id, region) <= MEMBER_BYTES
            && self.shape.fills_vectors(self.regions, id, region)
            && read_anew(self.pipeline, self.regions, id, is_cut) <= MEMBER_BYTES
    }

    /// Whether vectors of a stage, or its iterations where it has none, gather.
    fn gathers(&self, stage: StageRef) -> bool {
        let definition = self.pipeline.stage(stage);
        match self.shape.vector(stage) {
            Some(vector) => definition.gathers_along(vector.index),
            None => definition.accesses.iter().any(Access::is_gather),
        }
    }
}

impl Group {
    fn beats(&self, other: &Self) -> bool {
        if self.saved_bytes != other.saved_bytes {
            return self.saved_bytes > other.saved_bytes;
        }
        if self.scans {
            // Of slabs as high, those of one value outside take less cache.
            let height = |g: &Self| g.slabs.height;
            return (height(self), -self.resident_bytes) > (height(other), -other.resident_bytes);
        }
        self.resident_bytes < other.resident_bytes
    }
}
