//! Named inputs.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// What an input stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A kernel parameter K: a size, a density, a schedule parameter.
    Parameter,
    /// A hardware or code parameter H: threads, vector width.
    Hardware,
    /// A complexity term c = f(K, H): operations, bytes touched.
    Complexity,
}

/// One input of a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Input {
    /// Unique name, by which data and model are matched.
    pub name: String,
    /// What it stands for.
    pub kind: InputKind,
}

impl Input {
    /// An input `name` of the given `kind`.
    pub fn new(name: impl Into<String>, kind: InputKind) -> Self {
        Input { name: name.into(), kind }
    }
}

/// The ordered, uniquely named inputs of a data set or model; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    inputs: Vec<Input>,
}

impl Schema {
    /// A schema of these inputs in this order.
    ///
    /// # Errors
    /// [`Error::NoInputs`] when empty, [`Error::DuplicateInput`] when a name repeats.
    pub fn new(inputs: Vec<Input>) -> Result<Self> {
        if inputs.is_empty() {
            return Err(Error::NoInputs);
        }
        let mut seen = std::collections::HashSet::new();
        for input in &inputs {
            if !seen.insert(input.name.as_str()) {
                return Err(Error::DuplicateInput(input.name.clone()));
            }
        }
        Ok(Schema { inputs })
    }

    /// A schema from lists of names: parameters K, hardware H, complexity terms c, in that order.
    ///
    /// # Errors
    /// As [`Schema::new`].
    pub fn from_names(parameters: &[&str], hardware: &[&str], complexity: &[&str]) -> Result<Self> {
        let kinds =
            [(parameters, InputKind::Parameter), (hardware, InputKind::Hardware), (complexity, InputKind::Complexity)];
        let inputs = kinds.iter().flat_map(|(names, kind)| names.iter().map(|name| Input::new(*name, *kind))).collect();
        Schema::new(inputs)
    }

    /// The inputs, in column order.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// Number of inputs, at least 1.
    #[allow(clippy::len_without_is_empty)] // a schema is never empty
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Column of the input called `name`.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.inputs.iter().position(|input| input.name == name)
    }

    /// Columns of the inputs for which `keep` holds.
    pub fn indices_where(&self, keep: impl Fn(InputKind) -> bool) -> Vec<usize> {
        (0..self.len()).filter(|&column| keep(self.inputs[column].kind)).collect()
    }

    /// The column of each of `wanted`'s inputs in this schema.
    ///
    /// # Errors
    /// [`Error::MissingInput`] naming the first input that is absent.
    pub fn columns_of(&self, wanted: &Schema) -> Result<Vec<usize>> {
        let find = |input: &Input| self.index_of(&input.name).ok_or_else(|| Error::MissingInput(input.name.clone()));
        wanted.inputs.iter().map(find).collect()
    }
}
