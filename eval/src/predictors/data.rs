//! From a table to what a model is trained on.

use anyhow::{ensure, Result};
use ndarray::{Array1, Array2};
use predictor::{Dataset, Input, InputKind, Schema};

use super::columns::Columns;
use super::expression::Term;
use crate::system::ending::Usage;

/// Which column is what.
#[derive(Debug, Clone, Copy)]
pub struct Roles<'a> {
    /// Name or number of the column of seconds.
    pub target: &'a str,
    /// The complexity terms.
    pub complexity: &'a [Term],
    /// Columns that are no parameters.
    pub ignored: &'a [String],
}

/// A data set, and what of the table it does not hold.
#[derive(Debug)]
pub struct Prepared {
    /// Parameters in the order of the table, then complexity terms.
    pub data: Dataset,
    /// Columns left out, each with the reason.
    pub left_out: Vec<String>,
}

/// An input and its value in each row.
struct Named {
    input: Input,
    values: Vec<f64>,
}

impl Named {
    fn is_constant(&self) -> bool {
        self.values.iter().all(|&value| value == self.values[0])
    }
}

/// Takes parameters, complexity and times out of a table, which must have rows.
///
/// # Errors
/// [`Usage`] for columns that do not exist and terms that all say nothing; cells that are no numbers; terms that are not
/// finite in some row.
pub fn prepare(columns: &Columns, roles: Roles) -> Result<Prepared> {
    let target = columns.named_or_numbered(roles.target).map_err(|message| Usage(format!("--target: {message}")))?;
    let mut taken = vec![target];
    for name in roles.ignored {
        taken.push(columns.named_or_numbered(name).map_err(|message| Usage(format!("--ignore: {message}")))?);
    }
    let seconds = columns.times(target)?;
    let mut terms = Vec::new();
    for term in roles.complexity {
        let (column, named) = complexity(columns, term, target)?;
        taken.extend(column);
        terms.push(named);
    }
    let (mut inputs, mut left_out) = (Vec::new(), Vec::new());
    if !terms.is_empty() {
        let same: Vec<String> =
            terms.extract_if(.., |term| term.is_constant()).map(|term| format!("`{}`", term.input.name)).collect();
        ensure!(!terms.is_empty(), Usage(format!("--complexity: {} is the same in every row", same.join(", "))));
        left_out.extend(same.into_iter().map(|name| format!("{name}, the same in every row")));
    }
    for column in (0..columns.names().len()).filter(|column| !taken.contains(column)) {
        let name = &columns.names()[column];
        if columns.is_text(column) {
            left_out.push(format!("`{name}`, which holds no numbers"));
            continue;
        }
        let input = Input::new(name, InputKind::Parameter);
        let named = Named { input, values: columns.numbers(column)? };
        match named.is_constant() {
            true => left_out.push(format!("`{name}`, the same in every row")),
            false => inputs.push(named),
        }
    }
    inputs.extend(terms);
    let matrix = Array2::from_shape_fn((columns.len(), inputs.len()), |(row, input)| inputs[input].values[row]);
    let schema = Schema::new(inputs.into_iter().map(|named| named.input).collect())?;
    Ok(Prepared { data: Dataset::new(schema, matrix, Array1::from(seconds))?, left_out })
}

/// The input of a complexity term; also the column that it is, if it is nothing but one.
fn complexity(columns: &Columns, term: &Term, target: usize) -> Result<(Option<usize>, Named)> {
    let find = |name: &str| match columns.named(name)? {
        column if column == target => Err(format!("`{name}` is the target; its complexity cannot depend on it")),
        column => Ok(column),
    };
    let bound = term.bind(find).map_err(|mistake| Usage(format!("--complexity: {mistake}")))?;
    let mut numbers = vec![Vec::new(); columns.names().len()];
    for column in bound.columns() {
        numbers[column] = columns.numbers(column)?;
    }
    let values: Vec<f64> = (0..columns.len()).map(|row| bound.value(|column| numbers[column][row])).collect();
    if let Some(row) = values.iter().position(|value| !value.is_finite()) {
        let place = columns.place(row);
        return Err(Usage(format!("--complexity: `{}` is {} in {place}", term.text(), values[row])).into());
    }
    let only_column = bound.as_column();
    let name = only_column.map_or(term.text(), |column| &columns.names()[column]);
    Ok((only_column, Named { input: Input::new(name, InputKind::Complexity), values }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predictors::expression::Terms;

    const TABLE: &str = "n,m,kind,threads,flops,t\n1,2,a,4,2,0.1\n2,5,b,4,10,0.2\n0,7,c,4,9,0.3\n";

    fn prepared(target: &str, complexity: &str, ignored: &[&str]) -> Result<Prepared> {
        let columns = Columns::parse(TABLE).unwrap();
        let Terms(terms) = complexity.parse().unwrap();
        let ignored: Vec<String> = ignored.iter().map(|&name| name.to_owned()).collect();
        prepare(&columns, Roles { target, complexity: &terms, ignored: &ignored })
    }

    fn message(target: &str, complexity: &str) -> (bool, String) {
        let error = prepared(target, complexity, &[]).unwrap_err();
        (error.is::<Usage>(), format!("{error:#}"))
    }

    #[test]
    fn parameters_complexity_and_times() {
        let Prepared { data, left_out } = prepared("t", "n*m + 1, flops", &[]).unwrap();
        let names: Vec<_> = data.schema().inputs().iter().map(|input| (input.name.as_str(), input.kind)).collect();
        let (parameter, complexity) = (InputKind::Parameter, InputKind::Complexity);
        let expected = [("n", parameter), ("m", parameter), ("n*m + 1", complexity), ("flops", complexity)];
        assert_eq!(names, expected);
        assert_eq!(data.inputs().row(1).to_vec(), [2.0, 5.0, 11.0, 10.0]);
        assert_eq!(data.seconds().to_vec(), [0.1, 0.2, 0.3]);
        assert_eq!(left_out, ["`kind`, which holds no numbers", "`threads`, the same in every row"]);
        let ignoring = prepared("5", "n*flops", &["flops", "m"]).unwrap().data;
        assert_eq!(ignoring.schema().len(), 2, "an ignored column still serves expressions");
    }

    #[test]
    fn mistakes_of_the_user_say_so() {
        let (usage, text) = message("time", "n");
        assert!(usage && text.ends_with("no column `time`; there are n, m, kind, threads, flops, t"), "{text}");
        let (usage, text) = message("t", "n*size");
        assert!(usage && text.ends_with("\n  n*size\n    ^^^^"), "{text}");
        let (usage, text) = message("t", "m + t");
        assert!(usage && text.contains("is the target"), "{text}");
        let (usage, text) = message("t", "log2(n)");
        assert!(usage && text.ends_with("`log2(n)` is -inf in row 3 (line 4)"), "{text}");
        assert!(message("t", "threads*2").1.contains("same in every row"));
        let Prepared { left_out, .. } = prepared("t", "threads*2, n*m", &[]).unwrap();
        assert!(left_out.contains(&"`threads*2`, the same in every row".to_owned()), "{left_out:?}");
        let (usage, text) = message("t", "kind");
        assert!(!usage && text.contains("row 1 (line 2), column `kind`: 'a' is not"), "{text}");
        assert!(message("t", "n*m, n*m").1.contains("named twice"));
        assert!(message("n", "m").1.contains("'0' is not a positive time"));
        assert!(prepared("t", "n", &["x"]).is_err());
    }
}
