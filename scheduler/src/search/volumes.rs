//! Volumes that a reduction goes through a slice at a time: the costs of all disparities, of which each pixel takes the least;
//! how much the patches around two pixels differ, for all neighbours that are averaged.
//!
//! Stored for all steps of the reduction, a volume is far larger than an image, and even of single rows, which strips would
//! hold, larger than a cache. So its Funcs are computed inside the reduction loops of the update that reads them (the *host*), just
//! the slice that one step needs, and the host runs over a block of rows and columns in each step: then neighbours in a slice
//! share what stencils read.

use super::choice::Choices;
use super::joining::{may_join, read_by_stage, MEMBER_BYTES};
use super::nest::Planner;
use super::placement::{func_weight, Placement};
use super::problem::Problem;
use super::reduction::Reduction;
use super::shape::Shape;
use super::strips::{Former as StripFormer, Strips};
use crate::demand::{
    add_pure_requirements, add_reads, add_requirements, loop_bounds, middle, points, widen_by_updates,
};
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, Region, StageRef};
use std::collections::BTreeSet;

/// Rows of a block that are tried.
const HEIGHTS: [u32; 3] = [64, 32, 16];
/// Values of a row that are tried: with fewer, the loops over them are short.
const WIDTHS: [u32; 2] = [256, 128];
/// What a block and a slice hold is touched in every step, so it had better leave room in the private cache.
const MAX_BLOCK_BYTES: f64 = 0.5 * MEMBER_BYTES;
/// A Func of which steps together compute more than this many times what they need is in no slices.
const MAX_RECOMPUTE: f64 = 1.1;
/// What blocks may compute twice between them, of what slices take to compute.
const MAX_EXTRA: f64 = 0.05;

/// Moves Funcs from root into the reduction loops of the update that reads them, and that into blocks of its reader.
pub(super) fn form(
    problem: &Problem,
    choices: &Choices,
    shape: &Shape,
    mut placements: Vec<Placement>,
) -> Vec<Placement> {
    for host in problem.pipeline.func_ids().rev() {
        let Some(group) = Former::new(problem, choices, shape, &placements, host).and_then(|f| f.best_group()) else {
            continue;
        };
        let Group { leader, strips, step, blocks, slices, .. } = group;
        placements[leader.index()] = Placement::Strips(strips);
        blocks.into_iter().for_each(|id| placements[id.index()] = Placement::InBlock { leader });
        slices.into_iter().for_each(|id| placements[id.index()] = Placement::InStep { host, step });
    }
    placements
}

/// A group that was gathered.
struct Group {
    leader: FuncId,
    strips: Strips,
    /// Blocks in one run.
    count: f64,
    /// The loop of the host's update that slices are computed in.
    step: usize,
    /// Funcs that are computed for a block of the leader, the host among them.
    blocks: Vec<FuncId>,
    /// Funcs that are computed for a step.
    slices: Vec<FuncId>,
    /// Bytes of all slices of a block together.
    volume_bytes: f64,
    /// Bytes in use in a step.
    resident_bytes: f64,
    /// Weighted operations of all slices in one run.
    operations: f64,
}

struct Former<'a> {
    problem: &'a Problem<'a>,
    choices: &'a Choices,
    shape: &'a Shape,
    placements: &'a [Placement],
    leader: FuncId,
    /// The host's update.
    host: StageRef,
    /// What the host's pure definition reads: not inside of its reduction loops.
    read_before: BTreeSet<FuncId>,
}

impl<'a> Former<'a> {
    /// Of a Func with one update, which reduces, and one reader, which can lead strips.
    fn new(
        problem: &'a Problem<'a>,
        choices: &'a Choices,
        shape: &'a Shape,
        placements: &'a [Placement],
        id: FuncId,
    ) -> Option<Self> {
        let pipeline = problem.pipeline;
        let host = StageRef { func: id, stage: 1 };
        let at_root = |id: FuncId| placements[id.index()] == Placement::Root;
        let reduces = at_root(id)
            && pipeline.func(id).stages.len() == 2
            && Reduction::of(pipeline, host) == Some(Reduction::Accumulates)
            && may_join(problem, choices, id);
        let leader = shape.only_reader(id).filter(|_| reduces)?;
        let leads = at_root(leader) && pipeline.func(leader).stages.len() == 1 && choices.of(leader).lead.is_none();
        let read_before = read_by_stage(pipeline, placements, StageRef { func: id, stage: 0 });
        leads.then_some(Self { problem, choices, shape, placements, leader, host, read_before })
    }

