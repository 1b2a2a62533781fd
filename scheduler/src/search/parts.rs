//! Reductions with nothing to run in parallel but the reduction itself: histograms, and sums of everything.
//!
//! Threads work on parts of it, each in an array of its own (`rfactor`), and the parts are added up. Sums of floats depend on
//! the number of parts: only of integers, unless that is allowed.

use super::loops::Nest;
use super::nest::Planner;
use crate::directive::{Directive, LoopVar};
use crate::ir::{Source, StageRef};
use compact_str::format_compact;

/// Parts for each thread: some are slower than others.
const PARTS_PER_THREAD: i64 = 4;
/// Larger arrays take longer to add up than they save.
const MAX_BYTES: f64 = 65536.0;

/// Parts that a reduction is cut into.
pub(super) struct Parts {
    /// The loop over them.
    pub(super) rvar: LoopVar,
    /// The pure loop that takes its place in the intermediate Func.
    pub(super) var: LoopVar,
}

/// Runs an update in parts if it may be and nothing else in it runs in parallel. Returns whether it does.
pub(super) fn form(planner: &Planner, nest: &mut Nest) -> bool {
    let Some(parts) = cut(planner, nest) else { return false };
    nest.directives.push(parts.directive(nest.stage, Vec::new()));
    true
}

/// Cuts an update into parts if it may be and nothing else in it runs in parallel.
pub(super) fn cut(planner: &Planner, nest: &mut Nest) -> Option<Parts> {
    let stage = nest.stage;
    let index = outermost(planner, stage)?;
    let threads = i64::from(planner.hardware.threads);
    let extent = planner.regions.loop_extent(stage, index);
    let free: i64 = nest.loops.iter().filter(|d| d.parallel).map(|d| d.extent).product();
    let bytes = planner.regions.source_bytes(planner.pipeline, Some(Source::Func(stage.func)));
    if free >= threads || extent < 2 * PARTS_PER_THREAD * threads || bytes > MAX_BYTES {
        return None;
    }
    let parts = PARTS_PER_THREAD * threads;
    let values = u32::try_from((extent + parts - 1) / parts).ok()?;
    let rvar = nest.split(index, "r", values).0;
    let var = LoopVar { name: format_compact!("{}_part", rvar.name), rvar: false };
    Some(Parts { rvar, var })
}

impl Parts {
    /// Makes the parts a Func of their own, and runs them in parallel. `then` are further calls on its update.
    pub(super) fn directive(self, stage: StageRef, then: Vec<Directive>) -> Directive {
        let Self { rvar, var } = self;
        let parallel = Directive::Parallel { stage, var: var.clone() };
        Directive::Rfactor { stage, rvar, var, then: [parallel].into_iter().chain(then).collect() }
    }
}

/// The outermost reduction loop of an update that may be added up in parts.
fn outermost(planner: &Planner, stage: StageRef) -> Option<usize> {
    let definition = planner.pipeline.stage(stage);
    let types = &planner.pipeline.func(stage.func).types;
    let exact = types.iter().all(|t| t.contains("int") || t == "bool");
    // Of the places of equal maxima, a Tuple keeps that of the first.
    let allowed = exact || planner.reassociate && types.len() == 1;
    if !(definition.associative && definition.commutative && allowed) {
        return None;
    }
    (0..definition.loops.len())
        .rev()
        .find(|&l| definition.loops[l].reduction.is_some() && !definition.loops[l].parallel)
}
