//! NN+C and its baselines behind one interface, for tables that compare them.

use crate::{train, Dataset, Ensemble, Error, Forest, InputKind, Large, Linear, Result, Space, TrainConfig};
use ndarray::Array1;

/// A way to predict times, as named in the paper's tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The augmented network within the parameter limit.
    NnC,
    /// The same network without complexity inputs and without a bound.
    Nn,
    /// Linear in the complexity inputs alone.
    C,
    /// Linear regression on all inputs.
    LrC,
    /// Random forest on all inputs.
    NlrC,
    /// [`Method::LrC`] in log space: a power law.
    LogLrC,
    /// [`Method::NlrC`] fitted to log-seconds.
    LogNlrC,
    /// The augmented network without the parameter limit.
    LargeNnC,
}

/// A fitted method.
pub trait Regressor {
    /// Predicted seconds of every instance; inputs are matched by name.
    ///
    /// # Errors
    /// [`Error::MissingInput`], [`Error::MissingBound`] or [`Error::Forest`].
    fn predict(&self, data: &Dataset) -> Result<Array1<f64>>;

    /// Number of fitted parameters; `None` for a random forest, which has no fixed number.
    fn parameter_count(&self) -> Option<usize>;
}

impl Method {
    /// Every method, NN+C first.
    pub const ALL: [Method; 8] = [
        Method::NnC,
        Method::Nn,
        Method::C,
        Method::LrC,
        Method::NlrC,
        Method::LogLrC,
        Method::LogNlrC,
        Method::LargeNnC,
    ];

    /// Name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Method::NnC => "NN+C",
            Method::Nn => "NN",
            Method::C => "C",
            Method::LrC => "LR+C",
            Method::NlrC => "NLR+C",
            Method::LogLrC => "log LR+C",
            Method::LogNlrC => "log NLR+C",
            Method::LargeNnC => "large NN+C",
        }
    }

    /// Fits `data`. Networks obey `config`, except that [`Method::LargeNnC`] has a shape of its own and one start; the forest takes
    /// its seed from it.
    ///
    /// # Errors
    /// [`Error::NoComplexity`] when [`Method::C`] finds no complexity input, [`Error::NoInputs`] when [`Method::Nn`]
    /// finds nothing else, and what [`train`], [`Large::fit`], [`Linear::fit`] and [`Forest::fit`] return.
    pub fn fit(self, data: &Dataset, config: &TrainConfig) -> Result<Box<dyn Regressor>> {
        let complexity = |kind| kind == InputKind::Complexity;
        Ok(match self {
            Method::NnC => Box::new(train(data, config)?),
            Method::Nn => {
                let plain = data.schema().indices_where(|kind| !complexity(kind));
                Box::new(train(&data.with_columns(&plain, false)?, config)?)
            }
            Method::C => {
                let terms = data.schema().indices_where(complexity);
                if terms.is_empty() {
                    return Err(Error::NoComplexity(self.name()));
                }
                Box::new(Linear::fit(&data.with_columns(&terms, false)?, Space::Seconds)?)
            }
            Method::LrC => Box::new(Linear::fit(data, Space::Seconds)?),
            Method::LogLrC => Box::new(Linear::fit(data, Space::Log)?),
            Method::NlrC => Box::new(Forest::fit(data, Space::Seconds, config.seed)?),
            Method::LogNlrC => Box::new(Forest::fit(data, Space::Log, config.seed)?),
            Method::LargeNnC => Box::new(Large::fit(data, config)?),
        })
    }
}

impl Regressor for Ensemble {
    fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        self.lead().predict(data)
    }

    fn parameter_count(&self) -> Option<usize> {
        Some(Ensemble::parameter_count(self))
    }
}

impl Regressor for Large {
    fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        Large::predict(self, data)
    }

    fn parameter_count(&self) -> Option<usize> {
        Some(Large::parameter_count(self))
    }
}

impl Regressor for Linear {
    fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        Linear::predict(self, data)
    }

    fn parameter_count(&self) -> Option<usize> {
        Some(Linear::parameter_count(self))
    }
}

impl Regressor for Forest {
    fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        Forest::predict(self, data)
    }

    fn parameter_count(&self) -> Option<usize> {
        None
    }
}
