//! What strips, slabs and panels ask alike of a Func that is to be computed inside of them.

use super::choice::Choices;
use super::placement::Placement;
use super::problem::Problem;
use crate::ir::{FuncId, Name, Pipeline, Regions, Source, StageRef};
use std::collections::BTreeSet;

/// What the rules take for a core's private cache, whatever size it has: what does not fit goes to the shared cache, which is
/// slower, but not as slow as memory. (With 512 KB, as a Zen 3 core has, schedules were 0.65 times as fast there.)
pub(super) const PRIVATE_CACHE_BYTES: f64 = (1 << 20) as f64;
/// Bytes that the members may take, and that data which is read anew every time may.
pub(super) const MEMBER_BYTES: f64 = 0.6 * PRIVATE_CACHE_BYTES;
/// Smaller Funcs stay in cache from one loop nest to the next anyway.
pub(super) const MIN_SAVED_BYTES: f64 = 1e6;

/// Whether nothing speaks against it but what it costs, and who else reads the Func.
pub(super) fn may_join(problem: &Problem, choices: &Choices, id: FuncId) -> bool {
    choices.of(id).joins != Some(false)
        && !problem.pinned[id.index()]
        && problem.pipeline.func(id).extern_definition.is_none()
}

/// Whether a Func has a pure definition: loops that others can be computed in.
pub(super) fn has_pure_definition(pipeline: &Pipeline, id: FuncId) -> bool {
    pipeline.func(id).extern_definition.is_none()
}

/// The Funcs that the updates of a leader read, through inlined ones too: what is computed in the loops of its pure
/// definition is gone by then.
pub(super) fn read_by_updates(pipeline: &Pipeline, placements: &[Placement], leader: FuncId) -> BTreeSet<FuncId> {
    let updates = pipeline.func(leader).stage_refs(leader).skip(1);
    updates.flat_map(|stage| read_by_stage(pipeline, placements, stage)).collect()
}

/// The other Funcs that a stage reads, through inlined ones too.
pub(super) fn read_by_stage(pipeline: &Pipeline, placements: &[Placement], stage: StageRef) -> BTreeSet<FuncId> {
    let mut read = BTreeSet::new();
    let mut open: Vec<FuncId> = pipeline.stage(stage).producers().collect();
    while let Some(id) = open.pop() {
        if id != stage.func && read.insert(id) && placements[id.index()] == Placement::Inline {
            open.extend(pipeline.func(id).stages.iter().flat_map(|s| s.producers()));
        }
    }
    read
}

/// Bytes of the largest operand of an update that none of the arguments `moving` moves: every part of the Func that is cut
/// along these reads all of it.
pub(super) fn read_anew(pipeline: &Pipeline, regions: &Regions, id: FuncId, moving: impl Fn(usize) -> bool) -> f64 {
    let func = pipeline.func(id);
    let moving: Vec<&Name> = (0..func.args.len()).filter(|&dim| moving(dim)).map(|dim| &func.args[dim]).collect();
    let accesses = func.stages.iter().skip(1).flat_map(|s| s.accesses.iter().map(move |a| (s, a)));
    let fixed = accesses.filter(|(stage, access)| {
        access.source != Some(Source::Func(id))
            && moving.iter().all(|var| stage.loop_index(var).is_none_or(|l| access.is_fixed(l)))
    });
    fixed.map(|(_, a)| regions.source_bytes(pipeline, a.source)).fold(0.0, f64::max)
}
