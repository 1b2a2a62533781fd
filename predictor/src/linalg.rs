//! The little linear algebra the baselines need.

use crate::{Error, Result};
use ndarray::{Array1, Array2};

/// Solves `matrix` x = `right` for a symmetric positive definite matrix, by Cholesky's decomposition.
///
/// # Errors
/// [`Error::Singular`] when the matrix is not positive definite to working precision.
pub(crate) fn solve_positive_definite(matrix: &Array2<f64>, right: &Array1<f64>) -> Result<Array1<f64>> {
    let size = right.len();
    let mut lower = Array2::<f64>::zeros((size, size));
    for row in 0..size {
        for column in 0..=row {
            let known: f64 = (0..column).map(|k| lower[(row, k)] * lower[(column, k)]).sum();
            let rest = matrix[(row, column)] - known;
            lower[(row, column)] = if row == column { rest.sqrt() } else { rest / lower[(column, column)] };
        }
        if !(lower[(row, row)] > 0.0 && lower[(row, row)].is_finite()) {
            return Err(Error::Singular);
        }
    }
    let mut solution = right.clone();
    for row in 0..size {
        let known: f64 = (0..row).map(|k| lower[(row, k)] * solution[k]).sum();
        solution[row] = (solution[row] - known) / lower[(row, row)];
    }
    for row in (0..size).rev() {
        let known: f64 = (row + 1..size).map(|k| lower[(k, row)] * solution[k]).sum();
        solution[row] = (solution[row] - known) / lower[(row, row)];
    }
    Ok(solution)
}
