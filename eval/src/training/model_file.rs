//! Trained models as the file that the scheduler reads, and back.

use std::collections::BTreeMap;

use anyhow::{ensure, Context, Result};
use predictor::{InputScale as Scale, Model, Network, Normaliser, Range, TargetScale, Transform};
use scheduler::cost::{Hardware, InputScale, LearnedModel, SmallNetwork};

use super::method::{Trained, AUGMENTED};

/// Significant digits of weights: beyond what training determines.
const DIGITS: usize = 6;

/// The file's content.
///
/// # Errors
/// If the models are not of the kind that the scheduler evaluates.
pub fn learned(trained: &Trained, provenance: String, hardware: Hardware) -> Result<LearnedModel> {
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
    Ok(LearnedModel::new(provenance, hardware, scales, rounded(first.target().mean), classes)?)
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

/// The models of a file, to be trained further or to predict.
///
/// # Errors
/// If they are not of the shape that training makes, or classes have different numbers of networks.
pub fn trained(learned: &LearnedModel) -> Result<Trained> {
    let (scales, mean) = learned.scales();
    let scale = |scale: &InputScale| Scale {
        transform: Transform::Linear,
        mean: scale.mean,
        deviation: scale.deviation,
        range: Range { min: scale.min, max: scale.max },
    };
    let normaliser = Normaliser::from_scales(scales.iter().map(scale).collect())?;
    let target = TargetScale {
        mean,
        deviation: 1.0,
        residual: true,
        range: Range { min: f64::MIN_POSITIVE, max: f64::MAX },
        limits: None,
    };
    let (shape, schema) = (AUGMENTED.shape()?, AUGMENTED.schema()?);
    let model = |network: &SmallNetwork| -> Result<Model> {
        let network = Network::from_parameters(shape.clone(), parameters(network))?;
        Ok(Model::new(schema.clone(), None, normaliser.clone(), target, network)?)
    };
    let classes = learned.classes();
    let members = classes.values().map(Vec::len).max().unwrap_or(0);
    ensure!(classes.values().all(|networks| networks.len() == members), "classes have different numbers of networks");
    let set = |member: usize| classes.values().map(|networks| model(&networks[member])).collect::<Result<Vec<_>>>();
    let members = (0..members).map(set).collect::<Result<_>>()?;
    Ok(Trained { method: AUGMENTED, names: classes.keys().cloned().collect(), members })
}

/// The parameters of a network in the order of the predictor's.
fn parameters(network: &SmallNetwork) -> Vec<f64> {
    let hidden = network.hidden.iter().flatten();
    let rest = network.biases.iter().chain(&network.output).chain([&network.bias]).chain(&network.direct);
    hidden.chain(rest).copied().collect()
}

/// Through text, so that what is written is short.
fn rounded(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}
