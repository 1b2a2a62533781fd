//! Training recovers known functions, repeats itself, and respects its limits.

mod common;

use common::{bounded_products, product_seconds, products};
use ndarray::{Array1, Array2};
use predictor::{metrics, train, Activation, Adam, Dataset, Error, Method, Model, Rng, Schema, Shape, TrainConfig};

fn quick() -> TrainConfig {
    TrainConfig { restarts: 2, companions: 1, ..TrainConfig::default() }
}

fn test_error(train_on: &Dataset, test_on: &Dataset, config: &TrainConfig) -> f64 {
    let model = train(train_on, config).unwrap();
    metrics::mape(&model.lead().predict(test_on).unwrap().to_vec(), &test_on.seconds().to_vec()).unwrap()
}

#[test]
fn a_known_kernel_is_recovered_from_250_instances() {
    let error = test_error(
        &products(250, 1, 0.0),
        &products(250, 2, 0.0),
        &TrainConfig { companions: 0, restarts: 4, ..TrainConfig::default() },
    );
    assert!(error < 0.05, "mean absolute percentage error {error}");
}

#[test]
fn a_law_whose_complexity_is_known_is_extrapolated() {
    let schema = Schema::from_names(&["n"], &[], &["c"]).unwrap();
    let law = |sizes: Vec<f64>| {
        let inputs = Array2::from_shape_fn((sizes.len(), 2), |(row, column)| sizes[row].powf([1.0, 2.5][column]));
        let seconds = sizes.iter().map(|size| 3e-9 * size.powf(2.5)).collect();
        Dataset::new(schema.clone(), inputs, seconds).unwrap()
    };
    let small = law((1..200).map(|step| 5.0 * f64::from(step)).collect());
    let large = law((1..20).map(|step| 1000.0 + 200.0 * f64::from(step)).collect());
    let error = test_error(&small, &large, &quick());
    assert!(error < 0.1, "mean absolute percentage error {error}");
}

#[test]
fn a_residual_model_follows_its_bound_outside_the_range_seen() {
    let data = bounded_products(250, 3, 0.01);
    let model = train(&data, &quick()).unwrap();
    let size: f64 = 8192.0;
    let inputs = [size, size, size, 2.0, size.powi(3)];
    let prediction = model.predict(&inputs, Some(2.0 * size.powi(3) / 16e9)).unwrap();
    assert_eq!(prediction.outside_range, [0, 1, 2, 4]);
    let truth = product_seconds(size, size, size, 2.0);
    assert!((prediction.seconds / truth).ln().abs() < 0.3, "{} against {truth}", prediction.seconds);
    assert!(matches!(model.predict(&inputs, None), Err(Error::MissingBound)));
}

#[test]
fn the_spread_grows_where_nothing_was_seen() {
    let model = train(&products(250, 4, 0.05), &quick()).unwrap();
    let inside = model.predict(&[500.0, 400.0, 300.0, 2.0, 6e7], None).unwrap();
    let outside = model.predict(&[1e6, 1e-3, 3e5, 64.0, 3e8], None).unwrap();
    assert!(!inside.is_extrapolation() && outside.is_extrapolation());
    assert!(inside.spread < outside.spread, "{} and {}", inside.spread, outside.spread);
}

#[test]
fn the_same_seed_gives_the_same_model_and_another_does_not() {
    let data = products(100, 5, 0.02);
    let config = TrainConfig { epochs: 16, ..quick() };
    let first = train(&data, &config).unwrap();
    assert_eq!(first, train(&data, &config).unwrap());
    assert_eq!(first.to_json(), train(&data, &config).unwrap().to_json());
    assert_ne!(first, train(&data, &TrainConfig { seed: 1, ..config }).unwrap());
}

#[test]
fn scaling_comes_from_the_training_set_alone() {
    let data = products(100, 6, 0.0);
    let shapes = vec![Shape::widest(5, 1, Activation::Softsign, true, 2).unwrap()];
    let model = train(&data, &TrainConfig { epochs: 8, shapes, ..quick() }).unwrap();
    let rates = model.lead().rates().unwrap();
    for (column, scale) in model.lead().normaliser().scales().iter().enumerate() {
        let values = data.inputs().column(column);
        let values = if column == 4 { values.mapv(|c| rates.seconds([c]).ln()) } else { values.mapv(f64::ln) };
        assert!((scale.mean - values.mean().unwrap()).abs() < 1e-9);
        assert!((scale.deviation - values.std(0.0)).abs() < 1e-9);
    }
    let provenance = model.provenance();
    assert_eq!(provenance.data_fingerprint, data.fingerprint());
    assert_eq!((provenance.training.instances, provenance.training.validation_instances), (100, 20));
    assert!(provenance.training.validation_rms_log_error.is_some());
}

