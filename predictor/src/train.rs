//! Training: Adam over the full batch, early stopping, restarts, companions.

use crate::model::augment;
use crate::{
    Adam, Dataset, Ensemble, Error, InputKind, Loss, Model, Network, Normaliser, Provenance, Rates, Result, Rng,
    Schema, Shape, Tape, TargetScale, TrainingFigures,
};
use ndarray::{Array1, Array2, Axis};

/// Fewest instances that can be split and fitted at all.
const FEWEST_INSTANCES: usize = 8;

/// How to train. [`TrainConfig::default`] suits 250 instances of a kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainConfig {
    /// Determines everything random: splits and initial weights.
    pub seed: u64,
    /// Shapes that the fits take in turn; empty for [`Shape::candidates`] of the data's inputs. Which one a network ends
    /// up with is decided by validation, like everything else that differs between restarts.
    pub shapes: Vec<Shape>,
    /// What is minimised.
    pub loss: Loss,
    /// Most epochs of one fit, at least 1.
    pub epochs: usize,
    /// Adam's step at the start, positive; it decays to a hundredth over the epochs, along a cosine.
    pub learning_rate: f64,
    /// Pull of the weights (not biases) towards zero: coefficient of half their squared sum in the loss.
    pub weight_decay: f64,
    /// Epochs without a better validation loss after which a fit ends.
    pub patience: usize,
    /// Share of the training set held out to choose when to stop, above 0 and below 1.
    pub validation_share: f64,
    /// Fits tried for each network, of which the best on validation is kept; at least 1.
    pub restarts: usize,
    /// Networks beside the lead, for the spread of predictions.
    pub companions: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig {
            seed: 0,
            shapes: Vec::new(),
            loss: Loss::Huber { delta: 0.5 },
            epochs: 3000,
            learning_rate: 0.06,
            weight_decay: 1e-4,
            patience: 1000,
            validation_share: 0.2,
            restarts: 9,
            companions: 4,
        }
    }
}

impl TrainConfig {
    fn check(&self) -> Result<()> {
        let complain = |option, reason: &str| Err(Error::BadConfig { option, reason: reason.to_owned() });
        if self.epochs == 0 {
            return complain("epochs", "at least 1");
        }
        if self.restarts == 0 {
            return complain("restarts", "at least 1");
        }
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return complain("learning_rate", "positive and finite");
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return complain("weight_decay", "zero or positive, and finite");
        }
        if !(self.validation_share > 0.0 && self.validation_share < 1.0) {
            return complain("validation_share", "above 0 and below 1");
        }
        match self.loss {
            Loss::Huber { delta } | Loss::Relative { delta } if delta.is_nan() || delta <= 0.0 => {
                complain("loss", "a positive Huber delta")
            }
            _ => Ok(()),
        }
    }

    fn shapes_for(&self, inputs: usize, reserved: usize) -> Result<Vec<Shape>> {
        if self.shapes.is_empty() {
            return Shape::candidates(inputs, reserved);
        }
        for shape in &self.shapes {
            Error::check_length("inputs of the shape", inputs, shape.inputs())?;
            shape.check_room_for(reserved)?;
        }
        Ok(self.shapes.clone())
    }
}

/// Trains an ensemble on `data`, all of which is training data: keep the test set out of it. The same data and
/// configuration give the same ensemble, bit for bit, on the same machine. Reads no clock.
///
/// The network learns the residual on the data's bound or, where complexity inputs stand for one, on what they take
/// at fitted [`Rates`].
///
/// # Errors
/// [`Error::TooFewInstances`] below 8 instances, [`Error::BadConfig`], [`Error::Length`] for a shape with other
/// inputs than the data, [`Error::TooManyParameters`] when no automatic shape fits, [`Error::Diverged`].
pub fn train(data: &Dataset, config: &TrainConfig) -> Result<Ensemble> {
    config.check()?;
    if data.len() < FEWEST_INSTANCES {
        return Err(Error::TooFewInstances { found: data.len(), needed: FEWEST_INSTANCES });
    }
    let problem = Problem::new(data, config)?;
    let members = (0..=config.companions).map(|member| problem.fit_member(member));
    let mut members = members.collect::<Result<Vec<_>>>()?;
    let lead = members.swap_remove(problem.choose_lead(&members)?);
    let to_seconds = problem.target.deviation;
    let training = TrainingFigures {
        instances: data.len(),
        validation_instances: problem.validation_size(),
        seed: config.seed,
        restarts: config.restarts,
        epochs: lead.epochs,
        training_rms_log_error: lead.training_rms * to_seconds,
        validation_rms_log_error: lead.validation_rms * to_seconds,
        train_seconds: None,
    };
    let model = Model::new(problem.schema, problem.rates, problem.normaliser, problem.target, lead.network)?;
    let provenance = Provenance { data_fingerprint: data.fingerprint(), training, ..Provenance::default() };
    Ensemble::new(model, members.into_iter().map(|fit| fit.network).collect(), provenance)
}

