//! The learned cost: small networks correct the analytic estimate, one a kernel class and variant family.

use super::batch::{self, Unpriced};
use super::packed::Packed;
use super::{Hardware, Kernel, Variant, INPUTS, INPUT_NAMES};
use crate::features::ScheduledStage;
use crate::Error;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the `format` field of a file says.
const FORMAT: &str = "nnc-cost-model";
/// The version of the file format that this library reads and writes.
const VERSION: u32 = 2;
/// The class of stages whose own class has no model.
pub const ANY_CLASS: &str = "any";
/// Standard deviations of doubt that count as time: a certain schedule is preferred to a wild guess.
const CAUTION: f64 = 0.5;
/// How much of what networks correct in the analytic time counts in a search, which seeks out where they are wrong. Measured:
/// of the schedules of a pipeline, the time a quarter of the way picks faster ones than either (doc/learned-cost.md).
const TRUST: f64 = 0.25;

/// Centring and scaling of an input, and the range seen in training, to which it is held.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputScale {
    /// Mean.
    pub mean: f64,
    /// Standard deviation, positive.
    pub deviation: f64,
    /// Smallest value seen.
    pub min: f64,
    /// Largest value seen.
    pub max: f64,
}

/// A network with one hidden layer of softsign units and a direct path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmallNetwork {
    /// Weights of the hidden layer, a row of [`INPUTS`] a unit.
    pub hidden: Vec<Vec<f64>>,
    /// Biases of the hidden layer.
    pub biases: Vec<f64>,
    /// Weights of the output, one a unit.
    pub output: Vec<f64>,
    /// Bias of the output.
    pub bias: f64,
    /// Weights of the direct path, one an input.
    pub direct: Vec<f64>,
}

/// A trained model as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearnedModel {
    format: String,
    version: u32,
    /// What it was trained on, for people.
    pub provenance: String,
    /// The profile that analytic estimates, which are inputs, were computed with.
    hardware: Hardware,
    /// Names of the inputs.
    inputs: Vec<String>,
    /// Scaling of each input.
    scales: Vec<InputScale>,
    /// Mean logarithm of measured over analytic time.
    mean: f64,
    /// Networks by class, `kernel.variant`, `kernel` or `any`; several of a class are averaged, and their spread is doubt.
    classes: BTreeMap<String, Vec<SmallNetwork>>,
    /// The same, to be evaluated.
    #[serde(skip)]
    packed: Packed,
}

/// Seconds that are predicted, and how far to trust them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// The analytic time, at the mean speed of what was trained with.
    pub analytic_seconds: f64,
    /// What networks add to its natural logarithm.
    pub correction: f64,
    /// Standard deviation of that logarithm: of the networks of the class, and for inputs outside of the range seen.
    pub doubt: f64,
}

impl Predicted {
    /// Natural logarithm of the seconds.
    pub fn log_seconds(&self) -> f64 {
        self.analytic_seconds.ln() + self.correction
    }

    /// Seconds.
    pub fn seconds(&self) -> f64 {
        self.analytic_seconds * self.correction.exp()
    }

    /// Seconds for a search to compare: nearer to the analytic time, and more where there is doubt.
    pub fn cautious_seconds(&self) -> f64 {
        self.analytic_seconds * (trusted(self.correction, 0.0) + CAUTION * self.doubt).exp()
    }
}

/// The logarithm of the seconds that a search goes by, between those that networks predict and the analytic ones.
pub fn trusted(log_seconds: f64, analytic_log_seconds: f64) -> f64 {
    analytic_log_seconds + TRUST * (log_seconds - analytic_log_seconds)
}

impl LearnedModel {
    /// A model of these parts.
    ///
    /// # Errors
    /// [`Error::Model`] when they do not fit together.
    pub fn new(
        provenance: String,
        hardware: Hardware,
        scales: Vec<InputScale>,
        mean: f64,
        classes: BTreeMap<String, Vec<SmallNetwork>>,
    ) -> Result<Self, Error> {
        let (format, inputs) = (FORMAT.to_owned(), INPUT_NAMES.map(str::to_owned).to_vec());
        let packed = Packed::default();
        Self { format, version: VERSION, provenance, hardware, inputs, scales, mean, classes, packed }.checked()
    }

