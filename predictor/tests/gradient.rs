//! Gradients against finite differences.

use ndarray::{Array1, Array2};
use predictor::{Activation, Dataset, Model, Network, Normaliser, Rng, Schema, Shape, Tape, TargetScale};
use proptest::prelude::*;

const STEP: f64 = 1e-6;

/// Checks `gradient` of `loss` at `parameters`. Left and right differences are both tried: a kink of the rectifier can
/// lie on one side.
fn check(parameters: &[f64], gradient: &[f64], mut loss: impl FnMut(&[f64]) -> f64) {
    let here = loss(parameters);
    let mut moved = parameters.to_vec();
    for index in 0..parameters.len() {
        moved[index] = parameters[index] + STEP;
        let right = (loss(&moved) - here) / STEP;
        moved[index] = parameters[index] - STEP;
        let left = (here - loss(&moved)) / STEP;
        moved[index] = parameters[index];
        let tolerance = 1e-4 * (1.0 + gradient[index].abs());
        let error = (right - gradient[index]).abs().min((left - gradient[index]).abs());
        assert!(error < tolerance, "parameter {index}: {} against {left} and {right}", gradient[index]);
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    let activation = prop_oneof![Just(Activation::Relu), Just(Activation::Softsign)];
    (1..6usize, proptest::collection::vec(1..5usize, 0..3), activation, any::<bool>())
        .prop_map(|(inputs, hidden, activation, skip)| Shape::new(inputs, &hidden, activation, skip).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn network_gradient_matches_differences(shape in shape(), seed in any::<u64>(), instances in 1..20usize) {
        let mut rng = Rng::new(seed);
        let inputs = Array2::from_shape_fn((shape.inputs(), instances), |_| rng.normal());
        let weights: Vec<f64> = (0..instances).map(|_| rng.normal()).collect();
        let mut network = Network::random(shape.clone(), &mut rng);
        network.parameters_mut().iter_mut().for_each(|parameter| *parameter += 0.1 * rng.normal());

        let mut tape = Tape::new(&shape, inputs).unwrap();
        network.forward(&mut tape);
        let mut gradient = vec![0.0; shape.parameter_count()];
        network.backward(&mut tape, &weights, &mut gradient);
        check(network.parameters(), &gradient, |parameters| {
            let moved = Network::from_parameters(shape.clone(), parameters.to_vec()).unwrap();
            moved.forward(&mut tape);
            tape.outputs().iter().zip(&weights).map(|(output, weight)| output * weight).sum()
        });
    }

    #[test]
    fn one_instance_agrees_with_the_tape(shape in shape(), seed in any::<u64>()) {
        let mut rng = Rng::new(seed);
        let inputs = Array2::from_shape_fn((shape.inputs(), 11), |_| rng.normal());
        let network = Network::random(shape.clone(), &mut rng);
        let mut tape = Tape::new(&shape, inputs.clone()).unwrap();
        network.forward(&mut tape);
        for (column, output) in inputs.columns().into_iter().zip(tape.outputs()) {
            let single = network.evaluate(&column.to_vec()).unwrap();
            prop_assert!((single - output).abs() < 1e-12 * (1.0 + output.abs()));
        }
    }

    /// A pipeline's time is the sum of its stages': the squared error of its logarithm is differentiated through the sum.
    #[test]
    fn gradient_through_a_sum_of_stages_matches_differences(seed in any::<u64>(), residual in any::<bool>()) {
        let mut rng = Rng::new(seed);
        let schema = Schema::from_names(&["n"], &["threads"], &["c"]).unwrap();
        let inputs = Array2::from_shape_fn((6, 3), |_| (2.0 * rng.normal()).exp());
        let seconds = Array1::from_shape_fn(6, |_| (rng.normal() - 7.0).exp());
        let bound = seconds.mapv(|seconds| 0.5 * seconds);
        let data = Dataset::new(schema.clone(), inputs, seconds.clone()).unwrap().with_bound(bound.clone()).unwrap();
        let normaliser = Normaliser::fit(&data.columns(&schema).unwrap()).unwrap();
        let bounds = bound.to_vec();
        let target = TargetScale::fit(&seconds.to_vec(), residual.then_some(bounds.as_slice())).unwrap();
        let network = Network::random(Shape::widest(3, 2, Activation::Softsign, true, 0).unwrap(), &mut rng);
        let mut model = Model::new(schema, None, normaliser, target, network).unwrap();
        let mut trace = model.trace_dataset(&data).unwrap();
        let measured = seconds.sum().ln() + 0.3;

        let stages: Vec<f64> = model.evaluate(&mut trace).iter().map(|log| log.exp()).collect();
        let total: f64 = stages.iter().sum();
        let upstream: Vec<f64> = stages.iter().map(|stage| 2.0 * (total.ln() - measured) * stage / total).collect();
        let mut gradient = vec![0.0; model.parameter_count()];
        model.accumulate_gradient(&mut trace, &upstream, &mut gradient);
        let parameters = model.network().parameters().to_vec();
        check(&parameters, &gradient, |parameters| {
            model.network_mut().parameters_mut().copy_from_slice(parameters);
            let total: f64 = model.evaluate(&mut trace).iter().map(|log| log.exp()).sum();
            (total.ln() - measured).powi(2)
        });
    }
}
