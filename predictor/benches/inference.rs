//! Time of one prediction, alone and in batches of 5000. Throughput is in candidates a second.

#![allow(missing_docs)] // what the macros make

use criterion::{criterion_group, criterion_main, Criterion, Throughput};
use ndarray::{Array1, Array2};
use predictor::{train, Activation, Batch, BatchPredictor, Dataset, Forest, Rng, Schema, Shape, Space, TrainConfig};
use std::hint::black_box;

const CANDIDATES: usize = 5000;

fn instances(count: usize, seed: u64) -> Dataset {
    let mut rng = Rng::new(seed);
    let schema = Schema::from_names(&["m", "n", "k", "d1", "d2"], &["threads"], &["mnk"]).unwrap();
    let mut inputs = Array2::from_shape_fn((count, 7), |_| (1 + rng.below(1024)) as f64);
    inputs.rows_mut().into_iter().for_each(|mut row| row[6] = row[0] * row[1] * row[2]);
    let seconds = inputs.rows().into_iter().map(|row| 1e-6 + 1e-9 * row[6]).collect::<Array1<f64>>();
    Dataset::new(schema, inputs, seconds).unwrap()
}

fn inference(criterion: &mut Criterion) {
    let data = instances(250, 1);
    let candidates = instances(CANDIDATES, 2);
    let mut group = criterion.benchmark_group("inference");
    for activation in [Activation::Relu, Activation::Softsign] {
        let shapes = vec![Shape::widest(7, 2, activation, true, 0).unwrap()];
        let quick = TrainConfig { shapes, epochs: 50, restarts: 1, companions: 0, ..TrainConfig::default() };
        let model = train(&data, &quick).unwrap();
        let mut batch = Batch::new(7, CANDIDATES);
        for row in candidates.inputs().rows() {
            batch.push(row.as_slice().unwrap(), 1.0).unwrap();
        }
        let mut compiled = BatchPredictor::new(model.lead());
        let mut out = vec![0.0; CANDIDATES];
        let name = format!("{activation:?}, {} parameters", model.parameter_count());
        group.throughput(Throughput::Elements(CANDIDATES as u64));
        group.bench_function(format!("batch of 5000, log-seconds, {name}"), |bencher| {
            bencher.iter(|| compiled.log_seconds(black_box(&batch), &mut out).unwrap());
        });
        group.bench_function(format!("batch of 5000, seconds, {name}"), |bencher| {
            bencher.iter(|| compiled.seconds(black_box(&batch), &mut out).unwrap());
        });
        group.throughput(Throughput::Elements(1));
        let single = [64.0, 64.0, 64.0, 4.0, 4.0, 2.0, 262144.0];
        group.bench_function(format!("one prediction, {name}"), |bencher| {
            bencher.iter(|| model.lead().log_seconds(black_box(&single), None).unwrap());
        });
    }
    let forest = Forest::fit(&data, Space::Log, 1).unwrap();
    group.throughput(Throughput::Elements(CANDIDATES as u64));
    group.bench_function("random forest, 5000 instances", |bencher| {
        bencher.iter(|| forest.predict(black_box(&candidates)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, inference);
criterion_main!(benches);
