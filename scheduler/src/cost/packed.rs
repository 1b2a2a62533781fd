//! The networks of a learned model as they are evaluated: found by class without names, over several stages of a class side by
//! side in single precision. Results are within 1e-5 of the plain formula in double precision, and do not depend on what is
//! evaluated beside a stage, nor on the machine.

use super::inputs::{Bend, BENDS};
use super::lanes::{larger, ln, smaller, Lanes, LANES};
use super::{class_names, InputScale, Kernel, SmallNetwork, Variant, INPUTS};
use pulp::{Arch, Simd, WithSimd};
use std::collections::BTreeMap;

/// Units whose sums are formed together with those of the direct path: all of a network as they are trained.
const UNITS: usize = 3;

/// Every class's networks, and the scaling of their inputs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Packed {
    scales: Vec<Scale>,
    classes: Vec<Committee>,
    /// Index of the most special class by kernel and variant.
    by_class: [[usize; Variant::ALL.len()]; Kernel::ALL.len()],
}

/// Of an input: the mean, one over the standard deviation, and the range seen in training.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    mean: f32,
    per_deviation: f32,
    min: f32,
    max: f32,
}

/// The networks of a class.
#[derive(Clone, Debug, PartialEq)]
struct Committee(Vec<Vec<Block>>);

/// [`UNITS`] units of a network and, in its first block, the direct path. Units that it does not have weigh nothing.
#[derive(Clone, Debug, PartialEq)]
struct Block {
    /// For each input: of the direct path, then of the units.
    weights: [[f32; 1 + UNITS]; INPUTS],
    biases: [f32; 1 + UNITS],
    /// Weights of the output, one a unit.
    output: [f32; UNITS],
}

/// What the networks of a class say of several stages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    /// Mean over the networks.
    pub(super) mean: Lanes,
    /// Standard deviation.
    pub(super) spread: Lanes,
    /// How far the worst input is outside of the range seen, in standard deviations of the input.
    pub(super) outside: Lanes,
}

impl Packed {
    /// Of models that have a class [`super::ANY_CLASS`] and a scale for each input.
    pub(super) fn new(classes: &BTreeMap<String, Vec<SmallNetwork>>, scales: &[InputScale]) -> Self {
        let index = |name: &str| classes.keys().position(|key| key == name);
        let of = |kernel, variant| {
            class_names(kernel, variant).into_iter().find_map(index).expect("every model has networks for any class")
        };
        let scale = |s: &InputScale| Scale {
            mean: s.mean as f32,
            per_deviation: s.deviation.recip() as f32,
            min: s.min as f32,
            max: s.max as f32,
        };
        Self {
            scales: scales.iter().map(scale).collect(),
            classes: classes.values().map(|networks| Committee(networks.iter().map(blocks).collect())).collect(),
            by_class: Kernel::ALL.map(|kernel| Variant::ALL.map(|variant| of(kernel, variant))),
        }
    }

    /// The class whose networks suit a stage.
    pub(super) fn class(&self, kernel: Kernel, variant: Variant) -> usize {
        self.by_class[kernel as usize][variant as usize]
    }

    /// What the networks of a class say, given the arguments of the inputs, in whose place it leaves what networks see.
    pub(super) fn evaluate(&self, class: usize, rows: &mut [Lanes; INPUTS]) -> Said {
        Arch::new().dispatch(Evaluation { packed: self, class, rows })
    }

    /// Centres and scales inputs, held to the range seen. Returns how far outside of it the worst is.
    #[inline(always)]
    fn scale(&self, rows: &mut [Lanes; INPUTS]) -> Lanes {
        let mut worst = [0.0; LANES];
        for (values, &Scale { mean, per_deviation, min, max }) in rows.iter_mut().zip(&self.scales) {
            for lane in 0..LANES {
                let value = values[lane];
                let held = smaller(larger(value, min), max);
                worst[lane] = larger((value - held).abs() * per_deviation, worst[lane]);
                values[lane] = (held - mean) * per_deviation;
            }
        }
        worst
    }
}

/// What is compiled for vectors of several widths, of which the machine takes its own: for AVX2, not only for any x86-64.
struct Evaluation<'a> {
    packed: &'a Packed,
    class: usize,
    rows: &'a mut [Lanes; INPUTS],
}

impl WithSimd for Evaluation<'_> {
    type Output = Said;

    // As is all that it calls: what is not inlined is compiled once, for any machine.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Said {
        let Self { packed, class, rows } = self;
        bend(rows);
        let outside = packed.scale(rows);
        let (mean, spread) = packed.classes[class].evaluate(simd, rows);
        Said { mean, spread, outside }
    }
}

/// Takes the logarithms of the inputs that are some.
#[inline(always)]
fn bend(rows: &mut [Lanes; INPUTS]) {
    for (values, bend) in rows.iter_mut().zip(BENDS) {
        match bend {
            Bend::None => {}
            Bend::Ln => values.iter_mut().for_each(|value| *value = ln(*value)),
            Bend::Ln1p => values.iter_mut().for_each(|value| *value = ln(1.0 + *value)),
        }
    }
}

