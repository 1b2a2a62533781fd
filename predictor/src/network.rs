//! The dense network: a shape and its parameters.

use crate::{Error, Result, Rng, Shape};
use ndarray::ArrayView2;

/// Largest factor on the first weights of a bent network.
const STEEPEST: f64 = 6.0;
/// Weight of the other inputs of a unit that bends along one.
const ASIDE: f64 = 0.1;

/// A network from normalised inputs to one normalised output.
///
/// Parameters lie in one flat vector: for each dense layer its weights `[outputs, inputs]` in row-major order, then
/// its biases `[outputs]`; after all layers the weights `[inputs]` of the direct path, if the shape has one.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    shape: Shape,
    parameters: Vec<f64>,
}

impl Network {
    /// A network with randomly drawn weights, zero biases and a zero direct path.
    pub fn random(shape: Shape, rng: &mut Rng) -> Self {
        let mut parameters = Vec::with_capacity(shape.parameter_count());
        for (fan_in, fan_out) in shape.layer_sizes() {
            // Glorot's bound keeps the variance of activations and gradients about equal across layers.
            let bound = (6.0 / (fan_in + fan_out) as f64).sqrt();
            parameters.extend((0..fan_in * fan_out).map(|_| bound * (2.0 * rng.uniform() - 1.0)));
            parameters.extend(std::iter::repeat_n(0.0, fan_out));
        }
        parameters.resize(shape.parameter_count(), 0.0);
        Network { shape, parameters }
    }

    /// A network that says zero.
    pub(crate) fn zero(shape: Shape) -> Self {
        Network { parameters: vec![0.0; shape.parameter_count()], shape }
    }

    /// A random network whose first units bend where there are data: each about one of the instances `inputs` `[inputs, instances]`,
    /// gently or steeply, and half of them mostly along one input, as a kernel does that changes its ways at a threshold.
    pub(crate) fn bent(shape: Shape, inputs: ArrayView2<'_, f64>, rng: &mut Rng) -> Self {
        let mut network = Network::random(shape, rng);
        let Some((fan_in, units)) = network.shape.layer_sizes().next().filter(|_| network.shape.layers() > 1) else {
            return network;
        };
        let (weights, biases) = network.parameters.split_at_mut(fan_in * units);
        for (weights, bias) in weights.chunks_exact_mut(fan_in).zip(biases) {
            let about = inputs.column(rng.below(inputs.ncols()));
            let (steepness, along) = (STEEPEST.powf(rng.uniform()), rng.below(2 * fan_in));
            for (input, weight) in weights.iter_mut().enumerate() {
                *weight *= if along < fan_in && input != along { ASIDE * steepness } else { steepness };
            }
            *bias = -inner_product(weights, &about.to_vec());
        }
        network
    }

    /// A network with these parameters, laid out as [`Network`] says.
    ///
    /// # Errors
    /// [`Error::Length`] when their number is not the shape's; [`Error::BadValue`] when one is not finite.
    pub fn from_parameters(shape: Shape, parameters: Vec<f64>) -> Result<Self> {
        Error::check_length("parameters", shape.parameter_count(), parameters.len())?;
        if let Some(row) = parameters.iter().position(|value| !value.is_finite()) {
            let (column, value) = ("parameter".to_owned(), parameters[row]);
            return Err(Error::BadValue { row, column, value, expected: "finite" });
        }
        Ok(Network { shape, parameters })
    }

    /// The shape.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The parameters, laid out as [`Network`] says.
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// The parameters, for an optimiser to step. A step to a value that is not finite makes predictions NaN.
    pub fn parameters_mut(&mut self) -> &mut [f64] {
        &mut self.parameters
    }

    /// (weights `[outputs * inputs]`, biases `[outputs]`) of every dense layer, first to last.
    pub(crate) fn layers(&self) -> impl Iterator<Item = (&[f64], &[f64])> {
        let mut rest = self.parameters.as_slice();
        self.shape.layer_sizes().map(move |(fan_in, fan_out)| {
            let (weights, tail) = rest.split_at(fan_in * fan_out);
            let (biases, tail) = tail.split_at(fan_out);
            rest = tail;
            (weights, biases)
        })
    }

    /// Weights of the direct path `[inputs]`; empty without one.
    pub(crate) fn skip_weights(&self) -> &[f64] {
        let length = if self.shape.skip() { self.shape.inputs() } else { 0 };
        &self.parameters[self.parameters.len() - length..]
    }

    /// The output for one instance of normalised inputs.
    ///
    /// # Errors
    /// [`Error::Length`] when `inputs` is not as long as the shape says.
    pub fn evaluate(&self, inputs: &[f64]) -> Result<f64> {
        Error::check_length("inputs", self.shape.inputs(), inputs.len())?;
        let mut values = inputs.to_vec();
        let last = self.shape.layers() - 1;
        for (layer, (weights, biases)) in self.layers().enumerate() {
            let rows = weights.chunks_exact(values.len());
            let mut outputs: Vec<f64> =
                rows.zip(biases).map(|(row, bias)| bias + inner_product(row, &values)).collect();
            if layer < last {
                self.shape.activation().apply(&mut outputs);
            }
            values = outputs;
        }
        Ok(values[0] + inner_product(self.skip_weights(), inputs))
    }
}

/// Sum of products over the shorter of the two slices.
fn inner_product(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}