#[test]
fn constant_times_and_constant_inputs_are_no_trouble() {
    let schema = Schema::from_names(&["n", "unused"], &[], &["c"]).unwrap();
    let inputs = Array2::from_shape_fn((20, 3), |(row, column)| if column == 1 { 7.0 } else { 1.0 + row as f64 });
    let data = Dataset::new(schema, inputs, Array1::from_elem(20, 1e-3)).unwrap();
    assert!(test_error(&data, &data, &quick()) < 0.01);
}

#[test]
fn impossible_requests_are_errors() {
    let data = products(20, 7, 0.0);
    let fails = |config: TrainConfig| train(&data, &config).unwrap_err().to_string();
    assert!(fails(TrainConfig { epochs: 0, ..quick() }).contains("epochs"));
    assert!(fails(TrainConfig { restarts: 0, ..quick() }).contains("restarts"));
    let foreign = Shape::widest(3, 1, Activation::Relu, true, 0).unwrap();
    assert!(fails(TrainConfig { shapes: vec![foreign], ..quick() }).contains("inputs of the shape"));
    assert!(matches!(train(&data.select(&[0, 1, 2]), &quick()), Err(Error::TooFewInstances { found: 3, .. })));
}

#[test]
fn every_method_fits_and_predicts() {
    let (data, test) = (products(250, 8, 0.03), products(250, 9, 0.03));
    let config = TrainConfig { restarts: 2, companions: 0, ..TrainConfig::default() };
    let measured = test.seconds().to_vec();
    let mut errors = std::collections::HashMap::new();
    for method in Method::ALL {
        let fitted = method.fit(&data, &config).unwrap();
        let predicted = fitted.predict(&test).unwrap().to_vec();
        assert!(predicted.iter().all(|seconds| seconds.is_finite()), "{}", method.name());
        errors.insert(method, metrics::mape(&predicted, &measured).unwrap());
    }
    assert!(errors[&Method::NnC] < errors[&Method::LrC] && errors[&Method::NnC] < errors[&Method::NlrC]);
    assert!(errors[&Method::LogNlrC] < errors[&Method::NlrC], "log space helps the forest: {errors:?}");
    let plain = data.with_columns(&[0, 1, 2, 3], false).unwrap();
    assert!(matches!(Method::C.fit(&plain, &config), Err(Error::NoComplexity(_))));
}

/// Stage times are never seen: they are learned from the times of pipelines, each the sum of its stages.
#[test]
fn stage_times_are_learned_from_whole_pipelines() {
    let (stages, per_pipeline) = (products(300, 10, 0.0), 3);
    let rough = stages.seconds().mapv(|_| 1e-3);
    let guess = Dataset::new(stages.schema().clone(), stages.inputs().clone(), rough).unwrap();
    let shapes = vec![Shape::widest(5, 2, Activation::Softsign, true, 2).unwrap()];
    let mut model = Model::clone(
        train(&guess, &TrainConfig { epochs: 1, restarts: 1, companions: 0, shapes, ..quick() }).unwrap().lead(),
    )
    .unlimited();
    let totals: Vec<f64> =
        stages.seconds().to_vec().chunks(per_pipeline).map(|stages| stages.iter().sum::<f64>().ln()).collect();
    let mut trace = model.trace(stages.inputs().view(), None).unwrap();
    let mut adam = Adam::new(model.network().parameters().len());
    let mut upstream = vec![0.0; stages.len()];
    for epoch in 0..1500 {
        let times: Vec<f64> = model.evaluate(&mut trace).iter().map(|log| log.exp()).collect();
        for (pipeline, target) in totals.iter().enumerate() {
            let range = pipeline * per_pipeline..(pipeline + 1) * per_pipeline;
            let total: f64 = times[range.clone()].iter().sum();
            range.for_each(|stage| upstream[stage] = (total.ln() - target) * times[stage] / total);
        }
        let mut gradient = vec![0.0; model.network().parameters().len()];
        model.accumulate_gradient(&mut trace, &upstream, &mut gradient);
        adam.step(model.network_mut().parameters_mut(), &gradient, 0.05 / (1.0 + 0.005 * f64::from(epoch)));
    }
    let test = products(200, 11, 0.0);
    let rho = metrics::spearman_rho(&model.predict(&test).unwrap().to_vec(), &test.seconds().to_vec()).unwrap();
    assert!(rho > 0.95, "rank correlation of unseen stages {rho}");
}

#[test]
fn a_split_is_a_partition_that_depends_on_the_seed() {
    let data = products(50, 12, 0.0);
    let (first, second) = data.split(30, 1).unwrap();
    assert_eq!((first.len(), second.len()), (30, 20));
    let mut together: Vec<f64> = first.seconds().iter().chain(second.seconds()).copied().collect();
    let mut all = data.seconds().to_vec();
    together.sort_by(f64::total_cmp);
    all.sort_by(f64::total_cmp);
    assert_eq!(together, all);
    assert_ne!(first, data.split(30, 2).unwrap().0);
    assert!(data.split(51, 1).is_err());
    assert_ne!(Rng::new(1).next_u64(), Rng::new(2).next_u64());
}
