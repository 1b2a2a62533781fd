//! The analytic estimate that complexity terms imply once it is known what each unit of them costs.

use crate::linalg::solve_positive_definite;
use crate::{Error, Result};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// The overhead is at least this share of the fastest time seen, so that the estimate is positive everywhere. It is far below any
/// noise: where time is proportional to its terms, the estimate is.
const LEAST_OVERHEAD: f64 = 1e-6;
/// Share of its largest possible value that counts as a gradient of zero.
const FLAT: f64 = 1e-12;

/// A time made of known terms at fitted rates: `seconds = overhead + sum of rate * term`, no rate negative.
///
/// Operations over peak, bytes over bandwidth, iterations over their overhead add up like this. It is the one
/// complexity input c of an NN+C model (paper, section III, where c is a single known function), and what the
/// network learns the deviation from.
#[derive(Debug, Clone, PartialEq)]
pub struct Rates {
    overhead: f64,
    seconds_per_unit: Vec<f64>,
}

/// Whether an overhead is fitted beside the rates.
#[derive(Clone, Copy)]
enum Overhead {
    Fitted,
    None,
}

impl Rates {
    /// The rates that fit `terms` `[terms, instances]`, none of them negative, to `seconds` `[instances]` with the
    /// least squared relative error: instances of microseconds and of seconds weigh the same.
    ///
    /// # Errors
    /// [`Error::TooFewInstances`] when there are none, [`Error::Length`] when lengths differ.
    pub fn fit(terms: ArrayView2<'_, f64>, seconds: &[f64]) -> Result<Self> {
        Rates::fit_from(terms, seconds, Overhead::Fitted)
    }

    /// [`Rates::fit`] and, if that has an overhead, the fit without one. Where time is not the sum of its terms but grows with a
    /// power of it, an overhead bends what is straight in logarithms.
    ///
    /// # Errors
    /// As [`Rates::fit`].
    pub(crate) fn candidates(terms: ArrayView2<'_, f64>, seconds: &[f64]) -> Result<Vec<Self>> {
        let fitted = Rates::fit_from(terms, seconds, Overhead::Fitted)?;
        let without = Rates::fit_from(terms, seconds, Overhead::None)?;
        Ok(if fitted.overhead > without.overhead { vec![fitted, without] } else { vec![fitted] })
    }

    fn fit_from(terms: ArrayView2<'_, f64>, seconds: &[f64], overhead: Overhead) -> Result<Self> {
        Error::check_length("measured times", terms.ncols(), seconds.len())?;
        if seconds.is_empty() {
            return Err(Error::TooFewInstances { found: 0, needed: 1 });
        }
        let fastest = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        // Each term in units of its largest share of a time, and as a fraction of the time measured.
        let unit = |row: usize| {
            let largest = terms.row(row).iter().zip(seconds).map(|(term, time)| term / time).fold(0.0, f64::max);
            if largest > 0.0 {
                largest
            } else {
                1.0
            }
        };
        let units: Vec<f64> = std::iter::once(1.0 / fastest).chain((0..terms.nrows()).map(unit)).collect();
        let shares = Array2::from_shape_fn((units.len(), seconds.len()), |(row, instance)| {
            let term = match (row, overhead) {
                (0, Overhead::Fitted) => 1.0,
                (0, Overhead::None) => 0.0,
                _ => terms[(row - 1, instance)].max(0.0),
            };
            term / seconds[instance] / units[row]
        });
        let rates = non_negative_least_squares(&shares);
        let mut rates = rates.iter().zip(&units).map(|(rate, unit)| rate / unit);
        let overhead = rates.next().unwrap_or(0.0).max(LEAST_OVERHEAD * fastest);
        Ok(Rates { overhead, seconds_per_unit: rates.collect() })
    }

    /// Rates from elsewhere, for example a model file.
    ///
    /// # Errors
    /// [`Error::Inconsistent`] unless the overhead is positive and no rate negative, all finite.
    pub fn new(overhead: f64, seconds_per_unit: Vec<f64>) -> Result<Self> {
        let sound = |rate: &f64| *rate >= 0.0 && rate.is_finite();
        if overhead > 0.0 && overhead.is_finite() && seconds_per_unit.iter().all(sound) {
            Ok(Rates { overhead, seconds_per_unit })
        } else {
            Err(Error::Inconsistent(format!("impossible rates: overhead {overhead}, {seconds_per_unit:?}")))
        }
    }

    /// Seconds that every instance takes beside its terms. Positive.
    pub fn overhead(&self) -> f64 {
        self.overhead
    }

    /// Seconds of a unit of each term, in the order of the terms. Never negative.
    pub fn seconds_per_unit(&self) -> &[f64] {
        &self.seconds_per_unit
    }

    /// Number of fitted parameters.
    pub fn parameter_count(&self) -> usize {
        1 + self.seconds_per_unit.len()
    }

    /// Number of parameters that the data determined: rates and an overhead that are not at their least. `fastest` is the
    /// fastest time that they were fitted to, in seconds.
    pub(crate) fn determined(&self, fastest: f64) -> usize {
        let rates = self.seconds_per_unit.iter().filter(|&&rate| rate > 0.0).count();
        rates + usize::from(self.overhead > LEAST_OVERHEAD * fastest)
    }

