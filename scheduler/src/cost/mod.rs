//! Cost models: seconds of a stage from its features.

mod batch;
mod class;
mod hardware;
mod inputs;
mod instructions;
mod lanes;
mod learned;
mod packed;
#[cfg(test)]
mod packed_tests;
mod pricing;
mod roofline;
mod shipped;
mod source;

pub use batch::Unpriced;
pub use class::{Kernel, Kernels, Variant};
pub use hardware::Hardware;
pub(crate) use hardware::LINE_BYTES;
pub use inputs::{inputs, INPUTS, INPUT_NAMES};
pub use instructions::InstructionSet;
pub use learned::{class_names, trusted, InputScale, LearnedModel, Predicted, SmallNetwork, ANY_CLASS};
pub use pricing::{Pricing, StagePrice};
pub use roofline::{Bound, Roofline, Times};
pub use shipped::{nearest, shipped};
pub use source::ModelSource;

use crate::features::Features;

/// Predicts the time of a stage.
pub trait CostModel {
    /// Seconds that a stage takes in one run of the pipeline.
    fn seconds(&self, features: &Features) -> f64;
}
