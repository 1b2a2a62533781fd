//! What a scheduled pipeline does: features of every stage, computed from the pipeline and a list of directives.
//!
//! The way of the data: [`plan`] replays the directives into loops ([`nest`]) and regions, [`block`] says what one
//! iteration of a loop touches, [`body`] what one evaluation does, [`chain`] what moves through the caches, [`stage`]
//! puts it all together. [`table`] names the results.

mod block;
mod body;
mod chain;
mod nest;
mod plan;
mod stage;
mod table;
mod timeline;

pub use nest::{Level, LoopKind};
pub use plan::Site;
pub use table::{markdown, Feature, Features, TABLE};

use crate::cost::Hardware;
use crate::directive::Directive;
use crate::ir::{Pipeline, Regions, StageRef};
use crate::Error;

/// A stage of a scheduled pipeline.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledStage {
    /// The stage.
    pub stage: StageRef,
    /// Its loops, innermost first.
    pub levels: Vec<Level>,
    /// What it does in one run.
    pub features: Features,
}

/// A pipeline with a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduledPipeline {
    /// Where each Func is computed, by index.
    pub computed: Vec<Site>,
    /// Where each Func is stored, by index.
    pub stored: Vec<Site>,
    /// Every stage that is not inlined, producers first. Extern Funcs have none.
    pub stages: Vec<ScheduledStage>,
}

/// Works out what a pipeline does under a schedule. The schedule must be legal ([`check`](crate::check)); Funcs that the
/// user has scheduled count as computed at root in their default loops.
///
/// # Errors
/// [`Error::Illegal`] for a call on a loop that does not exist.
pub fn analyze(
    pipeline: &Pipeline,
    regions: &Regions,
    directives: &[Directive],
    hardware: &Hardware,
) -> Result<ScheduledPipeline, Error> {
    let plan = plan::Plan::new(pipeline, regions, directives)?;
    let timeline = timeline::Timeline::new(&plan);
    let stored = pipeline.func_ids().filter(|id| plan.compute[id.index()] != Site::Inline);
    let stages = stored.flat_map(|id| pipeline.func(id).stage_refs(id)).map(|stage| ScheduledStage {
        stage,
        levels: plan.nests[stage.func.index()][stage.stage].clone(),
        features: stage::features(&plan, &timeline, hardware, stage),
    });
    let stages = stages.collect();
    Ok(ScheduledPipeline { computed: plan.compute, stored: plan.store, stages })
}
