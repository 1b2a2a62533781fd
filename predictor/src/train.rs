//! Training: many starts, of which the evidence and their agreement choose; companions that show how far to trust the choice.

use crate::levenberg_marquardt::{evidence_of_nothing, Descent};
use crate::model::augment;
use crate::normalise::Reach;
use crate::{
    Dataset, Ensemble, Error, InputKind, Model, Network, Normaliser, Provenance, Rates, Result, Rng, Schema, Shape,
    Tape, TargetScale, TrainingFigures,
};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Fewest instances that can be split and fitted at all.
const FEWEST_INSTANCES: usize = 8;
/// Rounds of a tournament. Each has twice the steps of the one before and, of its contestants, half, but no fewer than the last ones.
const ROUNDS: u32 = 4;
const LAST_CONTESTANTS: usize = 7;
/// Starts of the lead for each of a companion's.
const LEAD_STARTS: usize = 4;
/// Instances are divided into this many parts, of which each companion does without one.
const PARTS: usize = 5;

/// How to train. [`TrainConfig::default`] suits 250 instances of a kernel.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainConfig {
    /// Determines everything random: starts, and what companions do without.
    pub seed: u64,
    /// Shapes that the starts take in turn; empty for [`Shape::candidates`] of the data's inputs.
    pub shapes: Vec<Shape>,
    /// Most steps of a fit in the last round, at least 1; earlier rounds have fewer.
    pub epochs: usize,
    /// Starts, of which the best is kept; at least 1.
    pub restarts: usize,
    /// Networks beside the lead, for the spread of predictions.
    pub companions: usize,
}

impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig { seed: 0, shapes: Vec::new(), epochs: 96, restarts: 32, companions: 4 }
    }
}

impl TrainConfig {
    pub(crate) fn check(&self) -> Result<()> {
        let complain = |option, reason: &str| Err(Error::BadConfig { option, reason: reason.to_owned() });
        match self {
            TrainConfig { epochs: 0, .. } => complain("epochs", "at least 1"),
            TrainConfig { restarts: 0, .. } => complain("restarts", "at least 1"),
            _ => Ok(()),
        }
    }
}

/// Trains an ensemble on `data`, all of which is training data: keep the test set out of it. The same data and
/// configuration give the same ensemble, bit for bit, on the same machine. Reads no clock.
///
/// The network learns the residual on the data's bound or, where complexity inputs stand for one, on what they take
/// at fitted [`Rates`]. It learns no more than the data give evidence for: where the bound says all, nothing.
///
/// # Errors
/// [`Error::TooFewInstances`] below 8 instances, [`Error::BadConfig`], [`Error::Length`] for a shape with other
/// inputs than the data, [`Error::TooManyParameters`] when no automatic shape fits, [`Error::Diverged`].
pub fn train(data: &Dataset, config: &TrainConfig) -> Result<Ensemble> {
    config.check()?;
    let problem = Problem::new(data)?;
    let everything: Vec<usize> = (0..data.len()).collect();
    let shapes = problem.shapes(config)?;
    let lead = problem.fit(&everything, &shapes, config.restarts, config, 0)?;

    let own = [lead.network.shape().clone()];
    let order = Rng::stream(config.seed, 0).permutation(data.len());
    let (mut companions, mut squares, mut held_out) = (Vec::new(), 0.0, 0);
    for companion in 0..config.companions {
        let (without, with) = part(&order, companion);
        let fit = problem.fit(&with, &own, config.restarts.div_ceil(LEAD_STARTS), config, 1 + companion as u64)?;
        squares += problem.squared_error(&fit.network, &without)?;
        held_out += without.len();
        companions.push(fit.network);
    }
    let to_seconds = problem.target.deviation;
    let rms = |squares: f64, instances: usize| to_seconds * (squares / instances as f64).sqrt();
    let training = TrainingFigures {
        instances: data.len(),
        validation_instances: held_out.min(data.len()),
        seed: config.seed,
        restarts: config.restarts,
        epochs: lead.steps,
        training_rms_log_error: rms(problem.squared_error(&lead.network, &everything)?, data.len()),
        validation_rms_log_error: (held_out > 0).then(|| rms(squares, held_out)),
        train_seconds: None,
    };
    let provenance = Provenance { data_fingerprint: data.fingerprint(), training, ..Provenance::default() };
    Ensemble::new(problem.model(lead.network)?, companions, provenance)
}

