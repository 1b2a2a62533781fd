//! Where every Func is computed and stored, in which loops, over which region.

use super::block::{self, depth, Blocks, Touched};
use super::calls::Calls;
use super::model::Model;
use super::nest::Nest;
use super::set::Set;
use crate::demand::sliding_depth;
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, Interval, StageRef};
use crate::Error;
use serde::{Deserialize, Serialize};

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

/// Loops that the pure definition of a Func shares with that of another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Together {
    /// The Func that runs first.
    first: usize,
    /// The innermost loop that they share, as a level of the first.
    first_level: usize,
    /// The same as a level of the other one.
    pub(super) level: usize,
}

/// A pipeline with a schedule, at the estimates.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// By Func.
    pub(super) compute: Vec<Site>,
    /// By Func.
    pub(super) store: Vec<Site>,
    /// By stage.
    pub(super) nests: Vec<Nest>,
    /// By stage, intervals of the original loops each time the Func is realised.
    loops: Vec<Vec<Option<Interval>>>,
    /// By Func, how often it is realised.
    pub(super) realizations: Vec<f64>,
    /// By Func, bytes of its storage.
    pub(super) allocated: Vec<f64>,
    /// By stage and level, how often one iteration of the loop runs; then the whole nest.
    executions: Vec<Vec<f64>>,
    /// By stage, what one iteration of a loop touches, or the whole nest, with the Funcs computed inside.
    pub(super) blocks: Vec<Blocks>,
    /// By Func, with which other one it shares loops.
    pub(super) together: Vec<Option<Together>>,
    /// The Funcs that share loops of another one.
    followers: Vec<usize>,
    /// By stage, whether it has a specialisation.
    pub(super) specialized: Vec<bool>,
    /// By Func, how many windows slide from its leader down to it.
    depth: Vec<usize>,
    scratch: Touched,
}

/// What an update changes.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    /// Funcs whose directives differ.
    pub(super) called: Set,
    /// Funcs computed elsewhere.
    pub(super) moved: Set,
    /// Funcs computed elsewhere, stored elsewhere, or in storage of another size.
    pub(super) held: Set,
    /// Funcs with other numbers of windows that slide above them.
    sunk: Set,
    /// Stages with other loops.
    nests: Set,
    /// Stages whose blocks touch something else, hold something else, or run more or less often.
    pub(super) blocks: Set,
}

impl Changes {
    pub(super) fn new(model: &Model) -> Self {
        let (funcs, stages) = (Set::new(model.sources.len()), Set::new(model.stages.len()));
        let (called, moved, held) = (funcs.clone(), funcs.clone(), funcs.clone());
        Self { called, moved, held, sunk: funcs, nests: stages.clone(), blocks: stages }
    }

    pub(super) fn all(model: &Model) -> Self {
        let mut all = Self::new(model);
        for func in 0..model.funcs() {
            all.called.insert(func);
            all.moved.insert(func);
            all.held.insert(func);
        }
        all
    }
}

impl Plan {
    /// A plan that nothing is known of; the first update has to change all.
    pub(super) fn new(model: &Model) -> Self {
        let (funcs, stages) = (model.funcs(), model.stages.len());
        Self {
            compute: vec![Site::Root; funcs],
            store: vec![Site::Root; funcs],
            nests: vec![Nest::default(); stages],
            loops: model.stages.iter().map(|s| model.regions.loops(s.stage).clone()).collect(),
            realizations: vec![1.0; funcs],
            allocated: vec![0.0; funcs],
            executions: vec![Vec::new(); stages],
            blocks: vec![Blocks::default(); stages],
            together: vec![None; funcs],
            followers: Vec::new(),
            specialized: vec![false; stages],
            depth: vec![0; funcs],
            scratch: Touched::new(model),
        }
    }

