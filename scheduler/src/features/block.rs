//! What a block touches: one iteration of a loop, or a whole nest, with the Funcs computed inside.

use super::model::Model;
use super::nest::Nest;
use super::plan::Site;
use super::set::Set;
use crate::cost::LINE_BYTES;
use crate::demand::{add_reads, add_writes, loop_bounds, Needs, Noted};
use crate::ir::{FuncId, Interval, Regions, Source, StageRef};

/// A source that a block touches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) source: usize,
    /// Where its region starts among those of all blocks of the stage.
    region: usize,
    /// Bytes of the cache lines of its region.
    pub(super) bytes: f64,
    /// The same, but no more than its storage takes where that lives inside the block.
    pub(super) held: f64,
}

/// The blocks of a stage, by level: one iteration of each loop, then the whole nest.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    /// By level, entries in the order of their sources.
    entries: Vec<Entry>,
    /// By level, the end of its entries.
    ends: Vec<usize>,
    regions: Vec<Option<Interval>>,
    /// All sources that are touched, inlined Funcs too.
    pub(super) keys: Set,
    /// By level, the sum of what is held.
    pub(super) held: Vec<f64>,
}

impl Blocks {
    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.ends.clear();
        self.regions.clear();
        self.held.clear();
    }

    /// What a block touches. Nothing where there is no such level.
    pub(super) fn level(&self, level: usize) -> &[Entry] {
        let Some(&end) = self.ends.get(level) else { return &[] };
        let start = level.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.entries[start..end]
    }

    /// What the whole nest touches.
    pub(super) fn whole(&self) -> &[Entry] {
        self.level(self.outermost())
    }

    /// Bytes of a source that the whole nest touches.
    pub(super) fn whole_bytes(&self, source: usize) -> f64 {
        self.find(self.outermost(), source).map_or(0.0, |e| e.bytes)
    }

    fn outermost(&self) -> usize {
        self.ends.len().saturating_sub(1)
    }

    pub(super) fn find(&self, level: usize, source: usize) -> Option<&Entry> {
        let entries = self.level(level);
        entries.binary_search_by_key(&source, |e| e.source).ok().map(|at| &entries[at])
    }

    /// The part of a Func that a block touches.
    pub(super) fn region(&self, level: usize, func: usize, dims: usize) -> Option<&[Option<Interval>]> {
        self.find(level, func).map(|e| &self.regions[e.region..e.region + dims])
    }

    /// Works out all blocks of a stage whose original loops run over `loops`.
    pub(super) fn fill(
        &mut self,
        model: &Model,
        compute: &[Site],
        (stage, nest, loops): (StageRef, &Nest, &[Option<Interval>]),
        scratch: &mut Touched,
    ) {
        self.clear();
        let mut lengths = vec![1.0; loops.len()];
        let mut during: Vec<Option<Interval>> = Vec::with_capacity(loops.len());
        for level in 0..=nest.dims.len() {
            if let Some(inside) = level.checked_sub(1) {
                // A loop that jumps, as the outer of two that a split made does, spans what is between its steps.
                for part in nest.parts(&nest.dims[inside]) {
                    lengths[part.origin] += (part.extent - 1.0) * part.stride;
                }
            }
            let all = level == nest.dims.len();
            during.clear();
            during.extend(loops.iter().zip(&lengths).map(|(interval, length)| iteration(*interval, *length, all)));
            scratch.block(model, compute, (stage, level), &during);
            for source in scratch.present.iter() {
                if compute.get(source) == Some(&Site::Inline) {
                    continue;
                }
                let region = scratch.region_of(model, source);
                let bytes = line_bytes(model, source, region);
                self.entries.push(Entry { source, region: self.regions.len(), bytes, held: bytes });
                self.regions.extend_from_slice(region);
            }
            self.ends.push(self.entries.len());
        }
        // Of the whole nest, which touches all that its parts do.
        self.keys.copy_from(&scratch.present);
    }

    /// Notes what is held, given the bytes of a source's storage where that lives inside the block of a level.
    pub(super) fn hold(&mut self, stored_within: impl Fn(usize, usize) -> Option<f64>) {
        self.held.clear();
        let mut start = 0;
        for (level, &end) in self.ends.iter().enumerate() {
            let mut sum = 0.0;
            for entry in &mut self.entries[start..end] {
                entry.held = stored_within(entry.source, level).map_or(entry.bytes, |most| entry.bytes.min(most));
                sum += entry.held;
            }
            self.held.push(sum);
            start = end;
        }
    }
}

/// Interval of an original loop during one iteration of a level, taken in the middle, where boundary conditions do not
/// shrink what is needed.
fn iteration(whole: Option<Interval>, length: f64, all: bool) -> Option<Interval> {
    let Interval { min, max } = whole?;
    let extent = max - min + 1;
    let length = (length.ceil() as i64).clamp(1, extent.max(1));
    let start = if all { min } else { min + (extent - length) / 2 };
    Some(Interval { min: start, max: start + length - 1 })
}

