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
            Loss::Huber { delta } => delta,
        };
        let mut total = 0.0;
        for ((output, target), slope) in outputs.iter().zip(targets).zip(slope) {
            let difference = output - target;
            let clipped = difference.clamp(-limit, limit);
            total += clipped * (difference - 0.5 * clipped);
            *slope = scale * clipped;
        }
        total * scale
    }
}
