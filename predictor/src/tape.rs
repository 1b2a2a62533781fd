//! Evaluation of a network over many instances at once, with what back-propagation needs kept.

use crate::linalg::dot;
use crate::vectors::{widest_vectors, Work};
use crate::{Error, Network, Result, Shape};
use ndarray::Array2;

/// The activations of one network shape over a fixed set of instances, structure of arrays: one contiguous row a
/// unit, one column an instance. Made once and reused every epoch, so training does not allocate.
#[derive(Debug, Clone)]
pub struct Tape {
    /// `values[0]` are the inputs, `values[l + 1]` the outputs of dense layer `l`: `[units, instances]`.
    values: Vec<Array2<f64>>,
    /// `deltas[l]`: derivative of the loss by the outputs of layer `l`, before activation.
    deltas: Vec<Array2<f64>>,
}

impl Tape {
    /// A tape for networks of `shape` over normalised `inputs` `[inputs, instances]`.
    ///
    /// # Errors
    /// [`Error::Length`] when `inputs` does not have the shape's number of rows.
    pub fn new(shape: &Shape, inputs: Array2<f64>) -> Result<Self> {
        Error::check_length("inputs", shape.inputs(), inputs.nrows())?;
        let instances = inputs.ncols();
        let deltas: Vec<_> = shape.layer_sizes().map(|(_, units)| Array2::zeros((units, instances))).collect();
        let mut values = vec![inputs.as_standard_layout().into_owned()];
        values.extend(deltas.iter().cloned());
        Ok(Tape { values, deltas })
    }

    /// Number of instances.
    pub fn instances(&self) -> usize {
        self.values[0].ncols()
    }

    /// The network's outputs `[instances]` of the last [`Network::forward`].
    pub fn outputs(&self) -> &[f64] {
        row(&self.values[self.values.len() - 1], 0)
    }
}

struct Forward<'a> {
    network: &'a Network,
    tape: &'a mut Tape,
}

impl Work for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.network.forward_inlined(self.tape);
    }
}

struct Backward<'a> {
    network: &'a Network,
    tape: &'a mut Tape,
    upstream: &'a [f64],
    gradient: &'a mut [f64],
}

impl Work for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.network.backward_inlined(self.tape, self.upstream, self.gradient);
    }
}

struct Jacobian<'a> {
    network: &'a Network,
    tape: &'a mut Tape,
    jacobian: &'a mut Array2<f64>,
}

impl Work for Jacobian<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.network.jacobian_inlined(self.tape, self.jacobian);
    }
}

impl Network {
    /// Evaluates every instance on the tape; the result is [`Tape::outputs`].
    ///
    /// # Panics
    /// When the tape was made for another shape.
    pub fn forward(&self, tape: &mut Tape) {
        widest_vectors(Forward { network: self, tape });
    }

    #[inline(always)]
    fn forward_inlined(&self, tape: &mut Tape) {
        let last = self.shape().layers() - 1;
        for (layer, (weights, biases)) in self.layers().enumerate() {
            let (before, after) = tape.values.split_at_mut(layer + 1);
            let (inputs, outputs) = (&before[layer], &mut after[0]);
            for (unit, (unit_weights, &bias)) in weights.chunks_exact(inputs.nrows()).zip(biases).enumerate() {
                let output = row_mut(outputs, unit);
                output.fill(bias);
                for (input, &weight) in unit_weights.iter().enumerate() {
                    add_scaled(output, weight, row(inputs, input));
                }
                if layer < last {
                    self.shape().activation().apply(output);
                }
            }
        }
        let (before, after) = tape.values.split_at_mut(last + 1);
        for (input, &weight) in self.skip_weights().iter().enumerate() {
            add_scaled(row_mut(&mut after[0], 0), weight, row(&before[0], input));
        }
    }

    /// Adds to `gradient` `[parameters]` the derivative of a loss by every parameter, given `upstream` `[instances]`,
    /// the derivative of that loss by each output of the last [`Network::forward`] on this tape.
    ///
    /// # Panics
    /// When the tape was made for another shape, or a slice has another length than said.
    pub fn backward(&self, tape: &mut Tape, upstream: &[f64], gradient: &mut [f64]) {
        assert_eq!(gradient.len(), self.shape().parameter_count(), "gradient length");
        widest_vectors(Backward { network: self, tape, upstream, gradient });
    }

    #[inline(always)]
    fn backward_inlined(&self, tape: &mut Tape, upstream: &[f64], gradient: &mut [f64]) {
        let last = self.shape().layers() - 1;
        row_mut(&mut tape.deltas[last], 0).copy_from_slice(upstream);
        let mut end = gradient.len();
        if self.shape().skip() {
            end -= self.shape().inputs();
            for (input, slot) in gradient[end..].iter_mut().enumerate() {
                *slot += dot(upstream, row(&tape.values[0], input));
            }
        }
        let layers: Vec<_> = self.layers().collect();
        for (layer, (weights, biases)) in layers.iter().enumerate().rev() {
            let start = end - weights.len() - biases.len();
            let (weight_slots, bias_slots) = gradient[start..end].split_at_mut(weights.len());
            end = start;
            let (earlier, current) = tape.deltas.split_at_mut(layer);
            let (inputs, delta) = (&tape.values[layer], &current[0]);
            for (unit, slots) in weight_slots.chunks_exact_mut(inputs.nrows()).enumerate() {
                bias_slots[unit] += sum(row(delta, unit));
                for (input, slot) in slots.iter_mut().enumerate() {
                    *slot += dot(row(delta, unit), row(inputs, input));
                }
            }
            if let Some(previous) = earlier.last_mut() {
                self.pull_back(weights, delta, inputs, previous);
            }
        }
    }

