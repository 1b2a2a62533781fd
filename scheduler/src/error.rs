//! What can go wrong in this library.

use crate::ir::StageRef;

/// Every error of this library.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A pipeline file is not valid JSON or lacks fields.
    #[error("the pipeline description is malformed: {0}")]
    Json(#[source] serde_json::Error),
    /// A pipeline file has another format version.
    #[error(
        "the pipeline description has format version {found}, this library reads version {}",
        crate::ir::FORMAT_VERSION
    )]
    Version {
        /// The version found.
        found: u32,
    },
    /// A pipeline file contradicts itself.
    #[error("the pipeline description is inconsistent: {0}")]
    Inconsistent(String),
    /// A file of a learned cost model cannot be used.
    #[error("not a cost model: {0}")]
    Model(String),
    /// Sizes that the schedule needs are not known.
    #[error("estimates are missing for {}. Set them with set_estimate() or set_estimates()", .0.join(", "))]
    MissingEstimates(Vec<String>),
    /// The checker found a directive that Halide would refuse or that could change a result: a bug in the search.
    #[error("illegal schedule: {stage:?}: {reason}")]
    Illegal {
        /// The stage whose schedule is wrong.
        stage: StageRef,
        /// What is wrong with it.
        reason: String,
    },
    /// Making or pricing a schedule panicked: a bug.
    #[error("internal error: {0}")]
    Panicked(String),
}
