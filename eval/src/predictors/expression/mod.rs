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
mod mistake;
mod parser;
mod term;

use std::str::FromStr;

use mistake::Mistake;
pub use term::Term;

/// The terms of one `--complexity`.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms(pub Vec<Term>);

impl FromStr for Terms {
    type Err = Mistake;

    fn from_str(source: &str) -> Result<Self, Mistake> {
        parser::terms(source).map(Terms)
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