    /// Follows a legal schedule, of which the directives about `changes.called` differ from those before.
    ///
    /// # Errors
    /// [`Error::Illegal`] for a call on a loop that does not exist; the plan is then good for nothing.
    pub(super) fn update(&mut self, model: &Model, calls: &Calls, changes: &mut Changes) -> Result<(), Error> {
        for func in changes.called.iter() {
            self.compile(model, func, calls, &mut changes.nests)?;
        }
        self.followers.clear();
        for func in 0..model.funcs() {
            if self.together[func].is_some() || changes.called.contains(func) {
                let now = self.follow(model, func, calls);
                let before = std::mem::replace(&mut self.together[func], now);
                if before != now {
                    // What is computed in the loops of the first is needed by other stages.
                    let firsts = before.into_iter().chain(now).map(|together| together.first);
                    firsts.for_each(|first| changes.nests.insert(model.stages_of(first).start));
                }
                self.followers.extend(now.map(|_| func));
            }
        }
        // Whether or not their own calls changed, loops that Funcs are computed in may have other places.
        for func in (0..model.funcs()).rev() {
            self.site(model, func, calls, changes)?;
        }
        // Consumers first: the loops that a Func is computed in are settled before it.
        for func in (0..model.funcs()).rev() {
            self.settle(model, func, changes);
        }
        for stage in 0..model.stages.len() {
            let Blocks { keys, .. } = &self.blocks[stage];
            if !self.blocks[stage].is_empty() && (changes.blocks.contains(stage) || keys.intersects(&changes.held)) {
                changes.blocks.insert(stage);
                self.hold(model, stage);
            }
        }
        Ok(())
    }

    fn compile(&mut self, model: &Model, func: usize, calls: &Calls, nests: &mut Set) -> Result<(), Error> {
        for index in model.stages_of(func) {
            let stage = model.stages[index].stage;
            let on: Vec<&Directive> = calls.on(stage).collect();
            self.specialized[index] = on.iter().any(|d| matches!(d, Directive::Specialize { .. }));
            self.nests[index].compile(model.regions, stage, model.pipeline.stage(stage), &on)?;
            nests.insert(index);
        }
        Ok(())
    }

    fn follow(&self, model: &Model, func: usize, calls: &Calls) -> Option<Together> {
        let (with, var) = calls.together(func)?;
        let level_of = |func: usize| self.nests[model.stages_of(func).start].position(var);
        let first = with.func.index();
        Some(Together { first, first_level: level_of(first)?, level: level_of(func)? })
    }

    /// Settles where a Func is placed. What is computed inside of a Func that moves, moves as well.
    fn site(&mut self, model: &Model, index: usize, calls: &Calls, changes: &mut Changes) -> Result<(), Error> {
        let before = (self.compute[index], self.store[index]);
        self.follow_calls(model, index, calls, changes)?;
        let after = (self.compute[index], self.store[index]);
        let carried = |site: Site| matches!(site, Site::At { stage, .. } if changes.moved.contains(stage.func.index()));
        let moved = before.0 != after.0 || carried(after.0);
        if moved || before.1 != after.1 || carried(after.1) {
            changes.held.insert(index);
        }
        if moved {
            changes.moved.insert(index);
        }
        Ok(())
    }

    fn follow_calls(&mut self, model: &Model, index: usize, calls: &Calls, changes: &Changes) -> Result<(), Error> {
        let id = FuncId::from_index(index);
        let in_called =
            |site: Site| matches!(site, Site::At { stage, .. } if changes.called.contains(stage.func.index()));
        if !changes.called.contains(index) && !in_called(self.compute[index]) && !in_called(self.store[index]) {
            return Ok(());
        }
        let func = model.pipeline.func(id);
        let compute = match calls.computed(index) {
            Some(Some((host, var))) => self.loop_of(model, id, host, var)?,
            Some(None) => Site::Root,
            None if func.inlinable && func.is_free() && !model.pipeline.is_output(id) => Site::Inline,
            None => Site::Root,
        };
        let store = match calls.stored(index) {
            Some(Some((host, var))) => self.loop_of(model, id, host, var)?,
            Some(None) => Site::Root,
            None => compute,
        };
        self.compute[index] = compute;
        self.store[index] = store;
        Ok(())
    }

