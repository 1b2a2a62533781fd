//! What is expected of a network's parameters before any data: that they are small, each group on a scale of its own.

use crate::Shape;
use ndarray::Array2;

/// Precision of every group before the data have said anything, and its least and largest.
const FIRST_PRECISION: f64 = 1e-2;
const PRECISIONS: (f64, f64) = (1e-6, 1e6);
/// Effective parameters, and squared sum of parameters, that a group has at least.
const LEAST: f64 = 1e-12;

/// Gaussian priors around zero with precisions found from the data: automatic relevance determination (MacKay 1994; Neal
/// 1996). The weights of the first layer form a group an input, so that inputs that do not matter are switched off; so do the
/// weights and the biases of every other layer, and the direct path.
#[derive(Debug, Clone)]
pub(crate) struct Prior {
    /// Group of each parameter, in layout order.
    groups: Vec<usize>,
    /// Inverse variance of each group's parameters.
    precisions: Vec<f64>,
}

impl Prior {
    /// The prior over the parameters of a network of `shape`.
    pub(crate) fn new(shape: &Shape) -> Self {
        let (mut groups, mut next) = (Vec::with_capacity(shape.parameter_count()), 0);
        for (layer, (fan_in, fan_out)) in shape.layer_sizes().enumerate() {
            let own = if layer == 0 { fan_in } else { 1 };
            groups.extend((0..fan_out * fan_in).map(|weight| next + weight % fan_in % own));
            groups.extend(std::iter::repeat_n(next + own, fan_out));
            next += own + 1;
        }
        groups.resize(shape.parameter_count(), next);
        Prior { groups, precisions: vec![FIRST_PRECISION; next + 1] }
    }

    /// Precision of each parameter.
    fn of_each(&self) -> impl Iterator<Item = f64> + '_ {
        self.groups.iter().map(|&group| self.precisions[group])
    }

    /// Negative logarithm of the density, up to a constant of the shape.
    pub(crate) fn energy(&self, parameters: &[f64]) -> f64 {
        self.of_each()
            .zip(parameters)
            .map(|(precision, value)| 0.5 * (precision * value * value - precision.ln()))
            .sum()
    }

    /// Adds the derivative of the energy to `gradient`.
    pub(crate) fn add_gradient(&self, parameters: &[f64], gradient: &mut [f64]) {
        let slopes = self.of_each().zip(parameters).map(|(precision, value)| precision * value);
        gradient.iter_mut().zip(slopes).for_each(|(slot, slope)| *slot += slope);
    }

    /// Adds the curvature of the energy to `hessian`.
    pub(crate) fn add_curvature(&self, hessian: &mut Array2<f64>) {
        hessian.diag_mut().iter_mut().zip(self.of_each()).for_each(|(slot, precision)| *slot += precision);
    }

    /// Sets the precisions to what explains `parameters` best, given the posterior `variances`. Returns how many parameters
    /// the data determine.
    pub(crate) fn update(&mut self, parameters: &[f64], variances: &[f64]) -> f64 {
        let mut determined = vec![0.0; self.precisions.len()];
        let mut squares = vec![0.0; self.precisions.len()];
        for ((&group, value), variance) in self.groups.iter().zip(parameters).zip(variances) {
            determined[group] += 1.0 - self.precisions[group] * variance;
            squares[group] += value * value;
        }
        for ((precision, &determined), &squares) in self.precisions.iter_mut().zip(&determined).zip(&squares) {
            *precision = (determined.max(LEAST) / squares.max(LEAST)).clamp(PRECISIONS.0, PRECISIONS.1);
        }
        determined.iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Activation;

    #[test]
    fn first_weights_are_grouped_by_input_and_the_rest_by_layer() {
        let shape = Shape::new(2, &[3, 1], Activation::Softsign, true).unwrap();
        let expected = [0, 1, 0, 1, 0, 1, 2, 2, 2, 3, 3, 3, 4, 5, 6, 7, 7];
        assert_eq!(Prior::new(&shape).groups, expected);
    }

    #[test]
    fn what_the_data_do_not_determine_is_switched_off() {
        let mut prior = Prior::new(&Shape::new(1, &[], Activation::Relu, false).unwrap());
        // The weight is known to be 2; the bias is as unknown as before.
        let determined = prior.update(&[2.0, 1e-9], &[1e-6, 1.0 / FIRST_PRECISION]);
        assert!((determined - 1.0).abs() < 1e-6);
        assert!((prior.precisions[0] - 0.25).abs() < 1e-6 && prior.precisions[1] >= 1.0, "{prior:?}");
    }
}
