//! Predictions of pipelines by models that were trained without them.

use std::collections::BTreeSet;

use anyhow::Result;

use super::data::Pipeline;
use super::method::Trained;

/// Predicted seconds of every schedule of each pipeline. Pipelines with one label are held out together, in so many parts.
pub fn cross_validate(
    pipelines: &[Pipeline],
    folds: usize,
    label: fn(&Pipeline) -> &str,
    train: impl Fn(&[&Pipeline]) -> Result<Trained>,
) -> Result<Vec<Vec<f64>>> {
    let labels: Vec<&str> = pipelines.iter().map(label).collect::<BTreeSet<_>>().into_iter().collect();
    let fold_of = |pipeline: &Pipeline| labels.binary_search(&label(pipeline)).unwrap_or(0) % folds;
    let mut predicted = vec![Vec::new(); pipelines.len()];
    for fold in 0..folds {
        let (test, training): (Vec<usize>, Vec<usize>) =
            (0..pipelines.len()).partition(|&index| fold_of(&pipelines[index]) == fold);
        if test.is_empty() || training.is_empty() {
            continue;
        }
        let pick = |chosen: &[usize]| chosen.iter().map(|&index| &pipelines[index]).collect::<Vec<_>>();
        let results = train(&pick(&training))?.predict(&pick(&test))?;
        test.into_iter().zip(results).for_each(|(index, result)| predicted[index] = result);
    }
    Ok(predicted)
}
