//! Evaluation of one model over thousands of candidates.

use crate::lane_math::{exp, ln_offset, poison, Lanes, LANES};
use crate::normalise::Reach;
use crate::vectors::{widest_vectors, Work};
use crate::{Activation, Batch, Error, InputScale, Model, Result, Transform};

/// A model compiled for batches: single precision, scaling folded into a multiplication and an addition, scratch space of
/// its own. Prediction does not allocate. Agrees with [`Model::log_seconds`] to about 1e-5.
#[derive(Debug, Clone)]
pub struct BatchPredictor {
    /// Inputs of a candidate.
    inputs: usize,
    /// What the network sees: the candidate's first inputs and, with rates, the bound.
    columns: Vec<Column>,
    rates: Option<BoundRates>,
    layers: Vec<Layer>,
    skip: Vec<f32>,
    activation: Activation,
    /// Number of columns that are inputs; the bound may follow.
    plain: usize,
    mean: f32,
    deviation: f32,
    /// What the logarithm, less that of the bound, is clipped to.
    limits: (f32, f32),
    residual: bool,
    /// Inputs and outputs of the layer at work.
    source: Vec<Lanes>,
    sink: Vec<Lanes>,
    /// The normalised inputs, kept for the direct path.
    normalised: Vec<Lanes>,
}

#[derive(Debug, Clone)]
struct Column {
    transform: Transform,
    /// Smallest value that is told apart from smaller ones.
    floor: f32,
    mean: f32,
    factor: f32,
    /// What the normalised value is held within.
    reach: (f32, f32),
    range: (f32, f32),
}

/// [`crate::Rates`] in single precision.
#[derive(Debug, Clone)]
struct BoundRates {
    overhead: f32,
    seconds_per_unit: Vec<f32>,
}

#[derive(Debug, Clone)]
struct Layer {
    /// `[outputs, inputs]`, row-major.
    weights: Vec<f32>,
    biases: Vec<f32>,
    inputs: usize,
}

struct EachBlock<'a> {
    predictor: &'a mut BatchPredictor,
    batch: &'a Batch,
    out: &'a mut [f32],
    to_seconds: bool,
}

impl Work for EachBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.predictor.each_block_inlined(self.batch, self.out, self.to_seconds);
    }
}

impl BatchPredictor {
    /// Compiles `model`.
    pub fn new(model: &Model) -> Self {
        let (network, target) = (model.network(), model.target());
        let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<_>>();
        let sizes = network.shape().layer_sizes();
        let layers: Vec<Layer> = network
            .layers()
            .zip(sizes)
            .map(|((weights, biases), (inputs, _))| Layer { weights: narrow(weights), biases: narrow(biases), inputs })
            .collect();
        let seen = network.shape().inputs();
        let rates = model.rates().map(|rates| BoundRates {
            overhead: rates.overhead() as f32,
            seconds_per_unit: narrow(rates.seconds_per_unit()),
        });
        let widest = layers.iter().map(|layer| layer.inputs.max(layer.biases.len())).max().unwrap_or(1);
        BatchPredictor {
            inputs: model.schema().len(),
            rates,
            columns: model.normaliser().scales().iter().map(|scale| Column::new(scale, model.reach())).collect(),
            plain: model.plain_inputs(),
            layers,
            skip: narrow(network.skip_weights()),
            activation: network.shape().activation(),
            mean: target.mean as f32,
            deviation: target.deviation as f32,
            limits: target
                .limits
                .map_or((f32::NEG_INFINITY, f32::INFINITY), |limits| (limits.min as f32, limits.max as f32)),
            residual: target.residual,
            source: vec![[0.0; LANES]; widest],
            sink: vec![[0.0; LANES]; widest],
            normalised: vec![[0.0; LANES]; seen],
        }
    }

    /// Writes the natural logarithm of each candidate's predicted seconds to `out` `[candidates]`. A candidate with an
    /// input that is not finite in single precision, or a residual model's candidate whose bound is not positive and
    /// finite, gets NaN.
    ///
    /// # Errors
    /// [`Error::Length`] when the batch has other inputs than the model, or `out` another length than the batch.
    pub fn log_seconds(&mut self, batch: &Batch, out: &mut [f32]) -> Result<()> {
        self.each_block(batch, out, false)
    }

    /// Writes each candidate's predicted seconds to `out` `[candidates]`; otherwise as [`BatchPredictor::log_seconds`].
    /// To rank, logarithms do and are cheaper.
    ///
    /// # Errors
    /// As [`BatchPredictor::log_seconds`].
    pub fn seconds(&mut self, batch: &Batch, out: &mut [f32]) -> Result<()> {
        self.each_block(batch, out, true)
    }

    /// Writes to `out` `[candidates]` whether some input lies outside the range seen in training.
    ///
    /// # Errors
    /// As [`BatchPredictor::log_seconds`].
    pub fn outside_range(&self, batch: &Batch, out: &mut [bool]) -> Result<()> {
        self.check(batch, out.len())?;
        out.fill(false);
        // The bound made of the other inputs is sound everywhere.
        for (index, column) in self.columns[..self.plain].iter().enumerate() {
            let (min, max) = column.range;
            for (flags, values) in out.chunks_mut(LANES).zip(batch.column(index)) {
                for (flag, &value) in flags.iter_mut().zip(values) {
                    *flag |= !(value >= min && value <= max);
                }
            }
        }
        Ok(())
    }

