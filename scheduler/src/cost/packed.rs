//! The networks of a learned model as they are evaluated: found by class without names, weights of several units side by
//! side, so that vectors of the processor go over them and no addition waits for the one before. Results are the same bits as
//! of the plain sums.

use super::{class_names, InputScale, Kernel, SmallNetwork, Variant, ANY_CLASS, INPUTS};
use std::collections::BTreeMap;

/// Sums that are formed side by side.
const LANES: usize = 4;

/// Every class's networks, and the scaling of their inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Packed {
    scales: Scales,
    classes: Vec<Vec<PackedNetwork>>,
    /// Index of the most special class by kernel and variant.
    by_class: [[usize; Variant::ALL.len()]; Kernel::ALL.len()],
}

/// By input: the mean, one over the standard deviation, and the range seen in training.
#[derive(Clone, Debug, Default, PartialEq)]
struct Scales {
    mean: [f64; INPUTS],
    per_deviation: [f64; INPUTS],
    min: [f64; INPUTS],
    max: [f64; INPUTS],
}

/// One network.
#[derive(Clone, Debug, PartialEq)]
struct PackedNetwork {
    /// Weights of the direct path, then of each unit, filled up with zeros: [`LANES`] of them for each input.
    blocks: Vec<[[f64; LANES]; INPUTS]>,
    /// Bias and output weight of each unit.
    units: Vec<(f64, f64)>,
    bias: f64,
}

impl Packed {
    /// Of models that have a class [`ANY_CLASS`] and a scale for each input.
    pub(super) fn new(classes: &BTreeMap<String, Vec<SmallNetwork>>, scales: &[InputScale]) -> Self {
        let index = |name: &str| classes.keys().position(|key| key == name);
        let any = index(ANY_CLASS).unwrap_or_default();
        let of = |kernel, variant| class_names(kernel, variant).into_iter().find_map(index).unwrap_or(any);
        let by_input = |value: fn(&InputScale) -> f64| std::array::from_fn(|input| value(&scales[input]));
        Self {
            scales: Scales {
                mean: by_input(|s| s.mean),
                per_deviation: by_input(|s| s.deviation.recip()),
                min: by_input(|s| s.min),
                max: by_input(|s| s.max),
            },
            classes: classes.values().map(|networks| networks.iter().map(PackedNetwork::new).collect()).collect(),
            by_class: Kernel::ALL.map(|kernel| Variant::ALL.map(|variant| of(kernel, variant))),
        }
    }

    /// Centres and scales inputs, held to the range seen. Returns how far outside of it the worst is, in standard deviations.
    pub(super) fn scale(&self, row: &mut [f64; INPUTS]) -> f64 {
        let Scales { mean, per_deviation, min, max } = &self.scales;
        let mut outside = [0.0; INPUTS];
        for at in 0..INPUTS {
            let held = row[at].max(min[at]).min(max[at]);
            outside[at] = (row[at] - held).abs() * per_deviation[at];
            row[at] = (held - mean[at]) * per_deviation[at];
        }
        outside.into_iter().fold(0.0, f64::max)
    }

    /// Mean and standard deviation of what the networks of a class say.
    pub(super) fn evaluate(&self, kernel: Kernel, variant: Variant, row: &[f64; INPUTS]) -> (f64, f64) {
        let networks = &self.classes[self.by_class[kernel as usize][variant as usize]];
        let count = networks.len() as f64;
        let (mut sum, mut squares) = (0.0, 0.0);
        for network in networks {
            let output = network.evaluate(row);
            sum += output;
            squares += output * output;
        }
        let mean = sum / count;
        (mean, (squares / count - mean * mean).max(0.0).sqrt())
    }
}

impl PackedNetwork {
    fn new(network: &SmallNetwork) -> Self {
        let rows: Vec<&Vec<f64>> = [&network.direct].into_iter().chain(&network.hidden).collect();
        let weight = |rows: &[&Vec<f64>], input: usize, lane: usize| rows.get(lane).map_or(0.0, |row| row[input]);
        let block =
            |rows: &[&Vec<f64>]| std::array::from_fn(|input| std::array::from_fn(|lane| weight(rows, input, lane)));
        Self {
            blocks: rows.chunks(LANES).map(block).collect(),
            units: network.biases.iter().copied().zip(network.output.iter().copied()).collect(),
            bias: network.bias,
        }
    }

    fn evaluate(&self, row: &[f64; INPUTS]) -> f64 {
        let mut result = self.bias;
        for (at, block) in self.blocks.iter().enumerate() {
            let mut sums = [0.0; LANES];
            for (weights, input) in block.iter().zip(row) {
                for (sum, weight) in sums.iter_mut().zip(weights) {
                    *sum += weight * input;
                }
            }
            let units = if at == 0 {
                result += sums[0];
                &sums[1..]
            } else {
                &sums[..]
            };
            let first = (at * LANES).saturating_sub(1);
            for ((bias, output), sum) in self.units[first..].iter().zip(units) {
                let unit = bias + sum;
                result += output * unit / (1.0 + unit.abs());
            }
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formula as it is written.
    fn plain(network: &SmallNetwork, row: &[f64; INPUTS]) -> f64 {
        let dot = |weights: &[f64]| weights.iter().zip(row).fold(0.0, |sum, (w, x)| sum + w * x);
        let mut result = network.bias + dot(&network.direct);
        for ((weights, bias), output) in network.hidden.iter().zip(&network.biases).zip(&network.output) {
            let unit = bias + dot(weights);
            result += output * unit / (1.0 + unit.abs());
        }
        result
    }

    #[test]
    fn networks_of_any_size_give_the_bits_of_the_plain_sums() {
        let number = |seed: usize| ((seed * 7919 + 13) % 1009) as f64 / 251.0 - 2.0;
        let weights = |seed: usize| (0..INPUTS).map(|i| number(seed * 31 + i)).collect::<Vec<f64>>();
        let row: [f64; INPUTS] = std::array::from_fn(|i| number(1000 + i));
        for units in 0..10 {
            let network = SmallNetwork {
                hidden: (0..units).map(weights).collect(),
                biases: (0..units).map(|u| number(u + 50)).collect(),
                output: (0..units).map(|u| number(u + 90)).collect(),
                bias: 0.3,
                direct: weights(77),
            };
            assert_eq!(PackedNetwork::new(&network).evaluate(&row), plain(&network, &row), "{units} units");
        }
    }
}
