//! One NN+C model: named inputs in, log-seconds out.

use crate::normalise::Reach;
use crate::{Dataset, Error, InputKind, Network, Normaliser, Rates, Result, Schema, Tape, TargetScale};
use ndarray::{concatenate, Array1, Array2, ArrayView1, ArrayView2, Axis};

/// How far beyond the range seen the network of a residual model still follows an input: near the range it extrapolates, further
/// out the answer follows the bound.
const REACH: f64 = 0.25;

/// A network with its input names and scaling.
///
/// A model of the residual on an analytic bound holds its inputs near the values seen in training, so
/// that outside the training range the answer follows the bound rather than an extrapolated correction. The
/// answer stays within the limits of the [`TargetScale`], times the bound if there is one.
///
/// The bound comes from the caller or, for a model with [`Rates`], from the complexity inputs. Such a model's network
/// sees the other inputs and, unless the bound alone carries it, last the bound in place of the complexity terms it is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    schema: Schema,
    rates: Option<Rates>,
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
    /// A model of these parts. With `rates`, the complexity inputs come last in `schema`.
    ///
    /// # Errors
    /// [`Error::Length`] when they disagree about the number of inputs; [`Error::Inconsistent`] when the target scale
    /// is impossible or rates do not fit the schema; [`Error::TooManyParameters`] when rates exceed what the network leaves.
    pub fn new(
        schema: Schema,
        rates: Option<Rates>,
        normaliser: Normaliser,
        target: TargetScale,
        network: Network,
    ) -> Result<Self> {
        let mut inputs = schema.len();
        if let Some(rates) = &rates {
            let terms = rates.seconds_per_unit().len();
            let plain = schema.inputs().iter().take_while(|input| input.kind != InputKind::Complexity).count();
            if plain + terms != schema.len() || !target.residual {
                return Err(Error::Inconsistent(format!("{terms} rates do not fit the inputs or the target")));
            }
            network.shape().check_room_for(rates.parameter_count())?;
            inputs = if plain > 0 && normaliser.scales().len() == plain { plain } else { plain + 1 };
        }
        Error::check_length("input scales", inputs, normaliser.scales().len())?;
        Error::check_length("network inputs", inputs, network.shape().inputs())?;
        target.check()?;
        Ok(Model { schema, rates, normaliser, target, network })
    }

    /// What makes the bound from the complexity inputs, if the model has it so.
    pub fn rates(&self) -> Option<&Rates> {
        self.rates.as_ref()
    }

    /// The named inputs, in the order all methods expect them.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The scaling of the network's inputs.
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

    /// The same without limits to what it answers: to be trained further, on other times than those it was made from.
    pub fn unlimited(self) -> Self {
        Model { target: TargetScale { limits: None, ..self.target }, ..self }
    }

    /// Number of fitted parameters: the network's, and the rates.
    pub fn parameter_count(&self) -> usize {
        self.network.shape().parameter_count() + self.rates.as_ref().map_or(0, Rates::parameter_count)
    }

    /// Natural logarithm of the predicted seconds for one instance: `inputs` in schema order and, for a
    /// residual model without rates of its own, the analytic `bound` in seconds.
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
        let (columns, log_bound) = self.prepare(inputs.t(), bound.as_ref().map(|bound| bound.view()))?;
        let normalised: Vec<f64> = columns.iter().copied().collect();
        Ok(self.target.apply(network.evaluate(&normalised)?) + log_bound.map_or(0.0, |logs| logs[0]))
    }

    /// Predicted seconds for every instance of `data`, whose inputs are matched by name.
    ///
    /// # Errors
    /// [`Error::MissingInput`] or [`Error::MissingBound`].
    pub fn predict(&self, data: &Dataset) -> Result<Array1<f64>> {
        let mut trace = self.trace_dataset(data)?;
        Ok(self.evaluate(&mut trace).iter().map(|log| log.exp()).collect())
    }

    /// Schema positions of the inputs that lie outside the range seen in training. Terms that go into a bound may: it
    /// is sound everywhere.
    ///
    /// # Panics
    /// When `inputs` is shorter than what the network sees of them.
    pub fn outside_range(&self, inputs: &[f64]) -> Vec<usize> {
        let scales = self.normaliser.scales();
        (0..self.plain_inputs()).filter(|&column| !scales[column].range.contains(inputs[column])).collect()
    }

    /// Number of inputs that the network sees as they are, the first of the schema.
    pub(crate) fn plain_inputs(&self) -> usize {
        self.schema.len() - self.rates.as_ref().map_or(0, |rates| rates.seconds_per_unit().len())
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
        let (normalised, log_bound) = self.prepare(columns, bound)?;
        let tape = Tape::new(self.network.shape(), normalised)?;
        Ok(Trace { tape, log_bound, log_seconds: vec![0.0; instances], scaled: vec![0.0; instances] })
    }

    /// Evaluates every instance of `trace`, which this model or one of the same shape and scaling made, with
    /// the present parameters. Returns log-seconds `[instances]`.
    pub fn evaluate<'trace>(&self, trace: &'trace mut Trace) -> &'trace [f64] {
        self.network.forward(&mut trace.tape);
        for (log, &output) in trace.log_seconds.iter_mut().zip(trace.tape.outputs()) {
            *log = self.target.apply(output);
        }
        if let Some(log_bound) = &trace.log_bound {
            trace.log_seconds.iter_mut().zip(log_bound).for_each(|(log, bound)| *log += bound);
        }
        &trace.log_seconds
    }

    /// Adds to `gradient` `[network parameters]` the derivative of a loss by every parameter of the network, given `upstream` `[instances]`,
    /// the derivative of that loss by each log-second of the last [`Model::evaluate`] of `trace`.
    ///
    /// Example: when a pipeline takes the sum of its stages' times, T = sum exp(l_i), a loss L(ln T) has
    /// `upstream[i]` = L'(ln T) exp(l_i) / T.
    ///
    /// # Panics
    /// When a slice has another length than said.
    pub fn accumulate_gradient(&self, trace: &mut Trace, upstream: &[f64], gradient: &mut [f64]) {
        assert_eq!(upstream.len(), trace.scaled.len(), "upstream length");
        for ((scaled, slope), &output) in trace.scaled.iter_mut().zip(upstream).zip(trace.tape.outputs()) {
            *scaled = if self.target.clips(output) { 0.0 } else { slope * self.target.deviation };
        }
        self.network.backward(&mut trace.tape, &trace.scaled, gradient);
    }

    /// The network's normalised inputs `[inputs, instances]` for `columns` `[schema, instances]`, and the logarithms of
    /// the bounds of a residual model.
    #[allow(clippy::type_complexity)]
    fn prepare(
        &self,
        columns: ArrayView2<'_, f64>,
        bound: Option<ArrayView1<'_, f64>>,
    ) -> Result<(Array2<f64>, Option<Vec<f64>>)> {
        Error::check_length("inputs", self.schema.len(), columns.nrows())?;
        for ((column, row), &value) in columns.indexed_iter() {
            if !value.is_finite() {
                let column = self.schema.inputs()[column].name.clone();
                return Err(Error::BadValue { row, column, value, expected: "finite" });
            }
        }
        let Some(rates) = &self.rates else {
            return Ok((self.normalised(columns), self.log_bound(columns.ncols(), bound)?));
        };
        let (seen, bound) = augment(columns, self.plain_inputs(), rates);
        let (seen, _) = seen.view().split_at(Axis(0), self.normaliser.scales().len());
        Ok((self.normalised(seen), self.log_bound(columns.ncols(), Some(bound.view()))?))
    }

    /// How far beyond what was seen the network follows its inputs.
    pub(crate) fn reach(&self) -> Reach {
        match (self.target.residual, self.target.limits) {
            (false, _) => Reach::Unlimited,
            (true, None) => Reach::Beyond(0.0),
            (true, Some(_)) => Reach::Beyond(REACH),
        }
    }

    fn normalised(&self, seen: ArrayView2<'_, f64>) -> Array2<f64> {
        let reach = self.reach();
        Array2::from_shape_fn(seen.raw_dim(), |(column, row)| self.normaliser.apply(column, seen[(column, row)], reach))
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

/// What the network of a model with rates sees of `columns` `[schema, instances]`: the first `plain` inputs and the bound
/// `[plain + 1, instances]`; and that bound in seconds `[instances]`.
pub(crate) fn augment(columns: ArrayView2<'_, f64>, plain: usize, rates: &Rates) -> (Array2<f64>, Array1<f64>) {
    let (plain, terms) = columns.split_at(Axis(0), plain);
    let bound: Array1<f64> = terms.columns().into_iter().map(|terms| rates.seconds(terms.iter().copied())).collect();
    let seen = concatenate![Axis(0), plain, bound.view().insert_axis(Axis(0))];
    (seen, bound)
}
