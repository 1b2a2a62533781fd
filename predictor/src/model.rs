//! One NN+C model: named inputs in, log-seconds out.

use crate::{Dataset, Error, Network, Normaliser, Result, Schema, Tape, TargetScale};
use ndarray::{Array1, Array2, ArrayView1, ArrayView2};

/// A network with its input names and scaling.
///
/// A model of the residual on an analytic bound holds its inputs at the nearest values seen in training, so
/// that outside the training range the answer follows the bound rather than an extrapolated correction.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    schema: Schema,
    normaliser: Normaliser,
    target: TargetScale,
    network: Network,
}

/// A fixed set of instances prepared for repeated evaluation and differentiation of one model while its
/// parameters change.
#[derive(Debug, Clone)]
pub struct Trace {
    tape: Tape,
    log_bound: Option<Vec<f64>>,
    log_seconds: Vec<f64>,
    scaled: Vec<f64>,
}

impl Trace {
    /// Predicted natural logarithms of seconds `[instances]`, as of the last [`Model::evaluate`].
    pub fn log_seconds(&self) -> &[f64] {
        &self.log_seconds
    }
}

impl Model {
    /// A model of these parts.
    ///
    /// # Errors
    /// [`Error::Length`] when they disagree about the number of inputs; [`Error::Inconsistent`] when the target scale
    /// is impossible.
    pub fn new(schema: Schema, normaliser: Normaliser, target: TargetScale, network: Network) -> Result<Self> {
        Error::check_length("input scales", schema.len(), normaliser.scales().len())?;
        Error::check_length("network inputs", schema.len(), network.shape().inputs())?;
        target.check()?;
        Ok(Model { schema, normaliser, target, network })
    }

    /// The named inputs, in the order all methods expect them.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The input scaling.
    pub fn normaliser(&self) -> &Normaliser {
        &self.normaliser
    }

    /// The output scaling.
    pub fn target(&self) -> &TargetScale {
        &self.target
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The network, for an optimiser to change its parameters.
    pub fn network_mut(&mut self) -> &mut Network {
        &mut self.network
    }

    /// Number of trainable parameters.
    pub fn parameter_count(&self) -> usize {
        self.network.shape().parameter_count()
    }

    /// Natural logarithm of the predicted seconds for one instance: `inputs` in schema order and, for a
    /// residual model, the analytic `bound` in seconds.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::BadValue`] for an input or bound out of its domain, [`Error::MissingBound`].
    pub fn log_seconds(&self, inputs: &[f64], bound: Option<f64>) -> Result<f64> {
        self.log_seconds_with(&self.network, inputs, bound)
    }

    /// [`Model::log_seconds`] by another network of the same inputs.
    pub(crate) fn log_seconds_with(&self, network: &Network, inputs: &[f64], bound: Option<f64>) -> Result<f64> {
        let inputs = ArrayView2::from_shape((1, inputs.len()), inputs).expect("one row of that length");
        let bound = bound.map(|bound| Array1::from_elem(1, bound));
        let columns = self.normalised(inputs.t())?;
        let log_bound = self.log_bound(1, bound.as_ref().map(|bound| bound.view()))?;
        let normalised: Vec<f64> = columns.iter().copied().collect();
        Ok(self.denormalise(network.evaluate(&normalised)?) + log_bound.map_or(0.0, |logs| logs[0]))
    }

    /// Predicted seconds for every instance of `data`, whose inputs are matched by name.
    ///
    /// # Errors
    /// [`Error::MissingInput`] or [`Error::MissingBound`].
    pub fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        let mut trace = self.trace_dataset(data)?;
        Ok(self.evaluate(&mut trace).iter().map(|log| log.exp()).collect())
    }

    /// Schema positions of the inputs that lie outside the range seen in training.
    ///
    /// # Panics
    /// When `inputs` is longer than the schema.
    pub fn outside_range(&self, inputs: &[f64]) -> Vec<usize> {
        let scales = self.normaliser.scales();
        (0..inputs.len()).filter(|&column| !scales[column].range.contains(inputs[column])).collect()
    }

