//! Models of parts, trained from the times of wholes.
//!
//! A whole (a pipeline under a schedule) takes the sum of the times of its parts (its stages): `T = sum exp(l_i)`. Only
//! `T` is measured. The derivative of a loss of `ln T` by a part's `l_i` is that by `ln T` times the part's share
//! `exp(l_i) / T`, so one back-propagation through the sum trains all models at once.

use crate::normalise::mean_and_deviation;
use crate::{
    Adam, Error, InputScale, Loss, Model, Network, Normaliser, Range, Result, Rng, Schema, Shape, TargetScale, Trace,
    Transform,
};
use ndarray::{Array1, Array2, Axis};

/// Parts of one class: what one model predicts.
#[derive(Debug, Clone)]
pub struct Parts {
    /// Inputs `[parts, inputs]`, in the order of the schema.
    pub inputs: Array2<f64>,
    /// Analytic estimates in seconds `[parts]`, on which models learn the residual; none for models that do without.
    pub bound: Option<Array1<f64>>,
}

/// A measured sum of parts.
#[derive(Debug, Clone, PartialEq)]
pub struct Whole {
    /// Its parts: class and row among the parts of that class.
    pub parts: Vec<(usize, usize)>,
    /// Measured seconds, positive.
    pub seconds: f64,
    /// Wholes of one group (schedules of one pipeline) are compared with each other.
    pub group: usize,
}

/// How to train models of parts.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeConfig {
    /// Determines everything random.
    pub seed: u64,
    /// Shape of every network.
    pub shape: Shape,
    /// Over errors of `ln T`.
    pub loss: Loss,
    /// Weight of the squared errors of `ln T` relative to the mean error of the group, beside the loss: how much the
    /// order within a group matters.
    pub order_weight: f64,
    /// Epochs, at least 1.
    pub epochs: usize,
    /// Adam's step at the start; it decays to a hundredth over the epochs, along a cosine.
    pub learning_rate: f64,
    /// Coefficient of half the squared sum of all parameters in the loss, or of their changes where models are refined. Where data are few it keeps models at the
    /// analytic estimate.
    pub weight_decay: f64,
    /// Share of the groups held out to choose when to stop, from 0 (none: the last epoch counts) to below 1.
    pub validation_share: f64,
}

/// Models with the data they are evaluated on, again and again while their parameters change.
#[derive(Debug, Clone)]
pub struct Composite {
    models: Vec<Model>,
    traces: Vec<Trace>,
    upstream: Vec<Vec<f64>>,
    wholes: Vec<Whole>,
    groups: Vec<Vec<usize>>,
}

impl Composite {
    /// One model for each class of `parts`.
    ///
    /// # Errors
    /// [`Error::Length`] when the numbers of models and classes differ, or a whole names a part that does not exist;
    /// [`Error::BadValue`] for what is out of its domain; [`Error::MissingBound`].
    pub fn new(models: Vec<Model>, parts: &[Parts], wholes: Vec<Whole>) -> Result<Self> {
        Error::check_length("models", parts.len(), models.len())?;
        for (row, whole) in wholes.iter().enumerate() {
            let exists = |&(class, part): &(usize, usize)| parts.get(class).is_some_and(|p| part < p.inputs.nrows());
            if !(whole.seconds > 0.0 && whole.seconds.is_finite()) {
                let (column, value) = ("seconds".to_owned(), whole.seconds);
                return Err(Error::BadValue { row, column, value, expected: "finite and positive" });
            }
            if whole.parts.is_empty() || !whole.parts.iter().all(exists) {
                return Err(Error::Inconsistent(format!("whole {row} has no parts, or parts that do not exist")));
            }
        }
        let trace = |(model, parts): (&Model, &Parts)| {
            model.trace(parts.inputs.view(), parts.bound.as_ref().map(|bound| bound.view()))
        };
        let traces = models.iter().zip(parts).map(trace).collect::<Result<Vec<_>>>()?;
        let upstream = parts.iter().map(|parts| vec![0.0; parts.inputs.nrows()]).collect();
        let count = wholes.iter().map(|whole| whole.group + 1).max().unwrap_or(0);
        let mut groups = vec![Vec::new(); count];
        wholes.iter().enumerate().for_each(|(index, whole)| groups[whole.group].push(index));
        groups.retain(|group| !group.is_empty());
        Ok(Composite { models, traces, upstream, wholes, groups })
    }

    /// The models.
    pub fn models(&self) -> &[Model] {
        &self.models
    }

