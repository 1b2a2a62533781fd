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
        let step = |token: &Token| match token {
            Token::Number(n) => Some(Step::Push(*n)),
            Token::Symbol(s) => Operator::parse(s).map(Step::Apply).or_else(|| lookup(s).map(Step::Push)),
        };
        run(self.0.iter().map(step), &mut vec![0.0; self.0.len()])
    }
}

/// What a token does to the stack.
pub(super) enum Step {
    /// Puts a value on top.
    Push(f64),
    /// Replaces operands by a value.
    Apply(Operator),
}

/// Runs a program on a stack that is deep enough for one push per step. `None` where a step is missing, the stack does
/// not work out, or the value is not finite.
pub(super) fn run(steps: impl Iterator<Item = Option<Step>>, stack: &mut [f64]) -> Option<f64> {
    let mut depth = 0;
    for step in steps {
        match step? {
            Step::Push(value) => {
                stack[depth] = value;
                depth += 1;
            }
            Step::Apply(operator) => {
                depth = (depth + 1).checked_sub(operator.arity())?;
                stack[depth - 1] = operator.apply(&stack[depth - 1..])?;
            }
        }
    }
    (depth == 1 && stack[0].is_finite()).then(|| stack[0])
}

/// An operator of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Not,
    Trunc,
    Floor,
    Ceil,
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Min,
    Max,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Equal,
    Unequal,
    And,
    Or,
    Select,
}

impl Operator {
    pub(super) fn parse(symbol: &str) -> Option<Self> {
        Some(match symbol {
            "!" => Self::Not,
            "trunc" => Self::Trunc,
            "floor" => Self::Floor,
            "ceil" => Self::Ceil,
            "+" => Self::Add,
            "-" => Self::Subtract,
            "*" => Self::Multiply,
            "/" => Self::Divide,
            "//" => Self::FloorDivide,
            "%" => Self::Modulo,
            "min" => Self::Min,
            "max" => Self::Max,
            "<" => Self::Less,
            "<=" => Self::LessEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterEqual,
            "==" => Self::Equal,
            "!=" => Self::Unequal,
            "&&" => Self::And,
            "||" => Self::Or,
            "select" => Self::Select,
            _ => return None,
        })
    }

    fn arity(self) -> usize {
        match self {
            Self::Not | Self::Trunc | Self::Floor | Self::Ceil => 1,
            Self::Select => 3,
            _ => 2,
        }
    }

    /// The value of the first operands of a slice.
    fn apply(self, operands: &[f64]) -> Option<f64> {
        Some(match (self.arity(), operands) {
            (1, [a, ..]) => self.unary(*a),
            (2, [a, b, ..]) => self.binary(*a, *b),
            (3, [condition, a, b, ..]) => [*b, *a][usize::from(*condition != 0.0)],
            _ => return None,
        })
    }

    fn unary(self, a: f64) -> f64 {
        match self {
            Self::Not => f64::from(a == 0.0),
            Self::Trunc => a.trunc(),
            Self::Floor => a.floor(),
            _ => a.ceil(),
        }
    }

    fn binary(self, a: f64, b: f64) -> f64 {
        let (p, q) = (a != 0.0, b != 0.0);
        match self {
            Self::Add => a + b,
            Self::Subtract => a - b,
            Self::Multiply => a * b,
            Self::Divide => a / b,
            Self::FloorDivide | Self::Modulo if b == 0.0 => 0.0,
            Self::FloorDivide => (a / b).floor(),
            Self::Modulo => a - b * (a / b).floor(),
            Self::Min => a.min(b),
            Self::Max => a.max(b),
            Self::Less => f64::from(a < b),
            Self::LessEqual => f64::from(a <= b),
            Self::Greater => f64::from(a > b),
            Self::GreaterEqual => f64::from(a >= b),
            Self::Equal => f64::from(a == b),
            Self::Unequal => f64::from(a != b),
            Self::And => f64::from(p && q),
            _ => f64::from(p || q),
        }
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