    /// The group that computes least, in the innermost reduction loop whose steps share nothing, if rows of its volume are too
    /// large for strips.
    fn best_group(&self) -> Option<Group> {
        let Problem { pipeline, regions, hardware, .. } = *self.problem;
        let former = StripFormer::new(self.problem, self.choices, self.shape);
        let rows = Strips { height: 1, ..former.cut(self.leader, 1)? };
        let along = former.along(self.leader)?;
        let loops = pipeline.stage(self.host).loops.iter().enumerate();
        let mut reductions = loops.filter(|(_, l)| l.reduction.is_some()).map(|(index, _)| index);
        // What single rows compute twice, strips would keep from row to row.
        let of_row = |step| self.gather(rows.clone(), step, f64::INFINITY).volume_bytes;
        let step = reductions.find(|&step| of_row(step) > MEMBER_BYTES)?;
        let blocks = HEIGHTS.iter().flat_map(|&height| WIDTHS.map(|width| (height, width)));
        let groups = blocks.filter_map(|(height, width)| {
            let chunk = (i64::from(width) < regions.extent(self.leader, along)).then_some((along, width));
            let tasks = (regions.extent(self.leader, rows.row) as f64 / f64::from(height)).ceil();
            let group = self.gather(Strips { height, chunk, ..rows.clone() }, step, MAX_RECOMPUTE);
            let threads = f64::from(hardware.threads);
            let waiting = (tasks / threads).ceil() * threads / tasks;
            let fits = group.resident_bytes <= MAX_BLOCK_BYTES && group.blocks.contains(&self.host.func);
            fits.then_some(Group { operations: group.operations * waiting, ..group })
        });
        groups.filter(|g| !g.slices.is_empty()).min_by(|a, b| a.operations.total_cmp(&b.operations))
    }

    /// Lets every Func in of which blocks together compute at most so many times what they need.
    fn gather(&self, strips: Strips, step: usize, most: f64) -> Group {
        let Problem { pipeline, regions, .. } = *self.problem;
        let leader = self.leader;
        // What a block needs, and what a step of the reduction does.
        let mut in_block: Vec<Option<Region>> = vec![None; pipeline.funcs.len()];
        let mut in_step = in_block.clone();
        let block = self.block(&strips);
        let count = points(regions, leader, regions.func(leader)) / points(regions, leader, &block);
        in_block[leader.index()] = Some(block);
        add_pure_requirements(regions, leader, &mut in_block);
        let steps = self.steps(step);
        let (volume_bytes, resident_bytes, operations) = (0.0, 0.0, 0.0);
        let (blocks, slices) = (Vec::new(), Vec::new());
        let mut group = Group { leader, strips, count, step, blocks, slices, volume_bytes, resident_bytes, operations };
        for id in (0..leader.index()).rev().map(FuncId::from_index) {
            // Without slices it is no group.
            if id < self.host.func && group.slices.is_empty() && in_step[..=id.index()].iter().all(Option::is_none) {
                break;
            }
            let Some(mut region) = in_block[id.index()].clone() else { continue };
            let placement = &self.placements[id.index()];
            let bytes = f64::from(pipeline.func(id).value_bytes());
            let slice = in_step[id.index()].clone().filter(|slice| self.is_slice(id, slice, &region, steps, &group));
            if let Some(slice) = slice {
                let each = points(regions, id, &slice);
                group.slices.push(id);
                group.operations += each * steps * count * func_weight(pipeline, id);
                group.volume_bytes += points(regions, id, &region) * bytes;
                group.resident_bytes += each * bytes;
            } else if *placement == Placement::Root {
                widen_by_updates(pipeline, regions, id, &mut region);
                if !self.joins_block(id, &region, most, &group) {
                    continue;
                }
                group.blocks.push(id);
                group.resident_bytes += points(regions, id, &region) * bytes;
                if id == self.host.func {
                    add_reads(regions, self.host, &self.loops_of_step(&region, step), &mut in_step[..]);
                }
                // What it reads is needed by the block.
                in_step[id.index()] = None;
            } else if *placement != Placement::Inline {
                continue;
            }
            add_requirements(pipeline, regions, id, &mut in_block);
            if in_step[id.index()].is_some() {
                add_requirements(pipeline, regions, id, &mut in_step);
            }
        }
        group
    }

