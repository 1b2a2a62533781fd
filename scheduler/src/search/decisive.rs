//! Funcs of which a single value decides where something else is read.
//!
//! Halide takes the interval of a coordinate that no loop moves for the coordinate itself, with all loads in it. It works
//! these out also for callers who ask for bounds and have no inputs yet, and crashes. Of a Func that is stored, it takes
//! whatever values its type and its definition allow.

use super::reads::by_func;
use crate::ir::{Pipeline, Source};

/// By Func, whether its inlining could bring loads of inputs into the bounds of something that is read where data says.
pub(super) fn decisive(pipeline: &Pipeline) -> Vec<bool> {
    let loads_input = by_func(pipeline, |access| matches!(access.source, Some(Source::Input(_))));
    let count = pipeline.funcs.len();
    let (mut within, mut decides) = (vec![false; count], vec![false; count]);
    for id in pipeline.func_ids().rev() {
        for stage in &pipeline.func(id).stages {
            let inlined = within[id.index()] && !decides[id.index()];
            let by_data = stage.accesses.iter().filter(|a| a.by_data).count();
            for access in &stage.accesses {
                // None decides where it itself is read.
                if !inlined && by_data == usize::from(access.by_data) {
                    continue;
                }
                let producer = access.source.and_then(Source::func).filter(|&p| p != id && pipeline.func(p).inlinable);
                let Some(producer) = producer.map(|p| p.index()) else { continue };
                let is_fixed = (0..stage.loops.len()).all(|index| access.is_fixed(index));
                within[producer] = true;
                decides[producer] |= is_fixed && loads_input[producer];
            }
        }
    }
    decides
}
