//! How a run of `nnc` ends.

use std::fmt;

/// With everything done, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With everything done.
    Complete,
    /// By the user.
    Interrupted,
}

/// An error that is the command line's or the environment's: exit code 2.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}
