//! Funcs that no code reads, though a definition does: what is multiplied by zero, Halide's simplifier drops.

use super::{FuncId, Pipeline, Source};
use std::collections::BTreeSet;

/// Leaves those that the user has partly scheduled as they are, which is inlined. Computed at root, Halide 21 takes one that is
/// `async()` for a Func that is produced twice.
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
        if func.inlinable && !read.contains(&FuncId::from_index(index)) {
            func.scheduled = func.scheduled.take().or(func.partly.take());
        }
    }
}
