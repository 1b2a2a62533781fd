//! Training data as networks see them: normalised, and relative to a base where there is one.

use crate::model::augment;
use crate::normalise::Reach;
use crate::{
    Dataset, Error, InputKind, Model, Network, Normaliser, Rates, Result, Schema, Shape, Tape, TargetScale, TrainConfig,
};
use ndarray::{Array1, Array2, ArrayView2, Axis};

/// Fewest instances that can be split and fitted at all.
const FEWEST_INSTANCES: usize = 8;

/// Normalised training data.
pub(crate) struct Problem {
    schema: Schema,
    rates: Option<Rates>,
    normaliser: Normaliser,
    target: TargetScale,
    /// `[inputs, instances]`
    inputs: Array2<f64>,
    targets: Vec<f64>,
    /// Natural logarithms of the seconds that targets are relative to, zero where there is no base `[instances]`.
    log_base: Vec<f64>,
}

impl Problem {
    /// `data` relative to each base that there is for them: the bound they have or, where complexity inputs stand for one, what
    /// those take at fitted [`Rates`], with an overhead and, if that makes a difference, without. At least one.
    ///
    /// # Errors
    /// [`Error::TooFewInstances`] below 8 instances.
    pub(crate) fn all(data: &Dataset) -> Result<Vec<Self>> {
        if data.len() < FEWEST_INSTANCES {
            return Err(Error::TooFewInstances { found: data.len(), needed: FEWEST_INSTANCES });
        }
        let schema = plain_inputs_first(data.schema())?;
        let columns = data.columns(&schema)?;
        let terms = schema.indices_where(|kind| kind == InputKind::Complexity);
        let (Some(&first), None) = (terms.first(), data.bound()) else {
            return Ok(vec![Problem::relative_to(data, schema, columns, data.bound().cloned(), None)?]);
        };
        let (_, terms) = columns.view().split_at(Axis(0), first);
        let of_rates = |rates: Rates| {
            let (seen, base) = augment(columns.view(), first, &rates);
            Problem::relative_to(data, schema.clone(), seen, Some(base), Some(rates))
        };
        Rates::candidates(terms, &data.seconds().to_vec())?.into_iter().map(of_rates).collect()
    }

    /// `data` of which a network sees `inputs` `[inputs, instances]`, relative to `base` in seconds `[instances]`.
    fn relative_to(
        data: &Dataset,
        schema: Schema,
        mut inputs: Array2<f64>,
        base: Option<Array1<f64>>,
        rates: Option<Rates>,
    ) -> Result<Self> {
        let normaliser = Normaliser::fit(&inputs)?;
        let seconds = data.seconds().to_vec();
        let target = TargetScale::fit(&seconds, base.as_ref().map(Array1::to_vec).as_deref())?;
        for (column, mut row) in inputs.rows_mut().into_iter().enumerate() {
            row.mapv_inplace(|value| normaliser.apply(column, value, Reach::Unlimited));
        }
        let log_base = base.map_or_else(|| vec![0.0; data.len()], |base| base.iter().map(|base| base.ln()).collect());
        let target_of = |(seconds, log_base): (&f64, &f64)| (seconds.ln() - log_base - target.mean) / target.deviation;
        let targets = seconds.iter().zip(&log_base).map(target_of).collect();
        Ok(Problem { schema, rates, normaliser, target, inputs, targets, log_base })
    }

    /// Shapes to start from: with as many inputs as there are and, where the last is the base, also without it. A base
    /// that the other inputs imply is best left to the residual's other factor.
    ///
    /// # Errors
    /// [`Error::Length`] for a shape of `config` with other inputs; [`Error::TooManyParameters`].
    pub(crate) fn shapes(&self, config: &TrainConfig) -> Result<Vec<Shape>> {
        let inputs = self.inputs();
        let fewest = if self.rates.is_some() && inputs > 1 { inputs - 1 } else { inputs };
        let reserved = self.rates.as_ref().map_or(0, Rates::parameter_count);
        if config.shapes.is_empty() {
            let mut shapes = Shape::candidates(fewest, reserved)?;
            if fewest < inputs {
                shapes.extend(Shape::candidates(inputs, reserved).into_iter().flatten());
            }
            return Ok(shapes);
        }
        for shape in &config.shapes {
            if shape.inputs() != fewest {
                Error::check_length("inputs of the shape", inputs, shape.inputs())?;
            }
            shape.check_room_for(reserved)?;
        }
        Ok(config.shapes.clone())
    }

    /// Number of inputs, the base included.
    pub(crate) fn inputs(&self) -> usize {
        self.inputs.nrows()
    }

    /// What a network of `shape` sees of the instances `rows` `[inputs, instances]`.
    pub(crate) fn seen_by(&self, shape: &Shape, rows: &[usize]) -> Array2<f64> {
        first_rows(&self.inputs, shape.inputs()).select(Axis(1), rows)
    }

    /// Normalised targets of the instances `rows`.
    pub(crate) fn targets(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|&row| self.targets[row]).collect()
    }

    /// Scale of the output: what a normalised residual of 1 is in log-seconds.
    pub(crate) fn deviation(&self) -> f64 {
        self.target.deviation
    }

    /// Number of fitted numbers in the base that the data determined.
    pub(crate) fn determined(&self) -> usize {
        self.rates.as_ref().map_or(0, |rates| rates.determined(self.target.range.min))
    }

    /// Log-seconds that `network` predicts half-way between the instances of each pair.
    pub(crate) fn half_way(&self, network: &Network, pairs: &[[usize; 2]]) -> Result<Vec<f64>> {
        let half = |of: &dyn Fn(usize) -> f64, [a, b]: [usize; 2]| 0.5 * (of(a) + of(b));
        let inputs = Array2::from_shape_fn((network.shape().inputs(), pairs.len()), |(input, pair)| {
            half(&|row| self.inputs[(input, row)], pairs[pair])
        });
        let mut tape = Tape::new(network.shape(), inputs)?;
        network.forward(&mut tape);
        let bases = pairs.iter().map(|&pair| half(&|row| self.log_base[row], pair));
        Ok(tape.outputs().iter().zip(bases).map(|(&output, base)| self.target.apply(output) + base).collect())
    }

    /// Sum of squared errors of the instances `rows`, in log-seconds.
    pub(crate) fn squared_error(&self, network: &Network, rows: &[usize]) -> Result<f64> {
        let mut tape = Tape::new(network.shape(), self.seen_by(network.shape(), rows))?;
        network.forward(&mut tape);
        let errors = tape.outputs().iter().zip(rows).map(|(output, &row)| output - self.targets[row]);
        Ok(errors.map(|error| (self.target.deviation * error).powi(2)).sum())
    }

    /// The model that `network` makes with the scaling of these data.
    pub(crate) fn model(&self, network: Network) -> Result<Model> {
        let scales = self.normaliser.scales()[..network.shape().inputs()].to_vec();
        let normaliser = Normaliser::from_scales(scales)?;
        Model::new(self.schema.clone(), self.rates.clone(), normaliser, self.target, network)
    }
}

fn first_rows(matrix: &Array2<f64>, count: usize) -> ArrayView2<'_, f64> {
    matrix.view().split_at(Axis(0), count).0
}

/// The schema with the complexity inputs last.
fn plain_inputs_first(schema: &Schema) -> Result<Schema> {
    let mut inputs = schema.inputs().to_vec();
    inputs.sort_by_key(|input| input.kind == InputKind::Complexity);
    Schema::new(inputs)
}
