//! Funcs that no code reads, though a definition does: what is multiplied by zero, Halide's simplifier drops.

use super::{FuncId, Given, Pipeline, Source};
use std::collections::BTreeSet;

/// Leaves those that are `async()` as they are, which is inlined: computed at root, Halide 21 takes one for a Func that is produced
/// twice. Not those whose loops are scheduled, too, which Halide refuses of what is inlined.
pub(super) fn leave_alone(pipeline: &mut Pipeline) {
    let mut read: BTreeSet<FuncId> = pipeline.outputs.iter().copied().collect();
    // Readers first: what only they read that are read nowhere is not read either.
    for id in pipeline.func_ids().rev() {
        let func = pipeline.func(id);
        if read.contains(&id) {
            let accesses = func.stages.iter().flat_map(|stage| &stage.accesses).filter_map(|access| access.source);
            let to_extern = func.extern_definition.iter().flat_map(|e| e.sources.iter().copied());
            read.extend(accesses.chain(to_extern).filter_map(Source::func));
        }
    }
    for (index, func) in pipeline.funcs.iter_mut().enumerate() {
        let loops_are_free = func.stages.iter().all(|stage| stage.given == Given::Nothing);
        if func.inlinable && func.is_async && loops_are_free && !read.contains(&FuncId::from_index(index)) {
            func.scheduled = func.partly.take();
        }
    }
}
