//! Predictions of pipelines by what was trained without them.

use std::collections::BTreeSet;

use anyhow::Result;

use crate::system::program::cores;
use crate::system::progress::Progress;
use crate::system::side_by_side::side_by_side;

/// Pipelines with the same one of `labels` are held out together, in so many parts: `folds`. Each is a step of the progress.
pub struct Folds<'a> {
    /// What each pipeline is held out with.
    pub labels: &'a [&'a str],
    /// Number of parts.
    pub count: usize,
    /// What is trained.
    pub name: &'a str,
    /// Where it shows.
    pub progress: &'a Progress,
}

/// Indices of the pipelines of a fold, and what was predicted of each.
type Fold = (Vec<usize>, Vec<Vec<f64>>);

/// Predicted seconds of every schedule of each pipeline, by `predict` from those to train with.
pub fn cross_validate<P: Sync>(
    pipelines: &[P],
    folds: &Folds,
    predict: impl Fn(&[&P], &[&P]) -> Result<Vec<Vec<f64>>> + Sync,
) -> Result<Vec<Vec<f64>>> {
    let Folds { labels, count, name, progress } = *folds;
    let distinct: Vec<&str> = labels.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let fold_of = |index: usize| distinct.binary_search(&labels[index]).unwrap_or(0) % count;
    let fold = |fold: usize| -> Result<Fold> {
        let (test, training): (Vec<usize>, Vec<usize>) =
            (0..pipelines.len()).partition(|&index| fold_of(index) == fold);
        if test.is_empty() || training.is_empty() {
            return Ok((test, Vec::new()));
        }
        let pick = |chosen: &[usize]| chosen.iter().map(|&index| &pipelines[index]).collect::<Vec<_>>();
        let results = predict(&pick(&training), &pick(&test))?;
        Ok((test, results))
    };
    let work = |part: usize| -> Result<Fold> {
        let step = format!("{name}, part {} of {count}", part + 1);
        progress.begin(&step);
        let done = fold(part)?;
        progress.end(&step, "done", false);
        Ok(done)
    };
    let mut predicted = vec![Vec::new(); pipelines.len()];
    for done in side_by_side(count, cores(), work) {
        let (test, results) = done?;
        test.into_iter().zip(results).for_each(|(index, result)| predicted[index] = result);
    }
    Ok(predicted)
}
