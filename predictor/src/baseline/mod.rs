//! The paper's baselines (sections V and VI): linear regression, random forest and a larger network.

mod forest;
mod large;
mod linear;

pub use forest::Forest;
pub use large::Large;
pub use linear::Linear;

/// What a baseline is fitted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Space {
    /// Raw seconds, as in the paper.
    Seconds,
    /// Log-seconds, as NN+C: the fairer comparison.
    Log,
}

impl Space {
    fn target(self, seconds: f64) -> f64 {
        match self {
            Space::Seconds => seconds,
            Space::Log => seconds.ln(),
        }
    }

    fn seconds(self, target: f64) -> f64 {
        match self {
            Space::Seconds => target,
            Space::Log => target.exp(),
        }
    }
}
