//! Operation histograms of a stage.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Operations of one evaluation of a stage, by the loops that they depend on; common subexpressions count once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Operations(pub Vec<Dependent>);

/// Operations whose values depend on the same loops: what other loops do not move is computed outside of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dependent {
    /// Indices of loops of the stage, in ascending order. Without any, the values depend on loads from fixed places alone.
    pub loops: Vec<usize>,
    /// By element type and operation.
    ///
    /// Operations: `add` (and subtract), `mul`, `div`, `div_by_constant` (both also modulo), `min_max`, `compare`, `logic`,
    /// `select`, `cast` (by the wider of both types), `intrinsic` (Halide intrinsics: shifts, absolute differences, ...;
    /// quotients and remainders by powers of two), `math` (exponentials and logarithms, which Halide computes in vectors),
    /// `sqrt`, `call` (libm and other external functions, lane by lane).
    pub counts: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Operations {
    /// Rough cost of one evaluation in units of one simple vector operation: divisions and roots count 8,
    /// exponentials 20, calls 100, casts a half.
    pub fn weight(&self) -> f64 {
        self.iter().map(|(_, operation, count)| f64::from(count) * weight(operation)).sum()
    }

    /// Whether all are on these types, and none is more than arithmetic.
    pub(crate) fn are_arithmetic(&self, types: &[&str]) -> bool {
        self.iter().all(|(t, operation, _)| types.contains(&t) && !matches!(operation, "math" | "sqrt" | "call"))
    }

    /// Whether there is a division of floating-point numbers.
    pub(crate) fn divides_floats(&self) -> bool {
        self.iter().any(|(t, operation, _)| t.starts_with("float") && operation == "div")
    }

    /// All `(type, operation, count)`; one of a kind for each group that has some.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        self.0.iter().flat_map(Dependent::iter)
    }
}

impl Dependent {
    /// All `(type, operation, count)`.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, u32)> {
        self.counts
            .iter()
            .flat_map(|(t, ops)| ops.iter().map(move |(operation, &count)| (t.as_str(), operation.as_str(), count)))
    }
}

fn weight(operation: &str) -> f64 {
    match operation {
        "div" | "sqrt" => 8.0,
        "div_by_constant" => 3.0,
        "math" => 20.0,
        "call" => 100.0,
        "cast" => 0.5,
        _ => 1.0,
    }
}
