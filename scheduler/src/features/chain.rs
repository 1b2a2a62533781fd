//! The blocks around a stage's body, and what they move through the caches.

use super::block;
use super::nest::LoopKind;
use super::plan::{Plan, Site};
use crate::cost::{Hardware, LINE_BYTES};
use crate::ir::{FuncId, Region, Source, StageRef};
use std::collections::BTreeMap;

/// One iteration of a loop around the body, or a whole nest.
struct Link {
    stage: StageRef,
    level: usize,
    /// How often it runs.
    executions: f64,
    /// Distinct bytes.
    bytes: f64,
    /// Whether parallel loops run in it.
    parallel_inside: bool,
    /// Whether it runs in a parallel loop.
    parallel_around: bool,
}

/// Blocks from the body outwards to root.
pub(super) struct Chain<'p, 'a> {
    plan: &'p Plan<'a>,
    stage: StageRef,
    links: Vec<Link>,
    /// Evaluations of the stage in one run.
    iterations: f64,
    /// Loads and stores of one evaluation, by source.
    touches: BTreeMap<Source, f64>,
}

/// A cache, and whether a core has it for itself.
#[derive(Clone, Copy)]
pub(super) struct Cache {
    pub(super) bytes: f64,
    pub(super) private: bool,
}

impl<'p, 'a> Chain<'p, 'a> {
    pub(super) fn new(plan: &'p Plan<'a>, stage: StageRef, touches: BTreeMap<Source, f64>) -> Self {
        let mut chain = Self { plan, stage, links: Vec::new(), iterations: plan.executions(stage, 0), touches };
        let mut parallel_inside = false;
        let (mut at, mut level) = (stage, 0);
        loop {
            let nest = &plan.nests[at.func.index()][at.stage];
            for l in level..=nest.len() {
                let executions = plan.executions(at, l);
                let bytes = chain.footprint(at, l, executions);
                chain.links.push(Link {
                    stage: at,
                    level: l,
                    executions,
                    bytes,
                    parallel_inside,
                    parallel_around: false,
                });
                parallel_inside |= nest.get(l).is_some_and(|d| d.kind == LoopKind::Parallel);
            }
            match plan.compute[at.func.index()] {
                Site::At { stage, level: l } => (at, level) = (stage, l),
                Site::Inline | Site::Root => break,
            }
        }
        let mut around = false;
        for index in (0..chain.links.len()).rev() {
            let Link { stage, level, .. } = chain.links[index];
            around |=
                plan.nests[stage.func.index()][stage.stage].get(level).is_some_and(|d| d.kind == LoopKind::Parallel);
            chain.links[index].parallel_around = around;
        }
        chain
    }

    /// Distinct bytes that a block touches.
    fn footprint(&self, stage: StageRef, level: usize, executions: f64) -> f64 {
        let of_source = |(&source, region): (&Source, &Region)| {
            let bytes = self.source_bytes(source, region, (stage, level));
            // The stage's own blocks hold nothing else.
            if stage == self.stage {
                bytes.min(self.most_touched(source, executions))
            } else {
                bytes
            }
        };
        self.plan.block(stage, level).iter().map(of_source).sum()
    }

    /// Distinct bytes of a source in a block: what sits in storage of its own inside the block takes no more than that.
    fn source_bytes(&self, source: Source, region: &Region, block: (StageRef, usize)) -> f64 {
        let bytes = block::line_bytes(self.plan.pipeline, self.plan.regions, source, region);
        match source.func().filter(|id| self.plan.within(self.plan.store[id.index()], block.0, block.1)) {
            Some(id) => bytes.min(self.plan.allocated[id.index()]),
            None => bytes,
        }
    }

    /// Bytes of a source that the stage touches at most in each of `executions` equal parts of its work: a line a load.
    fn most_touched(&self, source: Source, executions: f64) -> f64 {
        let loads = self.touches.get(&source).copied().unwrap_or(f64::INFINITY);
        loads * LINE_BYTES * (self.iterations / executions.max(1.0)).max(1.0)
    }

    /// Parallel tasks around the body: those of all loops, and the distinct bytes of one.
    pub(super) fn tasks(&self) -> (f64, f64) {
        let parallel = self.links.iter().filter_map(|link| {
            let level = self.plan.nests[link.stage.func.index()][link.stage.stage].get(link.level)?;
            (level.kind == LoopKind::Parallel).then_some((level.extent, link.bytes))
        });
        let parallel: Vec<(f64, f64)> = parallel.collect();
        let bytes = parallel.first().map_or_else(|| self.links.last().map_or(0.0, |l| l.bytes), |p| p.1);
        (parallel.iter().map(|p| p.0).product(), bytes)
    }

    /// Distinct bytes of a block of the stage's own nest.
    pub(super) fn own_bytes(&self, level: usize) -> f64 {
        self.links[level].bytes
    }

    /// Distinct bytes of one iteration of the loop in which a Func of the chain is stored; 0 for root.
    pub(super) fn lifetime_bytes(&self, site: Site) -> f64 {
        let Site::At { stage, level } = site else { return 0.0 };
        self.links.iter().find(|l| l.stage == stage && l.level == level).map_or(0.0, |l| l.bytes)
    }

    /// Bytes that pass into a cache in one run. `distance` gives the bytes touched between an earlier use of a source that
    /// is stored at root and its use here.
    pub(super) fn misses(&self, cache: Cache, hardware: &Hardware, distance: impl Fn(Source) -> f64) -> f64 {
        let threads = f64::from(hardware.threads.max(1));
        let fits = |link: &Link| {
            if cache.private {
                return link.bytes <= cache.bytes && !(link.parallel_inside && threads > 1.0);
            }
            link.bytes <= if link.parallel_around { cache.bytes / threads } else { cache.bytes }
        };
        let fitting = self.links.iter().position(|link| !fits(link)).unwrap_or(self.links.len());
        let next = &self.links[fitting.min(self.links.len() - 1)];
        let own = self.plan.block(self.stage, 0);
        let of_source = |source: Source| {
            let kept = source.func().is_some_and(|id| self.lives_within(id, fitting));
            let all_fits = fitting == self.links.len() && distance(source) <= cache.bytes;
            if kept || all_fits {
                return 0.0;
            }
            let touched = self.plan.block(next.stage, next.level);
            let Some(region) = touched.get(&source) else { return 0.0 };
            let bytes = self.source_bytes(source, region, (next.stage, next.level));
            let bytes = bytes.min(self.most_touched(source, next.executions));
            let written = if source == Source::Func(self.stage.func) { 2.0 } else { 1.0 };
            written * bytes * next.executions
        };
        own.keys().map(|&source| of_source(source)).sum()
    }

    /// Whether a Func's storage lives and dies inside one of the first `fitting` blocks.
    fn lives_within(&self, id: FuncId, fitting: usize) -> bool {
        self.links[..fitting].iter().any(|l| self.plan.store[id.index()] == Site::At { stage: l.stage, level: l.level })
    }
}
