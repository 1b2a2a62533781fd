//! Measured instances: named inputs and the time each took.

use crate::{Error, Result, Rng, Schema};
use ndarray::{Array1, Array2, Axis};

/// Instances of one kernel variant on one machine. Every value is finite, every time and bound positive.
#[derive(Debug, Clone, PartialEq)]
pub struct Dataset {
    schema: Schema,
    inputs: Array2<f64>,
    seconds: Array1<f64>,
    bound: Option<Array1<f64>>,
}

impl Dataset {
    /// A data set of `inputs` `[instances, inputs]` and measured `seconds` `[instances]`.
    ///
    /// # Errors
    /// [`Error::Length`] when shapes disagree with each other or the schema; [`Error::BadValue`] for an input that
    /// is not finite or a time that is not finite and positive.
    pub fn new(schema: Schema, inputs: Array2<f64>, seconds: Array1<f64>) -> Result<Self> {
        Error::check_length("columns of the data", schema.len(), inputs.ncols())?;
        Error::check_length("measured times", inputs.nrows(), seconds.len())?;
        for ((row, column), &value) in inputs.indexed_iter() {
            if !value.is_finite() {
                let column = schema.inputs()[column].name.clone();
                return Err(Error::BadValue { row, column, value, expected: "finite" });
            }
        }
        check_positive("seconds", &seconds)?;
        Ok(Dataset { schema, inputs, seconds, bound: None })
    }

    /// This data with an analytic lower bound or estimate of each instance's time, in seconds `[instances]`. A
    /// model trained on it learns the logarithm of the ratio of time to bound.
    ///
    /// # Errors
    /// [`Error::Length`] or, for a bound that is not finite and positive, [`Error::BadValue`].
    pub fn with_bound(self, bound: Array1<f64>) -> Result<Self> {
        Error::check_length("bounds", self.len(), bound.len())?;
        check_positive("bound", &bound)?;
        Ok(Dataset { bound: Some(bound), ..self })
    }

    /// Number of instances.
    pub fn len(&self) -> usize {
        self.seconds.len()
    }

    /// Whether there are no instances.
    pub fn is_empty(&self) -> bool {
        self.seconds.is_empty()
    }

    /// The named inputs.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Inputs `[instances, inputs]`.
    pub fn inputs(&self) -> &Array2<f64> {
        &self.inputs
    }

    /// Measured times in seconds `[instances]`.
    pub fn seconds(&self) -> &Array1<f64> {
        &self.seconds
    }

    /// Analytic bounds in seconds `[instances]`, if any.
    pub fn bound(&self) -> Option<&Array1<f64>> {
        self.bound.as_ref()
    }

    /// The instances with these row numbers, in this order; repeats are allowed.
    ///
    /// # Panics
    /// When a row number is not below [`Dataset::len`].
    pub fn select(&self, rows: &[usize]) -> Dataset {
        Dataset {
            schema: self.schema.clone(),
            inputs: self.inputs.select(Axis(0), rows),
            seconds: self.seconds.select(Axis(0), rows),
            bound: self.bound.as_ref().map(|bound| bound.select(Axis(0), rows)),
        }
    }

    /// Splits into `first` randomly chosen instances and the rest.
    ///
    /// # Errors
    /// [`Error::TooFewInstances`] when there are fewer than `first` instances.
    pub fn split(&self, first: usize, seed: u64) -> Result<(Dataset, Dataset)> {
        if first > self.len() {
            return Err(Error::TooFewInstances { found: self.len(), needed: first });
        }
        let order = Rng::new(seed).permutation(self.len());
        Ok((self.select(&order[..first]), self.select(&order[first..])))
    }

    /// The same instances with only these input columns. The bound is kept only if `keep_bound`.
    ///
    /// # Errors
    /// [`Error::NoInputs`] when `columns` is empty.
    ///
    /// # Panics
    /// When a column number is not below the number of inputs.
    pub fn with_columns(&self, columns: &[usize], keep_bound: bool) -> Result<Dataset> {
        let kept = columns.iter().map(|&column| self.schema.inputs()[column].clone()).collect();
        Ok(Dataset {
            schema: Schema::new(kept)?,
            inputs: self.inputs.select(Axis(1), columns),
            seconds: self.seconds.clone(),
            bound: self.bound.clone().filter(|_| keep_bound),
        })
    }

    /// The columns of `wanted`'s inputs, matched by name, as structure of arrays `[inputs, instances]`.
    ///
    /// # Errors
    /// [`Error::MissingInput`] when one is absent.
    pub fn columns(&self, wanted: &Schema) -> Result<Array2<f64>> {
        let columns = self.schema.columns_of(wanted)?;
        Ok(self.inputs.select(Axis(1), &columns).t().as_standard_layout().into_owned())
    }

    /// A 64-bit FNV-1a fingerprint of names, kinds and values, as 16 hexadecimal digits. It tells data sets apart;
    /// it does not protect against forgery.
    pub fn fingerprint(&self) -> String {
        let mut hash = 0xcbf2_9ce4_8422_2325u64;
        let mut absorb = |bytes: &[u8]| {
            for &byte in bytes {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        };
        for input in self.schema.inputs() {
            absorb(input.name.as_bytes());
            absorb(&[0, input.kind as u8]);
        }
        let values = self.inputs.iter().chain(&self.seconds).chain(self.bound.iter().flatten());
        for value in values {
            absorb(&value.to_le_bytes());
        }
        format!("{hash:016x}")
    }
}

fn check_positive(column: &str, values: &Array1<f64>) -> Result<()> {
    match values.iter().position(|value| !(value.is_finite() && *value > 0.0)) {
        None => Ok(()),
        Some(row) => {
            Err(Error::BadValue { row, column: column.to_owned(), value: values[row], expected: "finite and positive" })
        }
    }
}
