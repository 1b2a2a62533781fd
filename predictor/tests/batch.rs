//! Batched inference says the same as one at a time.

mod common;

use common::{bounded_products, products};
use ndarray::{Array1, Array2};
use predictor::{
    train, Activation, Batch, BatchPredictor, Dataset, Ensemble, Error, Range, Schema, Shape, TrainConfig,
};
use proptest::prelude::*;
use std::sync::OnceLock;

fn quick(activation: Activation, hidden_layers: usize) -> TrainConfig {
    let shapes = vec![Shape::widest(5, hidden_layers, activation, true, 2).unwrap()];
    TrainConfig { shapes, epochs: 50, restarts: 1, companions: 0, ..TrainConfig::default() }
}

/// Models that together use every transform, activation and depth.
fn models() -> &'static [Ensemble] {
    static MODELS: OnceLock<Vec<Ensemble>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let schema = Schema::from_names(&["size", "flag", "count", "shift"], &[], &["c"]).unwrap();
        let inputs = Array2::from_shape_fn((64, 5), |(row, column)| match column {
            0 => 1.0 + row as f64,
            1 => (row % 2) as f64,
            2 => (row % 8 * 10) as f64,
            3 => row as f64 - 30.0,
            _ => 1e9 + 1e12 * row as f64,
        });
        let seconds = Array1::from_shape_fn(64, |row| 1e-6 * (1.0 + row as f64));
        let mixed = Dataset::new(schema, inputs, seconds).unwrap();
        vec![
            train(&products(80, 1, 0.02), &quick(Activation::Softsign, 2)).unwrap(),
            train(&bounded_products(80, 1, 0.02), &quick(Activation::Relu, 1)).unwrap(),
            train(&mixed, &quick(Activation::Softsign, 0)).unwrap(),
        ]
    })
}

/// Inputs at these places of the range each was trained on, 0 its start and 1 its end.
fn placed(model: &Ensemble, places: &[f64; 5]) -> [f64; 5] {
    let scales = model.lead().normaliser().scales();
    // For a model with rates, the last is the range of the bound; as good as any for the term.
    std::array::from_fn(|column| match scales[column].range {
        Range { min, max } if min > 0.0 => min * (max / min).powf(places[column]),
        Range { min, max } => min + (max - min) * places[column],
    })
}

proptest! {
    #[test]
    fn batches_agree_with_single_predictions(
        model in 0..3usize,
        rows in proptest::collection::vec((proptest::array::uniform5(-0.5..1.5f64), -20.0..0.0f64), 0..70),
    ) {
        let model = &models()[model];
        let rows: Vec<_> = rows.iter().map(|(places, log_bound)| (placed(model, places), log_bound.exp())).collect();
        let mut batch = Batch::new(5, 70);
        for (inputs, bound) in &rows {
            batch.push(inputs, *bound).unwrap();
        }
        let mut compiled = BatchPredictor::new(model.lead());
        let (mut logs, mut seconds, mut outside) = (vec![0.0; rows.len()], vec![0.0; rows.len()], vec![false; rows.len()]);
        compiled.log_seconds(&batch, &mut logs).unwrap();
        compiled.seconds(&batch, &mut seconds).unwrap();
        compiled.outside_range(&batch, &mut outside).unwrap();
        for (row, (inputs, bound)) in rows.iter().enumerate() {
            let single = model.lead().log_seconds(inputs, Some(*bound)).unwrap();
            prop_assert!((f64::from(logs[row]) - single).abs() < 1e-4, "{} against {}", logs[row], single);
            prop_assert!((f64::from(seconds[row]) / single.exp() - 1.0).abs() < 2e-4);
            prop_assert_eq!(outside[row], !model.lead().outside_range(inputs).is_empty());
        }
    }
}

#[test]
fn what_is_not_finite_becomes_nan_and_outside() {
    let mut compiled = BatchPredictor::new(models()[0].lead());
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        let mut batch = Batch::new(5, 2);
        batch.push(&[300.0, bad, 300.0, 2.0, 2.7e7], 1.0).unwrap();
        batch.push(&[300.0, 300.0, 300.0, 2.0, 2.7e7], 1.0).unwrap();
        let (mut logs, mut outside) = ([0.0; 2], [false; 2]);
        compiled.log_seconds(&batch, &mut logs).unwrap();
        compiled.outside_range(&batch, &mut outside).unwrap();
        assert!(logs[0].is_nan() && logs[1].is_finite(), "{bad}: {logs:?}");
        assert_eq!(outside, [true, false]);
    }
    assert!(models()[0].predict(&[300.0, f64::NAN, 300.0, 2.0, 2.7e7], None).is_err());
}

#[test]
fn a_batch_is_reused_and_its_limits_are_errors() {
    let mut batch = Batch::new(5, 17);
    for candidate in 0..17 {
        batch.push(&[f64::from(candidate) + 1.0; 5], 1.0).unwrap();
    }
    assert!(matches!(batch.push(&[1.0; 5], 1.0), Err(Error::Length { .. })));
    assert!(batch.resize(18).is_err());
    let mut compiled = BatchPredictor::new(models()[0].lead());
    let mut pushed = [0.0; 17];
    compiled.log_seconds(&batch, &mut pushed).unwrap();
    assert!(compiled.log_seconds(&batch, &mut [0.0; 16]).is_err());
    batch.clear();
    assert!(batch.is_empty() && batch.push(&[1.0; 4], 1.0).is_err());
    batch.resize(17).unwrap();
    for candidate in 0..17 {
        (0..5).for_each(|column| batch.set(candidate, column, candidate as f64 + 1.0));
    }
    let mut set = [0.0; 17];
    compiled.log_seconds(&batch, &mut set).unwrap();
    assert_eq!(pushed, set);
    assert!(compiled.log_seconds(&Batch::new(4, 1), &mut []).is_err());
}
