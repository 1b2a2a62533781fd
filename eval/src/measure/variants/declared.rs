//! The parameters that a generator declares.
//!
//! Halide lists them nowhere but in the C++ stub that any generator executable writes (`-e cpp_stub`), with types and
//! defaults. Ranges are not there: a value out of range is one that the generator itself refuses.

use std::fmt;

use anyhow::{Context, Result};

use crate::measure::build::generator::{self, Pipeline};
use crate::results::failure::{explain, Failure};
use crate::system::child::{self, Limits};
use crate::system::tail::Tail;

/// The value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    Flag(bool),
    Whole(i64),
    Real(f64),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Flag(flag) => flag.fmt(f),
            Value::Whole(number) => number.fmt(f),
            Value::Real(number) => number.fmt(f),
        }
    }
}

/// A parameter that is a flag or a number, with its default.
#[derive(Clone, Debug, PartialEq)]
pub struct Declared {
    pub name: String,
    pub default: Value,
}

/// The flags and numbers that a pipeline's generator declares.
pub fn declared(pipeline: &Pipeline, limits: &Limits) -> Result<Vec<Declared>> {
    let folder = tempfile::tempdir()?;
    let mut command = generator::command(&pipeline.executable.path);
    command.args(["-g", &pipeline.name, "-n", "stub", "-e", "cpp_stub", "target=host", "-o"]).arg(folder.path());
    let mut tail = Tail::default();
    let finished = child::run(command, limits, |_, line| tail.push(line))?;
    if let Some(Failure { message, .. }) = explain(&finished, &tail, limits, "listing its parameters") {
        anyhow::bail!("{}: {message}", pipeline.name);
    }
    let stub = std::fs::read_to_string(folder.path().join("stub.stub.h"));
    Ok(parse(&stub.with_context(|| format!("{} wrote no stub", pipeline.name))?))
}

/// The members of the stub's struct of parameters, up to its constructors.
fn parse(stub: &str) -> Vec<Declared> {
    let members = stub.lines().skip_while(|line| line.trim() != "struct GeneratorParams final {").skip(1);
    members.take_while(|line| !line.contains("GeneratorParams(")).filter_map(member).collect()
}

/// A line like `int32_t radius{ 12 };`.
fn member(line: &str) -> Option<Declared> {
    let (kind, rest) = line.trim().split_once(' ')?;
    let (name, value) = rest.strip_suffix("};")?.split_once('{')?;
    let value = value.trim();
    let default = match kind {
        "bool" => Value::Flag(value.parse().ok()?),
        "float" | "double" => Value::Real(value.trim_end_matches('f').parse().ok()?),
        _ if kind.ends_with("int8_t") || kind.ends_with("int16_t") => Value::Whole(value.parse().ok()?),
        _ if kind.ends_with("int32_t") || kind.ends_with("int64_t") => Value::Whole(value.parse().ok()?),
        _ => return None,
    };
    Some(Declared { name: name.trim().to_owned(), default })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_of_the_stub() {
        let stub = " struct Inputs final {\n  Expr alpha;\n };\n\n struct GeneratorParams final {\n  bool manual{ false };\n  \
                    int32_t radius{ 12 };\n  float scale{ 0.6f };\n  std::string families{ \"all\" };\n\n  \
                    GeneratorParams() {}\n\n  GeneratorParams(\n   bool manual\n  ) : \n";
        let of = |name: &str, default| Declared { name: name.to_owned(), default };
        let expected =
            [of("manual", Value::Flag(false)), of("radius", Value::Whole(12)), of("scale", Value::Real(0.6))];
        assert_eq!(parse(stub), expected);
        assert_eq!(parse("no stub"), []);
    }
}
