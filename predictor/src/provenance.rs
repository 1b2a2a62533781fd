//! Where a model comes from.

use serde::{Deserialize, Serialize};

/// What a model was trained for, on and from.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Kernel, for example `mm`.
    pub kernel: String,
    /// Variant of the kernel, for example `eigen`.
    pub variant: String,
    /// Fingerprint or description of the hardware the times were measured on.
    pub hardware: String,
    /// [`crate::Dataset::fingerprint`] of the training data.
    pub data_fingerprint: String,
    /// How training went.
    pub training: TrainingFigures,
}

/// Figures of a training run.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingFigures {
    /// Instances in the training set, validation split included.
    pub instances: usize,
    /// Instances of them held out of one companion or another, to judge it.
    pub validation_instances: usize,
    /// Seed of everything random.
    pub seed: u64,
    /// Fits tried for each network that was kept.
    pub restarts: usize,
    /// Steps of the lead network's fit.
    pub epochs: usize,
    /// Root mean square error of log-seconds of the lead network over the instances it was fitted to.
    pub training_rms_log_error: f64,
    /// The same of companions over the instances held out of them; none without companions.
    pub validation_rms_log_error: Option<f64>,
    /// Wall-clock seconds of training, if the caller measured them; this library reads no clock.
    pub train_seconds: Option<f64>,
}
