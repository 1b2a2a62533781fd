//! Scaling of inputs and target, fitted on training data alone.

use crate::{Error, Result};
use ndarray::Array2;
use serde::{Deserialize, Serialize};

/// Smallest and largest value seen in training, both included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// Smallest value seen.
    pub min: f64,
    /// Largest value seen.
    pub max: f64,
}

impl Range {
    /// The range of `values`.
    ///
    /// # Errors
    /// [`Error::TooFewInstances`] when there are none.
    pub fn of(values: &[f64]) -> Result<Self> {
        if values.is_empty() {
            return Err(Error::TooFewInstances { found: 0, needed: 1 });
        }
        let min = values.iter().copied().fold(f64::INFINITY, f64::min);
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Ok(Range { min, max })
    }

    /// Whether `value` lies inside; NaN never does.
    pub fn contains(&self, value: f64) -> bool {
        value >= self.min && value <= self.max
    }
}

/// How an input is bent before it is centred and scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// ln x, for inputs that were positive throughout training: products become sums.
    Log,
    /// ln(1 + x), for counts that can be zero.
    Log1p,
    /// x itself.
    Linear,
}

/// Largest value from which a non-negative input with zeros counts as wide enough for a logarithm; flags and
/// small counts stay linear.
const LOG1P_FROM: f64 = 16.0;
/// Deviation below which a column counts as constant and is not scaled, relative to its magnitude.
const CONSTANT_BELOW: f64 = 1e-9;
/// How far below the smallest value of training a logarithmic input still makes a difference.
const LOG_FLOOR: f64 = 1e-3;

/// Scaling of one input: (transform(x) - mean) / deviation.
#[derive(Debug, Clone, PartialEq)]
pub struct InputScale {
    /// Applied first.
    pub transform: Transform,
    /// Mean of the transformed training values.
    pub mean: f64,
    /// Standard deviation of the transformed training values, or 1 for a constant input. Positive.
    pub deviation: f64,
    /// Untransformed values seen in training.
    pub range: Range,
}

impl InputScale {
    /// The scaling that `values`, all finite, ask for.
    ///
    /// # Errors
    /// [`Error::TooFewInstances`] when there are none.
    pub fn fit(values: &[f64]) -> Result<Self> {
        let range = Range::of(values)?;
        let transform = match range {
            Range { min, .. } if min > 0.0 => Transform::Log,
            Range { min, max } if min >= 0.0 && max >= LOG1P_FROM => Transform::Log1p,
            _ => Transform::Linear,
        };
        let unscaled = InputScale { transform, mean: 0.0, deviation: 1.0, range };
        let transformed: Vec<f64> = values.iter().map(|&value| unscaled.apply(value)).collect();
        let (mean, deviation) = mean_and_deviation(&transformed);
        Ok(InputScale { mean, deviation, ..unscaled })
    }

    /// Smallest value that is told apart from smaller ones, so that every finite input has a finite scaling.
    pub fn floor(&self) -> f64 {
        match self.transform {
            Transform::Log => self.range.min * LOG_FLOOR,
            Transform::Log1p => 0.0,
            Transform::Linear => f64::NEG_INFINITY,
        }
    }

    /// The least and most that a normalised input is within `reach`.
    pub(crate) fn reach(&self, reach: Reach) -> (f64, f64) {
        match reach {
            Reach::Unlimited => (f64::NEG_INFINITY, f64::INFINITY),
            Reach::Beyond(share) => {
                let (least, most) = (self.apply(self.range.min), self.apply(self.range.max));
                let beyond = share * (most - least);
                (least - beyond, most + beyond)
            }
        }
    }

    /// The normalised input.
    pub fn apply(&self, value: f64) -> f64 {
        let value = value.max(self.floor());
        let bent = match self.transform {
            Transform::Log => value.ln(),
            Transform::Log1p => value.ln_1p(),
            Transform::Linear => value,
        };
        (bent - self.mean) / self.deviation
    }
}

/// How far beyond the values seen in training an input still makes a difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Reach {
    /// Without end.
    Unlimited,
    /// By this share of the range seen, after the transformation.
    Beyond(f64),
}

/// Scaling of all inputs of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Normaliser {
    scales: Vec<InputScale>,
}

impl Normaliser {
    /// The scaling that `columns` `[inputs, instances]`, all finite, ask for. Pass training data only.
    ///
    /// # Errors
    /// [`Error::TooFewInstances`] when there are no instances.
    pub fn fit(columns: &Array2<f64>) -> Result<Self> {
        let scales = columns.rows().into_iter().map(|column| InputScale::fit(&column.to_vec()));
        Ok(Normaliser { scales: scales.collect::<Result<_>>()? })
    }