/// A network in blocks.
fn blocks(network: &SmallNetwork) -> Vec<Block> {
    (0..network.hidden.len().div_ceil(UNITS).max(1)).map(|part| Block::new(network, part)).collect()
}

impl Committee {
    /// Mean and standard deviation of the results.
    #[inline(always)]
    fn evaluate<S: Simd>(&self, simd: S, rows: &[Lanes; INPUTS]) -> (Lanes, Lanes) {
        // Distances from what the first network says, whose squares lose nothing to its size.
        let (mut first, mut sum, mut squares) = ([0.0; LANES], [0.0; LANES], [0.0; LANES]);
        for (at, network) in self.0.iter().enumerate() {
            let result = result(simd, network, rows);
            if at == 0 {
                first = result;
            }
            for lane in 0..LANES {
                let distance = result[lane] - first[lane];
                sum[lane] += distance;
                squares[lane] += distance * distance;
            }
        }
        let share = 1.0 / self.0.len() as f32;
        let (mut mean, mut spread) = (first, [0.0; LANES]);
        for lane in 0..LANES {
            let distance = sum[lane] * share;
            mean[lane] += distance;
            spread[lane] = larger(squares[lane] * share - distance * distance, 0.0).sqrt();
        }
        (mean, spread)
    }
}

#[inline(always)]
fn result<S: Simd>(simd: S, network: &[Block], rows: &[Lanes; INPUTS]) -> Lanes {
    let mut result = [0.0; LANES];
    for block in network {
        block.add(simd, rows, &mut result);
    }
    result
}

impl Block {
    fn new(network: &SmallNetwork, part: usize) -> Self {
        let unit = |row: usize| part * UNITS + row - 1;
        let weight = |input: usize, row: usize| match row {
            0 if part > 0 => 0.0,
            0 => network.direct[input],
            _ => network.hidden.get(unit(row)).map_or(0.0, |weights| weights[input]),
        };
        let bias = |row: usize| match row {
            0 if part > 0 => 0.0,
            0 => network.bias,
            _ => network.biases.get(unit(row)).copied().unwrap_or(0.0),
        };
        let output = |row: usize| network.output.get(unit(row)).copied().unwrap_or(0.0);
        Self {
            weights: std::array::from_fn(|input| std::array::from_fn(|row| weight(input, row) as f32)),
            biases: std::array::from_fn(|row| bias(row) as f32),
            output: std::array::from_fn(|at| output(at + 1) as f32),
        }
    }

    /// Adds this part of a network to its result.
    #[inline(always)]
    fn add<S: Simd>(&self, simd: S, rows: &[Lanes; INPUTS], result: &mut Lanes) {
        let mut sums = self.biases.map(|bias| [bias; LANES]);
        for (weights, values) in self.weights.iter().zip(rows) {
            for (sum, weight) in sums.iter_mut().zip(weights) {
                let (sum, weight) = (S::as_mut_simd_f32s(sum).0, simd.splat_f32s(*weight));
                for (sum, value) in sum.iter_mut().zip(S::as_simd_f32s(values).0) {
                    *sum = simd.add_f32s(*sum, simd.mul_f32s(weight, *value));
                }
            }
        }
        let [direct, units @ ..] = &sums;
        for lane in 0..LANES {
            result[lane] += direct[lane];
        }
        for (unit, output) in units.iter().zip(&self.output) {
            for lane in 0..LANES {
                result[lane] += output * unit[lane] / (1.0 + unit[lane].abs());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::ANY_CLASS;
    use pulp::Scalar;

    #[test]
    fn vectors_of_any_width_say_the_same() {
        let value = |at: usize| (at as f64 * 0.7).sin();
        let row = |at: usize| (0..INPUTS).map(|input| value(at + input)).collect::<Vec<f64>>();
        let network = |at: usize| SmallNetwork {
            hidden: (0..5).map(|unit| row(at + 31 * unit)).collect(),
            biases: (0..5).map(|unit| value(at + unit)).collect(),
            output: (0..5).map(|unit| value(at + 7 * unit)).collect(),
            bias: value(at),
            direct: row(at),
        };
        let scale = |at: usize| InputScale { mean: value(at), deviation: 1.5, min: -3.0, max: 8.0 };
        let scales: Vec<InputScale> = (0..INPUTS).map(scale).collect();
        let classes = BTreeMap::from([(ANY_CLASS.to_owned(), (0..3).map(network).collect())]);
        let packed = Packed::new(&classes, &scales);
        let rows: [Lanes; INPUTS] =
            std::array::from_fn(|input| std::array::from_fn(|lane| (10.0 + 9.0 * value(input + 50 * lane)) as f32));
        let bits = |said: Said| [said.mean, said.spread, said.outside].map(|lanes| lanes.map(f32::to_bits));
        let of_machine = packed.evaluate(0, &mut rows.clone());
        let in_scalars = Evaluation { packed: &packed, class: 0, rows: &mut rows.clone() }.with_simd(Scalar::new());
        assert!(of_machine.spread[0] > 0.0);
        assert_eq!(bits(of_machine), bits(in_scalars));
    }
}