    fn loop_of(&self, model: &Model, id: FuncId, host: FuncId, var: &LoopVar) -> Result<Site, Error> {
        // Stages may have loops of one name; Halide takes those around the stage that needs the Func.
        let with_loop = |stage: usize| Some((stage, self.nests[stage].position(var)?));
        let places = model.stages_of(host.index()).filter_map(with_loop);
        let place = places.min_by_key(|&(stage, _)| !model.needs[stage].contains(id.index()));
        let stage = StageRef { func: id, stage: 0 };
        let missing = || Error::Illegal { stage, reason: format!("no loop {} to be computed at", var.name) };
        place.map(|(at, level)| Site::At { stage: model.stages[at].stage, level }).ok_or_else(missing)
    }

    /// The region of each realisation, the loops over it, and what they touch.
    fn settle(&mut self, model: &Model, func: usize, changes: &mut Changes) {
        let in_changed = |site: Site| {
            let Site::At { stage, level } = site else { return false };
            self.sharing(model, model.index(stage), level).any(|(stage, _)| changes.blocks.contains(stage))
        };
        // Windows below others that sink, or are held elsewhere, may slide no longer, or again.
        let below_moved =
            model.readers[func].iter().any(|&reader| changes.sunk.contains(reader) || changes.held.contains(reader));
        let in_other = in_changed(self.compute[func]) || in_changed(self.store[func]);
        let placed = changes.held.contains(func) || in_other || below_moved;
        let mut runs_otherwise = false;
        if placed {
            let before = (self.realizations[func], self.allocated[func]);
            let depth = self.depth[func];
            let region = self.realize(model, func);
            self.resize(model, func, &region, &mut changes.nests);
            runs_otherwise = before.0 != self.realizations[func];
            if before.1 != self.allocated[func] {
                changes.held.insert(func);
            }
            if depth != self.depth[func] {
                changes.sunk.insert(func);
            }
        }
        for stage in model.stages_of(func) {
            let other_loops = changes.nests.contains(stage);
            if other_loops {
                let extent = |(interval, guess): (&Option<Interval>, &f64)| {
                    interval.map_or(*guess, |i: Interval| i.extent().max(1) as f64)
                };
                self.nests[stage].run(self.loops[stage].iter().zip(&model.stages[stage].extents).map(extent));
            }
            if other_loops || runs_otherwise {
                self.count_executions(func, stage);
            }
            let moved = changes.moved.contains(func) || self.blocks[stage].keys.intersects(&changes.moved);
            let refill = other_loops || moved;
            if refill {
                self.fill_blocks(model, stage);
            }
            if refill || runs_otherwise {
                changes.blocks.insert(stage);
            }
        }
    }

    /// How many values along a dimension the pure definition of a Func computes each time the Func is realised; `None` for an
    /// extern definition.
    pub(super) fn realized_extent(&self, model: &Model, func: usize, dim: usize) -> Option<i64> {
        let stage = model.stages_of(func).next()?;
        let args = &model.regions.bounds(model.stages[stage].stage).args;
        let index = args.iter().position(|&arg| arg == Some(dim))?;
        Some(extent(&self.loops[stage][index]))
    }

    /// Works out how often and in which storage a Func is realised; returns the region of one realisation.
    fn realize(&mut self, model: &Model, func: usize) -> Vec<Option<Interval>> {
        let facts = &model.sources[func];
        let above = model.readers[func].iter().map(|&reader| self.depth[reader]).max().unwrap_or(0);
        self.depth[func] = if self.compute[func] == Site::Root { 0 } else { above };
        let Site::At { stage, level } = self.compute[func] else {
            self.realizations[func] = 1.0;
            self.allocated[func] = block::points(model, func, &facts.whole) * facts.value_bytes;
            return facts.whole.clone();
        };
        let host = model.index(stage);
        let mut region = self.needed(model, host, level, func);
        let mut stored = match self.store[func] {
            Site::At { stage, level } => self.needed(model, model.index(stage), level, func),
            Site::Inline | Site::Root => facts.whole.clone(),
        };
        self.realizations[func] = self.executions(host, level);
        // What is stored where it is computed keeps no window.
        if self.store[func] != self.compute[func] {
            let all = self.needed(model, host, level + 1, func);
            if self.slides(model, func, &region, &all) {
                for (stored, now) in stored.iter_mut().zip(&region) {
                    // Halide folds the storage of a window to a power of two.
                    if let (Some(stored), Some(now)) = (stored, now) {
                        let folded = (now.extent().max(1) as u64).next_power_of_two() as i64;
                        stored.max = stored.max.min(stored.min + folded - 1);
                    }
                }
                self.depth[func] += usize::from(self.slide(func, (host, level), &all, &mut region));
            }
        }
        self.allocated[func] = block::points(model, func, &stored) * facts.value_bytes;
        region
    }