/// What companion number `companion` does without, and the rest of `order`.
fn part(order: &[usize], companion: usize) -> (Vec<usize>, Vec<usize>) {
    let of_part = |place: &usize| place % PARTS == companion % PARTS;
    let (without, with): (Vec<usize>, Vec<usize>) = (0..order.len()).partition(of_part);
    let rows = |places: Vec<usize>| places.into_iter().map(|place| order[place]).collect();
    (rows(without), rows(with))
}

/// Normalised training data.
pub(crate) struct Problem {
    schema: Schema,
    rates: Option<Rates>,
    normaliser: Normaliser,
    target: TargetScale,
    /// `[inputs, instances]`
    inputs: Array2<f64>,
    targets: Vec<f64>,
}

/// A network and the steps it took.
struct Fit {
    network: Network,
    steps: usize,
}

impl Problem {
    pub(crate) fn new(data: &Dataset) -> Result<Self> {
        if data.len() < FEWEST_INSTANCES {
            return Err(Error::TooFewInstances { found: data.len(), needed: FEWEST_INSTANCES });
        }
        let schema = plain_inputs_first(data.schema())?;
        let mut inputs = data.columns(&schema)?;
        let mut bound = data.bound().cloned();
        let rates = fit_rates(data, &schema, &inputs)?;
        if let Some(rates) = &rates {
            let (seen, estimate) = augment(inputs.view(), schema.len() - rates.seconds_per_unit().len(), rates);
            (inputs, bound) = (seen, Some(estimate));
        }
        let normaliser = Normaliser::fit(&inputs)?;
        let seconds = data.seconds().to_vec();
        let target = TargetScale::fit(&seconds, bound.as_ref().map(Array1::to_vec).as_deref())?;
        for (column, mut row) in inputs.rows_mut().into_iter().enumerate() {
            row.mapv_inplace(|value| normaliser.apply(column, value, Reach::Unlimited));
        }
        let targets = (0..data.len()).map(|row| {
            let unit = bound.as_ref().map_or(1.0, |bound| bound[row]);
            ((seconds[row] / unit).ln() - target.mean) / target.deviation
        });
        let targets = targets.collect();
        Ok(Problem { schema, rates, normaliser, target, inputs, targets })
    }

    /// Shapes to start from: with as many inputs as there are and, where the last is the bound, also without it. A bound
    /// that the other inputs imply is best left to the residual's other factor.
    fn shapes(&self, config: &TrainConfig) -> Result<Vec<Shape>> {
        let inputs = self.inputs.nrows();
        let fewest = if self.rates.is_some() && inputs > 1 { inputs - 1 } else { inputs };
        let reserved = self.rates.as_ref().map_or(0, Rates::parameter_count);
        if config.shapes.is_empty() {
            let mut shapes = Shape::candidates(fewest, reserved)?;
            if fewest < inputs {
                shapes.extend(Shape::candidates(inputs, reserved).into_iter().flatten());
            }
            return Ok(shapes);
        }
        for shape in &config.shapes {
            if shape.inputs() != fewest {
                Error::check_length("inputs of the shape", inputs, shape.inputs())?;
            }
            shape.check_room_for(reserved)?;
        }
        Ok(config.shapes.clone())
    }

    /// A network of much evidence, given the instances `rows`, among `starts` of these shapes in turn.
    fn fit(&self, rows: &[usize], shapes: &[Shape], starts: usize, config: &TrainConfig, stream: u64) -> Result<Fit> {
        let targets = self.targets(rows);
        let mut contestants = Vec::with_capacity(starts);
        for (start, shape) in shapes.iter().cycle().take(starts).enumerate() {
            let inputs = self.seen_by(shape, rows);
            let mut rng = Rng::stream(config.seed, 1 + start as u64 + (stream << 32));
            let network = Network::bent(shape.clone(), inputs.view(), &mut rng);
            contestants.push(Descent::new(network, Tape::new(shape, inputs)?, targets.clone()));
        }
        for round in 1..=ROUNDS {
            let last = round == ROUNDS;
            for contestant in &mut contestants {
                // Not before the shape of the bulk is known: what looks like an outlier can be another regime.
                if last {
                    contestant.expect_outliers();
                }
                contestant.run((config.epochs >> (ROUNDS - round)).max(1));
            }
            contestants.retain(|contestant| contestant.residuals().iter().all(|residual| residual.is_finite()));
            contestants.sort_by(|a, b| b.evidence().total_cmp(&a.evidence()));
            contestants.truncate((contestants.len() / 2).max(LAST_CONTESTANTS));
        }
        let most = contestants.first().ok_or(Error::Diverged)?;
        if most.evidence() <= evidence_of_nothing(&targets) {
            return Ok(Fit { network: Network::zero(most.network().shape().clone()), steps: most.steps() });
        }
        let best =
            &contestants[self.choose(&contestants, rows, &mut Rng::stream(config.seed, (stream << 32) | (1 << 31)))?];
        Ok(Fit { network: best.network().clone(), steps: best.steps() })
    }

