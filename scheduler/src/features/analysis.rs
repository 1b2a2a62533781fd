//! Features of one schedule after the other, each worked out from what differs from the one before.

use super::body::Body;
use super::calls::Calls;
use super::chain::{caches, Kept};
use super::model::Model;
use super::pages::{self, Returned};
use super::plan::{Changes, Plan, Site};
use super::set::Set;
use super::stage;
use super::table::Features;
use super::timeline::Timeline;
use super::{ScheduledPipeline, ScheduledStage};
use crate::cost::Hardware;
use crate::directive::Directive;
use crate::ir::{FuncId, Pipeline, Regions, StageRef};
use crate::Error;

/// Works out what a pipeline does under a schedule. Kept from one schedule to the next, it recomputes only the stages that
/// the difference concerns; the result is that of starting anew, to the last bit.
#[derive(Clone, Debug)]
pub struct Analysis<'a> {
    model: Model<'a>,
    hardware: Hardware,
    calls: Calls,
    plan: Plan,
    timeline: Timeline,
    stages: Vec<Analyzed>,
    /// Whether there was a schedule before, and a legal one.
    follows: bool,
}

/// What is kept of a stage.
#[derive(Clone, Debug, Default)]
struct Analyzed {
    body: Body,
    features: Features,
    /// By source it touches, which caches keep it from its last use: all that features take of distances.
    kept: Vec<[Kept; 3]>,
}

impl<'a> Analysis<'a> {
    /// Prepares for schedules of a pipeline on a machine.
    pub fn new(pipeline: &'a Pipeline, regions: &'a Regions, hardware: &Hardware) -> Self {
        let model = Model::new(pipeline, regions);
        let plan = Plan::new(&model);
        let stages = vec![Analyzed::default(); model.stages.len()];
        let (calls, timeline) = (Calls::new(pipeline.funcs.len()), Timeline::default());
        Self { model, hardware: *hardware, calls, plan, timeline, stages, follows: false }
    }

    /// Takes the next schedule. It must be legal ([`check`](crate::check)); Funcs that the user has scheduled count as
    /// computed at root in their default loops.
    ///
    /// # Errors
    /// [`Error::Illegal`] for a call on a loop that does not exist. What was known is lost then, and the next schedule is
    /// worked out from scratch.
    pub fn update(&mut self, directives: &[Directive]) -> Result<(), Error> {
        let mut changes = if self.follows { Changes::new(&self.model) } else { Changes::all(&self.model) };
        self.calls.replace(directives, &mut changes.called);
        self.follows = false;
        self.plan.update(&self.model, &self.calls, &mut changes)?;
        // A Func that moves may bring data into cache for others in the loops that it leaves or comes to.
        let mut shaken = Set::new(self.model.funcs());
        changes.moved.iter().for_each(|func| shaken.insert(self.timeline.nest(func)));
        self.timeline.fill(&self.model, &self.plan);
        changes.moved.iter().for_each(|func| shaken.insert(self.timeline.nest(func)));
        let returned = pages::returned_after_runs(&self.model, &self.plan, &self.timeline);
        for stage in 0..self.stages.len() {
            self.update_stage(stage, &changes, &shaken, returned);
        }
        self.follows = true;
        Ok(())
    }

    /// Where each Func is computed, by index.
    pub fn computed(&self) -> &[Site] {
        &self.plan.compute
    }

    /// Where each Func is stored, by index.
    pub fn stored(&self) -> &[Site] {
        &self.plan.store
    }

    /// How many values along a dimension the pure definition of a Func computes each time the Func is realised; `None` for an
    /// extern definition.
    pub(crate) fn realized_extent(&self, func: FuncId, dim: usize) -> Option<i64> {
        self.plan.realized_extent(&self.model, func.index(), dim)
    }

    /// Features of every stage that has a nest, producers first, under the last schedule: it is not inlined, and something reads
    /// it. Extern Funcs have none.
    pub fn features(&self) -> impl Iterator<Item = (StageRef, &Features)> {
        self.computed_stages().map(|stage| (self.model.stages[stage].stage, &self.stages[stage].features))
    }

