//! Predictions of pipelines by what was trained without them.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;

use crate::cli::cores;
use crate::progress::Progress;

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
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<Fold>> {
        let mut done = Vec::new();
        loop {
            let part = next.fetch_add(1, Ordering::Relaxed);
            if part >= count {
                return Ok(done);
            }
            let step = format!("{name}, part {} of {count}", part + 1);
            progress.begin(&step);
            done.push(fold(part)?);
            progress.end(&step, "done", false);
        }
    };
    let mut predicted = vec![Vec::new(); pipelines.len()];
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..cores().min(count)).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            for (test, results) in thread.join().expect("a fold does not panic")? {
                test.into_iter().zip(results).for_each(|(index, result)| predicted[index] = result);
            }
        }
        Ok(predicted)
    })
}
