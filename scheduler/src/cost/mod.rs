//! Cost models: seconds of a stage from its features.

mod hardware;
mod roofline;

pub use hardware::Hardware;
pub(crate) use hardware::LINE_BYTES;
pub use roofline::{Bound, Roofline, Times};

use crate::features::Features;

/// Predicts the time of a stage.
pub trait CostModel {
    /// Seconds that a stage takes in one run of the pipeline.
    fn seconds(&self, features: &Features) -> f64;
}
