//! Large NN+C: the augmented network of the paper's section VI, without the parameter limit.

use crate::problem::Problem;
use crate::{Activation, Adam, Dataset, Error, Loss, Model, Network, Result, Rng, Shape, Tape, TrainConfig};
use ndarray::Array1;

/// Hidden layers.
const HIDDEN: [usize; 2] = [48, 48];
/// Steps of Adam for each step of a small network's fit, which looks at the curvature.
const STEPS: usize = 30;
/// Adam's step at the start; it decays to a hundredth, along a cosine.
const LEARNING_RATE: f64 = 0.06;
/// Coefficient of half the squared sum of the weights in the loss.
const WEIGHT_DECAY: f64 = 1e-4;
/// Over normalised log-seconds.
const LOSS: Loss = Loss::Huber { delta: 0.5 };
/// One instance of this many is held out, to choose when to stop.
const HELD_OUT: usize = 5;

/// A network of two hidden layers with 48 units each, on the same residual as NN+C's. It has too many parameters for the
/// curvature, so it descends by Adam, once, with early stopping.
pub struct Large {
    model: Model,
}

impl Large {
    /// Fits all inputs of `data`; `config` gives the seed and, in its epochs, how long it may take.
    ///
    /// # Errors
    /// As [`crate::train`].
    pub fn fit(data: &Dataset, config: &TrainConfig) -> Result<Self> {
        config.check()?;
        let problem = &Problem::all(data)?[0];
        let shape = Shape::unconstrained(problem.inputs(), &HIDDEN, Activation::Relu, true)?;
        let order = Rng::stream(config.seed, 0).permutation(data.len());
        let (validation, training) = order.split_at(data.len().div_ceil(HELD_OUT));
        let part =
            |rows: &[usize]| Ok::<_, Error>((Tape::new(&shape, problem.seen_by(&shape, rows))?, problem.targets(rows)));
        let network = Network::random(shape.clone(), &mut Rng::stream(config.seed, 1));
        let network = descend(network, part(training)?, part(validation)?, STEPS * config.epochs);
        Ok(Large { model: problem.model(network)? })
    }

    /// Predicted seconds of every instance.
    ///
    /// # Errors
    /// As [`Model::predict`].
    pub fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        self.model.predict(data)
    }

    /// Number of fitted parameters.
    pub fn parameter_count(&self) -> usize {
        self.model.parameter_count()
    }
}

/// Descends from `network` for `steps`, and returns the parameters with the least validation loss.
fn descend(
    mut network: Network,
    (mut training, targets): (Tape, Vec<f64>),
    (mut validation, goals): (Tape, Vec<f64>),
    steps: usize,
) -> Network {
    let mut adam = Adam::new(network.parameters().len());
    let mut gradient = vec![0.0; network.parameters().len()];
    let (mut slope, mut ignored) = (vec![0.0; targets.len()], vec![0.0; goals.len()]);
    let (mut best, mut least) = (network.clone(), f64::INFINITY);
    for step in 1..=steps {
        network.forward(&mut training);
        LOSS.evaluate(training.outputs(), &targets, &mut slope);
        for (slot, parameter) in gradient.iter_mut().zip(network.parameters()) {
            *slot = WEIGHT_DECAY * parameter;
        }
        network.backward(&mut training, &slope, &mut gradient);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * step as f64 / steps as f64).cos());
        adam.step(network.parameters_mut(), &gradient, LEARNING_RATE * (0.01 + 0.99 * cosine));
        network.forward(&mut validation);
        let loss = LOSS.evaluate(validation.outputs(), &goals, &mut ignored);
        if loss < least {
            least = loss;
            best.parameters_mut().copy_from_slice(network.parameters());
        }
    }
    best
}
