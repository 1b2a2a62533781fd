//! Groups of Funcs computed together, row by row, inside parallel strips of their last consumer.
//!
//! A strip is what experts write by hand: the consumer's rows are cut into strips that run in parallel; inside a strip
//! every producer computes just the rows that the next row of the consumer still lacks (`compute_at` the row,
//! `store_at` the strip: Halide's sliding window), so that nothing but the group's inputs and output meets memory.

use super::choice::{Choices, Lead};
use super::group::{Group, Verdict};
use super::joining::{has_pure_definition, may_join, read_by_updates};
use super::nest::Planner;
use super::placement::Placement;
use super::problem::Problem;
use super::shape::Shape;
use super::sharing::sharing_loop;
use super::together;
use crate::cost::Hardware;
use crate::demand::cut;
use crate::ir::{FuncId, Pipeline, Region, Regions, StageRef};
use std::cmp::Ordering;

/// How the leader of a group is cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Strips {
    /// The argument whose values are rows.
    pub(super) row: usize,
    /// Rows of a strip.
    pub(super) height: u32,
    /// The argument along rows, and how many of its values are computed at a time; `None` for whole rows.
    pub(super) chunk: Option<(usize, u32)>,
    /// The arguments whose values each get strips of their own: the planes of an image, if what one needs no other needs.
    pub(super) planes: Vec<usize>,
}

impl Strips {
    /// So many rows of a strip of the leader, or of a chunk of one.
    pub(super) fn rows(&self, regions: &Regions, leader: FuncId, rows: u32) -> Region {
        let chunk = self.chunk.map(|(along, width)| (along, i64::from(width)));
        let planes = self.planes.iter().map(|&dim| (dim, 1));
        cut(regions, leader, planes.chain(chunk).chain([(self.row, i64::from(rows))]))
    }
}

/// Strips per thread that are tried: many balance the threads, few compute less twice between strips.
const STRIPS_PER_THREAD: [u32; 4] = [16, 4, 2, 1];
/// Fewer rows are not worth strips.
const MIN_ROWS: i64 = 16;
/// Chunks narrower than this make inner loops too short.
const MIN_CHUNK: i64 = 256;

/// Moves Funcs from root into strips of their consumers where that saves more memory traffic than it recomputes.
pub(super) fn form(
    problem: &Problem,
    choices: &Choices,
    shape: &Shape,
    mut placements: Vec<Placement>,
) -> Vec<Placement> {
    let former = Former::new(problem, choices, shape);
    for leaders in together::teams(problem, choices, &placements) {
        if let Some(group) =
            former.best_group(&placements, &leaders).filter(|group| former.suits_all(&placements, &leaders, group))
        {
            place(&mut placements, &leaders, group);
        }
    }
    for leader in problem.pipeline.func_ids().rev() {
        if placements[leader.index()] != Placement::Root {
            continue;
        }
        if let Some(group) = former.best_group(&placements, &[leader]) {
            place(&mut placements, &[leader], group);
        }
    }
    placements
}

fn place(placements: &mut [Placement], leaders: &[FuncId], (strips, members): (Strips, Members)) {
    let leader = leaders[0];
    leaders.iter().for_each(|other| placements[other.index()] = Placement::Together { first: leader });
    placements[leader.index()] = Placement::Strips(strips);
    for (member, sliding) in members {
        placements[member.index()] = Placement::InStrips { leader, sliding };
    }
}

/// Funcs of a group, and whether each slides.
pub(super) type Members = Vec<(FuncId, bool)>;

pub(super) struct Former<'a> {
    problem: &'a Problem<'a>,
    pub(super) pipeline: &'a Pipeline,
    pub(super) regions: &'a Regions,
    pub(super) hardware: &'a Hardware,
    pub(super) shape: &'a Shape,
    pub(super) choices: &'a Choices,
}

