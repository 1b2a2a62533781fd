//! Where every Func is computed and stored, in which loops, over which region.

use super::block::{self, Touched};
use super::nest::{self, Level};
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, Interval, Pipeline, Region, Regions, Source, StageRef};
use crate::Error;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// Halide keeps storage of at most this size on the stack, where the size is constant.
const STACK_BYTES: f64 = 16384.0;

/// Where a Func is computed or stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Site {
    /// In the expressions that read it; nowhere stored.
    Inline,
    /// Outside of all loops.
    Root,
    /// In each iteration of a loop.
    At {
        /// The stage that has the loop.
        stage: StageRef,
        /// Its place among the stage's loops, from the innermost.
        level: usize,
    },
}

/// A pipeline with a schedule, at the estimates.
pub(super) struct Plan<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) regions: &'a Regions,
    /// By Func.
    pub(super) compute: Vec<Site>,
    /// By Func.
    pub(super) store: Vec<Site>,
    /// Loops by Func and stage, innermost first.
    pub(super) nests: Vec<Vec<Vec<Level>>>,
    /// Intervals of the original loops each time the Func is realised, by Func and stage.
    loops: Vec<Vec<Region>>,
    /// How often each Func is realised.
    pub(super) realizations: Vec<f64>,
    /// Bytes of each Func's storage.
    pub(super) allocated: Vec<f64>,
    /// Stages with a specialisation.
    pub(super) specialized: BTreeSet<StageRef>,
    blocks: RefCell<BTreeMap<(StageRef, usize), Rc<Touched>>>,
}

