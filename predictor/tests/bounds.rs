//! Predictions stay within what the data allow, and NN+C is not behind what it contains.

mod common;

use common::{bounded_products, products};
use ndarray::Array2;
use predictor::{metrics, train, Dataset, Ensemble, Input, InputKind, Method, Rng, Schema, TrainConfig};
use proptest::prelude::*;
use std::path::Path;
use std::sync::OnceLock;

/// Models on fitted rates, on a given bound, and without either.
fn models() -> &'static [Ensemble] {
    static MODELS: OnceLock<Vec<Ensemble>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let config = TrainConfig { restarts: 4, companions: 1, ..TrainConfig::default() };
        let plain = products(80, 1, 0.1).with_columns(&[0, 1, 2, 3], false).unwrap();
        [products(80, 1, 0.1), bounded_products(80, 1, 0.1), plain].map(|data| train(&data, &config).unwrap()).into()
    })
}

proptest! {
    #[test]
    fn any_inputs_have_a_prediction_within_the_limits(
        model in 0..3usize,
        values in proptest::array::uniform5((-1.0..=1.0f64, -30.0..200.0f64)),
        log_bound in -30.0..30.0f64,
    ) {
        let model = &models()[model];
        let inputs: Vec<f64> = values.iter().map(|(sign, exponent)| sign * 10f64.powf(*exponent)).collect();
        let inputs = &inputs[..model.lead().schema().len()];
        let prediction = model.predict(inputs, Some(log_bound.exp())).unwrap();
        prop_assert!(prediction.seconds.is_finite() && prediction.seconds > 0.0);
        prop_assert!(prediction.mean_seconds.is_finite() && prediction.mean_seconds > 0.0);
        let lead = model.lead();
        let bound = match lead.rates() {
            Some(rates) => rates.seconds([inputs[4]]),
            None if lead.target().residual => log_bound.exp(),
            None => 1.0,
        };
        let (limits, log) = (lead.target().limits.unwrap(), (prediction.seconds / bound).ln());
        prop_assert!(log > limits.min - 1e-6 && log < limits.max + 1e-6, "{log} beside {limits:?}");
    }
}

/// The error over `test` of a method fitted to `training`, over all and over the slowest 70 %.
fn errors(method: Method, (training, test): &(Dataset, Dataset)) -> [f64; 2] {
    let config = TrainConfig { restarts: 12, companions: 0, ..TrainConfig::default() };
    let predicted = method.fit(training, &config).unwrap().predict(test).unwrap().to_vec();
    let measured = test.seconds().to_vec();
    assert!(predicted.iter().all(|seconds| seconds.is_finite()), "{}", method.name());
    [
        metrics::mape(&predicted, &measured).unwrap(),
        metrics::mape_slowest(&predicted, &measured, metrics::SLOWEST_SHARE).unwrap(),
    ]
}

/// Sizes and times that are linear in m n k, with this deviation of log-seconds.
fn linear_in_complexity(noise: f64) -> (Dataset, Dataset) {
    let mut rng = Rng::new(3);
    let data = products(400, 2, 0.0);
    let time = |c: &f64| (2e-6 + 3e-10 * c) * (noise * rng.normal()).exp();
    let seconds = data.inputs().column(4).iter().map(time).collect();
    Dataset::new(data.schema().clone(), data.inputs().clone(), seconds).unwrap().split(200, 0).unwrap()
}

#[test]
fn where_time_is_linear_in_complexity_nothing_is_added_to_it() {
    let data = linear_in_complexity(0.0);
    let model = train(&data.0, &TrainConfig { restarts: 2, companions: 0, ..TrainConfig::default() }).unwrap();
    assert!(model.lead().network().parameters().iter().all(|&parameter| parameter == 0.0));
    let (ours, linear) = (errors(Method::NnC, &data), errors(Method::LrC, &data));
    assert!((0..2).all(|metric| ours[metric] < 1e-9 + linear[metric]), "{ours:?} and {linear:?}");
}

#[test]
fn where_time_is_linear_but_for_noise_the_network_is_not_behind() {
    let data = linear_in_complexity(0.03);
    let (ours, linear) = (errors(Method::NnC, &data), errors(Method::LrC, &data));
    assert!((0..2).all(|metric| ours[metric] < 1.05 * linear[metric]), "{ours:?} and {linear:?}");
    assert!(ours[0] < 0.03, "{ours:?}");
}

/// A table of the paper's authors, which lies beside the repository or is not there: seconds, parameters, complexity.
fn published(name: &str) -> Option<Dataset> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/nnc-authors");
    let Ok(text) = std::fs::read_to_string(folder.join(name)) else {
        eprintln!("skipped: no {name} in {}", folder.display());
        return None;
    };
    let number = |cell: &str| cell.trim().parse::<f64>().unwrap();
    let rows: Vec<Vec<f64>> = text.lines().map(|line| line.split(',').map(number).collect()).collect();
    let inputs = rows[0].len() - 1;
    let kind = |column| if column + 1 == inputs { InputKind::Complexity } else { InputKind::Parameter };
    let schema =
        Schema::new((0..inputs).map(|column| Input::new(format!("c{column}"), kind(column))).collect()).unwrap();
    let values = Array2::from_shape_fn((rows.len(), inputs), |(row, column)| rows[row][column + 1]);
    Some(Dataset::new(schema, values, rows.iter().map(|row| row[0]).collect()).unwrap())
}

/// Floors well above what is reached on average over 20 splits (doc/predict.md).
#[test]
fn published_timings_are_predicted() {
    for (name, all, slowest) in [
        ("matrix_conv_cpu_500_points_Xeon.csv", 0.03, 0.02),
        ("matrix_conv_cpu_500_points_I5.csv", 0.06, 0.03),
        ("matrix_matrix_gpu_500_points_Quadro.csv", 0.08, 0.045),
    ] {
        let Some(data) = published(name) else { continue };
        let halves = data.split(250, 1).unwrap();
        let (ours, linear) = (errors(Method::NnC, &halves), errors(Method::LrC, &halves));
        assert!(ours[0] < all && ours[1] < slowest, "{name}: {ours:?}");
        assert!(ours[0] < linear[0] && ours[1] < 1.25 * linear[1], "{name}: {ours:?} and {linear:?}");
    }
}
