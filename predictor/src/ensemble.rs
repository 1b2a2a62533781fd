//! A model with companions that say how sure it is.

use crate::{Error, Model, Network, Provenance, Result};

/// A lead model, which answers, and companion networks trained on other splits of the same data from other
/// starting points. Where they disagree, the data did not settle the answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    lead: Model,
    companions: Vec<Network>,
    provenance: Provenance,
}

/// A prediction and how far to trust it.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Seconds, by the lead model alone.
    pub seconds: f64,
    /// Geometric mean of the seconds by all networks.
    pub mean_seconds: f64,
    /// Standard deviation of log-seconds across all networks: 0.1 means they disagree by about 10 %. 0 without
    /// companions.
    pub spread: f64,
    /// Schema positions of inputs outside the range seen in training; empty for an interpolation.
    pub outside_range: Vec<usize>,
}

impl Prediction {
    /// Whether some input lies outside the range seen in training.
    pub fn is_extrapolation(&self) -> bool {
        !self.outside_range.is_empty()
    }
}

impl Ensemble {
    /// An ensemble of these networks.
    ///
    /// # Errors
    /// [`Error::Length`] when a companion has another number of inputs than the lead.
    pub fn new(lead: Model, companions: Vec<Network>, provenance: Provenance) -> Result<Self> {
        for companion in &companions {
            Error::check_length("network inputs", lead.network().shape().inputs(), companion.shape().inputs())?;
        }
        Ok(Ensemble { lead, companions, provenance })
    }

    /// The model that answers.
    pub fn lead(&self) -> &Model {
        &self.lead
    }

    /// The networks that measure uncertainty; they share the lead's scaling.
    pub fn companions(&self) -> &[Network] {
        &self.companions
    }

    /// Where the model comes from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// The provenance, to label the model.
    pub fn provenance_mut(&mut self) -> &mut Provenance {
        &mut self.provenance
    }

    /// Parameters of the lead model, which is what answers.
    pub fn parameter_count(&self) -> usize {
        self.lead.parameter_count()
    }

    /// Predicts one instance: `inputs` in schema order and, for a residual model, the `bound` in seconds.
    ///
    /// # Errors
    /// As [`Model::log_seconds`].
    pub fn predict(&self, inputs: &[f64], bound: Option<f64>) -> Result<Prediction> {
        let lead = self.lead.log_seconds(inputs, bound)?;
        let mut logs = vec![lead];
        for companion in &self.companions {
            logs.push(self.lead.log_seconds_with(companion, inputs, bound)?);
        }
        let mean = logs.iter().sum::<f64>() / logs.len() as f64;
        let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
        let spread = (squares / (logs.len() - 1).max(1) as f64).sqrt();
        let outside_range = self.lead.outside_range(inputs);
        Ok(Prediction { seconds: lead.exp(), mean_seconds: mean.exp(), spread, outside_range })
    }
}
