//! The words of an expression.

use std::ops::Range;

use super::mistake::Mistake;

/// A word.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A number.
    Number(f64),
    /// A column or function.
    Name(String),
    /// A column in quotation marks.
    Quoted(String),
    /// An operator, parenthesis or comma.
    Sign(char),
    /// After the last word.
    End,
}

/// A word and its bytes in the text.
pub type Placed = (Token, Range<usize>);

/// Cuts `source` into words; [`Token::End`] is the last.
///
/// # Errors
/// Characters that mean nothing, numbers that are none, quotations without an end.
pub fn tokens(source: &str) -> Result<Vec<Placed>, Mistake> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = source[at..].chars().next() {
        let rest = &source[at..];
        let length = match first {
            c if c.is_whitespace() => {
                at += c.len_utf8();
                continue;
            }
            '+' | '-' | '*' | '/' | '^' | '(' | ')' | ',' => 1,
            c if c.is_ascii_digit() || c == '.' => number_length(rest),
            c if starts_name(c) => rest.find(|c| !continues_name(c)).unwrap_or(rest.len()),
            '"' => match rest[1..].find('"') {
                Some(end) => end + 2,
                None => return Err(Mistake::new(source, at..at + 1, "this quotation is not closed")),
            },
            c => return Err(Mistake::new(source, at..at + c.len_utf8(), format!("`{c}` means nothing here"))),
        };
        let word = &rest[..length];
        let token = match first {
            '"' => Token::Quoted(word[1..length - 1].to_owned()),
            c if c.is_ascii_digit() || c == '.' => match word.parse() {
                Ok(value) => Token::Number(value),
                Err(_) => return Err(Mistake::new(source, at..at + length, format!("`{word}` is not a number"))),
            },
            c if starts_name(c) => Token::Name(word.to_owned()),
            c => Token::Sign(c),
        };
        tokens.push((token, at..at + length));
        at += length;
    }
    tokens.push((Token::End, source.len()..source.len()));
    Ok(tokens)
}

fn starts_name(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}

fn continues_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Bytes of the number at the start of `text`: digits and points, and an exponent if digits follow it.
fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mantissa = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let Some(exponent) = text[mantissa..].strip_prefix(['e', 'E']) else { return mantissa };
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    match digits(unsigned) {
        0 => mantissa,
        count => mantissa + 1 + (exponent.len() - unsigned.len()) + count,
    }
}
