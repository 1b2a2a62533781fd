//! Arithmetic over the columns of a table: how a complexity term is written.
//!
//! ```text
//! terms   = sum { ',' sum }
//! sum     = product { ('+' | '-') product }
//! product = sign { ('*' | '/') sign }
//! sign    = ('-' | '+') sign | power
//! power   = atom [ '^' sign ]
//! atom    = number | column | '"' column '"' | function '(' sum { ',' sum } ')' | '(' sum ')'
//! ```

mod lexer;
mod parser;

use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// A function of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// Logarithm to base 2.
    Log2,
    /// Natural logarithm.
    Log,
    /// Square root.
    Sqrt,
    /// Smallest of its arguments.
    Min,
    /// Largest of its arguments.
    Max,
    /// Next integer upwards.
    Ceil,
    /// Next integer downwards.
    Floor,
}

impl Function {
    const ALL: [(&'static str, Function); 7] = [
        ("log2", Function::Log2),
        ("log", Function::Log),
        ("sqrt", Function::Sqrt),
        ("min", Function::Min),
        ("max", Function::Max),
        ("ceil", Function::Ceil),
        ("floor", Function::Floor),
    ];

    fn named(name: &str) -> Option<Function> {
        Function::ALL.iter().find(|(known, _)| *known == name).map(|(_, function)| *function)
    }

    fn apply(self, arguments: impl Iterator<Item = f64>) -> f64 {
        let two = |a: f64, b: f64| match self {
            Function::Min => a.min(b),
            _ => a.max(b),
        };
        let value = arguments.reduce(two).unwrap_or(f64::NAN);
        match self {
            Function::Log2 => value.log2(),
            Function::Log => value.ln(),
            Function::Sqrt => value.sqrt(),
            Function::Ceil => value.ceil(),
            Function::Floor => value.floor(),
            Function::Min | Function::Max => value,
        }
    }
}

/// An expression over columns, each named by a `C`: the place of its name in the text, or its number.
#[derive(Debug, Clone, PartialEq)]
enum Node<C> {
    Number(f64),
    Column(C),
    Negated(Box<Node<C>>),
    Binary(char, Box<Node<C>>, Box<Node<C>>),
    Call(Function, Vec<Node<C>>),
}

/// A column as it is written in the text.
#[derive(Debug, Clone, PartialEq)]
struct Named {
    name: String,
    place: Range<usize>,
}

/// One complexity term as the user wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    source: String,
    /// Bytes of `source` that are this term.
    place: Range<usize>,
    node: Node<Named>,
}

/// The terms of one `--complexity`.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms(pub Vec<Term>);

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    source: String,
    place: Range<usize>,
    message: String,
}

impl Mistake {
    fn new(source: &str, place: Range<usize>, message: impl Into<String>) -> Self {
        Mistake { source: source.to_owned(), place, message: message.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Control characters have no width of their own, and would move the carets.
        let line: String = self.source.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let before = self.source[..self.place.start].chars().count();
        let length = self.source[self.place.clone()].chars().count().max(1);
        write!(f, "{}\n  {line}\n  {}{}", self.message, " ".repeat(before), "^".repeat(length))
    }
}

impl std::error::Error for Mistake {}

impl FromStr for Terms {
    type Err = Mistake;

    fn from_str(source: &str) -> Result<Self, Mistake> {
        parser::terms(source).map(Terms)
    }
}

impl Term {
    /// The term as written, without the blanks around it.
    pub fn text(&self) -> &str {
        &self.source[self.place.clone()]
    }