    /// All that is known of the last schedule.
    pub fn scheduled(&self) -> ScheduledPipeline {
        let stage = |stage: usize| ScheduledStage {
            stage: self.model.stages[stage].stage,
            levels: self.plan.nests[stage].levels(),
            features: self.stages[stage].features.clone(),
        };
        ScheduledPipeline {
            computed: self.plan.compute.clone(),
            stored: self.plan.store.clone(),
            stages: self.computed_stages().map(stage).collect(),
        }
    }

    fn computed_stages(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.stages.len()).filter(|&stage| self.has_nest(stage))
    }

    fn has_nest(&self, stage: usize) -> bool {
        let func = self.model.stages[stage].stage.func.index();
        self.plan.compute[func] != Site::Inline && self.model.computed.contains(func)
    }

    fn update_stage(&mut self, stage: usize, changes: &Changes, shaken: &Set, returned: Returned) {
        if !self.has_nest(stage) {
            return;
        }
        let Self { model, plan, timeline, hardware, stages, .. } = self;
        let func = model.stages[stage].stage.func.index();
        let Analyzed { body, features, kept } = &mut stages[stage];
        let keys = &plan.blocks[stage].keys;
        if changes.moved.contains(func) || keys.intersects(&changes.moved) {
            body.fill(model, stage, |source| plan.compute.get(source) == Some(&Site::Inline));
        }
        let shaken = shaken.contains(timeline.nest(func));
        let own = changes.called.contains(func) || changes.held.contains(func) || shaken;
        let around = || {
            hosts(model, plan, stage).any(|at| changes.blocks.contains(at))
                || stored_in(changes, model, plan.store[func])
        };
        let keeping = plan.blocks[stage].level(0).iter().map(|e| {
            let distance = timeline.distance(model, e.source, stage);
            let together = plan.bytes_together(model, e.source, stage).unwrap_or(f64::INFINITY);
            caches(hardware).map(|cache| match cache.bytes {
                bytes if together <= bytes => Kept::ForIteration,
                bytes if distance <= bytes => Kept::ForNest,
                _ => Kept::Not,
            })
        });
        if renew(kept, keeping) || own || around() {
            *features = stage::features(model, plan, hardware, (stage, body), kept);
        }
        // Depends on what runs long after, and on nothing else that costs.
        if plan.store[func] == Site::Root {
            features.reuse_distance_bytes = timeline.lifetime(model, func, plan);
        }
        // Depends on the buffers of all other Funcs.
        let at_root = features.allocations > 0.0 && plan.store[func] == Site::Root;
        features.fresh_pages = if at_root { returned.pages(features.allocated_bytes) } else { 0.0 };
    }
}

/// A stage, and those it is computed in, from the inside out.
fn hosts<'a>(model: &'a Model, plan: &'a Plan, stage: usize) -> impl Iterator<Item = usize> + 'a {
    std::iter::successors(Some(stage), |&at| match plan.compute[model.stages[at].stage.func.index()] {
        Site::At { stage, .. } => Some(model.index(stage)),
        Site::Inline | Site::Root => None,
    })
}

/// Whether storage is in a loop whose iterations change.
fn stored_in(changes: &Changes, model: &Model, site: Site) -> bool {
    matches!(site, Site::At { stage, .. } if changes.blocks.contains(model.index(stage)))
}

/// Writes new values over old ones; whether some differ.
fn renew<T: PartialEq>(values: &mut Vec<T>, new: impl Iterator<Item = T>) -> bool {
    let mut count = 0;
    let mut differ = false;
    for value in new {
        match values.get_mut(count) {
            Some(old) if *old == value => {}
            Some(old) => {
                *old = value;
                differ = true;
            }
            None => {
                values.push(value);
                differ = true;
            }
        }
        count += 1;
    }
    differ |= values.len() > count;
    values.truncate(count);
    differ
}
