//! What a scheduled pipeline does: features of every stage, computed from the pipeline and a list of directives.
//!
//! The way of the data: [`model`] holds what no schedule changes; [`calls`] sorts directives, [`plan`] replays them into
//! loops ([`nest`]) and regions, [`block`] says what one iteration of a loop touches, [`body`] what one evaluation does
//! at which places ([`taps`]), [`chain`] what moves through the caches, [`stage`] puts it all together. [`analysis`] goes from one schedule to the next.
//! [`table`] names the results.

mod analysis;
mod block;
mod body;
mod border;
mod boundary;
mod calls;
mod chain;
mod masks;
mod model;
mod nest;
mod pages;
mod plan;
mod set;
mod stage;
mod table;
mod taps;
mod timeline;

pub use analysis::Analysis;
pub use nest::{Level, LoopKind};
pub use plan::Site;
pub use table::{markdown, Feature, Features, TABLE};

use crate::cost::Hardware;
use crate::directive::Directive;
use crate::ir::{Pipeline, Regions, StageRef, StorageOrders};
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

/// Works out what a pipeline does under one schedule; [`Analysis`] does many.
///
/// # Errors
/// As [`Analysis::update`].
pub fn analyze(
    pipeline: &Pipeline,
    regions: &Regions,
    directives: &[Directive],
    hardware: &Hardware,
) -> Result<ScheduledPipeline, Error> {
    let orders = storage_orders(pipeline, directives);
    if !orders.is_empty() {
        let reordered = pipeline.with_storage(&orders);
        let regions = Regions::at_estimates(&reordered)?;
        let calls: Vec<Directive> = directives.iter().filter(|d| !reorders_storage(d)).cloned().collect();
        return analyze(&reordered, &regions, &calls, hardware);
    }
    let mut analysis = Analysis::new(pipeline, regions, hardware);
    analysis.update(directives)?;
    Ok(analysis.scheduled())
}

fn reorders_storage(directive: &Directive) -> bool {
    matches!(directive, Directive::ReorderStorage { .. })
}

/// The orders that directives give to dimensions in memory.
fn storage_orders(pipeline: &Pipeline, directives: &[Directive]) -> StorageOrders {
    let order = |directive: &Directive| {
        let Directive::ReorderStorage { func, vars } = directive else { return None };
        let args = &pipeline.func(*func).args;
        let dims = vars.iter().map(|v| args.iter().position(|a| *a == v.name));
        Some((*func, dims.collect::<Option<Vec<usize>>>()?))
    };
    directives.iter().filter_map(order).collect()
}