    /// Has a Func's original loops run over a region; adds stages with other loops than before to `nests`.
    fn resize(&mut self, model: &Model, func: usize, region: &[Option<Interval>], nests: &mut Set) {
        for stage in model.stages_of(func) {
            let at = model.stages[stage].stage;
            let args = &model.regions.bounds(at).args;
            let intervals = args.iter().zip(model.regions.loops(at)).map(|(arg, whole)| match arg {
                Some(arg) => region[*arg],
                None => *whole,
            });
            for (interval, new) in self.loops[stage].iter_mut().zip(intervals) {
                if *interval != new {
                    *interval = new;
                    nests.insert(stage);
                }
            }
        }
    }

    fn count_executions(&mut self, func: usize, stage: usize) {
        let dims = &self.nests[stage].dims;
        let counts = &mut self.executions[stage];
        counts.clear();
        counts.resize(dims.len() + 1, self.realizations[func]);
        for level in (0..dims.len()).rev() {
            counts[level] = counts[level + 1] * dims[level].extent;
        }
    }

    fn fill_blocks(&mut self, model: &Model, stage: usize) {
        let at = model.stages[stage].stage;
        // An inlined stage has no blocks of its own; nothing asks for them, and they would go out of date.
        if self.compute[at.func.index()] == Site::Inline {
            self.blocks[stage].clear();
            return;
        }
        let nest = (at, &self.nests[stage], &self.loops[stage][..]);
        self.blocks[stage].fill(model, &self.compute, nest, &mut self.scratch);
    }

    /// What sits in storage of its own inside a block takes no more than that.
    fn hold(&mut self, model: &Model, stage: usize) {
        let Self { blocks, compute, store, allocated, .. } = self;
        let at = model.stages[stage].stage;
        blocks[stage].hold(|source, level| {
            let within = depth(compute, *store.get(source)?, at).is_some_and(|d| d <= level);
            within.then(|| allocated[source])
        });
    }

    /// Whether Halide computes only what is new in each iteration of what is stored further out: pure along what moves between the
    /// `region` of one iteration and that of `all`, and not too many windows above it in guarded loops ([`sliding_depth`]).
    fn slides(&self, model: &Model, func: usize, region: &[Option<Interval>], all: &[Option<Interval>]) -> bool {
        let Site::At { stage, level } = self.compute[func] else { return false };
        // A schedule from elsewhere may have a Func in the loops of one that comes earlier, whose nest is not known by then.
        let Some(guarded) = self.nests[model.index(stage)].dims.get(level).map(|dim| dim.guarded) else { return false };
        let deepest = if guarded { sliding_depth(model.pipeline.is_output(stage.func)) } else { usize::MAX };
        let definition = model.pipeline.func(FuncId::from_index(func));
        self.depth[func] < deepest && moving(region, all).all(|dim| definition.is_pure_along(dim))
    }

    /// Cuts a region down to what one more iteration of the loop adds to a window, in the mean. Returns whether the windows of
    /// two iterations overlap.
    fn slide(
        &mut self,
        func: usize,
        (host, level): (usize, usize),
        all: &[Option<Interval>],
        region: &mut [Option<Interval>],
    ) -> bool {
        let steps = self.nests[host].dims[level].extent;
        let realizations = &mut self.realizations[func];
        let dims = {
            let mut dims = moving(region, all);
            (dims.next(), dims.next())
        };
        match dims {
            // The window stands still: computed once.
            (None, _) => {
                *realizations /= steps.max(1.0);
                true
            }
            (Some(dim), None) => {
                let new = extent(&all[dim]) as f64 / steps.max(1.0);
                // Whole rows, a little more or less often.
                let rows = new.round().min(extent(&region[dim]) as f64).max(1.0);
                *realizations *= new.min(extent(&region[dim]) as f64) / rows;
                let overlaps = extent(&region[dim]) as f64 > rows;
                if let Some(interval) = &mut region[dim] {
                    interval.min = interval.max - rows as i64 + 1;
                }
                overlaps
            }
            _ => false,
        }
    }

