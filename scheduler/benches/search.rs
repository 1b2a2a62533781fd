//! From a pipeline's JSON to directives, for chains of stages.

// criterion's macros make undocumented functions.
#![allow(missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{criterion_group, criterion_main, BenchmarkId, Criterion};
use scheduler::ir::Pipeline;
use scheduler::{search, Hardware, Options, Strategy};

fn json_to_directives(c: &mut Criterion) {
    let mut group = c.benchmark_group("json_to_directives");
    group.sample_size(20);
    for stages in [5, 50, 500] {
        let json = serde_json::to_string(&support::chain(stages)).expect("pipelines serialise");
        let options = Options::new(Hardware::generic(2, 32)).with_strategy(Strategy::Greedy);
        group.bench_with_input(BenchmarkId::from_parameter(stages), &json, |b, json| {
            b.iter(|| {
                let pipeline = Pipeline::from_json(json).expect("the fixture is well-formed");
                search(&pipeline, &options).expect("a chain of stencils has a schedule").directives.len()
            });
        });
    }
    group.finish();
}

/// The search with its default budget; stencils, sums and resampling.
fn beam(c: &mut Criterion) {
    let mut group = c.benchmark_group("beam");
    group.sample_size(10);
    for stages in [5, 50, 500] {
        let pipeline = support::stencils_and_sums(stages);
        let options = Options::new(Hardware::generic(2, 32)).with_strategy(Strategy::Beam);
        group.bench_function(BenchmarkId::from_parameter(stages), |b| {
            b.iter(|| search(&pipeline, &options).expect("it has a schedule").directives.len());
        });
    }
    group.finish();
}

criterion_group!(benches, json_to_directives, beam);
criterion_main!(benches);