    /// Reads the text of a model file.
    ///
    /// # Errors
    /// [`Error::Model`] for malformed text, another format, other inputs than this library computes, or parts that do not
    /// fit together.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str::<Self>(text).map_err(|e| Error::Model(e.to_string()))?.checked()
    }

    /// The text of a model file.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data with text keys always serialises") + "\n"
    }

    fn checked(mut self) -> Result<Self, Error> {
        let bad = |what: &str| Err(Error::Model(what.to_owned()));
        if self.format != FORMAT || self.version != VERSION {
            return bad("it is of another format or version");
        }
        if self.inputs != INPUT_NAMES || self.scales.len() != INPUTS {
            return bad("it was trained on other inputs");
        }
        let sound = |s: &InputScale| s.mean.is_finite() && s.deviation > 0.0 && s.min <= s.max;
        if !self.hardware.is_sound() {
            return bad("its hardware is impossible");
        }
        if !self.mean.is_finite() || !self.scales.iter().all(sound) {
            return bad("a scale is impossible");
        }
        if !self.classes.contains_key(ANY_CLASS) || self.classes.values().any(Vec::is_empty) {
            return bad("a class has no network");
        }
        if !self.classes.values().flatten().all(SmallNetwork::is_sound) {
            return bad("a network has weights of the wrong number, or some that are not finite");
        }
        self.packed = Packed::new(&self.classes, &self.scales);
        Ok(self)
    }

    /// The machine that a search with this model is for: the one trained on, with so many threads and such vectors.
    pub fn hardware(&self, threads: u32, vector_bytes: u32) -> Hardware {
        self.hardware.with(threads, vector_bytes)
    }

    /// Scaling of the inputs, and the mean logarithm of measured over analytic time.
    pub fn scales(&self) -> (&[InputScale], f64) {
        (&self.scales, self.mean)
    }

    /// The networks of every class.
    pub fn classes(&self) -> &BTreeMap<String, Vec<SmallNetwork>> {
        &self.classes
    }

    /// Predicts the time of a stage on the hardware that the model was trained for.
    pub fn predict(&self, hardware: &Hardware, kernel: Kernel, variant: Variant, stage: &ScheduledStage) -> Predicted {
        self.predict_all(hardware, [(kernel, variant, stage)])[0]
    }

    /// The same of many stages, each as it would be alone.
    pub fn predict_all<'a>(
        &self,
        hardware: &Hardware,
        stages: impl IntoIterator<Item = (Kernel, Variant, &'a ScheduledStage)>,
    ) -> Vec<Predicted> {
        let (speed, unpriced) = (self.mean.exp(), self.unpriced(hardware, stages));
        let predicted = |((correction, doubt), stage): (_, &Unpriced)| Predicted {
            analytic_seconds: speed * stage.bound,
            correction,
            doubt,
        };
        self.corrections(&unpriced).into_iter().zip(&unpriced).map(predicted).collect()
    }

    /// What networks are to be asked about stages.
    pub fn unpriced<'a>(
        &self,
        hardware: &Hardware,
        stages: impl IntoIterator<Item = (Kernel, Variant, &'a ScheduledStage)>,
    ) -> Vec<Unpriced> {
        let class = |kernel, variant| self.packed.class(kernel, variant);
        stages
            .into_iter()
            .map(|(kernel, variant, stage)| Unpriced::new(class(kernel, variant), stage, hardware))
            .collect()
    }

    /// What the networks of each one's class add to the logarithm of the analytic time, and how far it is to be doubted.
    pub fn corrections(&self, stages: &[Unpriced]) -> Vec<(f64, f64)> {
        batch::corrections(&self.packed, stages)
    }
}

impl SmallNetwork {
    fn is_sound(&self) -> bool {
        let units = self.hidden.len();
        let lengths = self.biases.len() == units && self.output.len() == units && self.direct.len() == INPUTS;
        let rows = self.hidden.iter().all(|row| row.len() == INPUTS);
        let all = self.hidden.iter().flatten().chain(&self.biases).chain(&self.output).chain(&self.direct);
        lengths && rows && self.bias.is_finite() && all.into_iter().all(|value| value.is_finite())
    }
}

