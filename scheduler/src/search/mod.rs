//! From a pipeline to a schedule.
//!
//! The way of a decision: [`placement`] says which Funcs are inlined, [`tiles`] which reductions are computed in register
//! tiles of their consumer, [`strips`] and [`slabs`] which of the rest are computed inside strips or slabs of theirs,
//! [`nest`] gives every stage its loops. What the search does not understand stays a plain `compute_root`.

mod demand;
mod group;
mod loops;
mod nest;
mod placement;
mod predict;
mod reduction;
mod slabs;
mod strips;
mod tiles;
mod vector;

use crate::check::check;
use crate::cost::Hardware;
use crate::directive::Directive;
use crate::ir::{FuncId, Pipeline, Regions, StageRef};
use crate::Error;
use serde::{Deserialize, Serialize};

/// Which schedules are considered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Inline, strips, vectors, parallel loops: the scheduler proper.
    #[default]
    Greedy,
    /// Every Func at root in plain loops: what results are compared with.
    Root,
    /// No schedule at all.
    None,
}

/// What the search may assume and do.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The machine scheduled for.
    pub hardware: Hardware,
    /// Which schedules are considered.
    pub strategy: Strategy,
}

/// A legal schedule and what it is expected to cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The scheduling calls, in order.
    pub directives: Vec<Directive>,
    /// Expected run time at the estimates, in seconds.
    pub predicted_seconds: f64,
    /// Expected time of each stage that is not inlined, in seconds.
    pub stages: Vec<StageSeconds>,
}

/// Expected time of one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageSeconds {
    /// The stage.
    pub stage: StageRef,
    /// Seconds in one run of the pipeline.
    pub seconds: f64,
}

/// Finds a schedule. Deterministic: the same pipeline and options give the same schedule.
///
/// # Errors
/// [`Error::MissingEstimates`] when sizes are not known; [`Error::Illegal`] if the schedule found does not pass
/// [`check`], which is a bug.
pub fn search(pipeline: &Pipeline, options: &Options) -> Result<Schedule, Error> {
    if options.strategy == Strategy::None {
        return Ok(Schedule { directives: Vec::new(), predicted_seconds: 0.0, stages: Vec::new() });
    }
    if options.strategy == Strategy::Root {
        let directives = plain_root(pipeline);
        check(pipeline, &directives)?;
        return Ok(Schedule { directives, predicted_seconds: 0.0, stages: Vec::new() });
    }
    let regions = Regions::at_estimates(pipeline)?;
    let placements = placement::place(pipeline, &regions);
    let placements = tiles::form(pipeline, &regions, placements, &options.hardware);
    let placements = strips::form(pipeline, &regions, placements, &options.hardware);
    let placements = slabs::form(pipeline, &regions, placements, &options.hardware);
    let directives = nest::directives(pipeline, &regions, &placements, &options.hardware);
    check(pipeline, &directives)?;
    let stages = predict::stages(pipeline, &regions, &directives, &options.hardware)?;
    Ok(Schedule { directives, predicted_seconds: stages.iter().map(|s| s.seconds).sum(), stages })
}

/// Every Func that the user has not scheduled, computed at root in its default loops.
fn plain_root(pipeline: &Pipeline) -> Vec<Directive> {
    let mut directives = Vec::new();
    for id in pipeline.func_ids().filter(|&id| pipeline.func(id).scheduled.is_none()) {
        if !pipeline.is_output(id) {
            directives.push(Directive::ComputeRoot { func: id });
        }
        directives.extend(unscheduled_updates(pipeline, id));
    }
    directives
}

/// Marks a Func's updates as left in their default loops on purpose, so that Halide does not warn.
fn unscheduled_updates(pipeline: &Pipeline, id: FuncId) -> impl Iterator<Item = Directive> + '_ {
    let updates = pipeline.func(id).stage_refs(id).filter(|s| s.stage > 0);
    updates.map(|stage| Directive::Unscheduled { stage })
}