    /// The region of a Func that one iteration of a loop needs, with all stages that share it.
    fn needed(&self, model: &Model, stage: usize, level: usize, func: usize) -> Vec<Option<Interval>> {
        let whole = &model.sources[func].whole;
        let mut needed: Option<Vec<Option<Interval>>> = None;
        for (stage, level) in self.sharing(model, stage, level) {
            let Some(region) = self.blocks[stage].region(level, func, whole.len()) else { continue };
            match &mut needed {
                None => needed = Some(region.to_vec()),
                Some(all) => {
                    all.iter_mut().zip(region).for_each(|(all, more)| *all = all.zip(*more).map(|(a, b)| a.union(b)))
                }
            }
        }
        needed.unwrap_or_else(|| whole.clone())
    }

    /// A loop of a stage, and the same loop of those that share it.
    fn sharing<'p>(
        &'p self,
        model: &'p Model,
        stage: usize,
        level: usize,
    ) -> impl Iterator<Item = (usize, usize)> + 'p {
        let host = model.stages[stage].stage;
        let others = self.followers.iter().filter_map(move |&func| {
            let Together { first, first_level, level: own } = self.together[func]?;
            let alike = first == host.func.index() && self.compute[func] == self.compute[first];
            (host.stage == 0 && alike && level >= first_level)
                .then(|| (model.stages_of(func).start, own + level - first_level))
        });
        std::iter::once((stage, level)).chain(others)
    }

    /// How often one iteration of a loop runs; the whole nest where `level` is the number of loops.
    pub(super) fn executions(&self, stage: usize, level: usize) -> f64 {
        self.executions[stage].get(level).copied().unwrap_or(1.0)
    }

    /// Whether an earlier stage touches a source, too, in the same iteration of a loop around both.
    pub(super) fn touched_earlier(&self, model: &Model, stage: usize, source: usize, block: (usize, usize)) -> bool {
        let (host, level) = (model.stages[block.0].stage, block.1);
        let own = model.stages[stage].stage.func.index();
        // What is computed in the iteration is touched by it.
        self.blocks[block.0].level(level).iter().map(|e| e.source).take_while(|&func| func <= own).any(|func| {
            let inside = |d: usize| d <= level;
            matches!(self.compute.get(func), Some(&site @ Site::At { .. }) if depth(&self.compute, site, host).is_some_and(inside))
                && model.stages_of(func).any(|earlier| earlier < stage && self.blocks[earlier].find(0, source).is_some())
        })
    }

    /// Bytes that all Funcs in the same loops touch in one iteration of these, if one before a stage touches a source, too.
    pub(super) fn bytes_together(&self, model: &Model, source: usize, stage: usize) -> Option<f64> {
        let own = model.stages[stage].stage.func.index();
        let Together { first, first_level, .. } = self.together[own]?;
        let mut touched = false;
        let mut bytes = 0.0;
        for (nest, level) in self.sharing(model, model.stages_of(first).start, first_level) {
            let func = model.stages[nest].stage.func.index();
            touched |= (func < own || func == first) && self.blocks[nest].find(level, source).is_some();
            bytes += self.blocks[nest].held.get(level).copied().unwrap_or(0.0);
        }
        touched.then_some(bytes)
    }

    /// Whether a Func's storage costs nothing to get: the caller's, or small and on the stack.
    pub(super) fn allocates_nothing(&self, model: &Model, func: usize) -> bool {
        model.pipeline.is_output(FuncId::from_index(func))
            || (self.store[func] != Site::Root && self.allocated[func] <= STACK_BYTES)
    }
}

/// The dimensions in which a loop needs more of a Func than one iteration of it does.
fn moving<'a>(region: &'a [Option<Interval>], all: &'a [Option<Interval>]) -> impl Iterator<Item = usize> + 'a {
    (0..region.len()).filter(|&dim| extent(&all[dim]) > extent(&region[dim]))
}

fn extent(interval: &Option<Interval>) -> i64 {
    interval.map_or(0, Interval::extent)
}