    /// One block of the leader.
    fn block(&self, strips: &Strips) -> Region {
        let regions = self.problem.regions;
        let mut block = regions.func(self.leader).clone();
        for (dim, length) in strips.chunk.into_iter().chain([(strips.row, strips.height)]) {
            block[dim] = Some(middle(block[dim], regions.extent(self.leader, dim), i64::from(length)));
        }
        block
    }

    /// Steps of a reduction loop, and of those around it.
    fn steps(&self, step: usize) -> f64 {
        let Problem { pipeline, regions, .. } = *self.problem;
        let loops = pipeline.stage(self.host).loops.iter().enumerate().skip(step);
        let reductions = loops.filter(|(_, l)| l.reduction.is_some());
        reductions.map(|(index, _)| regions.loop_extent(self.host, index) as f64).product()
    }

    /// Where the host's loops run in one such step, over a block of it.
    fn loops_of_step(&self, block: &Region, step: usize) -> Region {
        let Problem { pipeline, regions, .. } = *self.problem;
        let loops = pipeline.stage(self.host).loops.iter().enumerate();
        loops
            .zip(loop_bounds(regions, self.host, block))
            .map(|((index, l), whole)| match whole {
                Some(whole) if l.reduction.is_some() && index >= step => Some(middle(Some(whole), whole.extent(), 1)),
                _ => whole,
            })
            .collect()
    }

    /// Whether a Func is read in steps of the reduction alone, each of which needs values of its own.
    fn is_slice(&self, id: FuncId, slice: &Region, block: &Region, steps: f64, group: &Group) -> bool {
        let regions = self.problem.regions;
        let in_steps = |r: &FuncId| *r == self.host.func || group.slices.contains(r);
        self.placements[id.index()] == Placement::Root
            && may_join(self.problem, self.choices, id)
            && !self.read_before.contains(&id)
            && self.shape.readers[id.index()].iter().all(in_steps)
            && points(regions, id, slice) * steps <= MAX_RECOMPUTE * points(regions, id, block)
            && self.shape.fills_vectors(regions, id, slice)
    }

    /// Whether a Func is computed for each block: that is no work to speak of.
    fn joins_block(&self, id: FuncId, block: &Region, most: f64, group: &Group) -> bool {
        let Problem { pipeline, regions, .. } = *self.problem;
        let inside = |r: &FuncId| *r == self.leader || group.blocks.contains(r) || group.slices.contains(r);
        let whole = points(regions, id, regions.func(id));
        let computed = points(regions, id, block) * group.count;
        let extra = (computed - whole) * func_weight(pipeline, id);
        may_join(self.problem, self.choices, id)
            && self.shape.readers[id.index()].iter().all(inside)
            && (computed <= most * whole || extra <= MAX_EXTRA * group.operations)
            && self.shape.fills_vectors(regions, id, block)
    }
}

impl Planner<'_> {
    /// The loop of an update that Funcs are computed in, if some are.
    pub(super) fn step_of(&self, stage: StageRef) -> Option<usize> {
        self.placements.iter().find_map(|p| match p {
            Placement::InStep { host, step } if *host == stage.func && stage.stage == 1 => Some(*step),
            _ => None,
        })
    }

    /// The reduction loop of a host's update that slices are computed in.
    pub(super) fn step_loop(&self, host: FuncId, step: usize) -> LoopVar {
        let update = StageRef { func: host, stage: 1 };
        LoopVar { name: self.pipeline.stage(update).loops[step].var.clone(), rvar: true }
    }

    /// An update in whose reduction loop `step` others are computed. Order, innermost first: vectors, reduction loops inside of
    /// that, the block, the loop itself, those around it.
    pub(super) fn in_steps(&self, stage: StageRef, step: usize) -> Vec<Directive> {
        let mut nest = self.plain_nest_of(stage);
        let vector = self.vector(stage);
        let lanes = vector.map(|v| nest.vectorize(v).1);
        let inside: Vec<LoopVar> = nest.current[..step].to_vec();
        let (hazards, free): (Vec<_>, Vec<_>) =
            nest.remaining(lanes.as_slice()).into_iter().partition(|d| d.place.is_none());
        let (inner, outer): (Vec<_>, Vec<_>) = hazards.into_iter().partition(|d| inside.contains(&d.var));
        let rest = inner.into_iter().chain(free).chain(outer).map(|d| d.var);
        nest.reorder(lanes.into_iter().chain(rest).collect());
        nest.partition_rows(vector);
        nest.directives
    }
}