/// Directives by what they are about.
struct Sorted<'a> {
    stages: BTreeMap<StageRef, Vec<&'a Directive>>,
    computed: BTreeMap<FuncId, Option<(FuncId, &'a LoopVar)>>,
    stored: BTreeMap<FuncId, Option<(FuncId, &'a LoopVar)>>,
}

impl<'a> Sorted<'a> {
    fn new(directives: &'a [Directive]) -> Self {
        let mut sorted = Self { stages: BTreeMap::new(), computed: BTreeMap::new(), stored: BTreeMap::new() };
        for directive in directives {
            match directive {
                Directive::ComputeRoot { func } => {
                    sorted.computed.insert(*func, None);
                }
                Directive::ComputeAt { func, consumer, var } => {
                    sorted.computed.insert(*func, Some((*consumer, var)));
                }
                Directive::StoreRoot { func } => {
                    sorted.stored.insert(*func, None);
                }
                Directive::StoreAt { func, consumer, var } => {
                    sorted.stored.insert(*func, Some((*consumer, var)));
                }
                _ => {
                    if let Some(stage) = directive.stage() {
                        sorted.stages.entry(stage).or_default().push(directive);
                    }
                }
            }
        }
        sorted
    }

    fn specialized(&self) -> BTreeSet<StageRef> {
        let special = |calls: &[&Directive]| calls.iter().any(|d| matches!(d, Directive::Specialize { .. }));
        self.stages.iter().filter(|(_, calls)| special(calls)).map(|(&stage, _)| stage).collect()
    }
}

impl<'a> Plan<'a> {
    /// Replays a legal schedule.
    ///
    /// # Errors
    /// [`Error::Illegal`] for a call on a loop that does not exist.
    pub(super) fn new(pipeline: &'a Pipeline, regions: &'a Regions, directives: &[Directive]) -> Result<Self, Error> {
        let count = pipeline.funcs.len();
        let sorted = Sorted::new(directives);
        let mut plan = Self {
            pipeline,
            regions,
            compute: vec![Site::Root; count],
            store: vec![Site::Root; count],
            nests: Vec::with_capacity(count),
            loops: Vec::with_capacity(count),
            realizations: vec![1.0; count],
            allocated: vec![0.0; count],
            specialized: sorted.specialized(),
            blocks: RefCell::new(BTreeMap::new()),
        };
        for id in pipeline.func_ids() {
            let stages = || pipeline.func(id).stage_refs(id);
            plan.loops.push(stages().map(|s| regions.loops(s).clone()).collect());
            plan.nests.push(stages().map(|s| plan.nest(s, &sorted)).collect::<Result<_, _>>()?);
        }
        // Consumers first: the loops that a Func is computed in are settled before it.
        for id in pipeline.func_ids().rev() {
            plan.site(id, &sorted)?;
        }
        for id in pipeline.func_ids().rev() {
            plan.settle(id, &sorted)?;
        }
        Ok(plan)
    }

    /// The loops of a stage over the intervals noted for its Func.
    fn nest(&self, stage: StageRef, sorted: &Sorted) -> Result<Vec<Level>, Error> {
        let all = sorted.stages.get(&stage).map_or(&[][..], |calls| calls);
        let calls = nest::calls(self.regions, stage, all);
        let known = &self.loops[stage.func.index()][stage.stage];
        let extent = |(index, interval): (usize, &Option<Interval>)| match interval {
            Some(i) => i.extent().max(1) as f64,
            None => self.regions.loop_extent(stage, index) as f64,
        };
        let extents: Vec<f64> = known.iter().enumerate().map(extent).collect();
        nest::replay(self.pipeline, stage, &extents, &calls)
    }

    fn site(&mut self, id: FuncId, sorted: &Sorted) -> Result<(), Error> {
        let func = self.pipeline.func(id);
        let compute = match sorted.computed.get(&id) {
            Some(Some((host, var))) => self.loop_of(id, *host, var)?,
            Some(None) => Site::Root,
            None if func.inlinable && func.scheduled.is_none() && !self.pipeline.is_output(id) => Site::Inline,
            None => Site::Root,
        };
        self.compute[id.index()] = compute;
        self.store[id.index()] = match sorted.stored.get(&id) {
            Some(Some((host, var))) => self.loop_of(id, *host, var)?,
            Some(None) => Site::Root,
            None => compute,
        };
        Ok(())
    }

    fn loop_of(&self, id: FuncId, host: FuncId, var: &LoopVar) -> Result<Site, Error> {
        let stages = self.pipeline.func(host).stage_refs(host);
        let mut places = stages.filter_map(|stage| {
            let level = self.nests[host.index()][stage.stage].iter().position(|l| l.var == *var)?;
            Some(Site::At { stage, level })
        });
        let stage = StageRef { func: id, stage: 0 };
        places.next().ok_or_else(|| Error::Illegal { stage, reason: format!("no loop {} to be computed at", var.name) })
    }

    /// The region of each realisation, and the loops over it.
    fn settle(&mut self, id: FuncId, sorted: &Sorted) -> Result<(), Error> {
        let whole = self.regions.func(id).clone();
        let bytes = f64::from(self.pipeline.func(id).value_bytes());
        let Site::At { stage, level } = self.compute[id.index()] else {
            self.allocated[id.index()] = block::points(self.regions, id, &whole) * bytes;
            return Ok(());
        };
        let mut region = self.needed(stage, level, id);
        self.realizations[id.index()] = self.executions(stage, level);
        let mut stored = match self.store[id.index()] {
            Site::At { stage, level } => self.needed(stage, level, id),
            Site::Inline | Site::Root => whole,
        };
        if self.slides(id) {
            for (all, now) in stored.iter_mut().zip(&region) {
                // Halide folds the storage of a window to a power of two.
                if let (Some(all), Some(now)) = (all, now) {
                    let folded = (now.extent().max(1) as u64).next_power_of_two() as i64;
                    all.max = all.max.min(all.min + folded - 1);
                }
            }
            self.slide(id, stage, level, &mut region);
        }
        self.allocated[id.index()] = block::points(self.regions, id, &stored) * bytes;
        let func = self.pipeline.func(id);
        for s in func.stage_refs(id) {
            let arg = |name: &String| func.args.iter().position(|a| a == name);
            let loops = self.pipeline.stage(s).loops.iter().enumerate();
            let intervals = loops.map(|(l, dim)| match arg(&dim.var).filter(|_| dim.reduction.is_none()) {
                Some(arg) => region[arg],
                None => self.regions.loops(s)[l],
            });
            self.loops[id.index()][s.stage] = intervals.collect();
            self.nests[id.index()][s.stage] = self.nest(s, sorted)?;
        }
        Ok(())
    }

    /// Whether Halide computes only what is new in each iteration: a single pure definition, stored further out.
    fn slides(&self, id: FuncId) -> bool {
        self.store[id.index()] != self.compute[id.index()] && self.pipeline.func(id).stages.len() == 1
    }

    /// Cuts a region down to what one more iteration of the loop adds to a window, in the mean.
    fn slide(&mut self, id: FuncId, stage: StageRef, level: usize, region: &mut Region) {
        let all = self.needed(stage, level + 1, id);
        let steps = self.nests[stage.func.index()][stage.stage][level].extent;
        let extents = |r: &Region, dim: usize| r[dim].map_or(0, Interval::extent);
        let moving: Vec<usize> = (0..region.len()).filter(|&d| extents(&all, d) > extents(region, d)).collect();
        let realizations = &mut self.realizations[id.index()];
        match moving[..] {
            // The window stands still: computed once.
            [] => *realizations /= steps.max(1.0),
            [dim] => {
                let new = extents(&all, dim) as f64 / steps.max(1.0);
                // Whole rows, a little more or less often.
                let rows = new.round().min(extents(region, dim) as f64).max(1.0);
                *realizations *= new.min(extents(region, dim) as f64) / rows;
                if let Some(interval) = &mut region[dim] {
                    interval.min = interval.max - rows as i64 + 1;
                }
            }
            _ => {}
        }
    }

    fn needed(&self, stage: StageRef, level: usize, id: FuncId) -> Region {
        let touched = self.block(stage, level);
        touched.get(&Source::Func(id)).cloned().unwrap_or_else(|| self.regions.func(id).clone())
    }

    /// How often one iteration of a loop runs; the whole nest where `level` is the number of loops.
    pub(super) fn executions(&self, stage: StageRef, level: usize) -> f64 {
        let nest = &self.nests[stage.func.index()][stage.stage];
        self.realizations[stage.func.index()] * nest[level.min(nest.len())..].iter().map(|l| l.extent).product::<f64>()
    }

    /// What one iteration of a loop touches, or the whole nest, with the Funcs computed inside.
    pub(super) fn block(&self, stage: StageRef, level: usize) -> Rc<Touched> {
        if let Some(known) = self.blocks.borrow().get(&(stage, level)) {
            return Rc::clone(known);
        }
        let nest = &self.nests[stage.func.index()][stage.stage];
        let loops = block::iteration(&self.loops[stage.func.index()][stage.stage], nest, level.min(nest.len()));
        let mut touched = Touched::new();
        block::touch_stage(self.pipeline, self.regions, &mut touched, stage, &loops);
        let mut end = Source::Func(stage.func);
        while let Some((&source, _)) = touched.range(..end).next_back() {
            end = source;
            if let Some(id) = source.func().filter(|&id| self.computed_within(id, stage, level)) {
                block::touch_func(self.pipeline, self.regions, &mut touched, id);
            }
        }
        touched.retain(|source, _| source.func().is_none_or(|id| self.compute[id.index()] != Site::Inline));
        let touched = Rc::new(touched);
        self.blocks.borrow_mut().insert((stage, level), Rc::clone(&touched));
        touched
    }

    /// Whether a Func's storage costs nothing to get: the caller's, or small and on the stack.
    pub(super) fn allocates_nothing(&self, id: FuncId) -> bool {
        self.pipeline.is_output(id)
            || (self.store[id.index()] != Site::Root && self.allocated[id.index()] <= STACK_BYTES)
    }

    fn computed_within(&self, id: FuncId, stage: StageRef, level: usize) -> bool {
        self.compute[id.index()] == Site::Inline || self.within(self.compute[id.index()], stage, level)
    }

    /// Whether a place lies inside one iteration of a loop.
    pub(super) fn within(&self, site: Site, stage: StageRef, level: usize) -> bool {
        match site {
            Site::Inline | Site::Root => false,
            Site::At { stage: at, level: l } if at == stage => l <= level,
            Site::At { stage: at, .. } => {
                at.func != stage.func && self.within(self.compute[at.func.index()], stage, level)
            }
        }
    }
}