    /// The estimate for one instance with these terms, in seconds. Positive; negative terms count as zero.
    pub fn seconds(&self, terms: impl IntoIterator<Item = f64>) -> f64 {
        let costs = self.seconds_per_unit.iter().zip(terms).map(|(rate, term)| rate * term.max(0.0));
        self.overhead + costs.sum::<f64>()
    }
}

/// The x >= 0 with the least squared sum of (x . column - 1) over the columns of `shares` `[unknowns, instances]`: the
/// active-set method of Lawson and Hanson (Solving Least Squares Problems, 1974, chapter 23) on the normal equations.
fn non_negative_least_squares(shares: &Array2<f64>) -> Vec<f64> {
    let gram = shares.dot(&shares.t());
    let ones = shares.sum_axis(Axis(1));
    let mut x = Array1::<f64>::zeros(ones.len());
    // Unknowns that may be positive, and those that say the same as others of them.
    let (mut free, mut redundant) = (Vec::new(), Vec::new());
    loop {
        let gradient = &ones - &gram.dot(&x);
        let steepest = (0..x.len())
            .filter(|row| !free.contains(row) && !redundant.contains(row) && gradient[*row] > FLAT * ones[*row])
            .max_by(|&a, &b| gradient[a].total_cmp(&gradient[b]));
        let Some(entering) = steepest else { return x.to_vec() };
        free.push(entering);
        loop {
            let Ok(goal) = least_squares_of(&gram, &ones, &free) else {
                free.retain(|&row| row != entering);
                redundant.push(entering);
                break;
            };
            // The first unknown to turn negative on the way there, and how far that is.
            let step = |(place, &goal): (usize, &f64)| (place, x[free[place]] / (x[free[place]] - goal));
            let negative = goal.iter().enumerate().filter(|(_, &goal)| goal <= 0.0).map(step);
            let Some((first, step)) = negative.min_by(|a, b| a.1.total_cmp(&b.1)) else {
                free.iter().zip(&goal).for_each(|(&row, &goal)| x[row] = goal);
                break;
            };
            free.iter().zip(&goal).for_each(|(&row, goal)| x[row] += step * (goal - x[row]));
            let leaving = free.remove(first);
            x[leaving] = 0.0;
            if leaving == entering {
                redundant.push(entering);
            }
        }
    }
}

/// The solution of the normal equations for the unknowns `free` alone, the others being zero.
fn least_squares_of(gram: &Array2<f64>, ones: &Array1<f64>, free: &[usize]) -> Result<Array1<f64>> {
    let part = Array2::from_shape_fn((free.len(), free.len()), |(row, column)| gram[(free[row], free[column])]);
    solve_positive_definite(&part, &free.iter().map(|&row| ones[row]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn rates_without_an_overhead_are_a_candidate_where_there_is_one() {
        let terms = Array2::from_shape_fn((1, 40), |(_, i)| ((i + 1) as f64).powi(2));
        let seconds = |overhead: f64| terms.iter().map(|term| overhead + 3e-9 * term).collect::<Vec<f64>>();
        let candidates = Rates::candidates(terms.view(), &seconds(1e-7)).unwrap();
        let determined: Vec<usize> = candidates.iter().map(|rates| rates.determined(1.03e-7)).collect();
        assert_eq!(determined, [2, 1], "{candidates:?}");
        assert!((candidates[0].overhead() / 1e-7 - 1.0).abs() < 1e-6);
        let [proportional] = &Rates::candidates(terms.view(), &seconds(0.0)).unwrap()[..] else { panic!("one") };
        assert!((proportional.seconds([1e6]) / 3e-3 - 1.0).abs() < 1e-6);
    }

    #[test]
    fn known_rates_are_recovered_over_six_decades() {
        let terms = Array2::from_shape_fn((2, 40), |(row, i)| ((i + 1) as f64).powi(if row == 0 { 3 } else { 1 }));
        let seconds: Vec<f64> = terms.columns().into_iter().map(|c| 2e-6 + 3e-9 * c[0] + 5e-8 * c[1]).collect();
        let rates = Rates::fit(terms.view(), &seconds).unwrap();
        for (column, time) in terms.columns().into_iter().zip(&seconds) {
            assert!((rates.seconds(column.iter().copied()) / time - 1.0).abs() < 1e-9, "{rates:?}");
        }
    }

    #[test]
    fn terms_that_say_the_same_or_nothing_are_no_trouble() {
        let n = |i: usize| (i + 1) as f64;
        let terms = Array2::from_shape_fn((4, 30), |(row, i)| [n(i), 2.0 * n(i), 0.0, 1.0 / n(i)][row]);
        let seconds: Vec<f64> = (0..30).map(|i| 5e-6 * n(i)).collect();
        let rates = Rates::fit(terms.view(), &seconds).unwrap();
        for (column, time) in terms.columns().into_iter().zip(&seconds) {
            assert!((rates.seconds(column.iter().copied()) / time - 1.0).abs() < 1e-5, "{rates:?}");
        }
    }

    #[test]
    fn no_rate_is_negative_and_no_estimate_zero() {
        let rates = Rates::fit(array![[1.0, 2.0, 3.0], [3.0, 2.0, 0.0]].view(), &[1.0, 2.0, 3.0]).unwrap();
        assert!(rates.seconds_per_unit().iter().all(|&rate| rate >= 0.0));
        assert!(rates.seconds([0.0, 0.0]) > 0.0 && rates.seconds([-1.0, 0.0]) > 0.0);
        assert!(Rates::new(0.0, vec![]).is_err() && Rates::new(1.0, vec![-1.0]).is_err());
    }
}
