//! Training: a lead network, and companions that show how far to trust it.

use crate::problem::Problem;
use crate::tournament::Tournament;
use crate::{Dataset, Ensemble, Error, Provenance, Result, Rng, Shape, TrainingFigures};

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
/// at fitted [`crate::Rates`]. It learns no more than the data give evidence for: where the bound says all, nothing.
///
/// # Errors
/// [`Error::TooFewInstances`] below 8 instances, [`Error::BadConfig`], [`Error::Length`] for a shape with other
/// inputs than the data, [`Error::TooManyParameters`] when no automatic shape fits, [`Error::Diverged`].
pub fn train(data: &Dataset, config: &TrainConfig) -> Result<Ensemble> {
    config.check()?;
    let problems = Problem::all(data)?;
    let everything: Vec<usize> = (0..data.len()).collect();
    let (shapes, steps) = (problems[0].shapes(config)?, config.epochs);
    let tournament = Tournament { problems: problems.iter().collect(), shapes, starts: config.restarts, steps };
    let lead = tournament.run(&everything, config.seed, 0)?;
    let problem = &problems[lead.problem];

    let shapes = vec![lead.network.shape().clone()];
    let starts = config.restarts.div_ceil(LEAD_STARTS);
    let tournament = Tournament { problems: vec![problem], shapes, starts, steps };
    let order = Rng::stream(config.seed, 0).permutation(data.len());
    let (mut companions, mut squares, mut held_out) = (Vec::new(), 0.0, 0);
    for companion in 0..config.companions {
        let (without, with) = part(&order, companion);
        let network = tournament.run(&with, config.seed, 1 + companion as u64)?.network;
        squares += problem.squared_error(&network, &without)?;
        held_out += without.len();
        companions.push(network);
    }
    let rms = |squares: f64, instances: usize| (squares / instances as f64).sqrt();
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
