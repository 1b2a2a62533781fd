//! From features to seconds: all stages of a schedule, by the analytic and by the shipped learned cost.

// criterion's macros make undocumented functions.
#![allow(missing_docs)]

#[path = "../tests/support/mod.rs"]
mod support;

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use scheduler::cost::{inputs, Kernel, Kernels, LearnedModel, Predicted, Pricing, Variant};
use scheduler::features::analyze;
use scheduler::ir::Regions;
use scheduler::{search, CostModel, Hardware, Options, Roofline, Strategy};

const STAGES: usize = 500;

fn seconds_of_all_stages(c: &mut Criterion) {
    let pipeline = support::stencils_and_sums(STAGES);
    let hardware = Hardware::generic(2, 64);
    let options = Options::new(hardware).with_strategy(Strategy::Greedy);
    let directives = search(&pipeline, &options).expect("it has a schedule").directives;
    let regions = Regions::at_estimates(&pipeline).expect("the outputs have estimates");
    let scheduled = analyze(&pipeline, &regions, &directives, &hardware).expect("it is legal");
    let model = LearnedModel::from_json(include_str!("../models/x86-64-avx512.json")).expect("it is a model");
    let kernels = Kernels::of(&pipeline);
    let classes: Vec<(Kernel, Variant)> = scheduled
        .stages
        .iter()
        .map(|s| {
            let at = s.stage.func.index();
            (kernels.at(s.stage), Variant::of(scheduled.computed[at], scheduled.stored[at]))
        })
        .collect();

    let mut group = c.benchmark_group("cost_of_stages");
    group.throughput(Throughput::Elements(scheduled.stages.len() as u64));
    let roofline = Roofline(hardware);
    group.bench_function("analytic", |b| {
        b.iter(|| scheduled.stages.iter().map(|s| roofline.seconds(&s.features)).sum::<f64>());
    });
    group.bench_function("inputs", |b| {
        b.iter(|| scheduled.stages.iter().map(|s| inputs(s, &hardware).1).sum::<f64>());
    });
    // As a search does: variants included.
    let pricing = Pricing::new(&pipeline, &hardware, Some(&model));
    group.bench_function("pricing", |b| b.iter(|| pricing.of(&scheduled)));
    let classed = || scheduled.stages.iter().zip(&classes).map(|(s, &(kernel, variant))| (kernel, variant, s));
    group.bench_function("learned", |b| {
        let seconds = || model.predict_all(&hardware, classed()).iter().map(Predicted::cautious_seconds).sum::<f64>();
        b.iter(seconds);
    });
    let unpriced = model.unpriced(&hardware, classed());
    group.bench_function("networks_alone", |b| b.iter(|| model.corrections(&unpriced)));
    group.bench_function("learned_one_by_one", |b| {
        let predict = |(kernel, variant, s)| model.predict(&hardware, kernel, variant, s).cautious_seconds();
        b.iter(|| classed().map(predict).sum::<f64>());
    });
    group.finish();
}

criterion_group!(benches, seconds_of_all_stages);
criterion_main!(benches);
