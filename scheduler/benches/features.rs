//! From directives to features: of one schedule from scratch, and of the next that differs in one decision.

// criterion's macros make undocumented functions.
#![allow(missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion};
use scheduler::features::{analyze, Analysis};
use scheduler::ir::{FuncId, Pipeline, Regions};
use scheduler::{check, search, Directive, Hardware, LoopVar, Options, Strategy};

fn hardware() -> Hardware {
    Hardware::generic(2, 32)
}

type Made = fn(usize) -> Pipeline;

const PIPELINES: [(&str, Made); 2] = [("chain", support::chain), ("mixed", support::stencils_and_sums)];

fn schedule(pipeline: &Pipeline) -> Vec<Directive> {
    let options = Options::new(hardware()).with_strategy(Strategy::Greedy);
    search(pipeline, &options).expect("it has a schedule").directives
}

/// All features of one complete schedule.
fn from_scratch(c: &mut Criterion) {
    let mut group = c.benchmark_group("features_from_scratch");
    group.sample_size(20);
    for (name, make) in PIPELINES {
        for stages in [5, 30, 500] {
            let pipeline = make(stages);
            let directives = schedule(&pipeline);
            let regions = Regions::at_estimates(&pipeline).expect("the outputs have estimates");
            group.bench_function(BenchmarkId::new(name, stages), |b| {
                b.iter(|| analyze(&pipeline, &regions, &directives, &hardware()).expect("it is legal").stages.len());
            });
        }
    }
    group.finish();
}

/// Schedules that differ from the given one in where one Func is placed, or in one split.
fn neighbours(pipeline: &Pipeline, directives: &[Directive]) -> Vec<Vec<Directive>> {
    let mut found = Vec::new();
    for id in pipeline.func_ids() {
        let others = || directives.iter().filter(|d| d.subject() != id || d.stage().is_some()).cloned();
        found.push(others().collect());
        found.push(others().chain([Directive::ComputeRoot { func: id }]).collect());
        let consumer = FuncId::from_index((id.index() + 1).min(pipeline.funcs.len() - 1));
        let var = LoopVar { name: "y".into(), rvar: false };
        found.push(others().chain([Directive::ComputeAt { func: id, consumer, var }]).collect());
        let mut split = directives.to_vec();
        if let Some(Directive::Split { factor, .. }) = split.iter_mut().find(|d| d.subject() == id) {
            *factor *= 2;
            found.push(split);
        }
    }
    found.retain(|directives: &Vec<Directive>| check(pipeline, directives).is_ok());
    found
}

/// Features of a candidate: one decision changes, and the one before is taken back.
fn of_the_next(c: &mut Criterion) {
    let mut group = c.benchmark_group("features_of_the_next");
    for (name, make) in PIPELINES {
        for stages in [5, 30, 500] {
            let pipeline = make(stages);
            let candidates = neighbours(&pipeline, &schedule(&pipeline));
            let regions = Regions::at_estimates(&pipeline).expect("the outputs have estimates");
            let mut analysis = Analysis::new(&pipeline, &regions, &hardware());
            let mut next = candidates.iter().cycle();
            group.bench_function(BenchmarkId::new(name, stages), |b| {
                b.iter(|| {
                    analysis.update(next.next().expect("there are candidates")).expect("it is legal");
                    analysis.features().map(|(_, f)| f.iterations).sum::<f64>()
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, from_scratch, of_the_next);
criterion_main!(benches);
