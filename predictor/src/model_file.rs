//! Model files: versioned JSON that a person can read.

use crate::{
    Activation, Ensemble, Error, Input, InputKind, InputScale, Model, Network, Normaliser, Provenance, Range, Rates,
    Result, Schema, Shape, TargetScale, Transform,
};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Version of the file format this library writes.
pub const FORMAT_VERSION: u32 = 3;
/// Oldest version that it reads. Models of version 2 have no limits, and all that have rates see the bound.
const OLDEST_VERSION: u32 = 2;
/// What the `format` field says.
const FORMAT: &str = "nnc-predictor";

/// Read before everything else, so that a newer file is reported as such and not as a syntax error.
#[derive(Deserialize)]
struct Header {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelFile {
    format: String,
    version: u32,
    provenance: Provenance,
    inputs: Vec<InputEntry>,
    /// Null for a model whose bound, if any, comes from elsewhere.
    rates: Option<RatesEntry>,
    target: TargetEntry,
    network: NetworkEntry,
    companions: Vec<NetworkEntry>,
}

/// An input that the network sees.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct InputEntry {
    name: String,
    kind: InputKind,
    scale: ScaleEntry,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScaleEntry {
    transform: Transform,
    mean: f64,
    deviation: f64,
    range: Range,
}

/// The bound.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RatesEntry {
    overhead_seconds: f64,
    terms: Vec<TermEntry>,
    /// How the network sees the bound, its last input; null when it does not.
    scale: Option<ScaleEntry>,
}

