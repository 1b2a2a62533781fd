//! The networks of a learned model as they are evaluated: found by class without names, the weights of all units of a class
//! side by side, so that vectors of the processor go over them and no addition waits for the one before. Results are the same
//! bits as of the plain sums.

use super::{class_names, InputScale, Kernel, SmallNetwork, Variant, INPUTS};
use std::collections::BTreeMap;

/// Sums that are formed side by side: all of three networks of three units.
const LANES: usize = 16;

/// Every class's networks, and the scaling of their inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Packed {
    scales: Scales,
    classes: Vec<Committee>,
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

/// The networks of a class.
#[derive(Clone, Debug, PartialEq)]
struct Committee(Vec<Block>);

/// Sums over the inputs, a column each.
#[derive(Clone, Debug, PartialEq)]
struct Block {
    /// For each input, the weights of the columns, filled up with zeros.
    weights: [[f64; LANES]; INPUTS],
    /// At most [`LANES`].
    columns: Vec<Column>,
}

/// What becomes of a sum.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Column {
    /// The direct path of a network, whose units follow.
    Direct { bias: f64 },
    /// A hidden unit.
    Unit { bias: f64, output: f64 },
}

impl Packed {
    /// Of models that have a class [`super::ANY_CLASS`] and a scale for each input.
    pub(super) fn new(classes: &BTreeMap<String, Vec<SmallNetwork>>, scales: &[InputScale]) -> Self {
        let index = |name: &str| classes.keys().position(|key| key == name);
        let of = |kernel, variant| {
            class_names(kernel, variant).into_iter().find_map(index).expect("every model has networks for any class")
        };
        let by_input = |value: fn(&InputScale) -> f64| std::array::from_fn(|input| value(&scales[input]));
        Self {
            scales: Scales {
                mean: by_input(|s| s.mean),
                per_deviation: by_input(|s| s.deviation.recip()),
                min: by_input(|s| s.min),
                max: by_input(|s| s.max),
            },
            classes: classes.values().map(|networks| Committee::new(networks)).collect(),
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
        self.classes[self.by_class[kernel as usize][variant as usize]].evaluate(row)
    }
}

impl Committee {
    fn new(networks: &[SmallNetwork]) -> Self {
        let columns: Vec<(&Vec<f64>, Column)> = networks.iter().flat_map(columns).collect();
        let block = |part: &[(&Vec<f64>, Column)]| Block {
            weights: std::array::from_fn(|input| {
                std::array::from_fn(|lane| part.get(lane).map_or(0.0, |(weights, _)| weights[input]))
            }),
            columns: part.iter().map(|(_, column)| *column).collect(),
        };
        Self(columns.chunks(LANES).map(block).collect())
    }

    /// Mean and standard deviation of the results.
    fn evaluate(&self, row: &[f64; INPUTS]) -> (f64, f64) {
        let (mut count, mut sum, mut squares, mut result) = (0.0, 0.0, 0.0, 0.0);
        for block in &self.0 {
            for (column, dot) in block.columns.iter().zip(block.dots(row)) {
                match column {
                    Column::Direct { bias } => {
                        // The network before this one is complete; before the first, nothing is.
                        (sum, squares) = (sum + result, squares + result * result);
                        (count, result) = (count + 1.0, bias + dot);
                    }
                    Column::Unit { bias, output } => {
                        let unit = bias + dot;
                        result += output * unit / (1.0 + unit.abs());
                    }
                }
            }
        }
        let mean = (sum + result) / count;
        (mean, ((squares + result * result) / count - mean * mean).max(0.0).sqrt())
    }
}

impl Block {
    fn dots(&self, row: &[f64; INPUTS]) -> [f64; LANES] {
        let mut sums = [0.0; LANES];
        for (weights, input) in self.weights.iter().zip(row) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                *sum += weight * input;
            }
        }
        sums
    }
}

/// The direct path of a network, then its units, with the weights of each.
fn columns(network: &SmallNetwork) -> impl Iterator<Item = (&Vec<f64>, Column)> {
    let unit = |(&bias, &output)| Column::Unit { bias, output };
    let units = network.biases.iter().zip(&network.output).map(unit);
    [(&network.direct, Column::Direct { bias: network.bias })].into_iter().chain(network.hidden.iter().zip(units))
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
        let network = |units: usize| SmallNetwork {
            hidden: (0..units).map(weights).collect(),
            biases: (0..units).map(|u| number(u + 50)).collect(),
            output: (0..units).map(|u| number(u + 90)).collect(),
            bias: 0.3,
            direct: weights(77 + units),
        };
        for sizes in [vec![0], vec![3, 3, 3], vec![1, 9, 2, 0, 30]] {
            let networks: Vec<SmallNetwork> = sizes.iter().map(|&units| network(units)).collect();
            let results: Vec<f64> = networks.iter().map(|n| plain(n, &row)).collect();
            let mean = results.iter().fold(0.0, |sum, r| sum + r) / results.len() as f64;
            assert_eq!(Committee::new(&networks).evaluate(&row).0, mean, "{sizes:?} units");
        }
    }
}