    /// A normaliser of given scales, for example read from a file.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] when a scale has a value that is not finite, a deviation that is not positive,
    /// an empty range, or a logarithm whose range is not in its domain.
    pub fn from_scales(scales: Vec<InputScale>) -> Result<Self> {
        for (column, scale) in scales.iter().enumerate() {
            let Range { min, max } = scale.range;
            let finite = [scale.mean, scale.deviation, min, max].iter().all(|value| value.is_finite());
            let in_domain = match scale.transform {
                Transform::Log => min > 0.0,
                Transform::Log1p => min >= 0.0,
                Transform::Linear => true,
            };
            if !(finite && scale.deviation > 0.0 && min <= max && in_domain) {
                return Err(Error::Inconsistent(format!("the scaling of input {column} is impossible: {scale:?}")));
            }
        }
        Ok(Normaliser { scales })
    }

    /// The scale of each input.
    pub fn scales(&self) -> &[InputScale] {
        &self.scales
    }

    /// Normalises one value of input `column`, held within the `reach` of the values seen in training.
    pub(crate) fn apply(&self, column: usize, value: f64, reach: Reach) -> f64 {
        let scale = &self.scales[column];
        let (least, most) = scale.reach(reach);
        scale.apply(value).clamp(least, most)
    }
}

/// Scaling between the network's output and seconds: ln(seconds) = mean + deviation * output, plus ln(bound) when
/// the model predicts the residual on an analytic bound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TargetScale {
    /// Mean of the training targets in log-seconds (or of the log of time over bound).
    pub mean: f64,
    /// Their standard deviation, or 1 when constant. Positive.
    pub deviation: f64,
    /// Whether the network predicts the logarithm of time over bound.
    pub residual: bool,
    /// Seconds seen in training.
    pub range: Range,
    /// What predictions of log-seconds (or of the log of time over bound) are clipped to; `None` leaves them alone.
    pub limits: Option<Range>,
}

impl TargetScale {
    /// The scaling of measured `seconds`, all positive, relative to `bound` if given. Its limits are the range of the targets and
    /// their deviation beyond it, for the doubt whether these data have seen all.
    ///
    /// # Errors
    /// [`Error::TooFewInstances`] when there are none.
    pub fn fit(seconds: &[f64], bound: Option<&[f64]>) -> Result<Self> {
        let range = Range::of(seconds)?;
        let targets: Vec<f64> = match bound {
            Some(bound) => seconds.iter().zip(bound).map(|(time, bound)| (time / bound).ln()).collect(),
            None => seconds.iter().map(|time| time.ln()).collect(),
        };
        let (mean, deviation) = mean_and_deviation(&targets);
        let seen = Range::of(&targets)?;
        let limits = Some(Range { min: seen.min - deviation, max: seen.max + deviation });
        Ok(TargetScale { mean, deviation, residual: bound.is_some(), range, limits })
    }

    /// What of log-seconds, or of the log of time over bound, the network's `output` stands for.
    pub(crate) fn apply(&self, output: f64) -> f64 {
        let log = self.mean + self.deviation * output;
        self.limits.map_or(log, |limits| log.clamp(limits.min, limits.max))
    }

    /// Whether the network's `output` is clipped, so that it makes no difference.
    pub(crate) fn clips(&self, output: f64) -> bool {
        self.limits.is_some_and(|limits| !limits.contains(self.mean + self.deviation * output))
    }

    /// Checks a scale that was not fitted here.
    pub(crate) fn check(&self) -> Result<()> {
        let Range { min, max } = self.range;
        let finite = [self.mean, self.deviation, min, max].iter().all(|value| value.is_finite());
        let ordered = |limits: Range| limits.min.is_finite() && limits.max.is_finite() && limits.min <= limits.max;
        if finite && self.deviation > 0.0 && min > 0.0 && min <= max && self.limits.is_none_or(ordered) {
            Ok(())
        } else {
            Err(Error::Inconsistent(format!("the scaling of the target is impossible: {self:?}")))
        }
    }
}

/// Mean and standard deviation; the deviation of a (nearly) constant column is given as 1.
pub(crate) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let count = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let deviation = variance.sqrt();
    let constant = deviation <= CONSTANT_BELOW * (1.0 + mean.abs());
    (mean, if constant { 1.0 } else { deviation })
}
