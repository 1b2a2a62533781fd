//! Volumes that a reduction goes through a slice at a time: the costs of all disparities, of which each pixel takes the least;
//! how much the patches around two pixels differ, for all neighbours that are averaged.
//!
//! Stored for all steps of the reduction, a volume is far larger than an image, and even of single rows, which strips would
//! hold, larger than a cache. So its Funcs are computed inside the reduction loops of the update that reads them (the *host*), just
//! the slice that one step needs, and the host runs over a block of rows and columns in each step: then neighbours in a slice
//! share what stencils read.

use super::choice::Choices;
use super::joining::{may_join, read_by_stage, MEMBER_BYTES};
use super::placement::{func_weight, Placement};
use super::problem::Problem;
use super::reduction::Reduction;
use super::shape::Shape;
use super::steps::{Steps, MAX_RECOMPUTE};
use super::strips::{Former as StripFormer, Strips};
use crate::demand::{add_pure_requirements, add_reads, add_requirements, points, widen_by_updates};
use crate::ir::{FuncId, Region, StageRef};
use std::collections::BTreeSet;

/// Rows of a block that are tried.
const HEIGHTS: [u32; 3] = [64, 32, 16];
/// Values of a row that are tried: with fewer, the loops over them are short.
const WIDTHS: [u32; 2] = [256, 128];
/// What a block and a slice hold is touched in every step, so it had better leave room in the private cache.
const MAX_BLOCK_BYTES: f64 = 0.5 * MEMBER_BYTES;
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
        let block = strips.rows(regions, leader, strips.height);
        let count = points(regions, leader, regions.func(leader)) / points(regions, leader, &block);
        in_block[leader.index()] = Some(block);
        add_pure_requirements(regions, leader, &mut in_block);
        let steps = Steps { update: self.host, index: step };
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
                group.slices.push(id);
                group.operations += steps.values(self.problem, id, &slice) * count * func_weight(pipeline, id);
                group.volume_bytes += points(regions, id, &region) * bytes;
                group.resident_bytes += points(regions, id, &slice) * bytes;
            } else if *placement == Placement::Root {
                widen_by_updates(pipeline, regions, id, &mut region);
                if !self.joins_block(id, &region, most, &group) {
                    continue;
                }
                group.blocks.push(id);
                group.resident_bytes += points(regions, id, &region) * bytes;
                if id == self.host.func {
                    add_reads(regions, self.host, &steps.loops_of_one(self.problem, &region), &mut in_step[..]);
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

    /// Whether a Func is read in steps of the reduction alone, each of which needs values of its own.
    fn is_slice(&self, id: FuncId, slice: &Region, block: &Region, steps: Steps, group: &Group) -> bool {
        let regions = self.problem.regions;
        let in_steps = |r: &FuncId| *r == self.host.func || group.slices.contains(r);
        self.placements[id.index()] == Placement::Root
            && may_join(self.problem, self.choices, id)
            && !self.read_before.contains(&id)
            && self.shape.readers[id.index()].iter().all(in_steps)
            && steps.share_nothing(self.problem, id, slice, block)
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
