//! The blocks around a stage's body, and what they move through the caches.

use super::block::Entry;
use super::model::Model;
use super::nest::LoopKind;
use super::plan::{Plan, Site};
use crate::cost::{Hardware, LINE_BYTES};

/// One iteration of a loop around the body, or a whole nest.
#[derive(Clone, Copy, Debug)]
struct Link {
    stage: usize,
    level: usize,
    /// How often it runs.
    executions: f64,
    /// Distinct bytes.
    bytes: f64,
    /// Tasks that its loop makes; `None` where that is no parallel loop.
    tasks: Option<f64>,
    /// Whether parallel loops run in it.
    parallel_inside: bool,
    /// Whether it runs in a parallel loop.
    parallel_around: bool,
}

/// A source that the stage itself touches.
#[derive(Clone, Copy, Debug)]
struct Touched {
    source: usize,
    /// Loads and stores of one evaluation; `None` where they are not known one by one.
    count: Option<f64>,
    /// The first block inside of which its storage lives and dies.
    lives_in: usize,
    /// Which caches keep it from an earlier use, where it is stored at root.
    kept: [Kept; 3],
}

/// Whether a cache keeps something from its last use to the next.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kept {
    /// It does not.
    Not,
    /// From one nest to the next, if this one fits, too.
    ForNest,
    /// For as long as an iteration of loops takes that several stages share.
    ForIteration,
}

/// Bytes that pass into a cache.
#[derive(Clone, Copy)]
pub(super) struct Misses {
    pub(super) read: f64,
    pub(super) written: f64,
}

impl Misses {
    /// No more than those of a smaller cache.
    pub(super) fn min(self, smaller: Self) -> Self {
        Self { read: self.read.min(smaller.read), written: self.written.min(smaller.written) }
    }

    pub(super) fn bytes(self) -> f64 {
        self.read + self.written
    }
}

/// Blocks from the body outwards to root.
pub(super) struct Chain<'p> {
    plan: &'p Plan,
    stage: usize,
    func: usize,
    links: Vec<Link>,
    touched: Vec<Touched>,
    /// Evaluations of the stage in one run.
    iterations: f64,
}

/// A cache, and whether a core has it for itself.
#[derive(Clone, Copy)]
pub(super) struct Cache {
    pub(super) bytes: f64,
    private: bool,
}

/// The caches of a machine, from the smallest.
pub(super) fn caches(hardware: &Hardware) -> [Cache; 3] {
    let cache = |bytes: u64, private| Cache { bytes: bytes as f64, private };
    let Hardware { l1_bytes, private_cache_bytes, shared_cache_bytes, .. } = *hardware;
    [cache(l1_bytes, true), cache(private_cache_bytes, true), cache(shared_cache_bytes, false)]
}

impl<'p> Chain<'p> {
    /// The chain of a stage, given loads and stores of one evaluation by source, and by source that its innermost block
    /// touches, which caches keep it from an earlier use.
    pub(super) fn new(
        model: &Model,
        plan: &'p Plan,
        stage: usize,
        counts: &[(usize, f64)],
        kept: &[[Kept; 3]],
    ) -> Self {
        let func = model.stages[stage].stage.func.index();
        let count = |source| counts.iter().find(|c| c.0 == source).map(|c| c.1);
        let touched = |(e, &kept): (&Entry, &[Kept; 3])| Touched {
            source: e.source,
            count: count(e.source),
            lives_in: usize::MAX,
            kept,
        };
        let mut chain = Self {
            plan,
            stage,
            func,
            links: Vec::with_capacity(16),
            touched: plan.blocks[stage].level(0).iter().zip(kept).map(touched).collect(),
            iterations: plan.executions(stage, 0),
        };
        chain.add_links(model);
        for at in 0..chain.touched.len() {
            let Some(Site::At { stage, level }) = plan.store.get(chain.touched[at].source) else { continue };
            let place = (model.index(*stage), *level);
            let found = chain.links.iter().position(|l| (l.stage, l.level) == place);
            chain.touched[at].lives_in = found.unwrap_or(usize::MAX);
        }
        chain
    }

