//! How measured times scatter around what is predicted.

/// Degrees of freedom of the heavy-tailed distribution: enough of them for a variance that exists.
const FREEDOM: f64 = 4.0;
/// Largest precision: residuals of zero have no scale of their own.
const LARGEST_PRECISION: f64 = 1e12;

/// A distribution of residuals around zero: Gaussian, or Student's t, under which a disturbed timing counts for little.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Noise {
    /// Inverse square of the scale.
    precision: f64,
    heavy_tailed: bool,
}

impl Noise {
    /// Gaussian noise of the scale of these residuals.
    pub(crate) fn of(residuals: &[f64]) -> Self {
        let mut noise = Noise { precision: 1.0, heavy_tailed: false };
        noise.update(residuals, 0.0);
        noise
    }

    /// The same scale, with heavy tails.
    pub(crate) fn heavy_tailed(self) -> Self {
        Noise { heavy_tailed: true, ..self }
    }

    /// Inverse square of the scale.
    pub(crate) fn precision(&self) -> f64 {
        self.precision
    }

    /// Negative logarithm of the density of all residuals, up to a constant of their number and the kind of tails.
    pub(crate) fn energy(&self, residuals: &[f64]) -> f64 {
        let one = |residual: &f64| {
            let square = self.precision * residual * residual;
            if self.heavy_tailed {
                0.5 * (FREEDOM + 1.0) * (square / FREEDOM).ln_1p()
            } else {
                0.5 * square
            }
        };
        residuals.iter().map(one).sum::<f64>() - 0.5 * residuals.len() as f64 * self.precision.ln()
    }

    /// How much each residual counts: the slope of its energy over that of a Gaussian.
    pub(crate) fn weights<'a>(&'a self, residuals: &'a [f64]) -> impl Iterator<Item = f64> + 'a {
        let one = |residual: &f64| match self.heavy_tailed {
            true => (FREEDOM + 1.0) / (FREEDOM + self.precision * residual * residual),
            false => 1.0,
        };
        residuals.iter().map(one)
    }

    /// Sets the scale to what explains the residuals best, when `determined` parameters were fitted to them.
    pub(crate) fn update(&mut self, residuals: &[f64], determined: f64) {
        let squares: f64 = residuals.iter().zip(self.weights(residuals)).map(|(r, weight)| weight * r * r).sum();
        let free = (residuals.len() as f64 - determined).max(1.0);
        self.precision = (free / squares.max(f64::MIN_POSITIVE)).min(LARGEST_PRECISION);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outliers_count_for_little_under_heavy_tails() {
        let mut residuals = vec![0.01, -0.01, 0.02, -0.02, 0.0, 0.01, -0.01, 0.0];
        let undisturbed = Noise::of(&residuals);
        residuals.push(5.0);
        let gaussian = Noise::of(&residuals);
        let mut heavy = gaussian.heavy_tailed();
        (0..100).for_each(|_| heavy.update(&residuals, 0.0));
        assert!(gaussian.precision() < 1e-3 * undisturbed.precision());
        assert!(heavy.precision() > 0.1 * undisturbed.precision());
        assert!(heavy.weights(&residuals).last().unwrap() < 1e-3);
        assert!(heavy.energy(&residuals) < gaussian.energy(&residuals));
    }

    #[test]
    fn no_residual_is_no_trouble() {
        let noise = Noise::of(&[0.0; 9]);
        assert!(noise.precision().is_finite() && noise.energy(&[0.0; 9]).is_finite());
    }
}
