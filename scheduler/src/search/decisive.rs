//! Funcs whose values decide where something else is read or written, and which must not be inlined there.
//!
//! Halide takes the interval of a coordinate that no loop moves for the coordinate itself, with all loads in it. It works
//! these out also for callers who ask for bounds and have no inputs yet, and crashes. Of a Func that is stored, it takes
//! whatever values its type and its definition allow.
//!
//! It also drops a remainder or a clamp if it sees that the value is small enough, and then may not see that any longer where it asks
//! for the interval: of types whose values need not fit into a coordinate, that is an error. Values that are loaded keep it.

use super::reads::by_func;
use crate::ir::{Pipeline, Source};

/// By Func, whether its inlining could bring loads of inputs into the bounds of something that is read where data says, or leave
/// that without bounds.
pub(super) fn decisive(pipeline: &Pipeline) -> Vec<bool> {
    let loads_input = by_func(pipeline, |access| matches!(access.source, Some(Source::Input(_))));
    let wide = |ty: &String| matches!(ty.as_str(), "uint32" | "int64" | "uint64");
    let may_wrap: Vec<bool> = pipeline.funcs.iter().map(|func| func.types.iter().any(wide)).collect();
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
                decides[producer] |= (is_fixed && loads_input[producer]) || may_wrap[producer];
            }
        }
    }
    decides
}