    fn add_links(&mut self, model: &Model) {
        let plan = self.plan;
        let mut parallel_inside = false;
        let (mut at, mut from) = (self.stage, 0);
        loop {
            let dims = &plan.nests[at].dims;
            for level in from..=dims.len() {
                let executions = plan.executions(at, level);
                let bytes = if at == self.stage {
                    // The stage's own blocks hold nothing else.
                    let entries = plan.blocks[at].level(level).iter();
                    entries.map(|e| e.held.min(self.most_touched(e.source, executions))).sum()
                } else {
                    plan.blocks[at].held.get(level).copied().unwrap_or(0.0)
                };
                let parallel = dims.get(level).filter(|d| d.kind == LoopKind::Parallel);
                let tasks = parallel.map(|d| d.extent);
                let parallel_around = tasks.is_some();
                let link = Link { stage: at, level, executions, bytes, tasks, parallel_inside, parallel_around };
                self.links.push(link);
                parallel_inside |= tasks.is_some();
            }
            match plan.compute[model.stages[at].stage.func.index()] {
                Site::At { stage, level } => (at, from) = (model.index(stage), level),
                Site::Inline | Site::Root => break,
            }
        }
        let mut around = false;
        for link in self.links.iter_mut().rev() {
            around |= link.tasks.is_some();
            link.parallel_around = around;
        }
    }

    /// Bytes of a source that the stage touches at most in each of `executions` equal parts of its work: a line a load.
    fn most_touched(&self, source: usize, executions: f64) -> f64 {
        let touched = self.touched.iter().find(|t| t.source == source);
        let loads = touched.and_then(|t| t.count).unwrap_or(f64::INFINITY);
        loads * LINE_BYTES * (self.iterations / executions.max(1.0)).max(1.0)
    }

    /// Parallel tasks around the body: those of all loops, and the distinct bytes of one.
    pub(super) fn tasks(&self) -> (f64, f64) {
        let mut parallel = self.links.iter().filter(|l| l.tasks.is_some());
        let bytes = parallel.next().or(self.links.last()).map_or(0.0, |l| l.bytes);
        (self.links.iter().filter_map(|l| l.tasks).product(), bytes)
    }

    /// Distinct bytes of a block of the stage's own nest.
    pub(super) fn own_bytes(&self, level: usize) -> f64 {
        self.links[level].bytes
    }

    /// Distinct bytes of one iteration of the loop in which a Func of the chain is stored; 0 for root.
    pub(super) fn lifetime_bytes(&self, model: &Model, site: Site) -> f64 {
        let Site::At { stage, level } = site else { return 0.0 };
        let place = (model.index(stage), level);
        self.links.iter().find(|l| (l.stage, l.level) == place).map_or(0.0, |l| l.bytes)
    }

    /// Bytes that pass into one of the machine's [`caches`] in one run: of what is only read, and of what is written.
    pub(super) fn misses(&self, model: &Model, index: usize, hardware: &Hardware) -> Misses {
        let cache = caches(hardware)[index];
        let threads = f64::from(hardware.threads.max(1));
        let all = self.links[self.links.len() - 1].bytes;
        let fits = |link: &Link| {
            if cache.private {
                return link.bytes <= cache.bytes && !(link.parallel_inside && threads > 1.0);
            }
            // Tasks that run side by side touch no more than all of them do.
            let tasks = if link.parallel_around { threads } else { 1.0 };
            (link.bytes * tasks).min(all) <= cache.bytes
        };
        let fitting = self.links.iter().position(|link| !fits(link)).unwrap_or(self.links.len());
        let next = &self.links[fitting.min(self.links.len() - 1)];
        let held_before = |source: usize| {
            let block = fitting.checked_sub(1).map(|at| &self.links[at]);
            block.is_some_and(|block| self.plan.touched_earlier(model, self.stage, source, (block.stage, block.level)))
        };
        let of_source = |touched: &Touched| {
            let is_kept = match touched.kept[index] {
                Kept::Not => false,
                Kept::ForNest => fitting == self.links.len(),
                Kept::ForIteration => true,
            };
            if touched.lives_in < fitting || is_kept || held_before(touched.source) {
                return 0.0;
            }
            let Some(entry) = self.plan.blocks[next.stage].find(next.level, touched.source) else { return 0.0 };
            let bytes = entry.held.min(self.most_touched(touched.source, next.executions));
            // Of a window that slides, the loops around need more than the stage itself goes over anew. Its own loops may go
            // over the same again and again.
            let most = if next.stage == self.stage {
                f64::INFINITY
            } else {
                self.plan.blocks[self.stage].whole_bytes(touched.source) * self.plan.realizations[self.func]
            };
            (bytes * next.executions).min(most)
        };
        let mut misses = Misses { read: 0.0, written: 0.0 };
        for touched in &self.touched {
            let bytes = if touched.source == self.func { &mut misses.written } else { &mut misses.read };
            *bytes += of_source(touched);
        }
        misses
    }
}