    /// Finds the columns: `find` gives the number of a column, or says why there is none of that name.
    ///
    /// # Errors
    /// What `find` said, with the place of the name.
    pub fn bind(&self, find: impl Fn(&str) -> Result<usize, String>) -> Result<Bound, Mistake> {
        let look_up = |column: &Named| {
            find(&column.name).map_err(|message| Mistake::new(&self.source, column.place.clone(), message))
        };
        self.node.map(&look_up).map(Bound)
    }
}

/// A term whose columns are found.
#[derive(Debug, Clone, PartialEq)]
pub struct Bound(Node<usize>);

impl Bound {
    /// The column that this is, if it is nothing else.
    pub fn as_column(&self) -> Option<usize> {
        match self.0 {
            Node::Column(column) => Some(column),
            _ => None,
        }
    }

    /// The columns that occur, repeats included.
    pub fn columns(&self) -> Vec<usize> {
        let mut columns = Vec::new();
        self.0.visit(&mut |column| columns.push(column));
        columns
    }

    /// The value, given that of each column. Not finite where a function is not defined.
    pub fn value(&self, column: impl Fn(usize) -> f64) -> f64 {
        self.0.value(&column)
    }
}

impl<C> Node<C> {
    fn map<D, E>(&self, change: &impl Fn(&C) -> Result<D, E>) -> Result<Node<D>, E> {
        let boxed = |node: &Node<C>| node.map(change).map(Box::new);
        Ok(match self {
            Node::Number(value) => Node::Number(*value),
            Node::Column(column) => Node::Column(change(column)?),
            Node::Negated(node) => Node::Negated(boxed(node)?),
            Node::Binary(operator, left, right) => Node::Binary(*operator, boxed(left)?, boxed(right)?),
            Node::Call(function, arguments) => {
                Node::Call(*function, arguments.iter().map(|node| node.map(change)).collect::<Result<_, E>>()?)
            }
        })
    }
}

impl Node<usize> {
    fn visit(&self, each: &mut impl FnMut(usize)) {
        match self {
            Node::Number(_) => {}
            Node::Column(column) => each(*column),
            Node::Negated(node) => node.visit(each),
            Node::Binary(_, left, right) => [left, right].into_iter().for_each(|node| node.visit(each)),
            Node::Call(_, arguments) => arguments.iter().for_each(|node| node.visit(each)),
        }
    }

