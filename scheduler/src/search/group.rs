//! Strip leaders and the Funcs computed inside their strips, as the group grows.

use super::joining::{read_anew, MEMBER_BYTES, PRIVATE_CACHE_BYTES};
use super::placement::func_weight;
use super::strips::{Former, Members, Strips};
use crate::demand::{add_pure_requirements, add_requirements, points, sliding_depth};
use crate::ir::{FuncId, Region};
use std::collections::BTreeMap;

/// A Func is never computed more than this many times over in a strip.
const MAX_RECOMPUTE: f64 = 1.5;
/// The same where the choice is not the rules'.
const MAX_CHOSEN_RECOMPUTE: f64 = 4.0;
/// A Func with fewer rows than this per row of the leader is small enough to be stored, and its window, which stands still
/// most of the time, does not slide.
const MIN_RATE: f64 = 0.75;
/// Data of at most this size may be read anew for every row: the first-level cache keeps it.
const MAX_STREAMED_BYTES: f64 = 32768.0;

/// What a Func brings into a group.
pub(super) struct Member {
    sliding: bool,
    /// Bytes that its rows in use take.
    bytes: f64,
    /// Weighted operations of one run.
    operations: f64,
}

/// Storage of a member.
struct Stored {
    id: FuncId,
    /// Bytes that its rows in use take.
    bytes: f64,
    /// Its last reader in the group; `None` if it is kept from row to row.
    until: Option<FuncId>,
}

pub(super) enum Verdict {
    Join(Member),
    DoesNotFit,
    DoesNotPay,
}

/// A group as it grows, with the regions that one row and one strip of the leader need.
pub(super) struct Group<'a> {
    former: &'a Former<'a>,
    pub(super) row: Vec<Option<Region>>,
    strip: Vec<Option<Region>>,
    /// Strips, over rows, chunks and planes, in one run.
    strips: f64,
    rows_per_strip: f64,
    pub(super) members: Members,
    /// How many windows slide from the leader down to each member.
    depth: BTreeMap<FuncId, usize>,
    max_sliding_depth: usize,
    stored: Vec<Stored>,
    /// Weighted operations of one run.
    pub(super) operations: f64,
}

impl<'a> Group<'a> {
    /// The leaders are of one size.
    pub(super) fn new(former: &'a Former<'a>, leaders: &[FuncId], strips: &Strips) -> Self {
        let leader = leaders[0];
        let whole = former.regions.func(leader);
        let extent = |dim| former.regions.extent(leader, dim) as f64;
        let chunks = strips.chunk.map_or(1.0, |(along, width)| (extent(along) / f64::from(width)).ceil());
        let planes: f64 = strips.planes.iter().map(|&dim| extent(dim)).product();
        let strip = strips.rows(former.regions, leader, strips.height);
        let row = strips.rows(former.regions, leader, 1);
        let mut group = Self {
            former,
            row: vec![None; former.pipeline.funcs.len()],
            strip: vec![None; former.pipeline.funcs.len()],
            strips: (extent(strips.row) / f64::from(strips.height)).ceil() * chunks * planes,
            rows_per_strip: f64::from(strips.height),
            members: Vec::new(),
            depth: leaders.iter().map(|&leader| (leader, 0)).collect(),
            max_sliding_depth: sliding_depth(former.pipeline.is_output(leader)),
            stored: Vec::new(),
            operations: 0.0,
        };
        for &leader in leaders {
            group.operations += points(former.regions, leader, whole) * group.weight(leader);
            group.row[leader.index()] = Some(row.clone());
            group.strip[leader.index()] = Some(strip.clone());
            for needed in [&mut group.row, &mut group.strip] {
                add_pure_requirements(former.regions, leader, needed);
            }
        }
        group
    }

    /// Adds what the Func's part of the group needs of its producers.
    pub(super) fn follow(&mut self, id: FuncId) {
        add_requirements(self.former.pipeline, self.former.regions, id, &mut self.row);
        add_requirements(self.former.pipeline, self.former.regions, id, &mut self.strip);
    }

    /// How many windows slide above a Func, at most: those of what reads it.
    fn depth_above(&self, id: FuncId) -> usize {
        let above = self.former.shape.readers[id.index()].iter().filter_map(|r| self.depth.get(r));
        above.max().copied().unwrap_or(0)
    }

    /// Whether one row of the leader needs more rows of a Func than of those that read it: else the rows that it computes are
    /// used at once.
    fn widens(&self, id: FuncId) -> bool {
        let rows = |func: FuncId| match (&self.row[func.index()], &self.strip[func.index()]) {
            (Some(row), Some(strip)) => moving_extent(row, strip),
            _ => 1,
        };
        let readers = self.former.shape.readers[id.index()].iter().filter(|r| self.depth.contains_key(r));
        readers.map(|&r| rows(r)).max().is_none_or(|most| rows(id) > most)
    }