    fn check(&self, batch: &Batch, out: usize) -> Result<()> {
        Error::check_length("inputs of the batch", self.inputs, batch.inputs())?;
        Error::check_length("predictions", batch.len(), out)
    }

    fn each_block(&mut self, batch: &Batch, out: &mut [f32], to_seconds: bool) -> Result<()> {
        self.check(batch, out.len())?;
        widest_vectors(EachBlock { predictor: self, batch, out, to_seconds });
        Ok(())
    }

    #[inline(always)]
    fn each_block_inlined(&mut self, batch: &Batch, out: &mut [f32], to_seconds: bool) {
        for (block, out) in out.chunks_mut(LANES).enumerate() {
            let mut bound = self.bound(batch, block);
            for (index, column) in self.columns.iter().enumerate() {
                let values = if index < self.plain { &batch.column(index)[block] } else { &bound };
                self.normalised[index] = column.normalise(values);
            }
            let mut result = self.network_output();
            let (mean, deviation, (least, most)) = (self.mean, self.deviation, self.limits);
            result.iter_mut().for_each(|value| *value = clip(mean + deviation * *value, least, most));
            if self.residual {
                let valid = bound.map(|bound| poison(bound) + if bound > 0.0 { 0.0 } else { f32::NAN });
                result.iter_mut().zip(&valid).for_each(|(value, valid)| *value += valid);
                ln_offset(&mut bound, 0.0);
                result.iter_mut().zip(&bound).for_each(|(value, bound)| *value += bound);
            }
            if to_seconds {
                exp(&mut result);
            }
            out.copy_from_slice(&result[..out.len()]);
        }
    }

    /// The bounds of one block: at the model's own rates or as given with the candidates.
    #[inline(always)]
    fn bound(&self, batch: &Batch, block: usize) -> Lanes {
        let Some(BoundRates { overhead, seconds_per_unit }) = &self.rates else {
            return batch.column(self.inputs)[block];
        };
        let mut bound = [*overhead; LANES];
        for (&rate, term) in seconds_per_unit.iter().zip(self.plain..) {
            let terms = &batch.column(term)[block];
            for lane in 0..LANES {
                bound[lane] += rate * if terms[lane] < 0.0 { 0.0 } else { terms[lane] };
            }
        }
        bound
    }

    /// The network's output for the normalised inputs.
    #[inline(always)]
    fn network_output(&mut self) -> Lanes {
        self.source[..self.normalised.len()].copy_from_slice(&self.normalised);
        let last = self.layers.len() - 1;
        for (index, layer) in self.layers.iter().enumerate() {
            let rows = layer.weights.chunks_exact(layer.inputs);
            for ((row, &bias), sink) in rows.zip(&layer.biases).zip(&mut self.sink) {
                let mut sum = weighted_sum(bias, row, &self.source);
                if index < last {
                    activate(self.activation, &mut sum);
                }
                *sink = sum;
            }
            std::mem::swap(&mut self.source, &mut self.sink);
        }
        let direct = weighted_sum(0.0, &self.skip, &self.normalised);
        let mut output = self.source[0];
        output.iter_mut().zip(&direct).for_each(|(value, direct)| *value += direct);
        output
    }
}

impl Column {
    fn new(scale: &InputScale, reach: Reach) -> Self {
        let narrow = |(least, most): (f64, f64)| (least as f32, most as f32);
        // The single-precision floor of a logarithm must stay a positive normal number.
        let floor = match scale.transform {
            Transform::Log => (scale.floor() as f32).max(f32::MIN_POSITIVE),
            _ => scale.floor() as f32,
        };
        Column {
            transform: scale.transform,
            floor,
            mean: scale.mean as f32,
            factor: (1.0 / scale.deviation) as f32,
            reach: narrow(scale.reach(reach)),
            range: narrow((scale.range.min, scale.range.max)),
        }
    }

    #[inline(always)]
    fn normalise(&self, lanes: &Lanes) -> Lanes {
        // Copies, since the compiler must otherwise assume that a store to a lane changes them.
        let Column { transform, floor, mean, factor, reach: (least, most), .. } = *self;
        let mut bent = lanes.map(|value| value.max(floor));
        match transform {
            Transform::Log => ln_offset(&mut bent, 0.0),
            Transform::Log1p => ln_offset(&mut bent, 1.0),
            Transform::Linear => {}
        }
        for lane in 0..LANES {
            bent[lane] = clip((bent[lane] - mean) * factor, least, most) + poison(lanes[lane]);
        }
        bent
    }
}

/// `value` within limits; NaN stays what it is.
#[inline(always)]
fn clip(value: f32, least: f32, most: f32) -> f32 {
    if value < least {
        least
    } else if value > most {
        most
    } else {
        value
    }
}

#[inline(always)]
fn weighted_sum(bias: f32, weights: &[f32], values: &[Lanes]) -> Lanes {
    let mut sum = [bias; LANES];
    for (&weight, lanes) in weights.iter().zip(values) {
        for lane in 0..LANES {
            sum[lane] += weight * lanes[lane];
        }
    }
    sum
}

#[inline(always)]
fn activate(activation: Activation, lanes: &mut Lanes) {
    match activation {
        // Not f32::max, which would turn NaN into zero.
        Activation::Relu => lanes.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x }),
        Activation::Softsign => lanes.iter_mut().for_each(|x| *x /= 1.0 + x.abs()),
    }
}
