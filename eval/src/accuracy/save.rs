//! Trained models as the file that the scheduler reads.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use predictor::{InputScale as Scale, Model};
use scheduler::cost::{InputScale, LearnedModel, SmallNetwork};

use super::method::Trained;

/// Significant digits of weights: beyond what training determines.
const DIGITS: usize = 6;

/// The file's content.
///
/// # Errors
/// If the models are not of the kind that the scheduler evaluates.
pub fn learned(trained: &Trained, provenance: String) -> Result<LearnedModel> {
    let first = trained.members.first().and_then(|models| models.first()).context("no model was trained")?;
    let scale = |scale: &Scale| InputScale {
        mean: rounded(scale.mean),
        deviation: rounded(scale.deviation),
        min: rounded(scale.range.min),
        max: rounded(scale.range.max),
    };
    let scales = first.normaliser().scales().iter().map(scale).collect();
    let mut classes: BTreeMap<String, Vec<SmallNetwork>> = BTreeMap::new();
    for models in &trained.members {
        for (name, model) in trained.names.iter().zip(models) {
            classes.entry(name.clone()).or_default().push(network(model));
        }
    }
    Ok(LearnedModel::new(provenance, scales, rounded(first.target().mean), classes)?)
}

fn network(model: &Model) -> SmallNetwork {
    let (shape, parameters) = (model.network().shape(), model.network().parameters());
    let (inputs, units) = (shape.inputs(), shape.hidden()[0]);
    let parameters: Vec<f64> = parameters.iter().copied().map(rounded).collect();
    let (hidden, rest) = parameters.split_at(inputs * units);
    let (biases, rest) = rest.split_at(units);
    let (output, rest) = rest.split_at(units);
    SmallNetwork {
        hidden: hidden.chunks_exact(inputs).map(<[f64]>::to_vec).collect(),
        biases: biases.to_vec(),
        output: output.to_vec(),
        bias: rest[0],
        direct: rest[1..].to_vec(),
    }
}

/// Through text, so that what is written is short.
fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}