/// Normalised training data and how to fit it.
struct Problem<'config> {
    config: &'config TrainConfig,
    schema: Schema,
    rates: Option<Rates>,
    shapes: Vec<Shape>,
    normaliser: Normaliser,
    target: TargetScale,
    /// `[inputs, instances]`
    inputs: Array2<f64>,
    targets: Vec<f64>,
    /// Instances in the order from which validation windows are cut.
    order: Vec<usize>,
}

/// The best network of one descent.
struct Fit {
    network: Network,
    epochs: usize,
    validation_loss: f64,
    training_rms: f64,
    validation_rms: f64,
}

/// Instances on a tape with their normalised targets.
struct Part {
    tape: Tape,
    targets: Vec<f64>,
    slope: Vec<f64>,
}

impl<'config> Problem<'config> {
    fn new(data: &Dataset, config: &'config TrainConfig) -> Result<Self> {
        let schema = plain_inputs_first(data.schema())?;
        let mut inputs = data.columns(&schema)?;
        let mut bound = data.bound().cloned();
        let rates = fit_rates(data, &schema, &inputs)?;
        if let Some(rates) = &rates {
            let (seen, estimate) = augment(inputs.view(), schema.len() - rates.seconds_per_unit().len(), rates);
            (inputs, bound) = (seen, Some(estimate));
        }
        let shapes = config.shapes_for(inputs.nrows(), rates.as_ref().map_or(0, Rates::parameter_count))?;
        let normaliser = Normaliser::fit(&inputs)?;
        let seconds = data.seconds().to_vec();
        let target = TargetScale::fit(&seconds, bound.as_ref().map(Array1::to_vec).as_deref())?;
        for (column, mut row) in inputs.rows_mut().into_iter().enumerate() {
            row.mapv_inplace(|value| normaliser.apply(column, value, false));
        }
        let targets = (0..data.len()).map(|row| {
            let unit = bound.as_ref().map_or(1.0, |bound| bound[row]);
            ((seconds[row] / unit).ln() - target.mean) / target.deviation
        });
        let targets = targets.collect();
        let order = Rng::stream(config.seed, 0).permutation(data.len());
        Ok(Problem { config, schema, rates, shapes, normaliser, target, inputs, targets, order })
    }

    fn validation_size(&self) -> usize {
        let count = self.order.len();
        ((count as f64 * self.config.validation_share).round() as usize).clamp(1, count - 1)
    }

    /// Fits one member: its own validation window, the best of the restarts.
    fn fit_member(&self, member: usize) -> Result<Fit> {
        let (count, size) = (self.order.len(), self.validation_size());
        let window: Vec<usize> = (0..count).map(|step| self.order[(member * size + step) % count]).collect();
        let mut best: Option<Fit> = None;
        for restart in 0..self.config.restarts {
            let attempt = member * self.config.restarts + restart;
            let shape = &self.shapes[attempt % self.shapes.len()];
            let network = Network::random(shape.clone(), &mut Rng::stream(self.config.seed, 1 + attempt as u64));
            let mut validation = self.part(shape, &window[..size])?;
            let mut training = self.part(shape, &window[size..])?;
            let mut fit = self.descend(network, &mut training, &mut validation);
            fit.training_rms = training.rms(&fit.network);
            fit.validation_rms = validation.rms(&fit.network);
            let better = best.as_ref().is_none_or(|best| fit.validation_loss < best.validation_loss);
            // A robust loss can stay finite when the network has already run away.
            let sound =
                fit.validation_loss.is_finite() && fit.training_rms.is_finite() && fit.validation_rms.is_finite();
            if better && sound {
                best = Some(fit);
            }
        }
        best.ok_or(Error::Diverged)
    }

