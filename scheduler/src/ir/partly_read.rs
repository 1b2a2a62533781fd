//! Tuple Funcs of which some component is read nowhere.

use super::{FuncId, Pipeline, Source};
use std::collections::BTreeSet;

/// Forbids to inline them: what only the unread component reads would then be read nowhere, and Halide 21 crashes over such
/// a Func at root (a null Function in bounds inference).
pub(super) fn keep_stored(pipeline: &mut Pipeline) {
    let stages = pipeline.funcs.iter().flat_map(|func| &func.stages);
    let read: BTreeSet<(Option<Source>, usize)> = stages
        .flat_map(|stage| {
            let dropped = stage.dropped.iter().map(|read| (read.source, read.value));
            stage.accesses.iter().map(|access| (access.source, access.value)).chain(dropped)
        })
        .collect();
    for (index, func) in pipeline.funcs.iter_mut().enumerate() {
        let source = Some(Source::Func(FuncId::from_index(index)));
        func.inlinable &= func.types.len() == 1 || (0..func.types.len()).all(|value| read.contains(&(source, value)));
    }
}