    /// The contestant with the least relative error, on the instances `rows` and half-way between them, where the median of all
    /// stands for the truth: of networks that fit alike, one that says what the others do not is likely to be wrong.
    fn choose(&self, contestants: &[Descent], rows: &[usize], rng: &mut Rng) -> Result<usize> {
        let pairs: Vec<[usize; 2]> = rows.iter().map(|&row| [row, rows[rng.below(rows.len())]]).collect();
        let halves = Array2::from_shape_fn((self.inputs(), pairs.len()), |(input, pair)| {
            0.5 * pairs[pair].iter().map(|&row| self.inputs[(input, row)]).sum::<f64>()
        });
        let answers = contestants.iter().map(|contestant| {
            let shape = contestant.network().shape();
            let mut tape = Tape::new(shape, first_rows(&halves, shape.inputs()).to_owned())?;
            contestant.network().forward(&mut tape);
            Ok(tape.outputs().to_vec())
        });
        let answers = answers.collect::<Result<Vec<_>>>()?;
        let medians = (0..pairs.len()).map(|pair| {
            let mut each: Vec<f64> = answers.iter().map(|outputs| outputs[pair]).collect();
            each.sort_by(f64::total_cmp);
            0.5 * (each[(each.len() - 1) / 2] + each[each.len() / 2])
        });
        let medians: Vec<f64> = medians.collect();
        let relative = |difference: f64| (self.target.deviation * difference).exp_m1().abs();
        let error = |place: usize| -> f64 {
            let measured = contestants[place].residuals().iter().copied();
            let between = answers[place].iter().zip(&medians).map(|(output, median)| output - median);
            measured.chain(between).map(relative).sum()
        };
        let errors: Vec<f64> = (0..contestants.len()).map(error).collect();
        Ok((0..errors.len()).min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap_or(0))
    }

    /// Number of inputs, the bound included.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs.nrows()
    }

    /// What a network of `shape` sees of the instances `rows` `[inputs, instances]`.
    pub(crate) fn seen_by(&self, shape: &Shape, rows: &[usize]) -> Array2<f64> {
        first_rows(&self.inputs, shape.inputs()).select(Axis(1), rows)
    }

    /// Normalised targets of the instances `rows`.
    pub(crate) fn targets(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|&row| self.targets[row]).collect()
    }

    /// Sum of squared errors of the instances `rows`, normalised.
    fn squared_error(&self, network: &Network, rows: &[usize]) -> Result<f64> {
        let mut tape = Tape::new(network.shape(), self.seen_by(network.shape(), rows))?;
        network.forward(&mut tape);
        Ok(tape.outputs().iter().zip(rows).map(|(output, &row)| (output - self.targets[row]).powi(2)).sum())
    }

    /// The model that `network` makes with the scaling of these data.
    pub(crate) fn model(self, network: Network) -> Result<Model> {
        let scales = self.normaliser.scales()[..network.shape().inputs()].to_vec();
        Model::new(self.schema, self.rates, Normaliser::from_scales(scales)?, self.target, network)
    }
}

fn first_rows(matrix: &Array2<f64>, count: usize) -> ArrayView2<'_, f64> {
    matrix.view().split_at(Axis(0), count).0
}

/// The schema with the complexity inputs last.
fn plain_inputs_first(schema: &Schema) -> Result<Schema> {
    let mut inputs = schema.inputs().to_vec();
    inputs.sort_by_key(|input| input.kind == InputKind::Complexity);
    Schema::new(inputs)
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
