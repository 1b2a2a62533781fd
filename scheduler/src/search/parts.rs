//! Reductions with nothing to run in parallel but the reduction itself: histograms, and sums of everything.
//!
//! Threads work on parts of it, each in an array of its own (`rfactor`), and the parts are added up. Only integers: sums
//! of floats would depend on the number of parts.

use super::loops::Nest;
use crate::cost::Hardware;
use crate::directive::{Directive, LoopVar};
use crate::ir::{Pipeline, Regions, Source, StageRef};

/// Parts for each thread: some are slower than others.
const PARTS_PER_THREAD: i64 = 4;
/// Larger arrays take longer to add up than they save.
const MAX_BYTES: f64 = 65536.0;

/// Runs an update in parts if it may be and nothing else in it runs in parallel. Returns whether it does.
pub(super) fn form(pipeline: &Pipeline, regions: &Regions, hardware: &Hardware, nest: &mut Nest) -> bool {
    let stage = nest.stage;
    let Some(index) = outermost(pipeline, stage) else { return false };
    let threads = i64::from(hardware.threads);
    let extent = regions.loop_extent(stage, index);
    let free: i64 = nest.loops.iter().filter(|d| d.parallel).map(|d| d.extent).product();
    let bytes = regions.source_bytes(pipeline, Some(Source::Func(stage.func)));
    if free >= threads || extent < 2 * PARTS_PER_THREAD * threads || bytes > MAX_BYTES {
        return false;
    }
    let parts = PARTS_PER_THREAD * threads;
    let Ok(values) = u32::try_from((extent + parts - 1) / parts) else { return false };
    let rvar = nest.split(index, "r", values).0;
    let var = LoopVar { name: format!("{}_part", rvar.name), rvar: false };
    let then = vec![Directive::Parallel { stage, var: var.clone() }];
    nest.directives.push(Directive::Rfactor { stage, rvar, var, then });
    true
}

/// The outermost reduction loop of an update that may be added up in parts.
fn outermost(pipeline: &Pipeline, stage: StageRef) -> Option<usize> {
    let definition = pipeline.stage(stage);
    let exact = pipeline.func(stage.func).types.iter().all(|t| t.contains("int") || t == "bool");
    if !(definition.associative && definition.commutative && exact) {
        return None;
    }
    (0..definition.loops.len())
        .rev()
        .find(|&l| definition.loops[l].reduction.is_some() && !definition.loops[l].parallel)
}
