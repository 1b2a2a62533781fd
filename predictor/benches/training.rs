//! Time to train on 250 instances: a whole ensemble with the default configuration, and one network.

#![allow(missing_docs)] // what the macros make

use criterion::{criterion_group, criterion_main, Criterion};
use ndarray::{Array1, Array2};
use predictor::{train, Activation, Dataset, Rng, Schema, Shape, TrainConfig};
use std::hint::black_box;

fn training(criterion: &mut Criterion) {
    let mut rng = Rng::new(1);
    let schema = Schema::from_names(&["m", "n", "k", "d1", "d2"], &["threads"], &["mnk"]).unwrap();
    let mut inputs = Array2::from_shape_fn((250, 7), |_| (1 + rng.below(1024)) as f64);
    inputs.rows_mut().into_iter().for_each(|mut row| row[6] = row[0] * row[1] * row[2]);
    let seconds: Array1<f64> =
        inputs.rows().into_iter().map(|row| (1e-6 + 1e-9 * row[6]) * (0.05 * rng.normal()).exp()).collect();
    let data = Dataset::new(schema, inputs, seconds).unwrap();

    let mut group = criterion.benchmark_group("training");
    group.sample_size(10);
    group.bench_function("250 instances, default", |bencher| {
        bencher.iter(|| train(black_box(&data), &TrainConfig::default()).unwrap());
    });
    for activation in [Activation::Relu, Activation::Softsign] {
        let shapes = vec![Shape::widest(7, 2, activation, true, 2).unwrap()];
        let single = TrainConfig { shapes, restarts: 1, companions: 0, ..TrainConfig::default() };
        group.bench_function(format!("250 instances, one network, {activation:?}"), |bencher| {
            bencher.iter(|| train(black_box(&data), &single).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, training);
criterion_main!(benches);