    /// The member with the least loss over the whole training set. Each has seen four fifths of it and was stopped by
    /// another fifth, so this prefers the one that did well on both.
    fn choose_lead(&self, members: &[Fit]) -> Result<usize> {
        let mut losses = Vec::with_capacity(members.len());
        for member in members {
            let mut everything = self.part(member.network.shape(), &self.order)?;
            losses.push(everything.loss(&member.network, self.config.loss));
        }
        Ok((0..members.len()).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).unwrap_or(0))
    }

    fn part(&self, shape: &Shape, rows: &[usize]) -> Result<Part> {
        let tape = Tape::new(shape, self.inputs.select(Axis(1), rows))?;
        let targets = rows.iter().map(|&row| self.targets[row]).collect();
        Ok(Part { tape, targets, slope: vec![0.0; rows.len()] })
    }

    /// Descends from `network`, keeping the parameters with the least validation loss.
    fn descend(&self, mut network: Network, training: &mut Part, validation: &mut Part) -> Fit {
        let config = self.config;
        let mut adam = Adam::new(network.parameters().len());
        let mut gradient = vec![0.0; network.parameters().len()];
        let decayed = decayed_parameters(network.shape());
        let mut best = network.clone();
        let (mut best_epoch, mut best_loss) = (0, f64::INFINITY);
        for epoch in 1..=config.epochs {
            training.loss(&network, config.loss);
            gradient.fill(0.0);
            network.backward(&mut training.tape, &training.slope, &mut gradient);
            for ((slope, parameter), &decays) in gradient.iter_mut().zip(network.parameters()).zip(&decayed) {
                *slope += if decays { config.weight_decay * parameter } else { 0.0 };
            }
            adam.step(network.parameters_mut(), &gradient, config.learning_rate * cosine(epoch, config.epochs));
            let loss = validation.loss(&network, config.loss);
            if loss < best_loss {
                (best_loss, best_epoch) = (loss, epoch);
                best.parameters_mut().copy_from_slice(network.parameters());
            } else if !loss.is_finite() || epoch - best_epoch >= config.patience {
                break;
            }
        }
        let unknown = f64::NAN;
        Fit {
            network: best,
            epochs: best_epoch,
            validation_loss: best_loss,
            training_rms: unknown,
            validation_rms: unknown,
        }
    }
}

impl Part {
    /// Mean loss of the network; leaves its derivative by each output in `slope`.
    fn loss(&mut self, network: &Network, loss: Loss) -> f64 {
        network.forward(&mut self.tape);
        loss.evaluate(self.tape.outputs(), &self.targets, &mut self.slope)
    }

    /// Root mean square difference between outputs and targets.
    fn rms(&mut self, network: &Network) -> f64 {
        (2.0 * self.loss(network, Loss::Squared)).sqrt()
    }
}

/// The schema with the complexity inputs last.
fn plain_inputs_first(schema: &Schema) -> Result<Schema> {
    let mut inputs = schema.inputs().to_vec();
    inputs.sort_by_key(|input| input.kind == InputKind::Complexity);
    Schema::new(inputs)
}

/// Number of inputs of a network trained on `data`.
pub(crate) fn network_inputs(data: &Dataset) -> usize {
    let terms = data.schema().indices_where(|kind| kind == InputKind::Complexity).len();
    data.schema().len() - if data.bound().is_none() { terms.saturating_sub(1) } else { 0 }
}

/// Rates for the complexity inputs, the last of `columns` `[schema, instances]`, unless the data have a bound already.
fn fit_rates(data: &Dataset, schema: &Schema, columns: &Array2<f64>) -> Result<Option<Rates>> {
    let terms = schema.indices_where(|kind| kind == InputKind::Complexity);
    let (Some(&first), None) = (terms.first(), data.bound()) else {
        return Ok(None);
    };
    let (_, terms) = columns.view().split_at(Axis(0), first);
    Ok(Some(Rates::fit(terms, &data.seconds().to_vec())?))
}

/// 1 at the first epoch, falling to a hundredth at the last.
fn cosine(epoch: usize, epochs: usize) -> f64 {
    let progress = epoch as f64 / epochs as f64;
    0.01 + 0.99 * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos())
}

/// Which parameters are weights of dense layers, in layout order.
fn decayed_parameters(shape: &Shape) -> Vec<bool> {
    let layers = shape.layer_sizes();
    let mut decays: Vec<bool> = layers
        .flat_map(|(fan_in, fan_out)| (0..(fan_in + 1) * fan_out).map(move |index| index < fan_in * fan_out))
        .collect();
    decays.resize(shape.parameter_count(), false);
    decays
}
