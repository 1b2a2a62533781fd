//! A complexity term: an expression, to be bound to columns and evaluated.

use std::ops::Range;

use super::mistake::Mistake;

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
    /// By name.
    pub const ALL: [(&'static str, Function); 7] = [
        ("log2", Function::Log2),
        ("log", Function::Log),
        ("sqrt", Function::Sqrt),
        ("min", Function::Min),
        ("max", Function::Max),
        ("ceil", Function::Ceil),
        ("floor", Function::Floor),
    ];

    pub fn named(name: &str) -> Option<Function> {
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
pub enum Node<C> {
    Number(f64),
    Column(C),
    Negated(Box<Node<C>>),
    Binary(char, Box<Node<C>>, Box<Node<C>>),
    Call(Function, Vec<Node<C>>),
}

/// A column as it is written in the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Named {
    pub name: String,
    pub place: Range<usize>,
}

/// One complexity term as the user wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    pub source: String,
    /// Bytes of `source` that are this term.
    pub place: Range<usize>,
    pub node: Node<Named>,
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