impl<'a> Former<'a> {
    pub(super) fn new(problem: &'a Problem<'a>, choices: &'a Choices, shape: &'a Shape) -> Self {
        let Problem { pipeline, regions, hardware, .. } = *problem;
        Self { problem, pipeline, regions, hardware, shape, choices }
    }

    /// The group with most members, and among those the cheapest, over several numbers of strips; `None` when nothing
    /// joins.
    fn best_group(&self, placements: &[Placement], leaders: &[FuncId]) -> Option<(Strips, Members)> {
        let tried: Vec<Formed> = match self.choices.of(leaders[0]).lead {
            None => STRIPS_PER_THREAD.iter().filter_map(|&count| self.group(placements, leaders, count)).collect(),
            Some(Lead::Strips { per_thread, chunk }) => {
                self.chosen_group(placements, leaders, per_thread, chunk).into_iter().collect()
            }
            Some(_) => Vec::new(),
        };
        let best = tried.into_iter().min_by(Formed::compare)?;
        (!best.members.is_empty()).then_some((best.strips, best.members))
    }

    fn chosen_group(
        &self,
        placements: &[Placement],
        leaders: &[FuncId],
        per_thread: u32,
        chunk: Option<u32>,
    ) -> Option<Formed> {
        let leader = leaders[0];
        let mut strips = self.cut(leader, per_thread)?;
        if let Some(width) = chunk {
            let along = self.along(leader)?;
            if i64::from(width) >= self.regions.extent(leader, along) {
                return None;
            }
            strips.chunk = Some((along, width));
        }
        let together = self.gather(placements, leaders, strips.clone());
        let by_plane = self.planes(leader, strips).map(|strips| self.gather(placements, leaders, strips));
        Some(together.or_better(by_plane))
    }

    /// The group over all planes together, or over one at a time if that lets more Funcs in or computes less.
    fn group(&self, placements: &[Placement], leaders: &[FuncId], strips_per_thread: u32) -> Option<Formed> {
        let leader = leaders[0];
        let strips = self.cut(leader, strips_per_thread)?;
        let by_plane = self.planes(leader, strips.clone());
        let together = self.widest(placements, leaders, strips)?;
        let mut best = together.or_better(by_plane.and_then(|strips| self.widest(placements, leaders, strips)));
        // Threads wait for the last strip: a quarter of a strip each, say.
        best.operations *= 1.0 + 0.25 / f64::from(strips_per_thread);
        Some(best)
    }

    /// The group over whole rows, or over the widest chunks of rows that let most Funcs in.
    fn widest(&self, placements: &[Placement], leaders: &[FuncId], mut strips: Strips) -> Option<Formed> {
        let leader = leaders[0];
        let mut best = self.gather(placements, leaders, strips.clone());
        let mut crowded = best.crowded;
        while crowded {
            let along = self.along(leader)?;
            let width = strips.chunk.map_or(self.regions.extent(leader, along), |(_, w)| i64::from(w)) / 2;
            if width < MIN_CHUNK {
                break;
            }
            strips.chunk = Some((along, round_to_vector(width)));
            let narrower = self.gather(placements, leaders, strips.clone());
            crowded = narrower.crowded;
            if narrower.members.len() > best.members.len() {
                best = narrower;
            }
        }
        Some(best)
    }

    /// The dimension that is vectorised: the one along a row.
    pub(super) fn along(&self, leader: FuncId) -> Option<usize> {
        let stage = StageRef { func: leader, stage: 0 };
        self.regions.argument(stage, self.shape.vector(stage)?.index)
    }

    /// The same strips, of one plane each, if there are planes, and none whose iterations share work.
    fn planes(&self, leader: FuncId, strips: Strips) -> Option<Strips> {
        let Self { pipeline, regions, .. } = *self;
        let stage = StageRef { func: leader, stage: 0 };
        let vector = self.shape.vector(stage)?;
        let along = regions.argument(stage, vector.index);
        let planes: Vec<usize> = (0..pipeline.func(leader).args.len())
            .filter(|&dim| dim != strips.row && Some(dim) != along && regions.extent(leader, dim) > 1)
            .collect();
        let shares = sharing_loop(pipeline, regions, stage, vector).is_some();
        (!planes.is_empty() && !shares).then_some(Strips { planes, ..strips })
    }

