//! Fitting a small network to the posterior's mode, its regularisation included.

use crate::linalg::Cholesky;
use crate::noise::Noise;
use crate::prior::Prior;
use crate::{Network, Tape};
use ndarray::{Array1, Array2};

/// Added to the curvature at the start; how it falls after a step that helps and rises after one that does not; where a
/// descent gives up.
const FIRST_DAMPING: f64 = 1e-2;
const EASED: f64 = 0.2;
const RAISED: f64 = 6.0;
const LEAST_DAMPING: f64 = 1e-12;
const LARGEST_DAMPING: f64 = 1e12;
/// Least gain of a step, in natural units of the posterior, that counts as progress; steps without it after which a descent is over.
const LEAST_GAIN: f64 = 1e-3;
const PATIENCE: usize = 6;
/// Steps after which the regularisation is found anew, or at once when they gain no more than this.
const REFRESH: usize = 3;
const SLOW_GAIN: f64 = 1e-2;

/// A descent by the method of Levenberg and Marquardt, with the precisions of the prior and of the noise re-estimated on the way so
/// that they maximise the evidence (MacKay 1992; Foresee and Hagan 1997). No data are held out: the evidence says how
/// far to trust the data, and which of several networks to.
#[derive(Debug)]
pub(crate) struct Descent {
    network: Network,
    tape: Tape,
    targets: Vec<f64>,
    /// Outputs less targets, of the present parameters.
    residuals: Vec<f64>,
    /// `[parameters, instances]`
    jacobian: Array2<f64>,
    prior: Prior,
    noise: Noise,
    damping: f64,
    steps: usize,
    /// Steps since the last one that gained.
    stalled: usize,
    evidence: f64,
}

impl Descent {
    /// From `network`, for the instances on `tape` and their `targets`.
    pub(crate) fn new(network: Network, mut tape: Tape, targets: Vec<f64>) -> Self {
        let residuals = residuals(&network, &mut tape, &targets);
        Descent {
            jacobian: Array2::zeros((network.parameters().len(), targets.len())),
            prior: Prior::new(network.shape()),
            noise: Noise::of(&residuals),
            damping: FIRST_DAMPING,
            steps: 0,
            stalled: 0,
            evidence: f64::NEG_INFINITY,
            network,
            tape,
            targets,
            residuals,
        }
    }

    /// The network as it is now.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Logarithm of the probability of the targets, all parameters integrated out, up to a constant of the data. Comparable between
    /// networks of any shape under the same kind of noise.
    pub(crate) fn evidence(&self) -> f64 {
        self.evidence
    }

    /// Steps taken.
    pub(crate) fn steps(&self) -> usize {
        self.steps
    }

    /// Outputs less targets `[instances]`.
    pub(crate) fn residuals(&self) -> &[f64] {
        &self.residuals
    }

    /// Goes on under heavy-tailed noise.
    pub(crate) fn expect_outliers(&mut self) {
        self.noise = self.noise.heavy_tailed();
        self.stalled = 0;
    }

    /// At most this many steps more.
    pub(crate) fn run(&mut self, steps: usize) {
        for _ in 0..steps {
            if self.stalled > PATIENCE {
                return;
            }
            self.network.forward(&mut self.tape);
            self.network.jacobian(&mut self.tape, &mut self.jacobian);
            let weights: Array1<f64> =
                self.noise.weights(&self.residuals).map(|w| w * self.noise.precision()).collect();
            let curvature = (&self.jacobian * &weights).dot(&self.jacobian.t());
            let mut gradient = self.jacobian.dot(&(&weights * &Array1::from(self.residuals.clone())));
            self.prior
                .add_gradient(self.network.parameters(), gradient.as_slice_mut().expect("a vector is contiguous"));
            let gain = self.step(&curvature, &gradient);
            self.steps += 1;
            if self.steps.is_multiple_of(REFRESH) || gain < SLOW_GAIN {
                self.regularise(curvature);
            }
            self.stalled = if gain < LEAST_GAIN { self.stalled + 1 } else { 0 };
        }
    }

    /// Moves to where the posterior is denser, if that is found. Returns by how much.
    fn step(&mut self, curvature: &Array2<f64>, gradient: &Array1<f64>) -> f64 {
        let before = self.energy(self.network.parameters(), &self.residuals);
        while self.damping < LARGEST_DAMPING {
            let mut hessian = curvature.clone();
            self.prior.add_curvature(&mut hessian);
            hessian.diag_mut().mapv_inplace(|value| value + self.damping);
            if let Ok(cholesky) = Cholesky::new(&hessian) {
                let mut network = self.network.clone();
                let step = cholesky.solve(gradient);
                network.parameters_mut().iter_mut().zip(&step).for_each(|(value, step)| *value -= step);
                let residuals = residuals(&network, &mut self.tape, &self.targets);
                let gain = before - self.energy(network.parameters(), &residuals);
                if gain > 0.0 && gain.is_finite() {
                    (self.network, self.residuals) = (network, residuals);
                    self.damping = (self.damping * EASED).max(LEAST_DAMPING);
                    return gain;
                }
            }
            self.damping *= RAISED;
        }
        self.damping = FIRST_DAMPING;
        0.0
    }

    /// Negative logarithm of the posterior's density, up to a constant.
    fn energy(&self, parameters: &[f64], residuals: &[f64]) -> f64 {
        self.noise.energy(residuals) + self.prior.energy(parameters)
    }

    /// Finds the evidence by the curvature of the noise's energy around the mode, then the precisions that raise it.
    fn regularise(&mut self, mut hessian: Array2<f64>) {
        self.prior.add_curvature(&mut hessian);
        let Ok(cholesky) = Cholesky::new(&hessian) else { return };
        let parameters = self.network.parameters();
        self.evidence = -self.energy(parameters, &self.residuals) - 0.5 * cholesky.log_determinant();
        let determined = self.prior.update(parameters, &cholesky.inverse_diagonal());
        self.noise.update(&self.residuals, determined);
    }
}

/// The evidence of a network that says zero to everything, under heavy-tailed noise: what any other has to exceed.
pub(crate) fn evidence_of_nothing(targets: &[f64]) -> f64 {
    let mut noise = Noise::of(targets).heavy_tailed();
    (0..20).for_each(|_| noise.update(targets, 0.0));
    -noise.energy(targets)
}

fn residuals(network: &Network, tape: &mut Tape, targets: &[f64]) -> Vec<f64> {
    network.forward(tape);
    tape.outputs().iter().zip(targets).map(|(output, target)| output - target).collect()
}
