//! What can go wrong, in words a user can act on.

use std::path::PathBuf;

/// Result of this library's fallible functions.
pub type Result<T> = std::result::Result<T, Error>;

/// Every error this library returns.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A schema without inputs.
    #[error("a model needs at least one input")]
    NoInputs,
    /// Two inputs share a name.
    #[error("input `{0}` is named twice")]
    DuplicateInput(String),
    /// A model's input has no column in the data.
    #[error("the data has no input `{0}`, which the model needs")]
    MissingInput(String),
    /// A model of the residual on an analytic bound met data without bounds.
    #[error("the model predicts a residual on an analytic bound, but no bound was given")]
    MissingBound,
    /// A method that needs complexity terms met a schema without any.
    #[error("{0} needs at least one complexity input")]
    NoComplexity(&'static str),
    /// Two things that must have the same length do not.
    #[error("{what}: expected length {expected}, found {found}")]
    Length {
        /// What was measured.
        what: &'static str,
        /// The length required.
        expected: usize,
        /// The length given.
        found: usize,
    },
    /// A value outside its domain.
    #[error("row {row}, `{column}`: {value} is not {expected}")]
    BadValue {
        /// Row, counted from 0.
        row: usize,
        /// Name of the input, or `seconds`, or `bound`.
        column: String,
        /// The offending value.
        value: f64,
        /// What was accepted.
        expected: &'static str,
    },
    /// Not enough instances.
    #[error("{found} instances are too few, at least {needed} are needed")]
    TooFewInstances {
        /// Instances given.
        found: usize,
        /// Instances needed.
        needed: usize,
    },
    /// The network would exceed the parameter limit.
    #[error("a network of {count} parameters exceeds the limit of {limit}")]
    TooManyParameters {
        /// Parameters of the shape asked for.
        count: usize,
        /// Parameters allowed.
        limit: usize,
    },
    /// The network would have too many dense layers.
    #[error("a network of {count} dense layers exceeds the limit of {limit}")]
    TooManyLayers {
        /// Layers of the shape asked for, output layer included.
        count: usize,
        /// Layers allowed.
        limit: usize,
    },
    /// A dense layer without units.
    #[error("a dense layer needs at least one unit")]
    EmptyLayer,
    /// A training option outside its domain.
    #[error("training option `{option}`: {reason}")]
    BadConfig {
        /// Field of [`crate::TrainConfig`].
        option: &'static str,
        /// What is accepted.
        reason: String,
    },
    /// Training never reached a finite loss.
    #[error("training diverged in every restart; a smaller learning rate may help")]
    Diverged,
    /// Least squares without a unique solution.
    #[error("the linear system has no unique solution")]
    Singular,
    /// The random forest could not be fitted or evaluated.
    #[error("random forest: {0}")]
    Forest(String),
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Text that is not a model file: truncated, not JSON, or with missing or unknown fields.
    #[error("not a readable model file: {0}")]
    Syntax(#[from] serde_json::Error),
    /// A model file that parses but contradicts itself or this version of the format.
    #[error("model file rejected: {0}")]
    Inconsistent(String),
    /// Any error of a model file, with the file's name.
    #[error("{}: {source}", path.display())]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
}

impl Error {
    /// A [`Error::Length`] unless `found` equals `expected`.
    pub(crate) fn check_length(what: &'static str, expected: usize, found: usize) -> Result<()> {
        if expected == found {
            Ok(())
        } else {
            Err(Error::Length { what, expected, found })
        }
    }
}