    /// Writes to `jacobian` `[parameters, instances]` the derivative of every output of the last [`Network::forward`] on this
    /// tape by every parameter.
    ///
    /// # Panics
    /// When the tape was made for another shape, or `jacobian` has other dimensions than said.
    pub(crate) fn jacobian(&self, tape: &mut Tape, jacobian: &mut Array2<f64>) {
        widest_vectors(Jacobian { network: self, tape, jacobian });
    }

    #[inline(always)]
    fn jacobian_inlined(&self, tape: &mut Tape, jacobian: &mut Array2<f64>) {
        let last = self.shape().layers() - 1;
        tape.deltas[last].fill(1.0);
        let mut end = jacobian.nrows();
        if self.shape().skip() {
            end -= self.shape().inputs();
            for input in 0..self.shape().inputs() {
                row_mut(jacobian, end + input).copy_from_slice(row(&tape.values[0], input));
            }
        }
        let layers: Vec<_> = self.layers().collect();
        for (layer, (weights, biases)) in layers.iter().enumerate().rev() {
            let bias_rows = end - biases.len();
            end = bias_rows - weights.len();
            let (earlier, current) = tape.deltas.split_at_mut(layer);
            let (inputs, delta) = (&tape.values[layer], &current[0]);
            for unit in 0..biases.len() {
                row_mut(jacobian, bias_rows + unit).copy_from_slice(row(delta, unit));
                for input in 0..inputs.nrows() {
                    let slots = row_mut(jacobian, end + unit * inputs.nrows() + input);
                    let products = row(delta, unit).iter().zip(row(inputs, input)).map(|(d, v)| d * v);
                    slots.iter_mut().zip(products).for_each(|(slot, product)| *slot = product);
                }
            }
            if let Some(previous) = earlier.last_mut() {
                self.pull_back(weights, delta, inputs, previous);
            }
        }
    }

    /// Fills `previous` with the derivative by the outputs, before activation, of the layer that made `activated`.
    #[inline(always)]
    fn pull_back(&self, weights: &[f64], delta: &Array2<f64>, activated: &Array2<f64>, previous: &mut Array2<f64>) {
        for input in 0..activated.nrows() {
            let target = row_mut(previous, input);
            target.fill(0.0);
            for unit in 0..delta.nrows() {
                add_scaled(target, weights[unit * activated.nrows() + input], row(delta, unit));
            }
            self.shape().activation().chain(row(activated, input), target);
        }
    }
}

/// One row of a standard-layout matrix.
#[inline(always)]
fn row(matrix: &Array2<f64>, index: usize) -> &[f64] {
    let columns = matrix.ncols();
    let all = matrix.as_slice().expect("tape matrices are made in standard layout");
    &all[index * columns..(index + 1) * columns]
}

/// One row of a standard-layout matrix.
#[inline(always)]
fn row_mut(matrix: &mut Array2<f64>, index: usize) -> &mut [f64] {
    let columns = matrix.ncols();
    let all = matrix.as_slice_mut().expect("tape matrices are made in standard layout");
    &mut all[index * columns..(index + 1) * columns]
}

#[inline(always)]
fn add_scaled(target: &mut [f64], factor: f64, source: &[f64]) {
    for (t, &s) in target.iter_mut().zip(source) {
        *t += factor * s;
    }
}

/// Partial sums kept apart, as by [`dot`].
const LANES: usize = 8;

#[inline(always)]
fn sum(a: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    let chunks = a.chunks_exact(LANES);
    let tail: f64 = chunks.remainder().iter().sum();
    for x in chunks {
        for lane in 0..LANES {
            lanes[lane] += x[lane];
        }
    }
    lanes.iter().sum::<f64>() + tail
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Activation, Rng};

    /// The Jacobian times a vector is what back-propagation of that vector gives.
    #[test]
    fn the_jacobian_agrees_with_back_propagation() {
        for (hidden, activation) in
            [(&[3, 2][..], Activation::Softsign), (&[4], Activation::Relu), (&[], Activation::Relu)]
        {
            let shape = Shape::new(2, hidden, activation, true).unwrap();
            let mut rng = Rng::new(1);
            let network = Network::random(shape.clone(), &mut rng);
            let mut tape = Tape::new(&shape, Array2::from_shape_fn((2, 11), |_| rng.normal())).unwrap();
            let upstream: Vec<f64> = (0..11).map(|_| rng.normal()).collect();
            network.forward(&mut tape);
            let mut gradient = vec![0.0; shape.parameter_count()];
            network.backward(&mut tape, &upstream, &mut gradient);
            let mut jacobian = Array2::zeros((shape.parameter_count(), 11));
            network.jacobian(&mut tape, &mut jacobian);
            for (derivatives, slope) in jacobian.rows().into_iter().zip(gradient) {
                assert!((dot(&derivatives.to_vec(), &upstream) - slope).abs() < 1e-12);
            }
        }
    }
}
