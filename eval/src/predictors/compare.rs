//! NN+C and its baselines, fitted to the same rows and judged on the same others.

use std::hint::black_box;
use std::time::{Duration, Instant};

use predictor::metrics::{mape, mape_slowest, spearman_rho, SLOWEST_SHARE};
use predictor::{train, Batch, BatchPredictor, Dataset, Ensemble, InputKind, Method, Regressor, TrainConfig};
use serde::Serialize;

/// Predictions made at a time when their time is taken.
const BATCH: usize = 5000;
/// Least time and least rounds of taking it.
const TIMING: (Duration, usize) = (Duration::from_millis(30), 3);

/// What the times are of.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Subject {
    /// Kernel, for example `mm`.
    pub kernel: String,
    /// Variant of the kernel, for example `eigen`.
    pub variant: String,
    /// What they were measured on.
    pub hardware: String,
}

/// How one method did. Figures are missing where it could not be fitted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Combination {
    /// What the times are of.
    #[serde(flatten)]
    pub subject: Subject,
    /// Name of the method.
    pub model: String,
    /// Number of fitted parameters; a random forest has no fixed number.
    pub parameters: Option<usize>,
    /// Mean absolute percentage error over the test rows, as a fraction.
    pub mape_all: Option<f64>,
    /// The same over their slowest 70 %.
    pub mape_slowest70: Option<f64>,
    /// Spearman's rank correlation over the test rows; missing also where predictions are constant.
    pub spearman_rho: Option<f64>,
    /// Wall-clock seconds of the fit.
    pub train_seconds: Option<f64>,
    /// Nanoseconds a prediction takes in batches of 5000.
    pub inference_ns: Option<f64>,
    /// Predicted seconds of the test rows.
    #[serde(skip)]
    pub predicted: Vec<f64>,
    /// Why there are no figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A fitted method.
enum Fitted {
    /// A small network and its inputs' columns, to be evaluated in batches.
    Network(Box<Ensemble>, Vec<usize>),
    Other(Box<dyn Regressor>),
}

impl Fitted {
    fn new(method: Method, data: &Dataset, config: &TrainConfig) -> predictor::Result<Fitted> {
        let columns = match method {
            Method::NnC => data.schema().indices_where(|_| true),
            Method::Nn => data.schema().indices_where(|kind| kind != InputKind::Complexity),
            _ => return Ok(Fitted::Other(method.fit(data, config)?)),
        };
        // Only NN+C knows of bounds.
        let own = data.with_columns(&columns, method == Method::NnC)?;
        Ok(Fitted::Network(Box::new(train(&own, config)?), columns))
    }

    fn regressor(&self) -> &dyn Regressor {
        match self {
            Fitted::Network(ensemble, _) => ensemble.as_ref(),
            Fitted::Other(regressor) => regressor.as_ref(),
        }
    }

    /// Seconds that one prediction takes when many are made.
    fn seconds_per_prediction(&self, data: &Dataset) -> predictor::Result<f64> {
        let rows: Vec<usize> = (0..BATCH).map(|index| index % data.len()).collect();
        let many = data.select(&rows);
        let seconds = match self {
            Fitted::Network(ensemble, columns) => {
                let own = many.with_columns(columns, true)?;
                let mut batch = Batch::new(columns.len(), BATCH);
                for (index, row) in own.inputs().rows().into_iter().enumerate() {
                    batch.push(&row.to_vec(), own.bound().map_or(1.0, |bound| bound[index]))?;
                }
                let (mut compiled, mut out) = (BatchPredictor::new(ensemble.lead()), vec![0.0; BATCH]);
                best_seconds(|| compiled.log_seconds(black_box(&batch), &mut out))?
            }
            Fitted::Other(regressor) => best_seconds(|| regressor.predict(black_box(&many)))?,
        };
        Ok(seconds / BATCH as f64)
    }
}

/// The least time of several rounds, after one that is not timed.
fn best_seconds<T>(mut work: impl FnMut() -> predictor::Result<T>) -> predictor::Result<f64> {
    black_box(work()?);
    let (start, mut best, mut rounds) = (Instant::now(), f64::INFINITY, 0);
    while rounds < TIMING.1 || start.elapsed() < TIMING.0 {
        let round = Instant::now();
        black_box(work()?);
        best = best.min(round.elapsed().as_secs_f64());
        rounds += 1;
    }
    Ok(best)
}

/// Fits NN+C to `training` and judges it on `test`.
///
/// # Errors
/// When it cannot be fitted.
pub fn augmented(
    subject: &Subject,
    training: &Dataset,
    test: &Dataset,
    config: &TrainConfig,
) -> predictor::Result<(Combination, Ensemble)> {
    let (combination, fitted) = judge(subject, Method::NnC, training, test, config)?;
    let Fitted::Network(mut ensemble, _) = fitted else { unreachable!("NN+C is a network") };
    ensemble.provenance_mut().training.train_seconds = combination.train_seconds;
    Ok((combination, *ensemble))
}

/// Fits `method` to `training` and judges it on `test`. What cannot be fitted says why.
pub fn baseline(
    subject: &Subject,
    method: Method,
    training: &Dataset,
    test: &Dataset,
    config: &TrainConfig,
) -> Combination {
    match judge(subject, method, training, test, config) {
        Ok((combination, _)) => combination,
        Err(error) => Combination { error: Some(error.to_string()), ..Combination::nothing(subject, method) },
    }
}

fn judge(
    subject: &Subject,
    method: Method,
    training: &Dataset,
    test: &Dataset,
    config: &TrainConfig,
) -> predictor::Result<(Combination, Fitted)> {
    let start = Instant::now();
    let fitted = Fitted::new(method, training, config)?;
    let train_seconds = start.elapsed().as_secs_f64();
    let predicted = fitted.regressor().predict(test)?.to_vec();
    let measured = test.seconds().to_vec();
    let combination = Combination {
        parameters: fitted.regressor().parameter_count(),
        mape_all: mape(&predicted, &measured),
        mape_slowest70: mape_slowest(&predicted, &measured, SLOWEST_SHARE),
        spearman_rho: spearman_rho(&predicted, &measured),
        train_seconds: Some(train_seconds),
        inference_ns: Some(fitted.seconds_per_prediction(test)? * 1e9),
        predicted,
        ..Combination::nothing(subject, method)
    };
    Ok((combination, fitted))
}

impl Combination {
    fn nothing(subject: &Subject, method: Method) -> Combination {
        Combination {
            subject: subject.clone(),
            model: method.name().to_owned(),
            parameters: None,
            mape_all: None,
            mape_slowest70: None,
            spearman_rho: None,
            train_seconds: None,
            inference_ns: None,
            predicted: Vec::new(),
            error: None,
        }
    }
}
