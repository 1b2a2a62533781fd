//! What is wrong with an expression, and where.

use std::fmt;
use std::ops::Range;

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    source: String,
    place: Range<usize>,
    message: String,
}

impl Mistake {
    /// At a place in bytes of the text.
    pub fn new(source: &str, place: Range<usize>, message: impl Into<String>) -> Self {
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
