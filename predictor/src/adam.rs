//! The Adam optimiser.

/// State of Adam (Kingma and Ba, ICLR 2015) with their recommended decay rates.
#[derive(Debug, Clone)]
pub struct Adam {
    mean: Vec<f64>,
    variance: Vec<f64>,
    mean_power: f64,
    variance_power: f64,
}

const MEAN_DECAY: f64 = 0.9;
const VARIANCE_DECAY: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl Adam {
    /// A fresh optimiser for this many parameters.
    pub fn new(parameters: usize) -> Self {
        Adam { mean: vec![0.0; parameters], variance: vec![0.0; parameters], mean_power: 1.0, variance_power: 1.0 }
    }

    /// Moves `parameters` one step against `gradient`, both `[parameters]`.
    ///
    /// # Panics
    /// When a slice has another length than the optimiser was made for.
    pub fn step(&mut self, parameters: &mut [f64], gradient: &[f64], learning_rate: f64) {
        assert_eq!(parameters.len(), self.mean.len(), "parameter count");
        assert_eq!(gradient.len(), self.mean.len(), "gradient length");
        self.mean_power *= MEAN_DECAY;
        self.variance_power *= VARIANCE_DECAY;
        let mean_correction = 1.0 / (1.0 - self.mean_power);
        let variance_correction = 1.0 / (1.0 - self.variance_power);
        let moments = self.mean.iter_mut().zip(&mut self.variance);
        for ((parameter, &slope), (mean, variance)) in parameters.iter_mut().zip(gradient).zip(moments) {
            *mean += (1.0 - MEAN_DECAY) * (slope - *mean);
            *variance += (1.0 - VARIANCE_DECAY) * (slope * slope - *variance);
            let denominator = (*variance * variance_correction).sqrt() + EPSILON;
            *parameter -= learning_rate * *mean * mean_correction / denominator;
        }
    }
}
