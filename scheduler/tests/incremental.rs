//! Features worked out from those of the schedule before are those worked out from scratch, to the last bit.

mod support;

use proptest::prelude::*;
use scheduler::features::{analyze, Analysis};
use scheduler::ir::{FuncId, Pipeline, Regions};
use scheduler::{search, Directive, Hardware, LoopVar, Options, Strategy as Search};
use std::path::Path;
use support::mixed;

const FIXTURES: [&str; 10] = [
    "attention",
    "blur",
    "flow_derivatives",
    "gradients",
    "harris",
    "hist_equalize",
    "iir_blur",
    "matmul",
    "softmax",
    "unsharp",
];

fn fixture(name: &str) -> Pipeline {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fixtures/{name}.json"));
    Pipeline::from_json(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A change of one decision: which, and how.
type Change = (prop::sample::Index, u32);

/// All loops that directives make or that a stage has to begin with.
fn loops_of(pipeline: &Pipeline, directives: &[Directive], func: FuncId) -> Vec<LoopVar> {
    let original = pipeline.func(func).stages.iter().flat_map(|s| &s.loops);
    let original = original.map(|l| LoopVar { name: l.var.clone(), rvar: l.reduction.is_some() });
    let split = directives.iter().filter(|d| d.subject() == func).flat_map(|d| match d {
        Directive::Split { outer, inner, .. } => vec![outer.clone(), inner.clone()],
        _ => Vec::new(),
    });
    original.chain(split).collect()
}

fn change(pipeline: &Pipeline, directives: &mut Vec<Directive>, (at, how): Change) {
    let id = FuncId::from_index(at.index(pipeline.funcs.len()));
    let placed = |d: &Directive| d.subject() == id && d.stage().is_none();
    let consumers: Vec<FuncId> = pipeline.func_ids().filter(|&c| c > id).collect();
    match how % 6 {
        // Inlined, or wherever it is computed without a call.
        0 => directives.retain(|d| !placed(d)),
        1 => {
            directives.retain(|d| !placed(d));
            directives.push(Directive::ComputeRoot { func: id });
        }
        2 | 3 if !consumers.is_empty() => {
            let consumer = consumers[how as usize / 6 % consumers.len()];
            let loops = loops_of(pipeline, directives, consumer);
            if loops.is_empty() {
                return;
            }
            directives.retain(|d| !placed(d));
            let [inner, outer] = [how / 64, how / 4096].map(|n| loops[n as usize % loops.len()].clone());
            directives.push(Directive::ComputeAt { func: id, consumer, var: inner });
            if how % 6 == 3 {
                directives.push(Directive::StoreAt { func: id, consumer, var: outer });
            }
        }
        4 => {
            if let Some(Directive::Split { factor, .. }) = directives.iter_mut().find(|d| d.subject() == id) {
                *factor = 1 + how % 50;
            }
        }
        _ if !directives.is_empty() => {
            let at = at.index(directives.len());
            directives.remove(at);
        }
        _ => {}
    }
}

/// Follows changes from a schedule that the search finds, and undoes every third.
fn follow(pipeline: &Pipeline, changes: &[Change]) -> Result<(), TestCaseError> {
    let hardware = Hardware::generic(4, 32);
    let regions = Regions::at_estimates(pipeline).unwrap();
    let mut analysis = Analysis::new(pipeline, &regions, &hardware);
    let mut directives = search(pipeline, &Options::new(hardware).with_strategy(Search::Greedy)).unwrap().directives;
    for (index, &step) in changes.iter().enumerate() {
        let mut next = directives.clone();
        change(pipeline, &mut next, step);
        let updated = analysis.update(&next).map(|()| analysis.scheduled()).map_err(|e| e.to_string());
        let anew = analyze(pipeline, &regions, &next, &hardware).map_err(|e| e.to_string());
        prop_assert_eq!(&updated, &anew);
        if index % 3 > 0 && anew.is_ok() {
            directives = next;
        }
    }
    Ok(())
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u32>()), 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn of_real_pipelines(which in 0..FIXTURES.len(), changes in changes()) {
        follow(&fixture(FIXTURES[which]), &changes)?;
    }

    #[test]
    fn of_random_pipelines(reads in prop::collection::vec(any::<u8>(), 1..25), changes in changes()) {
        follow(&mixed(&reads), &changes)?;
    }
}