    /// The models, for an optimiser to change their parameters.
    pub fn models_mut(&mut self) -> &mut [Model] {
        &mut self.models
    }

    /// Predicted natural logarithms of the seconds of every whole.
    pub fn log_seconds(&mut self) -> Vec<f64> {
        for (model, trace) in self.models.iter().zip(&mut self.traces) {
            model.evaluate(trace);
        }
        let logs = |whole: &Whole| {
            let parts = whole.parts.iter().map(|&(class, part)| self.traces[class].log_seconds()[part]);
            // The largest aside, so that nothing overflows.
            let largest = parts.clone().fold(f64::NEG_INFINITY, f64::max);
            largest + parts.map(|log| (log - largest).exp()).sum::<f64>().ln()
        };
        self.wholes.iter().map(logs).collect()
    }

    /// The loss: the mean over groups of the mean over their wholes. Adds its derivative by the parameters of each
    /// model's network to `gradients`, one vector a model.
    ///
    /// # Panics
    /// When `gradients` has other lengths than the models.
    pub fn gradient(&mut self, loss: Loss, order_weight: f64, gradients: &mut [Vec<f64>]) -> f64 {
        let logs = self.log_seconds();
        let mut slopes = vec![0.0; self.wholes.len()];
        let mut total = 0.0;
        for group in &self.groups {
            let errors: Vec<f64> = group.iter().map(|&w| logs[w] - self.wholes[w].seconds.ln()).collect();
            let mut slope = vec![0.0; errors.len()];
            total += loss.evaluate(&errors, &vec![0.0; errors.len()], &mut slope);
            let count = errors.len() as f64;
            let mean = errors.iter().sum::<f64>() / count;
            for ((&whole, error), slope) in group.iter().zip(&errors).zip(slope) {
                let centred = error - mean;
                total += 0.5 * order_weight * centred * centred / count;
                slopes[whole] = slope + order_weight * centred / count;
            }
        }
        let scale = 1.0 / self.groups.len().max(1) as f64;
        self.upstream.iter_mut().for_each(|upstream| upstream.fill(0.0));
        for ((whole, log), slope) in self.wholes.iter().zip(&logs).zip(slopes) {
            for &(class, part) in &whole.parts {
                let share = (self.traces[class].log_seconds()[part] - log).exp();
                self.upstream[class][part] += scale * slope * share;
            }
        }
        let of_models = self.models.iter().zip(&mut self.traces).zip(&self.upstream).zip(gradients);
        of_models.for_each(|(((model, trace), upstream), slots)| model.accumulate_gradient(trace, upstream, slots));
        total * scale
    }

    /// The part of the wholes whose group is among `groups` or, without `inside`, is not.
    fn split(&self, groups: &[bool], inside: bool) -> Self {
        let mut part = self.clone();
        part.groups.retain(|group| groups[self.wholes[group[0]].group] == inside);
        part
    }

    fn loss(&mut self, config: &CompositeConfig, gradients: &mut [Vec<f64>]) -> f64 {
        gradients.iter_mut().for_each(|slots| slots.fill(0.0));
        self.gradient(config.loss, config.order_weight, gradients)
    }
}

/// Trains a model for each class of `parts` from the `wholes`. The same data and configuration give the same models.
///
/// # Errors
/// [`Error::BadConfig`], [`Error::TooFewInstances`] without wholes, [`Error::Diverged`], and those of [`Composite::new`].
pub fn train_composite(
    schema: &Schema,
    parts: &[Parts],
    wholes: Vec<Whole>,
    config: &CompositeConfig,
) -> Result<Vec<Model>> {
    let models = initial_models(schema, parts, &wholes, config)?;
    let nothing = models.iter().map(|model| vec![0.0; model.network().parameters().len()]).collect();
    descend(Composite::new(models, parts, wholes)?, nothing, config)
}

/// Trains `models` further, from the `wholes` of another machine: weight decay draws their parameters to what they were, not
/// to zero, and their scales stay. `config` says how, its shape aside.
///
/// # Errors
/// As [`train_composite`].
pub fn refine_composite(
    models: Vec<Model>,
    parts: &[Parts],
    wholes: Vec<Whole>,
    config: &CompositeConfig,
) -> Result<Vec<Model>> {
    let before = models.iter().map(|model| model.network().parameters().to_vec()).collect();
    descend(Composite::new(models, parts, wholes)?, before, config)
}