    fn value(&self, column: &impl Fn(usize) -> f64) -> f64 {
        match self {
            Node::Number(value) => *value,
            Node::Column(number) => column(*number),
            Node::Negated(node) => -node.value(column),
            Node::Binary(operator, left, right) => {
                let (left, right) = (left.value(column), right.value(column));
                match operator {
                    '+' => left + right,
                    '-' => left - right,
                    '*' => left * right,
                    '/' => left / right,
                    _ => left.powf(right),
                }
            }
            Node::Call(function, arguments) => function.apply(arguments.iter().map(|node| node.value(column))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [(&str, f64); 4] = [("n", 8.0), ("m_2", 3.0), ("min", 5.0), ("width (px)", 2.0)];

    fn find(name: &str) -> Result<usize, String> {
        COLUMNS.iter().position(|(known, _)| *known == name).ok_or_else(|| format!("no column `{name}`"))
    }

    fn values(text: &str) -> Vec<f64> {
        let terms: Terms = text.parse().unwrap_or_else(|mistake| panic!("{mistake}"));
        let bound = terms.0.iter().map(|term| term.bind(find).unwrap_or_else(|mistake| panic!("{mistake}")));
        bound.map(|term| term.value(|column| COLUMNS[column].1)).collect()
    }

    /// The message and the place, counted in characters.
    fn mistake(text: &str) -> (String, usize, usize) {
        let text = match text.parse::<Terms>() {
            Err(mistake) => mistake.to_string(),
            Ok(terms) => terms.0.iter().find_map(|term| term.bind(find).err()).expect("a mistake").to_string(),
        };
        let lines: Vec<&str> = text.lines().collect();
        let caret = lines[2].find('^').expect("a caret");
        (lines[0].to_owned(), caret - 2, lines[2].len() - caret)
    }

    #[test]
    fn operators_bind_as_in_mathematics() {
        assert_eq!(values("1+2*3^2"), [19.0]);
        assert_eq!(values("2^3^2"), [512.0]);
        assert_eq!(values("-n^2"), [-64.0]);
        assert_eq!(values("2^-1 * n"), [4.0]);
        assert_eq!(values("n - 3 - 2, n / 2 / 2"), [3.0, 2.0]);
        assert_eq!(values("(1 + 2) * -(m_2)"), [-9.0]);
        assert_eq!(values("1.5e3 + .5 + 2E-1"), [1500.7]);
    }

    #[test]
    fn functions_and_columns() {
        assert_eq!(values("n*log2(n), sqrt(2*n), log(1)"), [24.0, 4.0, 0.0]);
        assert_eq!(values("max(n, 2, m_2*4), min(n, 2)"), [12.0, 2.0]);
        assert_eq!(values("ceil(n/3) + floor(n/3)"), [5.0]);
        assert_eq!(values("min * \"width (px)\" + min(n, 1)"), [11.0]);
        assert!(values("log2(n - 9)")[0].is_nan());
    }

    #[test]
    fn terms_keep_their_text() {
        let terms: Terms = " n*n , \"width (px)\"".parse().unwrap();
        assert_eq!(terms.0.iter().map(Term::text).collect::<Vec<_>>(), ["n*n", "\"width (px)\""]);
        assert_eq!(terms.0[1].bind(find).unwrap().as_column(), Some(3));
        assert_eq!(terms.0[0].bind(find).unwrap().as_column(), None);
        let bound = "min(n, -m_2)^2 + n".parse::<Terms>().unwrap().0[0].bind(find).unwrap();
        assert_eq!(bound.columns(), [0, 1, 0]);
    }

    #[test]
    fn mistakes_are_pointed_at() {
        let expected = "expected a number, a column or `(`";
        assert_eq!(mistake("n * + * n"), (format!("{expected}, found `*`"), 6, 1));
        assert_eq!(mistake("n *"), (format!("{expected}, found the end"), 3, 1));
        assert_eq!(mistake(""), (format!("{expected}, found the end"), 0, 1));
        assert_eq!(mistake("n, , n"), (format!("{expected}, found `,`"), 3, 1));
        assert_eq!(mistake("(n + 1"), ("this parenthesis is not closed".to_owned(), 0, 1));
        assert_eq!(mistake("n n"), ("expected an operator or `,`, found `n`".to_owned(), 2, 1));
        assert_eq!(mistake("n + nn"), ("no column `nn`".to_owned(), 4, 2));
        assert_eq!(mistake("ä + n"), ("no column `ä`".to_owned(), 0, 1));
        assert_eq!(mistake("n + $"), ("`$` means nothing here".to_owned(), 4, 1));
        assert_eq!(mistake("\"n"), ("this quotation is not closed".to_owned(), 0, 1));
        assert_eq!(mistake("1.2.3"), ("`1.2.3` is not a number".to_owned(), 0, 5));
        assert_eq!(mistake("2n"), ("expected an operator or `,`, found `n`".to_owned(), 1, 1));
        let known = "no function `exp`; there are log2, log, sqrt, min, max, ceil, floor";
        assert_eq!(mistake("n + exp(n)"), (known.to_owned(), 4, 3));
        assert_eq!(mistake("sqrt(n, 2)"), ("`sqrt` takes one argument, not 2".to_owned(), 0, 4));
        assert_eq!(mistake("min(n)"), ("`min` takes at least two arguments".to_owned(), 0, 3));
    }

    #[test]
    fn nesting_has_an_end() {
        let deep = "(".repeat(500);
        assert!(deep.parse::<Terms>().unwrap_err().to_string().starts_with("nested too deeply"));
        assert!("-".repeat(500).parse::<Terms>().is_err());
        assert!(format!("n{}", "^n".repeat(500)).parse::<Terms>().is_err());
        assert!(format!("n{}", "+n".repeat(100_000)).parse::<Terms>().is_err());
    }
}
