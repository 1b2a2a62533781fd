//! What training minimises.

use serde::{Deserialize, Serialize};

/// Loss over differences of log-seconds, in units of the target's deviation, averaged over instances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// Half the squared difference: the paper's mean squared error, here of logarithms.
    Squared,
    /// Squared up to `delta`, linear beyond, so that a few disturbed timings do not bend the model.
    Huber {
        /// Difference, in deviations of the target, at which the loss turns linear. Positive.
        delta: f64,
    },
    /// Huber's loss of the relative error, `exp(difference) - 1`: what a mean absolute percentage error is made of. Beyond a
    /// factor of e too much it rises like a straight line.
    Relative {
        /// Relative error at which the loss turns linear. Positive.
        delta: f64,
    },
}

impl Loss {
    /// The mean loss; `slope` `[instances]` is filled with its derivative by each output.
    ///
    /// # Panics
    /// When `slope` is shorter than `outputs`.
    pub(crate) fn evaluate(self, outputs: &[f64], targets: &[f64], slope: &mut [f64]) -> f64 {
        let scale = 1.0 / outputs.len().max(1) as f64;
        let limit = match self {
            Loss::Squared => f64::INFINITY,
            Loss::Huber { delta } | Loss::Relative { delta } => delta,
        };
        let mut total = 0.0;
        for ((output, target), slope) in outputs.iter().zip(targets).zip(slope) {
            let difference = output - target;
            let (error, steepness) = match self {
                Loss::Relative { .. } => relative(difference),
                Loss::Squared | Loss::Huber { .. } => (difference, 1.0),
            };
            let clipped = error.clamp(-limit, limit);
            total += clipped * (error - 0.5 * clipped);
            *slope = scale * clipped * steepness;
        }
        total * scale
    }
}

/// A relative error, and its derivative by the difference of logarithms.
fn relative(difference: f64) -> (f64, f64) {
    let within = difference.min(1.0);
    let ratio = within.exp();
    (ratio * (1.0 + difference - within) - 1.0, ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_are_those_of_the_loss() {
        let targets = [0.0, 0.5, -1.0];
        for loss in [Loss::Squared, Loss::Huber { delta: 0.5 }, Loss::Relative { delta: 0.3 }] {
            for shift in [-3.0, -0.4, -0.01, 0.02, 0.2, 0.9, 1.1, 4.0] {
                let at = |by: f64| {
                    let outputs = targets.map(|target| target + shift + by);
                    let mut slope = [0.0; 3];
                    (loss.evaluate(&outputs, &targets, &mut slope), slope)
                };
                let rise = (at(1e-6).0 - at(-1e-6).0) / 2e-6;
                let slope: f64 = at(0.0).1.iter().sum();
                assert!((rise - slope).abs() < 1e-6 * slope.abs().max(1.0), "{loss:?} at {shift}: {rise}, {slope}");
            }
        }
    }

    #[test]
    fn relative_errors_weigh_what_is_too_much_more() {
        let loss = |difference: f64| Loss::Relative { delta: 0.3 }.evaluate(&[difference], &[0.0], &mut [0.0]);
        assert!(loss(0.5) > loss(-0.5));
        assert_eq!(loss(0.0), 0.0);
    }
}
