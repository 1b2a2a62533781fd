//! Along which dimensions the values of a pipeline differ.

use std::collections::BTreeSet;

use scheduler::ir::{Access, Func, Pipeline, Source, Stage};

/// Whether every output differs along all of its dimensions, as far as its definitions tell. Random pipelines may end in
/// one that repeats a row, or a single value: compilers compute it once, whatever loops a schedule has.
pub fn varies(pipeline: &Pipeline) -> bool {
    let mut along: Vec<BTreeSet<usize>> = Vec::with_capacity(pipeline.funcs.len());
    for func in &pipeline.funcs {
        let before = dimensions(func, &along, &BTreeSet::new());
        // What an update reads of its own Func differs where that does.
        let all = dimensions(func, &along, &before);
        along.push(all);
    }
    pipeline.outputs.iter().all(|&output| along[output.index()].len() == pipeline.func(output).args.len())
}

/// Dimensions along which a Func differs, given those of the Funcs before it, and what is known of its own.
fn dimensions(func: &Func, before: &[BTreeSet<usize>], own: &BTreeSet<usize>) -> BTreeSet<usize> {
    if func.extern_definition.is_some() {
        return (0..func.args.len()).collect();
    }
    let mut differs = own.clone();
    for (index, stage) in func.stages.iter().enumerate() {
        for l in moving(stage, before, own) {
            let var = &stage.loops[l].var;
            // An update may write a dimension by a reduction loop, or where data says.
            let stored = stage.stores.iter().map(|row| row.as_ref().is_none_or(|row| row.coeffs[l][0] != 0));
            let written = stored.enumerate().filter(|(_, stored)| *stored).map(|(dim, _)| dim);
            let named = func.args.iter().position(|arg| arg == var).filter(|_| index == 0);
            differs.extend(written.chain(named));
        }
        let scattered = stage.stores.iter().enumerate().filter(|(_, row)| row.is_none()).map(|(dim, _)| dim);
        differs.extend(scattered);
    }
    differs
}

/// Loops of a stage that its values depend on: by what is read, or, where no read moves with them, by their own value.
fn moving(stage: &Stage, before: &[BTreeSet<usize>], own: &BTreeSet<usize>) -> BTreeSet<usize> {
    let moves = |access: &Access, dim: usize, l: usize| access.coefficient(dim, l).is_none_or(|c| c[0] != 0);
    let differs = |access: &Access, dim: usize| match access.source {
        Some(Source::Func(func)) => before.get(func.index()).unwrap_or(own).contains(&dim),
        _ => true,
    };
    let read = |l: usize, counts: &dyn Fn(&Access, usize) -> bool| {
        stage.accesses.iter().any(|a| (0..a.rows.len()).any(|dim| moves(a, dim, l) && counts(a, dim)))
    };
    let computed = |l: usize| stage.operations.0.iter().any(|group| group.loops.contains(&l));
    let by_value = |l: usize| stage.compared.contains(&l) || (computed(l) && !read(l, &|_, _| true));
    (0..stage.loops.len()).filter(|&l| read(l, &differs) || by_value(l)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fixture(name: &str) -> Pipeline {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fixtures/{name}.json"));
        Pipeline::from_json(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn pipelines_that_people_write_do() {
        for name in ["blur", "matmul", "bilateral_grid", "iir_blur", "softmax", "hist_equalize", "fft", "attention"] {
            assert!(varies(&fixture(name)), "{name}");
        }
    }

    #[test]
    fn an_output_that_reads_one_place_does_not() {
        let mut pipeline = fixture("blur");
        let output = pipeline.outputs[0];
        let stage = &mut pipeline.funcs[output.index()].stages[0];
        stage.operations.0.clear();
        let rows = stage.accesses.iter_mut().flat_map(|access| access.rows.iter_mut().flatten());
        rows.for_each(|row| row.coeffs[1] = [0, 1]);
        assert!(!varies(&pipeline));
    }
}
