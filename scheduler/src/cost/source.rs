//! Which model a run used, as its report says it.

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Where what prices schedules comes from. Whoever reads a report prices the same way by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelSource {
    /// The analytic cost.
    Analytic,
    /// [`shipped`](super::shipped) for the pipeline's target.
    Shipped,
    /// A learned model in this file.
    File(PathBuf),
}
