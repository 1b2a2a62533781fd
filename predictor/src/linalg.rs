//! The little linear algebra that least squares needs.

use crate::{Error, Result};
use ndarray::{Array1, Array2};

/// Solves `matrix` x = `right` for a symmetric positive definite matrix.
///
/// # Errors
/// [`Error::Singular`] when the matrix is not positive definite to working precision.
pub(crate) fn solve_positive_definite(matrix: &Array2<f64>, right: &Array1<f64>) -> Result<Array1<f64>> {
    Ok(Cholesky::new(matrix)?.solve(right))
}

/// Sum of products, in partial sums kept apart: they fill vector registers, and their fixed number makes the result
/// independent of the machine's vector width.
#[inline(always)]
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    const LANES: usize = 8;
    let mut lanes = [0.0; LANES];
    let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let tail: f64 = a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_chunks.zip(b_chunks) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    lanes.iter().sum::<f64>() + tail
}

/// Cholesky's decomposition of a symmetric positive definite matrix: L L^T with L lower triangular.
pub(crate) struct Cholesky {
    size: usize,
    /// L `[size, size]`, row-major.
    lower: Vec<f64>,
}

impl Cholesky {
    /// Decomposes `matrix`.
    ///
    /// # Errors
    /// [`Error::Singular`] when it is not positive definite to working precision.
    pub(crate) fn new(matrix: &Array2<f64>) -> Result<Self> {
        let size = matrix.nrows();
        let mut lower = vec![0.0; size * size];
        for row in 0..size {
            let (above, own) = lower.split_at_mut(row * size);
            for column in 0..row {
                let other = &above[column * size..][..=column];
                own[column] = (matrix[(row, column)] - dot(&own[..column], &other[..column])) / other[column];
            }
            let rest = matrix[(row, row)] - dot(&own[..row], &own[..row]);
            if !(rest > 0.0 && rest.is_finite()) {
                return Err(Error::Singular);
            }
            own[row] = rest.sqrt();
        }
        Ok(Cholesky { size, lower })
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.lower[row * self.size..][..=row]
    }

    /// The x with matrix x = `right`.
    pub(crate) fn solve(&self, right: &Array1<f64>) -> Array1<f64> {
        let mut solution = right.to_vec();
        for row in 0..self.size {
            let lower = self.row(row);
            solution[row] = (solution[row] - dot(&lower[..row], &solution[..row])) / lower[row];
        }
        for row in (0..self.size).rev() {
            let (lower, value) = (self.row(row), solution[row] / self.row(row)[row]);
            solution[row] = value;
            solution.iter_mut().zip(&lower[..row]).for_each(|(other, factor)| *other -= factor * value);
        }
        Array1::from(solution)
    }

    /// The diagonal of the inverse matrix.
    pub(crate) fn inverse_diagonal(&self) -> Vec<f64> {
        // Column by column of the inverse of L, whose squares the diagonal sums up.
        let mut column = vec![0.0; self.size];
        let sum_of_squares = |first: usize| {
            column[first] = 1.0 / self.row(first)[first];
            for row in first + 1..self.size {
                let lower = self.row(row);
                column[row] = -dot(&lower[first..row], &column[first..row]) / lower[row];
            }
            dot(&column[first..], &column[first..])
        };
        (0..self.size).map(sum_of_squares).collect()
    }

    /// Natural logarithm of the determinant.
    pub(crate) fn log_determinant(&self) -> f64 {
        (0..self.size).map(|row| 2.0 * self.row(row)[row].ln()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn a_known_matrix_is_decomposed() {
        let matrix = array![[4.0, 2.0, 0.0], [2.0, 5.0, 1.0], [0.0, 1.0, 3.0]];
        let cholesky = Cholesky::new(&matrix).unwrap();
        let solution = cholesky.solve(&array![8.0, 15.0, 11.0]);
        assert!((matrix.dot(&solution) - array![8.0, 15.0, 11.0]).iter().all(|rest| rest.abs() < 1e-12));
        assert!((cholesky.log_determinant() - 44f64.ln()).abs() < 1e-12);
        let expected = [14.0 / 44.0, 12.0 / 44.0, 16.0 / 44.0];
        assert!(cholesky.inverse_diagonal().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
        assert!(matches!(Cholesky::new(&array![[1.0, 2.0], [2.0, 1.0]]), Err(Error::Singular)));
    }
}
