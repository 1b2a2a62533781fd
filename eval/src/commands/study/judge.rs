//! Trains NN+C and its baselines on the measurements of one variant and judges them on the rest.

use std::path::Path;

use anyhow::{Context, Result};
use predictor::metrics::mape;
use predictor::{Dataset, Ensemble, Method, Rng, TrainConfig};

use super::dataset::{DataFile, TIMES};
use super::kernels::{Kernel, Space, Variant};
use crate::predictors::columns::Columns;
use crate::predictors::compare::{self, Combination, Subject};
use crate::predictors::data::{self, Roles};
use crate::predictors::expression::Terms;

/// Rows that all restarts of a network together are fitted to: about a second of training.
const FITTED_ROWS: usize = 8000;

/// A variant's model and how well it and others predict.
#[derive(Debug)]
pub struct Judged {
    /// The kernel.
    pub kernel: &'static Kernel,
    /// The variant.
    pub variant: &'static Variant,
    /// Figures of every method, NN+C first.
    pub combinations: Vec<Combination>,
    /// Mean absolute percentage error, a fraction, of the slower of two measurements as a prediction of the faster, over
    /// the test rows.
    pub noise: Option<f64>,
    /// NN+C as trained.
    pub model: Ensemble,
    /// Row numbers of the test, in the data file.
    pub test_rows: Vec<usize>,
    /// Parameters of the test rows.
    pub instances: Vec<Vec<f64>>,
    /// Their times in seconds.
    pub measured: Vec<f64>,
    /// What the networks of NN+C predict for them on average, in log-seconds, as seconds: what choices are made by.
    pub agreed: Vec<f64>,
}

impl Judged {
    /// Fingerprint of the computer.
    pub fn hardware(&self) -> &str {
        &self.combinations[0].subject.hardware
    }

    /// NN+C's predictions for the test rows, in seconds.
    pub fn predicted(&self) -> &[f64] {
        &self.combinations[0].predicted
    }
}

/// What to train with.
#[derive(Debug, Clone)]
pub struct Sampling {
    /// Rows to train with, of each size.
    pub train: usize,
    /// Seed of the split and of the training.
    pub seed: u64,
}

/// Judges the measurements of `variant` in `folder`; `None` where there are none.
///
/// # Errors
/// Files that cannot be read; data that NN+C cannot be fitted to.
pub fn judge(
    kernel: &'static Kernel,
    variant: &'static Variant,
    folder: &Path,
    hardware: &str,
    sampling: &Sampling,
) -> Result<Option<Judged>> {
    let file = DataFile::new(folder, kernel.name, variant.name, kernel.parameters);
    let rows = file.read()?;
    if rows.is_empty() {
        return Ok(None);
    }
    let place = || file.path().display().to_string();
    let data = inputs(&file, variant).with_context(place)?;
    let (train_rows, test_rows) = split(kernel, rows.iter().map(|row| row.values[0]), sampling);
    let (training, test) = (data.select(&train_rows), data.select(&test_rows));
    let subject =
        Subject { kernel: kernel.name.to_owned(), variant: variant.name.to_owned(), hardware: hardware.to_owned() };
    let restarts = (FITTED_ROWS / training.len()).clamp(8, 32);
    let config = TrainConfig { seed: sampling.seed, restarts, ..TrainConfig::default() };
    let (first, model) = compare::augmented(&subject, &training, &test, &config).with_context(place)?;
    let others = Method::ALL.into_iter().filter(|&method| method != Method::NnC);
    let others = others.map(|method| compare::baseline(&subject, method, &training, &test, &config));
    let of_test = |value: fn(&super::dataset::Row) -> f64| -> Vec<f64> {
        test_rows.iter().map(|&row| value(&rows[row])).collect()
    };
    Ok(Some(Judged {
        kernel,
        variant,
        combinations: std::iter::once(first).chain(others).collect(),
        noise: mape(&of_test(|row| row.again), &of_test(|row| row.seconds)),
        agreed: agreed(&model, &test)?,
        model,
        instances: test_rows.iter().map(|&row| rows[row].values.clone()).collect(),
        measured: of_test(|row| row.seconds),
        test_rows,
    }))
}

/// The mean prediction of all networks for every instance: a choice among many candidates falls for whatever one network
/// underrates.
fn agreed(model: &Ensemble, data: &Dataset) -> Result<Vec<f64>> {
    let columns = data.columns(model.lead().schema())?;
    let predict = |inputs: ndarray::ArrayView1<f64>| Ok(model.predict(&inputs.to_vec(), None)?.mean_seconds);
    columns.columns().into_iter().map(predict).collect()
}

/// The measurements with the variant's complexity.
fn inputs(file: &DataFile, variant: &Variant) -> Result<Dataset> {
    let complexity: Terms = variant.complexity.parse().map_err(anyhow::Error::msg)?;
    let ignored: Vec<String> = variant.ignores.iter().chain(&TIMES[1..]).map(|name| (*name).to_owned()).collect();
    let roles = Roles { target: TIMES[0], complexity: &complexity.0, ignored: &ignored };
    Ok(data::prepare(&Columns::read(file.path())?, roles)?.data)
}

/// Rows to train with and to test on, drawn for each size of a schedule space. `sizes` is the first parameter of each row.
fn split(kernel: &Kernel, sizes: impl Iterator<Item = f64>, sampling: &Sampling) -> (Vec<usize>, Vec<usize>) {
    let mut groups: Vec<(f64, Vec<usize>)> = Vec::new();
    for (row, size) in sizes.enumerate() {
        let size = if matches!(kernel.space, Space::Schedules { .. }) { size } else { 0.0 };
        match groups.iter_mut().find(|(other, _)| *other == size) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((size, vec![row])),
        }
    }
    let (mut training, mut test) = (Vec::new(), Vec::new());
    for (index, (_, rows)) in groups.iter().enumerate() {
        let order = Rng::stream(sampling.seed, index as u64).permutation(rows.len());
        // An unfinished study is judged by halves.
        let count = sampling.train.min(rows.len() / 2);
        training.extend(order[..count].iter().map(|&place| rows[place]));
        test.extend(order[count..].iter().map(|&place| rows[place]));
    }
    (training, test)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::study::kernels::KERNELS;

    #[test]
    fn every_size_of_a_schedule_space_is_split() {
        let sizes = || (0..60).map(|row| f64::from(1024 << (row / 20)));
        let (training, test) = split(&KERNELS[4], sizes(), &Sampling { train: 5, seed: 0 });
        assert_eq!((training.len(), test.len()), (15, 45));
        assert!((0..3).all(|size| training.iter().filter(|&&row| row / 20 == size).count() == 5));
        let (training, test) = split(&KERNELS[0], sizes(), &Sampling { train: 250, seed: 0 });
        assert_eq!((training.len(), test.len()), (30, 30));
        assert!(training.iter().all(|row| !test.contains(row)));
    }

    #[test]
    fn every_complexity_can_be_read_and_uses_what_matters() {
        for kernel in &KERNELS {
            for variant in kernel.variants {
                let terms: Terms = variant.complexity.parse().unwrap();
                let find = |name: &str| match kernel.parameters.iter().position(|known| *known == name) {
                    Some(column) if !variant.ignores.contains(&name) => Ok(column),
                    _ => Err(format!("{name} of {}.{}", kernel.name, variant.name)),
                };
                terms.0.iter().for_each(|term| drop(term.bind(find).unwrap()));
            }
        }
    }
}
