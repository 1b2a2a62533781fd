//! Funcs that no code reads, though a definition does: what is multiplied by zero, Halide's simplifier drops.

use super::{FuncId, Pipeline, Source};
use std::collections::BTreeSet;

/// Leaves those that the user has partly scheduled as they are, which is inlined. Computed at root, Halide 21 takes one that is
/// `async()` for a Func that is produced twice.
pub(super) fn leave_alone(pipeline: &mut Pipeline) {
    let stages = pipeline.funcs.iter().flat_map(|func| &func.stages);
    let read: BTreeSet<FuncId> =
        stages.flat_map(|stage| &stage.accesses).filter_map(|access| access.source.and_then(Source::func)).collect();
    let to_extern = pipeline.funcs.iter().filter_map(|func| func.extern_definition.as_ref()).flat_map(|e| &e.sources);
    let kept: BTreeSet<FuncId> =
        to_extern.filter_map(|source| source.func()).chain(pipeline.outputs.iter().copied()).collect();
    for (index, func) in pipeline.funcs.iter_mut().enumerate() {
        let id = FuncId::from_index(index);
        if func.inlinable && !read.contains(&id) && !kept.contains(&id) {
            func.scheduled = func.scheduled.take().or(func.partly.take());
        }
    }
}
