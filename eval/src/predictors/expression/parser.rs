//! From text to expressions.

use std::ops::Range;

use super::lexer::{self, Placed, Token};
use super::mistake::Mistake;
use super::term::{Function, Named, Node, Term};

/// Operators inside each other: more than anybody writes, few enough for the stack.
const DEEPEST: usize = 100;
/// Words of an expression. A long sum nests as deeply as it is long.
const MOST_TOKENS: usize = 2000;

/// The comma-separated terms of `source`.
///
/// # Errors
/// The first mistake.
pub fn terms(source: &str) -> Result<Vec<Term>, Mistake> {
    let tokens = lexer::tokens(source)?;
    if tokens.len() > MOST_TOKENS {
        return Err(Mistake::new(source, 0..0, format!("longer than {MOST_TOKENS} words")));
    }
    let mut parser = Parser { source, tokens, next: 0, depth: 0 };
    let mut terms = Vec::new();
    loop {
        let start = parser.place().start;
        let node = parser.sum()?;
        let end = parser.tokens[parser.next - 1].1.end;
        terms.push(Term { source: source.to_owned(), place: start..end, node });
        match parser.token() {
            Token::End => return Ok(terms),
            Token::Sign(',') => parser.next += 1,
            _ => return Err(parser.expected("an operator or `,`")),
        }
    }
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
}

type Parsed = Result<Node<Named>, Mistake>;

impl Parser<'_> {
    fn token(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn place(&self) -> Range<usize> {
        self.tokens[self.next].1.clone()
    }

    fn mistake(&self, place: Range<usize>, message: impl Into<String>) -> Mistake {
        Mistake::new(self.source, place, message)
    }

    fn expected(&self, what: &str) -> Mistake {
        let place = self.place();
        let found = match self.token() {
            Token::End => "the end".to_owned(),
            _ => format!("`{}`", &self.source[place.clone()]),
        };
        self.mistake(place, format!("expected {what}, found {found}"))
    }

    /// The next word if it is one of these signs, which is then used up.
    fn take(&mut self, signs: &[char]) -> Option<char> {
        match *self.token() {
            Token::Sign(sign) if signs.contains(&sign) => {
                self.next += 1;
                Some(sign)
            }
            _ => None,
        }
    }

    fn chain(&mut self, operators: &[char], operand: impl Fn(&mut Self) -> Parsed) -> Parsed {
        let mut left = operand(self)?;
        while let Some(operator) = self.take(operators) {
            left = Node::Binary(operator, Box::new(left), Box::new(operand(self)?));
        }
        Ok(left)
    }

    fn sum(&mut self) -> Parsed {
        self.chain(&['+', '-'], |parser| parser.chain(&['*', '/'], Self::sign))
    }

    /// Every way to nest leads through here.
    fn sign(&mut self) -> Parsed {
        if self.depth == DEEPEST {
            return Err(self.mistake(self.place(), "nested too deeply"));
        }
        self.depth += 1;
        let node = match self.take(&['-', '+']) {
            Some('-') => Node::Negated(Box::new(self.sign()?)),
            Some(_) => self.sign()?,
            None => self.power()?,
        };
        self.depth -= 1;
        Ok(node)
    }

    fn power(&mut self) -> Parsed {
        let base = self.atom()?;
        match self.take(&['^']) {
            Some(operator) => Ok(Node::Binary(operator, Box::new(base), Box::new(self.sign()?))),
            None => Ok(base),
        }
    }

    fn atom(&mut self) -> Parsed {
        let (token, place) = self.tokens[self.next].clone();
        let expected = self.expected("a number, a column or `(`");
        self.next += 1;
        match token {
            Token::Number(value) => Ok(Node::Number(value)),
            Token::Quoted(name) => Ok(Node::Column(Named { name, place })),
            Token::Name(name) => match self.tokens[self.next].clone() {
                (Token::Sign('('), opening) => {
                    self.next += 1;
                    self.call(&name, place, opening)
                }
                _ => Ok(Node::Column(Named { name, place })),
            },
            Token::Sign('(') => {
                let node = self.sum()?;
                self.close(place)?;
                Ok(node)
            }
            Token::Sign(_) | Token::End => Err(expected),
        }
    }

    /// The arguments and the closing parenthesis of a function.
    fn call(&mut self, name: &str, place: Range<usize>, opening: Range<usize>) -> Parsed {
        let Some(function) = Function::named(name) else {
            let known = Function::ALL.map(|(known, _)| known).join(", ");
            return Err(self.mistake(place, format!("no function `{name}`; there are {known}")));
        };
        let mut arguments = vec![self.sum()?];
        while self.take(&[',']).is_some() {
            arguments.push(self.sum()?);
        }
        self.close(opening)?;
        let several = matches!(function, Function::Min | Function::Max);
        match (several, arguments.len()) {
            (true, 1) => Err(self.mistake(place, format!("`{name}` takes at least two arguments"))),
            (false, count) if count > 1 => {
                Err(self.mistake(place, format!("`{name}` takes one argument, not {count}")))
            }
            _ => Ok(Node::Call(function, arguments)),
        }
    }

    fn close(&mut self, opening: Range<usize>) -> Result<(), Mistake> {
        match self.token() {
            Token::Sign(')') => {
                self.next += 1;
                Ok(())
            }
            Token::End => Err(self.mistake(opening, "this parenthesis is not closed")),
            _ => Err(self.expected("an operator, `,` or `)`")),
        }
    }
}
