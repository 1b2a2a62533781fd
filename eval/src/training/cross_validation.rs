//! Predictions of pipelines by what was trained without them.

use std::collections::BTreeSet;

use anyhow::Result;

/// Predicted seconds of every schedule of each pipeline, by `predict` from those to train with. Pipelines with the same one of
/// `labels` are held out together, in so many parts, each in a thread of its own.
pub fn cross_validate<P: Sync>(
    pipelines: &[P],
    labels: &[&str],
    folds: usize,
    predict: impl Fn(&[&P], &[&P]) -> Result<Vec<Vec<f64>>> + Sync,
) -> Result<Vec<Vec<f64>>> {
    let distinct: Vec<&str> = labels.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    let fold_of = |index: usize| distinct.binary_search(&labels[index]).unwrap_or(0) % folds;
    let fold = &|fold: usize| -> Result<(Vec<usize>, Vec<Vec<f64>>)> {
        let (test, training): (Vec<usize>, Vec<usize>) =
            (0..pipelines.len()).partition(|&index| fold_of(index) == fold);
        if test.is_empty() || training.is_empty() {
            return Ok((test, Vec::new()));
        }
        let pick = |chosen: &[usize]| chosen.iter().map(|&index| &pipelines[index]).collect::<Vec<_>>();
        let results = predict(&pick(&training), &pick(&test))?;
        Ok((test, results))
    };
    let mut predicted = vec![Vec::new(); pipelines.len()];
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..folds).map(|number| scope.spawn(move || fold(number))).collect();
        for thread in threads {
            let (test, results) = thread.join().expect("a fold does not panic")?;
            test.into_iter().zip(results).for_each(|(index, result)| predicted[index] = result);
        }
        Ok(predicted)
    })
}