/// A complexity input that goes into the bound.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermEntry {
    name: String,
    seconds_per_unit: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetEntry {
    mean_log_seconds: f64,
    deviation_log_seconds: f64,
    residual_on_bound: bool,
    range_seconds: Range,
    /// What predicted log-seconds, less those of the bound, are clipped to; null for a model without limits.
    limits_log_seconds: Option<Range>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkEntry {
    parameter_count: usize,
    constrained: bool,
    activation: Activation,
    layers: Vec<LayerEntry>,
    /// Weights of the direct path, one an input; null without one.
    skip: Option<Vec<f64>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LayerEntry {
    /// One row an output.
    weights: Vec<Vec<f64>>,
    biases: Vec<f64>,
}

impl Ensemble {
    /// The model as the text of a model file.
    pub fn to_json(&self) -> String {
        let file = ModelFile::from(self);
        let mut text = serde_json::to_string_pretty(&file).expect("plain data with text keys always serialises");
        text.push('\n');
        text
    }

    /// Reads the text of a model file.
    ///
    /// # Errors
    /// [`Error::Syntax`] for text that is truncated, not JSON, or has missing or unknown fields; [`Error::Inconsistent`]
    /// and the errors of the parts' constructors for one that contradicts itself or a limit.
    pub fn from_json(text: &str) -> Result<Self> {
        let header: Header = serde_json::from_str(text)?;
        if header.format != FORMAT {
            return Err(Error::Inconsistent(format!("format is `{}`, expected `{FORMAT}`", header.format)));
        }
        let (found, read) = (header.version, OLDEST_VERSION..=FORMAT_VERSION);
        if !read.contains(&found) {
            let reads = format!("this library reads {OLDEST_VERSION} to {FORMAT_VERSION}: train it anew");
            return Err(Error::Inconsistent(format!("version is {found}, {reads}")));
        }
        serde_json::from_str::<ModelFile>(text)?.into_ensemble()
    }

    /// Writes a model file, as [`host::write_output`] writes files.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn save(&self, path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        host::write_output(path, self.to_json().as_bytes())
            .map_err(|source| Error::Io { path: path.to_owned(), source })
    }

    /// Reads a model file: a regular file of at most [`host::LARGEST_FILE`].
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::ModelFile`] around what [`Ensemble::from_json`] returns.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text = host::read_input_text(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        Ensemble::from_json(&text)
            .map_err(|source| Error::ModelFile { path: path.to_owned(), source: Box::new(source) })
    }
}

impl From<&Ensemble> for ModelFile {
    fn from(ensemble: &Ensemble) -> Self {
        let (lead, target) = (ensemble.lead(), ensemble.lead().target());
        let (plain, terms) = lead.schema().inputs().split_at(lead.plain_inputs());
        let scales = lead.normaliser().scales();
        let inputs = plain.iter().zip(scales).map(|(input, scale)| InputEntry {
            name: input.name.clone(),
            kind: input.kind,
            scale: ScaleEntry::from(scale),
        });
        let rates = lead.rates().map(|rates| RatesEntry {
            overhead_seconds: rates.overhead(),
            terms: (terms.iter().zip(rates.seconds_per_unit()))
                .map(|(term, &rate)| TermEntry { name: term.name.clone(), seconds_per_unit: rate })
                .collect(),
            scale: scales.get(plain.len()).map(ScaleEntry::from),
        });
        ModelFile {
            format: FORMAT.to_owned(),
            version: FORMAT_VERSION,
            provenance: ensemble.provenance().clone(),
            inputs: inputs.collect(),
            rates,
            target: TargetEntry {
                mean_log_seconds: target.mean,
                deviation_log_seconds: target.deviation,
                residual_on_bound: target.residual,
                range_seconds: target.range,
                limits_log_seconds: target.limits,
            },
            network: NetworkEntry::from(lead.network()),
            companions: ensemble.companions().iter().map(NetworkEntry::from).collect(),
        }
    }
}

impl ModelFile {
    fn into_ensemble(self) -> Result<Ensemble> {
        let mut scales: Vec<InputScale> = self.inputs.iter().map(|entry| InputScale::from(&entry.scale)).collect();
        let mut inputs: Vec<Input> =
            self.inputs.into_iter().map(|entry| Input { name: entry.name, kind: entry.kind }).collect();
        let mut rates = None;
        if let Some(entry) = self.rates {
            scales.extend(entry.scale.iter().map(InputScale::from));
            let seconds_per_unit = entry.terms.iter().map(|term| term.seconds_per_unit).collect();
            rates = Some(Rates::new(entry.overhead_seconds, seconds_per_unit)?);
            inputs.extend(entry.terms.into_iter().map(|term| Input::new(term.name, InputKind::Complexity)));
        }
        let (normaliser, schema) = (Normaliser::from_scales(scales)?, Schema::new(inputs)?);
        let target = TargetScale {
            mean: self.target.mean_log_seconds,
            deviation: self.target.deviation_log_seconds,
            residual: self.target.residual_on_bound,
            range: self.target.range_seconds,
            limits: self.target.limits_log_seconds,
        };
        let lead = Model::new(schema, rates, normaliser, target, self.network.into_network()?)?;
        let companions = self.companions.into_iter().map(NetworkEntry::into_network);
        Ensemble::new(lead, companions.collect::<Result<_>>()?, self.provenance)
    }
}

impl From<&InputScale> for ScaleEntry {
    fn from(scale: &InputScale) -> Self {
        let InputScale { transform, mean, deviation, range } = *scale;
        ScaleEntry { transform, mean, deviation, range }
    }
}

impl From<&ScaleEntry> for InputScale {
    fn from(entry: &ScaleEntry) -> Self {
        let ScaleEntry { transform, mean, deviation, range } = *entry;
        InputScale { transform, mean, deviation, range }
    }
}

impl From<&Network> for NetworkEntry {
    fn from(network: &Network) -> Self {
        let shape = network.shape();
        let layers = network.layers().zip(shape.layer_sizes()).map(|((weights, biases), (inputs, _))| LayerEntry {
            weights: weights.chunks_exact(inputs).map(<[f64]>::to_vec).collect(),
            biases: biases.to_vec(),
        });
        NetworkEntry {
            parameter_count: shape.parameter_count(),
            constrained: shape.is_constrained(),
            activation: shape.activation(),
            layers: layers.collect(),
            skip: shape.skip().then(|| network.skip_weights().to_vec()),
        }
    }
}

impl NetworkEntry {
    fn into_network(self) -> Result<Network> {
        let inconsistent = |what: String| Err(Error::Inconsistent(what));
        let Some((output, hidden)) = self.layers.split_last() else {
            return inconsistent("a network has no layers".to_owned());
        };
        if output.biases.len() != 1 {
            return inconsistent(format!("the last layer has {} outputs, expected 1", output.biases.len()));
        }
        let inputs = self.layers[0].weights.first().map_or(0, Vec::len);
        let hidden: Vec<usize> = hidden.iter().map(|layer| layer.biases.len()).collect();
        let make = if self.constrained { Shape::new } else { Shape::unconstrained };
        let shape = make(inputs, &hidden, self.activation, self.skip.is_some())?;
        if shape.parameter_count() != self.parameter_count {
            let (said, found) = (self.parameter_count, shape.parameter_count());
            return inconsistent(format!("parameter_count is {said}, but the layers have {found}"));
        }
        let mut parameters = Vec::with_capacity(self.parameter_count);
        for (index, (layer, (fan_in, fan_out))) in self.layers.iter().zip(shape.layer_sizes()).enumerate() {
            let full = layer.weights.len() == fan_out && layer.weights.iter().all(|row| row.len() == fan_in);
            if !full {
                return inconsistent(format!("the weights of layer {index} are not {fan_out} rows of {fan_in}"));
            }
            parameters.extend(layer.weights.iter().flatten());
            parameters.extend(&layer.biases);
        }
        parameters.extend(self.skip.iter().flatten());
        Network::from_parameters(shape, parameters)
    }
}
