//! Small scalar programs: symbolic bounds in a form that needs no Halide to evaluate.

use serde::{Deserialize, Serialize};

/// One step of a [`Program`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Token {
    /// Pushes a number.
    Number(f64),
    /// An operator, or a symbol to look up when it names no operator.
    Symbol(String),
}

/// A scalar expression in postfix order, such as `["x.max", 2, "+"]`.
///
/// Operators: `+ - * / // % min max < <= > >= == != && || ! select trunc floor ceil`. `//` and `%` round towards minus
/// infinity for positive divisors and give 0 for a zero divisor, as Halide's integer division does. `select` takes
/// condition, true value, false value. Numbers are 64-bit floats, exact for every 32-bit integer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Program(pub Vec<Token>);

impl Program {
    /// The program's value, with `lookup` giving the values of symbols.
    ///
    /// `None` when a symbol is unknown, the stack does not work out, or the value is not finite.
    pub fn evaluate(&self, lookup: impl Fn(&str) -> Option<f64>) -> Option<f64> {
        let mut stack: Vec<f64> = Vec::with_capacity(8);
        for token in &self.0 {
            let value = match token {
                Token::Number(n) => *n,
                Token::Symbol(s) => match apply(s, &mut stack) {
                    Applied::Value(v) => v,
                    Applied::Underflow => return None,
                    Applied::NoOperator => lookup(s)?,
                },
            };
            stack.push(value);
        }
        match stack[..] {
            [value] if value.is_finite() => Some(value),
            _ => None,
        }
    }
}

enum Applied {
    Value(f64),
    Underflow,
    NoOperator,
}

fn apply(operator: &str, stack: &mut Vec<f64>) -> Applied {
    let arity = match operator {
        "!" | "trunc" | "floor" | "ceil" => 1,
        "+" | "-" | "*" | "/" | "//" | "%" | "min" | "max" | "<" | "<=" | ">" | ">=" | "==" | "!=" | "&&" | "||" => 2,
        "select" => 3,
        _ => return Applied::NoOperator,
    };
    let Some(at) = stack.len().checked_sub(arity) else {
        return Applied::Underflow;
    };
    let value = match stack[at..] {
        [a] => unary(operator, a),
        [a, b] => binary(operator, a, b),
        [condition, a, b] => {
            if condition != 0.0 {
                a
            } else {
                b
            }
        }
        _ => return Applied::Underflow,
    };
    stack.truncate(at);
    Applied::Value(value)
}

fn unary(operator: &str, a: f64) -> f64 {
    match operator {
        "!" => f64::from(a == 0.0),
        "trunc" => a.trunc(),
        "floor" => a.floor(),
        _ => a.ceil(),
    }
}

fn binary(operator: &str, a: f64, b: f64) -> f64 {
    let (p, q) = (a != 0.0, b != 0.0);
    match operator {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "//" if b == 0.0 => 0.0,
        "//" => (a / b).floor(),
        "%" if b == 0.0 => 0.0,
        "%" => a - b * (a / b).floor(),
        "min" => a.min(b),
        "max" => a.max(b),
        "<" => f64::from(a < b),
        "<=" => f64::from(a <= b),
        ">" => f64::from(a > b),
        ">=" => f64::from(a >= b),
        "==" => f64::from(a == b),
        "!=" => f64::from(a != b),
        "&&" => f64::from(p && q),
        _ => f64::from(p || q),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(json: &str) -> Program {
        serde_json::from_str(json).unwrap()
    }

    fn value(json: &str) -> Option<f64> {
        program(json).evaluate(|s| (s == "x.min").then_some(7.0))
    }

    #[test]
    fn evaluates_in_postfix_order() {
        assert_eq!(value(r#"["x.min", 2, "-"]"#), Some(5.0));
        assert_eq!(value(r#"["x.min", 2, "*", 3, "max"]"#), Some(14.0));
        assert_eq!(value(r#"["x.min", 3, "<", 10, 20, "select"]"#), Some(20.0));
    }

    #[test]
    fn integer_division_rounds_down_and_survives_zero() {
        assert_eq!(value(r#"[-7, 2, "//"]"#), Some(-4.0));
        assert_eq!(value(r#"[-7, 2, "%"]"#), Some(1.0));
        assert_eq!(value(r#"[5, 0, "//"]"#), Some(0.0));
    }

    #[test]
    fn malformed_programs_have_no_value() {
        assert_eq!(value(r#"["+"]"#), None);
        assert_eq!(value(r#"[1, 2]"#), None);
        assert_eq!(value(r#"["unknown"]"#), None);
        assert_eq!(value(r#"[1, 0, "/"]"#), None);
    }
}