/// Names of the models that suit a stage, the most special first.
pub fn class_names(kernel: Kernel, variant: Variant) -> [&'static str; 3] {
    macro_rules! names {
        ($kernel:literal) => {
            match variant {
                Variant::Root => [concat!($kernel, ".root"), $kernel, ANY_CLASS],
                Variant::Sliding => [concat!($kernel, ".sliding"), $kernel, ANY_CLASS],
                Variant::Inside => [concat!($kernel, ".inside"), $kernel, ANY_CLASS],
            }
        };
    }
    match kernel {
        Kernel::Pointwise => names!("pointwise"),
        Kernel::Stencil => names!("stencil"),
        Kernel::Resampling => names!("resampling"),
        Kernel::Contraction => names!("contraction"),
        Kernel::Reduction => names!("reduction"),
        Kernel::Scan => names!("scan"),
        Kernel::Scatter => names!("scatter"),
        Kernel::Gather => names!("gather"),
        Kernel::Copy => names!("copy"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Features;
    use crate::ir::{FuncId, StageRef};

    fn network(output_bias: f64) -> SmallNetwork {
        SmallNetwork {
            hidden: vec![vec![0.0; INPUTS]],
            biases: vec![1.0],
            output: vec![0.5],
            bias: output_bias,
            direct: vec![0.0; INPUTS],
        }
    }

    const WIDE: InputScale = InputScale { mean: 0.0, deviation: 1.0, min: -100.0, max: 100.0 };

    fn model() -> LearnedModel {
        scaled([WIDE; INPUTS])
    }

    fn scaled(scales: [InputScale; INPUTS]) -> LearnedModel {
        let classes =
            [(ANY_CLASS.to_owned(), vec![network(0.0)]), ("stencil".to_owned(), vec![network(0.5), network(1.5)])];
        LearnedModel::new("a test".to_owned(), Hardware::generic(2, 32), scales.to_vec(), 0.25, classes.into()).unwrap()
    }

    fn stage(float_additions: f64) -> ScheduledStage {
        ScheduledStage {
            stage: StageRef { func: FuncId::from_index(0), stage: 0 },
            levels: vec![],
            features: Features {
                float_additions,
                lanes: 8.0,
                lane_utilization: 1.0,
                threads: 1.0,
                imbalance: 1.0,
                ..Features::default()
            },
        }
    }

    #[test]
    fn the_most_special_class_corrects_the_estimate() {
        let hardware = Hardware::generic(2, 32);
        let stage = stage(6e9);
        let predicted = |kernel| model().predict(&hardware, kernel, Variant::Root, &stage);
        let any = predicted(Kernel::Scan);
        assert!((any.log_seconds() - 0.5).abs() < 1e-7 && any.doubt == 0.0, "{any:?}");
        let stencil = predicted(Kernel::Stencil);
        assert!((stencil.log_seconds() - 1.5).abs() < 1e-7 && (stencil.doubt - 0.5).abs() < 1e-7, "{stencil:?}");
        let trusted = trusted(stencil.log_seconds(), stencil.analytic_seconds.ln()).exp();
        assert!(stencil.cautious_seconds() > trusted && trusted > stencil.analytic_seconds);
    }

    #[test]
    fn what_is_outside_of_the_range_is_doubted_and_held() {
        let hardware = Hardware::generic(2, 32);
        let mut scales = [WIDE; INPUTS];
        scales[0] = InputScale { min: -1.0, max: 1.0, ..WIDE };
        let narrow = scaled(scales);
        let stage = stage(6e12);
        let predicted = narrow.predict(&hardware, Kernel::Scan, Variant::Root, &stage);
        assert!(predicted.doubt > 0.5 && (predicted.log_seconds() - 1000f64.ln() - 0.5).abs() < 1e-7, "{predicted:?}");
    }

    #[test]
    fn files_come_back_and_bad_ones_are_refused() {
        let text = model().to_json();
        assert_eq!(LearnedModel::from_json(&text).unwrap(), model());
        assert!(LearnedModel::from_json(&text.replace("nnc-cost-model", "else")).is_err());
        assert!(LearnedModel::from_json(&text.replacen("\"any\"", "\"some\"", 1)).is_err());
        assert!(LearnedModel::from_json("{}").is_err());
    }
}
