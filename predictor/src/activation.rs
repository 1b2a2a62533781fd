//! The non-linearity of hidden layers.

use serde::{Deserialize, Serialize};

/// Activation function of the hidden layers. Each derivative can be written in terms of the activated value, so
/// a tape stores one array a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(0, x): the paper's (section IV).
    Relu,
    /// x / (1 + |x|): smooth, bounded, and one division to evaluate. A few smooth units fit the curved
    /// log-log profile of a kernel better than as many kinks.
    #[default]
    Softsign,
}

impl Activation {
    /// Activates a row in place.
    #[inline(always)]
    pub(crate) fn apply(self, row: &mut [f64]) {
        match self {
            Activation::Relu => row.iter_mut().for_each(|x| *x = x.max(0.0)),
            Activation::Softsign => row.iter_mut().for_each(|x| *x /= 1.0 + x.abs()),
        }
    }

    /// Multiplies `delta` by the derivative at the activated values `activated`.
    #[inline(always)]
    pub(crate) fn chain(self, activated: &[f64], delta: &mut [f64]) {
        let pairs = delta.iter_mut().zip(activated);
        match self {
            Activation::Relu => pairs.for_each(|(d, &a)| *d *= if a > 0.0 { 1.0 } else { 0.0 }),
            Activation::Softsign => pairs.for_each(|(d, &a)| {
                let rest = 1.0 - a.abs();
                *d *= rest * rest;
            }),
        }
    }
}