    pub(super) fn admit(&mut self, id: FuncId, member: Member) {
        let window = usize::from(member.sliding && self.widens(id));
        self.depth.insert(id, self.depth_above(id) + window);
        self.members.push((id, member.sliding));
        self.stored.push(self.storage(id, member.bytes, member.sliding));
        self.operations += member.operations;
        self.follow(id);
    }

    fn storage(&self, id: FuncId, bytes: f64, sliding: bool) -> Stored {
        let last = self.former.shape.readers[id.index()].iter().filter(|r| self.depth.contains_key(r)).max();
        Stored { id, bytes, until: last.copied().filter(|_| !sliding) }
    }

    /// Bytes that are in use at once: what is computed anew for every row is gone after its last reader, and its memory
    /// used again.
    fn resident_bytes(&self, candidate: &Stored) -> f64 {
        let all = || self.stored.iter().chain([candidate]);
        let kept: f64 = all().filter(|s| s.until.is_none()).map(|s| s.bytes).sum();
        let in_use = |at: FuncId| {
            let live = all().filter(|s| s.id <= at && s.until.is_some_and(|last| at <= last));
            live.map(|s| s.bytes).sum::<f64>()
        };
        kept + all().map(|s| in_use(s.id)).fold(0.0, f64::max)
    }

    pub(super) fn judge(&self, id: FuncId) -> Verdict {
        let Former { pipeline, regions, hardware, shape, .. } = self.former;
        let func = pipeline.func(id);
        let (Some(row), Some(strip)) = (&self.row[id.index()], &self.strip[id.index()]) else {
            return Verdict::DoesNotPay;
        };
        let [whole, row_points, strip_points] = [regions.func(id), row, strip].map(|r| points(regions, id, r));
        let choice = self.former.choices.of(id);
        let slides_along = |dim: usize| row[dim] == strip[dim] || func.is_pure_along(dim);
        let can_slide = (0..func.args.len()).all(slides_along)
            && self.depth_above(id) < self.max_sliding_depth
            && choice.slides != Some(false);
        let sliding = can_slide && strip_points < row_points * self.rows_per_strip;
        let computed = if sliding { strip_points } else { row_points * self.rows_per_strip } * self.strips;
        let recompute = computed / whole.max(1.0);
        // A matrix product, say: one row at a time would stream the other matrix from memory again and again.
        let streams = read_anew(pipeline, regions, id, |dim| row[dim] != strip[dim]) > MAX_STREAMED_BYTES;
        let fills = || shape.fills_vectors(regions, id, row);
        let unfit = streams || !fills() || self.rows_per_row(row, strip) < MIN_RATE;
        let wanted = choice.joins == Some(true);
        let most = if wanted { MAX_CHOSEN_RECOMPUTE } else { MAX_RECOMPUTE };
        if recompute > most || unfit {
            return Verdict::DoesNotPay;
        }
        let bytes = f64::from(func.value_bytes());
        let resident = row_points * bytes * if sliding { self.folding(row, strip) } else { 1.0 };
        if self.resident_bytes(&self.storage(id, resident, sliding)) > MEMBER_BYTES {
            return Verdict::DoesNotFit;
        }
        let cores = f64::from(hardware.threads);
        let lanes = f64::from(hardware.vector_bytes / func.element_bytes().max(1)).max(1.0);
        let again = (computed - whole).max(0.0) * self.weight(id) / (lanes * hardware.vector_ops_per_second * cores);
        let in_caches = whole * bytes < PRIVATE_CACHE_BYTES * cores;
        let bandwidth = hardware.memory_bytes_per_second * if in_caches { 4.0 } else { 1.0 };
        let saved = 2.0 * whole * bytes / bandwidth;
        if again > saved && !wanted {
            return Verdict::DoesNotPay;
        }
        Verdict::Join(Member { sliding, bytes: resident, operations: computed * self.weight(id) })
    }

    /// How much more than what one row of the leader needs a sliding Func is stored: Halide folds it to a power of two.
    fn folding(&self, row: &Region, strip: &Region) -> f64 {
        let rows = moving_extent(row, strip).max(1) as u64;
        rows.next_power_of_two() as f64 / rows as f64
    }

    /// Rows of a Func that each further row of the leader needs.
    fn rows_per_row(&self, row: &Region, strip: &Region) -> f64 {
        let growth = row.iter().zip(strip).filter_map(|(r, s)| Some((*s)?.extent() - (*r)?.extent()));
        growth.max().unwrap_or(0) as f64 / (self.rows_per_strip - 1.0).max(1.0)
    }

    fn weight(&self, id: FuncId) -> f64 {
        func_weight(self.former.pipeline, id)
    }
}

/// What one row of the leader needs along the dimension in which a strip needs something else.
fn moving_extent(row: &Region, strip: &Region) -> i64 {
    let moving = row.iter().zip(strip).filter(|(r, s)| r != s);
    moving.filter_map(|(r, _)| Some((*r)?.extent())).max().unwrap_or(1)
}