/// Follows the gradient; `anchors` are what weight decay draws the parameters of each model to.
fn descend(all: Composite, anchors: Vec<Vec<f64>>, config: &CompositeConfig) -> Result<Vec<Model>> {
    if config.epochs == 0 || !(0.0..1.0).contains(&config.validation_share) {
        let reason = "epochs of at least 1, and a share from 0 to below 1".to_owned();
        return Err(Error::BadConfig { option: "epochs, validation_share", reason });
    }
    let held_out = held_out(&all, config);
    let (mut training, mut validation) = (all.split(&held_out, false), all.split(&held_out, true));
    let mut gradients: Vec<Vec<f64>> =
        all.models.iter().map(|model| vec![0.0; model.network().parameters().len()]).collect();
    let mut scratch = gradients.clone();
    let mut adams: Vec<Adam> = gradients.iter().map(|slots| Adam::new(slots.len())).collect();
    let mut best: Option<(f64, Vec<Model>)> = None;
    for epoch in 0..config.epochs {
        let training_loss = training.loss(config, &mut gradients);
        let judged = match validation.groups.is_empty() {
            true => -(epoch as f64),
            false => {
                validation.models.clone_from(&training.models);
                validation.loss(config, &mut scratch)
            }
        };
        if training_loss.is_finite() && best.as_ref().is_none_or(|(loss, _)| judged < *loss) {
            best = Some((judged, training.models.clone()));
        }
        let progress = epoch as f64 / config.epochs as f64;
        let rate = config.learning_rate * (0.01 + 0.99 * 0.5 * (1.0 + (std::f64::consts::PI * progress).cos()));
        let models = training.models.iter_mut().zip(&anchors).zip(&mut gradients).zip(&mut adams);
        for (((model, anchor), gradient), adam) in models {
            let parameters = model.network_mut().parameters_mut();
            for ((slope, value), anchor) in gradient.iter_mut().zip(&*parameters).zip(anchor) {
                *slope += config.weight_decay * (value - anchor);
            }
            adam.step(parameters, gradient, rate);
        }
    }
    best.map(|(_, models)| models).ok_or(Error::Diverged)
}

/// Which groups are held out, by group.
fn held_out(all: &Composite, config: &CompositeConfig) -> Vec<bool> {
    let numbers: Vec<usize> = all.groups.iter().map(|group| all.wholes[group[0]].group).collect();
    let count = (numbers.len() as f64 * config.validation_share).round() as usize;
    let mut held_out = vec![false; numbers.iter().max().map_or(0, |last| last + 1)];
    let order = Rng::stream(config.seed, 0).permutation(numbers.len());
    order.iter().take(count).for_each(|&at| held_out[numbers[at]] = true);
    held_out
}

/// Random networks whose output is centred on what is measured.
fn initial_models(schema: &Schema, parts: &[Parts], wholes: &[Whole], config: &CompositeConfig) -> Result<Vec<Model>> {
    if wholes.is_empty() {
        return Err(Error::TooFewInstances { found: 0, needed: 1 });
    }
    let seconds: Vec<f64> = wholes.iter().map(|whole| whole.seconds).collect();
    let residual = parts.iter().all(|parts| parts.bound.is_some());
    let expected = |whole: &Whole| -> f64 {
        let bound = |&(class, row): &(usize, usize)| parts[class].bound.as_ref().map_or(1.0, |bound| bound[row]);
        whole.parts.iter().map(bound).sum()
    };
    let bounds: Vec<f64> = wholes.iter().map(expected).collect();
    let fitted = TargetScale::fit(&seconds, Some(&bounds))?;
    let target = TargetScale { deviation: 1.0, residual, limits: None, ..fitted };
    // Classes that are rare must not be scaled by what few parts of theirs happen to be.
    let columns: Vec<_> = parts.iter().map(|parts| parts.inputs.t()).collect();
    let columns = ndarray::concatenate(Axis(1), &columns).map_err(|e| Error::Inconsistent(e.to_string()))?;
    let scales = columns.rows().into_iter().map(|column| linear_scale(&column.to_vec()));
    let normaliser = Normaliser::from_scales(scales.collect::<Result<_>>()?)?;
    let model = |class: usize| {
        let network = Network::random(config.shape.clone(), &mut Rng::stream(config.seed, 1 + class as u64));
        Model::new(schema.clone(), None, normaliser.clone(), target, network)
    };
    (0..parts.len()).map(model).collect()
}

/// Inputs enter as they are: whoever makes the parts has taken logarithms where they help.
fn linear_scale(values: &[f64]) -> Result<InputScale> {
    let (mean, deviation) = mean_and_deviation(values);
    Ok(InputScale { transform: Transform::Linear, mean, deviation, range: Range::of(values)? })
}