    /// Prepares instances for repeated evaluation: `inputs` `[instances, inputs]` in schema order, and bounds in
    /// seconds `[instances]` for a residual model (others ignore them).
    ///
    /// # Errors
    /// As [`Model::log_seconds`].
    pub fn trace(&self, inputs: ArrayView2<'_, f64>, bound: Option<ArrayView1<'_, f64>>) -> Result<Trace> {
        self.trace_columns(inputs.t(), bound)
    }

    /// [`Model::trace`] of a data set, whose inputs are matched by name.
    ///
    /// # Errors
    /// [`Error::MissingInput`] or [`Error::MissingBound`].
    pub fn trace_dataset(&self, data: &Dataset) -> Result<Trace> {
        self.trace_columns(data.columns(&self.schema)?.view(), data.bound().map(|bound| bound.view()))
    }

    fn trace_columns(&self, columns: ArrayView2<'_, f64>, bound: Option<ArrayView1<'_, f64>>) -> Result<Trace> {
        let instances = columns.ncols();
        let log_bound = self.log_bound(instances, bound)?;
        let tape = Tape::new(self.network.shape(), self.normalised(columns)?)?;
        Ok(Trace { tape, log_bound, log_seconds: vec![0.0; instances], scaled: vec![0.0; instances] })
    }

    /// Evaluates every instance of `trace`, which this model or one of the same shape and scaling made, with
    /// the present parameters. Returns log-seconds `[instances]`.
    pub fn evaluate<'trace>(&self, trace: &'trace mut Trace) -> &'trace [f64] {
        self.network.forward(&mut trace.tape);
        for (log, &output) in trace.log_seconds.iter_mut().zip(trace.tape.outputs()) {
            *log = self.denormalise(output);
        }
        if let Some(log_bound) = &trace.log_bound {
            trace.log_seconds.iter_mut().zip(log_bound).for_each(|(log, bound)| *log += bound);
        }
        &trace.log_seconds
    }

    /// Adds to `gradient` `[parameters]` the derivative of a loss by every parameter, given `upstream` `[instances]`,
    /// the derivative of that loss by each log-second of the last [`Model::evaluate`] of `trace`.
    ///
    /// Example: when a pipeline takes the sum of its stages' times, T = sum exp(l_i), a loss L(ln T) has
    /// `upstream[i]` = L'(ln T) exp(l_i) / T.
    ///
    /// # Panics
    /// When a slice has another length than said.
    pub fn accumulate_gradient(&self, trace: &mut Trace, upstream: &[f64], gradient: &mut [f64]) {
        assert_eq!(upstream.len(), trace.scaled.len(), "upstream length");
        for (scaled, slope) in trace.scaled.iter_mut().zip(upstream) {
            *scaled = slope * self.target.deviation;
        }
        self.network.backward(&mut trace.tape, &trace.scaled, gradient);
    }

    fn denormalise(&self, output: f64) -> f64 {
        self.target.mean + self.target.deviation * output
    }

    /// Normalised inputs `[inputs, instances]` of `columns` `[inputs, instances]`.
    pub(crate) fn normalised(&self, columns: ArrayView2<'_, f64>) -> Result<Array2<f64>> {
        Error::check_length("inputs", self.schema.len(), columns.nrows())?;
        let mut normalised = Array2::zeros(columns.raw_dim());
        for ((column, row), &value) in columns.indexed_iter() {
            if !value.is_finite() {
                let column = self.schema.inputs()[column].name.clone();
                return Err(Error::BadValue { row, column, value, expected: "finite" });
            }
            normalised[(column, row)] = self.normaliser.apply(column, value, self.target.residual);
        }
        Ok(normalised)
    }

    fn log_bound(&self, instances: usize, bound: Option<ArrayView1<'_, f64>>) -> Result<Option<Vec<f64>>> {
        if !self.target.residual {
            return Ok(None);
        }
        let bound = bound.ok_or(Error::MissingBound)?;
        Error::check_length("bounds", instances, bound.len())?;
        for (row, &value) in bound.iter().enumerate() {
            if !(value.is_finite() && value > 0.0) {
                let column = "bound".to_owned();
                return Err(Error::BadValue { row, column, value, expected: "finite and positive" });
            }
        }
        Ok(Some(bound.iter().map(|bound| bound.ln()).collect()))
    }
}