/// Regions of all sources, as far as one block touches them.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    present: Set,
    /// By source from its offset on.
    regions: Vec<Option<Interval>>,
    loops: Vec<Option<Interval>>,
}

/// Marks and widens in place what a stage reads.
struct Marking<'s, 'm> {
    touched: &'s mut Touched,
    model: &'s Model<'m>,
    reader: StageRef,
}

impl Needs for Marking<'_, '_> {
    fn region<'a>(&'a mut self, _regions: &'a Regions, source: Source) -> Option<Noted<'a>> {
        let index = self.model.source(source);
        let own = index == self.reader.func.index();
        if !own && !self.model.stages[self.model.index(self.reader)].reads.contains(index) {
            return None;
        }
        let facts = &self.model.sources[index];
        let region = &mut self.touched.regions[facts.offset..facts.offset + facts.whole.len()];
        if !self.touched.present.contains(index) {
            self.touched.present.insert(index);
            region.fill(None);
        }
        Some(Noted { region, whole: &facts.whole })
    }
}

impl Touched {
    pub(super) fn new(model: &Model) -> Self {
        let intervals = model.sources.iter().map(|s| s.whole.len()).sum();
        Self { present: Set::new(model.sources.len()), regions: vec![None; intervals], loops: Vec::new() }
    }

    fn region_of(&self, model: &Model, source: usize) -> &[Option<Interval>] {
        let facts = &model.sources[source];
        &self.regions[facts.offset..facts.offset + facts.whole.len()]
    }

    /// Collects what a block touches while the stage's loops run over `loops`.
    fn block(
        &mut self,
        model: &Model,
        compute: &[Site],
        (stage, level): (StageRef, usize),
        loops: &[Option<Interval>],
    ) {
        self.present.clear();
        self.stage(model, stage, loops);
        let mut end = stage.func.index();
        while let Some(func) = self.present.last_below(end) {
            end = func;
            let inside =
                compute[func] == Site::Inline || depth(compute, compute[func], stage).is_some_and(|d| d <= level);
            if inside {
                self.func(model, FuncId::from_index(func));
            }
        }
    }

    /// Adds what a stage reads and writes while its loops run over the given intervals.
    fn stage(&mut self, model: &Model, stage: StageRef, loops: &[Option<Interval>]) {
        let mut marking = Marking { touched: self, model, reader: stage };
        add_reads(model.regions, stage, loops, &mut marking);
        if stage.stage > 0 {
            add_writes(model.regions, stage, loops, &mut marking);
            return;
        }
        let own = stage.func.index();
        self.present.insert(own);
        let facts = &model.stages[model.index(stage)];
        let region = &mut self.regions[model.sources[own].offset..];
        for (interval, l) in region.iter_mut().zip(&facts.loop_of) {
            *interval = l.and_then(|l| loops[l]);
        }
    }

    /// Adds what computing a Func's part in the block reads.
    fn func(&mut self, model: &Model, id: FuncId) {
        let mut loops = std::mem::take(&mut self.loops);
        // Updates first: what they need of the Func itself widens what its pure definition must cover.
        for stage in model.pipeline.func(id).stage_refs(id).rev() {
            loops.clear();
            loops.extend(loop_bounds(model.regions, stage, self.region_of(model, id.index())));
            add_reads(model.regions, stage, &loops, &mut Marking { touched: self, model, reader: stage });
        }
        self.loops = loops;
    }
}

/// The innermost level of a stage whose iterations contain a place, if any does.
pub(super) fn depth(compute: &[Site], site: Site, stage: StageRef) -> Option<usize> {
    match site {
        Site::Inline | Site::Root => None,
        Site::At { stage: at, level } if at == stage => Some(level),
        Site::At { stage: at, .. } if at.func == stage.func => None,
        Site::At { stage: at, .. } => depth(compute, compute[at.func.index()], stage),
    }
}

/// Extent of each dimension of a region.
fn extents<'a>(model: &'a Model, source: usize, region: &'a [Option<Interval>]) -> impl Iterator<Item = f64> + 'a {
    let known = |(interval, guess): (&Option<Interval>, &f64)| interval.map_or(*guess, |i| i.extent().max(1) as f64);
    region.iter().zip(&model.sources[source].extents).map(known)
}

/// Points of a region.
pub(super) fn points(model: &Model, source: usize, region: &[Option<Interval>]) -> f64 {
    extents(model, source, region).product()
}

/// Bytes of the cache lines that a region of a source covers: rows of which all is covered follow each other in memory.
fn line_bytes(model: &Model, source: usize, region: &[Option<Interval>]) -> f64 {
    let facts = &model.sources[source];
    let mut run = facts.value_bytes;
    let mut runs = 1.0;
    let mut continues = true;
    for (extent, whole) in extents(model, source, region).zip(&facts.extents) {
        *(if continues { &mut run } else { &mut runs }) *= extent;
        continues &= extent >= *whole;
    }
    // Whole bytes: rounding them as integers calls no function, as rounding floats does without SSE4.1.
    let lines = (run as i64 + LINE_BYTES as i64 - 1) / LINE_BYTES as i64;
    lines as f64 * LINE_BYTES * runs
}
