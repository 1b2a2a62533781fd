//! Pipelines with other values of their generators' parameters: levels, radii, taps, channels.
//!
//! Which values make sense is for the generator to say, by refusing the others.

mod declared;

use anyhow::{ensure, Result};

use crate::measure::build::generator::Pipeline;
use crate::measure::build::schedulers::MANUAL;
use crate::measure::run::values::mix;
use crate::system::child::Limits;
use declared::{declared, Declared, Value};

/// A pipeline, and the parameters of its generator that may be varied: numbers and flags that nobody has given a value.
#[derive(Clone, Debug)]
pub struct Variable {
    /// With the parameters' defaults.
    pub pipeline: Pipeline,
    params: Vec<Declared>,
}

/// Asks the generators of these pipelines for their parameters; at least one must have some to vary.
pub fn open(pipelines: Vec<Pipeline>, limits: &Limits) -> Result<Vec<Variable>> {
    let mut variable = Vec::new();
    for pipeline in pipelines {
        let mut params = declared(&pipeline, limits)?;
        params.retain(|p| p.name != MANUAL && !pipeline.params.iter().any(|(given, _)| *given == p.name));
        variable.extend((!params.is_empty()).then_some(Variable { pipeline, params }));
    }
    let none = "no generator has a parameter to vary: a number or a flag that has not been given a value";
    ensure!(!variable.is_empty(), crate::system::ending::Usage(none.to_owned()));
    Ok(variable)
}

impl Variable {
    /// The pipelines that differ from it in one parameter, which has one of a handful of values.
    pub fn in_one(&self) -> Vec<Pipeline> {
        let in_param = |param: &Declared| -> Vec<Pipeline> {
            nearby(param.default).into_iter().map(|value| self.with([(param.name.clone(), value)])).collect()
        };
        self.params.iter().flat_map(in_param).collect()
    }

    /// A random one, by seed: every parameter is drawn.
    pub fn drawn(&self, seed: u64) -> Pipeline {
        let mut random = seed;
        let values = self.params.iter().map(|param| {
            random = mix(random);
            (param.name.clone(), draw(param.default, random))
        });
        self.with(values.collect::<Vec<_>>())
    }

    fn with(&self, values: impl IntoIterator<Item = (String, Value)>) -> Pipeline {
        let mut pipeline = self.pipeline.clone();
        pipeline.params.extend(values.into_iter().map(|(name, value)| (name, value.to_string())));
        pipeline
    }
}

/// One, two, half and one more: the least that there may be, and what is even or odd where the default is not.
fn nearby(default: Value) -> Vec<Value> {
    match default {
        Value::Flag(flag) => vec![Value::Flag(!flag)],
        Value::Real(number) => [0.5, 2.0].map(|factor| Value::Real(factor * number)).to_vec(),
        Value::Whole(number) => {
            let mut values = vec![1, 2, number / 2, number.saturating_add(1)];
            values.sort_unstable();
            values.dedup();
            values.retain(|&value| value != number && value > 0);
            values.into_iter().map(Value::Whole).collect()
        }
    }
}

/// Small numbers are as likely as those around the default, which is exceeded by half at most: most parameters multiply work.
fn draw(default: Value, random: u64) -> Value {
    let share = (random >> 11) as f64 / (1u64 << 53) as f64;
    match default {
        Value::Flag(_) => Value::Flag(share < 0.5),
        Value::Real(number) => Value::Real(number * 4f64.powf(share - 0.5)),
        Value::Whole(number) => {
            let most = (1.5 * number as f64).max(3.0);
            let small = share < 0.5;
            let part = if small { 2.0 * share } else { 2.0 * share - 1.0 };
            Value::Whole(1 + (part * if small { most.min(4.0) } else { most }) as i64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearby_values_differ_from_the_default() {
        let whole =
            |default| nearby(Value::Whole(default)).iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
        assert_eq!([whole(8), whole(1), whole(2), whole(0)], ["1 2 4 9", "2", "1 3", "1 2"]);
        assert_eq!(nearby(Value::Flag(true)), [Value::Flag(false)]);
        assert_eq!(nearby(Value::Real(0.5)), [Value::Real(0.25), Value::Real(1.0)]);
    }

    #[test]
    fn draws_are_of_the_seed_and_cover_small_and_large() {
        let drawn = |seed| draw(Value::Whole(8), mix(seed));
        assert_eq!(drawn(3), drawn(3));
        let all: std::collections::BTreeSet<String> = (0..500).map(|seed| drawn(seed).to_string()).collect();
        let expected: std::collections::BTreeSet<String> = (1..=12).map(|value: i64| value.to_string()).collect();
        assert_eq!(all, expected);
    }
}
