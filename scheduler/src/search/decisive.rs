//! Funcs of which a single value decides where something else is read.
//!
//! Halide takes the interval of a coordinate that no loop moves for the coordinate itself, with all loads in it. It works
//! these out also for callers who ask for bounds and have no inputs yet, and crashes. Of a Func that is stored, it takes
//! whatever values its type and its definition allow.

use crate::ir::{Pipeline, Source};

/// By Func, whether its inlining could bring loads of inputs into the bounds of something that is read where data says.
pub(super) fn decisive(pipeline: &Pipeline) -> Vec<bool> {
    let loads_input = behind_inlined(pipeline);
    let count = pipeline.funcs.len();
    let (mut within, mut decides) = (vec![false; count], vec![false; count]);
    for id in pipeline.func_ids().rev() {
        for stage in &pipeline.func(id).stages {
            let inlined = within[id.index()] && !decides[id.index()];
            for (at, access) in stage.accesses.iter().enumerate() {
                let mut others = stage.accesses.iter().enumerate().filter(|(other, _)| *other != at);
                if !inlined && !others.any(|(_, other)| other.by_data) {
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

/// By Func, whether it loads from an input, itself or by what may be inlined into it.
fn behind_inlined(pipeline: &Pipeline) -> Vec<bool> {
    let mut loads: Vec<bool> = Vec::with_capacity(pipeline.funcs.len());
    for func in &pipeline.funcs {
        let loads_input = |source| match source {
            Source::Func(f) => pipeline.func(f).inlinable && loads.get(f.index()) == Some(&true),
            _ => true,
        };
        let mut sources = func.stages.iter().flat_map(|s| &s.accesses).filter_map(|a| a.source);
        let found = sources.any(loads_input);
        loads.push(found);
    }
    loads
}
