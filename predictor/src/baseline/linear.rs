//! Linear regression: C (on the complexity alone) and LR+C (on all inputs).

use super::Space;
use crate::linalg::solve_positive_definite;
use crate::normalise::Reach;
use crate::{Dataset, InputScale, Normaliser, Range, Result, Schema, Transform};
use ndarray::{Array1, Array2};

/// Ridge on standardised inputs: far below any noise, it only decides between columns that say the same.
const RIDGE: f64 = 1e-9;

/// Ordinary least squares with an intercept. In [`Space::Log`] inputs are log-transformed as NN+C's are, which makes
/// it a power law.
#[derive(Debug, Clone)]
pub struct Linear {
    schema: Schema,
    normaliser: Normaliser,
    space: Space,
    /// Intercept, then one coefficient an input.
    coefficients: Array1<f64>,
}

impl Linear {
    /// Fits all inputs of `data`.
    ///
    /// # Errors
    /// [`crate::Error::TooFewInstances`] when there is no instance; [`crate::Error::Singular`] when numbers are so
    /// extreme that no solution is found.
    pub fn fit(data: &Dataset, space: Space) -> Result<Self> {
        let schema = data.schema().clone();
        let columns = data.columns(&schema)?;
        let mut normaliser = Normaliser::fit(&columns)?;
        if space == Space::Seconds {
            let scales = columns.rows().into_iter().map(|column| linear_scale(&column.to_vec()));
            normaliser = Normaliser::from_scales(scales.collect::<Result<_>>()?)?;
        }
        let design = design(&normaliser, &columns);
        // Times of microseconds and minutes alike become numbers around one.
        let unit = match space {
            Space::Seconds => data.seconds().mean().unwrap_or(1.0),
            Space::Log => 1.0,
        };
        let targets = data.seconds().mapv(|seconds| space.target(seconds) / unit);
        let mut normal = design.t().dot(&design);
        normal.diag_mut().mapv_inplace(|value| value + RIDGE * data.len() as f64);
        let coefficients = solve_positive_definite(&normal, &design.t().dot(&targets))? * unit;
        Ok(Linear { schema, normaliser, space, coefficients })
    }

    /// Predicted seconds of every instance. In [`Space::Seconds`] they can be negative, as in the paper.
    ///
    /// # Errors
    /// [`crate::Error::MissingInput`].
    pub fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        let design = design(&self.normaliser, &data.columns(&self.schema)?);
        Ok(design.dot(&self.coefficients).mapv(|target| self.space.seconds(target)))
    }

    /// Number of coefficients, the intercept included.
    pub fn parameter_count(&self) -> usize {
        self.coefficients.len()
    }
}

fn linear_scale(values: &[f64]) -> Result<InputScale> {
    let (mean, deviation) = crate::normalise::mean_and_deviation(values);
    Ok(InputScale { transform: Transform::Linear, mean, deviation, range: Range::of(values)? })
}

/// `[instances, 1 + inputs]`: ones and the normalised inputs.
fn design(normaliser: &Normaliser, columns: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn((columns.ncols(), columns.nrows() + 1), |(row, column)| match column {
        0 => 1.0,
        _ => normaliser.apply(column - 1, columns[(column - 1, row)], Reach::Unlimited),
    })
}