    /// Whole-row strips of a Func, if it has enough rows.
    pub(super) fn cut(&self, leader: FuncId, strips_per_thread: u32) -> Option<Strips> {
        let func = self.pipeline.func(leader);
        if !has_pure_definition(self.pipeline, leader) {
            return None;
        }
        let along = self.along(leader)?;
        // The outermost in memory, so that a strip is contiguous.
        let rows = |dim: usize| self.regions.extent(leader, dim);
        let row = (0..func.args.len()).rev().find(|&dim| dim != along && rows(dim) >= MIN_ROWS)?;
        let rows = rows(row);
        let strips = i64::from(self.hardware.threads * strips_per_thread).min(rows / 2).max(1);
        let height = u32::try_from((rows + strips - 1) / strips).ok()?;
        Some(Strips { row, height, chunk: None, planes: Vec::new() })
    }

    /// Lets every Func in that pays.
    fn gather(&self, placements: &[Placement], leaders: &[FuncId], strips: Strips) -> Formed {
        let mut group = Group::new(self, leaders, &strips);
        let read_later = read_by_updates(self.pipeline, placements, leaders[0]);
        let mut crowded = false;
        let joins = |id: FuncId, group: &Group| !read_later.contains(&id) && self.joins(id, leaders, group);
        let last = leaders.iter().map(|leader| leader.index()).max().unwrap_or(0);
        for id in (0..last).rev().map(FuncId::from_index).filter(|id| !leaders.contains(id)) {
            if group.row[id.index()].is_none() {
                continue;
            }
            if placements[id.index()] == Placement::Inline {
                group.follow(id);
            } else if placements[id.index()] == Placement::Root && joins(id, &group) {
                match group.judge(id) {
                    Verdict::Join(member) => group.admit(id, member),
                    Verdict::DoesNotFit => crowded = true,
                    Verdict::DoesNotPay => {}
                }
            }
        }
        Formed { strips, members: group.members, crowded, operations: group.operations }
    }

    fn joins(&self, id: FuncId, leaders: &[FuncId], group: &Group) -> bool {
        may_join(self.problem, self.choices, id)
            && self.shape.readers[id.index()]
                .iter()
                .all(|r| leaders.contains(r) || group.members.iter().any(|(m, _)| m == r))
    }

    /// Whether leaders had better share a group than have groups of their own: more join, since several leaders read them.
    fn suits_all(&self, placements: &[Placement], leaders: &[FuncId], (strips, members): &(Strips, Members)) -> bool {
        let alone = leaders.iter().filter_map(|&leader| self.best_group(placements, &[leader]));
        members.len() > alone.map(|(_, members)| members.len()).sum()
            && Planner::new(self.problem, self.choices, placements).share_strips(leaders, strips)
    }
}

fn round_to_vector(width: i64) -> u32 {
    u32::try_from((width + 63) / 64 * 64).unwrap_or(64)
}

/// A group that was gathered.
struct Formed {
    strips: Strips,
    members: Members,
    /// Whether a Func was kept out only because its rows do not fit the cache.
    crowded: bool,
    /// Weighted operations of one run.
    operations: f64,
}

impl Formed {
    /// The better one is less: that with more members, then the cheaper.
    fn compare(&self, other: &Self) -> Ordering {
        other.members.len().cmp(&self.members.len()).then(self.operations.total_cmp(&other.operations))
    }

    fn or_better(self, other: Option<Self>) -> Self {
        match other {
            Some(other) if other.compare(&self).is_lt() => other,
            _ => self,
        }
    }
}
