//! NLR+C: a random forest.

use super::Space;
use crate::{Dataset, Error, Result, Schema};
use ndarray::{Array1, Array2};
use smartcore::ensemble::random_forest_regressor::{RandomForestRegressor, RandomForestRegressorParameters};
use smartcore::linalg::basic::matrix::DenseMatrix;

/// Trees of the forest (paper, section V).
const TREES: usize = 100;

/// A random forest of 100 fully grown trees on bootstrap samples; every split may use every input, the usual choice
/// for regression.
pub struct Forest {
    schema: Schema,
    space: Space,
    /// Seconds that count as 1 while fitting.
    unit: f64,
    forest: RandomForestRegressor<f64, f64, DenseMatrix<f64>, Vec<f64>>,
}

impl Forest {
    /// Fits all inputs of `data`; the same `seed` gives the same forest.
    ///
    /// # Errors
    /// [`Error::TooFewInstances`] or [`Error::Forest`].
    pub fn fit(data: &Dataset, space: Space, seed: u64) -> Result<Self> {
        if data.len() < 2 {
            return Err(Error::TooFewInstances { found: data.len(), needed: 2 });
        }
        let schema = data.schema().clone();
        let mut parameters = RandomForestRegressorParameters::default().with_n_trees(TREES).with_m(schema.len());
        parameters.seed = seed;
        // Squared differences of microseconds would come close to what the forest takes for equal.
        let unit = data.seconds().mean().unwrap_or(1.0);
        let targets: Vec<f64> = data.seconds().iter().map(|&seconds| space.target(seconds / unit)).collect();
        let forest = RandomForestRegressor::fit(&matrix(data.inputs())?, &targets, parameters)
            .map_err(|error| Error::Forest(error.to_string()))?;
        Ok(Forest { schema, space, unit, forest })
    }

    /// Predicted seconds of every instance.
    ///
    /// # Errors
    /// [`Error::MissingInput`] or [`Error::Forest`].
    pub fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        if data.is_empty() {
            return Ok(Array1::zeros(0));
        }
        let inputs = data.columns(&self.schema)?.reversed_axes();
        let targets = self.forest.predict(&matrix(&inputs)?).map_err(|error| Error::Forest(error.to_string()))?;
        Ok(targets.into_iter().map(|target| self.unit * self.space.seconds(target)).collect())
    }
}

fn matrix(inputs: &Array2<f64>) -> Result<DenseMatrix<f64>> {
    let values = inputs.iter().copied().collect();
    DenseMatrix::new(inputs.nrows(), inputs.ncols(), values, false).map_err(|error| Error::Forest(error.to_string()))
}
