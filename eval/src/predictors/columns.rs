//! A CSV file as named columns of numbers.

use std::fmt;
use std::path::Path;

use anyhow::{ensure, Context, Result};

use crate::system::files;

/// Separators that are tried; the one most frequent in the first line is taken, the first of them on a tie.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// What the last column goes by, whatever its name.
const LAST: &str = "last";

/// A table of cells.
#[derive(Debug)]
pub struct Columns {
    names: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    /// Line of the file, from 1.
    line: u64,
    cells: Vec<String>,
}

/// Why a cell is no number, and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCell {
    place: String,
    column: String,
    cell: String,
    expected: &'static str,
}

impl fmt::Display for BadCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let BadCell { place, column, cell, expected } = self;
        write!(f, "{place}, column `{column}`: '{cell}' is not {expected}")
    }
}

impl std::error::Error for BadCell {}

impl Columns {
    /// Reads a file. Its first row is a header unless a cell of it is a number; without one, columns are called c0, c1
    /// and so on, and so are those whose name in the header is empty.
    ///
    /// # Errors
    /// A file that cannot be read, is not UTF-8, or has no rows; rows of different lengths; a name that occurs twice.
    pub fn read(path: &Path) -> Result<Columns> {
        let text = files::read_text(path)?;
        Columns::parse(&text).with_context(|| path.display().to_string())
    }

    pub fn parse(text: &str) -> Result<Columns> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .trim(csv::Trim::All)
            .delimiter(separator(text.lines().next().unwrap_or_default()))
            .from_reader(text.as_bytes());
        let mut rows: Vec<Row> = Vec::new();
        for record in reader.records() {
            let record = record?;
            let line = record.position().map_or(0, |position| first_line(text, position));
            let (width, first) = (record.len(), rows.first().map_or(record.len(), |row| row.cells.len()));
            ensure!(width == first, "line {line} has {width} cells, the first row has {first}");
            rows.push(Row { line, cells: record.iter().map(str::to_owned).collect() });
        }
        ensure!(!rows.is_empty(), "the file is empty");
        let header = rows[0].cells.iter().all(|cell| number(cell).is_none());
        let written = if header { rows.remove(0).cells } else { vec![String::new(); rows[0].cells.len()] };
        let names = written.into_iter().enumerate();
        let names: Vec<String> =
            names.map(|(index, name)| if name.is_empty() { format!("c{index}") } else { name }).collect();
        for (index, name) in names.iter().enumerate() {
            ensure!(!names[..index].contains(name), "two columns are called `{name}`");
        }
        Ok(Columns { names, rows })
    }

    /// Number of rows, the header not counted.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The column of this name; [`LAST`] is the last one, unless another is called so.
    ///
    /// # Errors
    /// A message that lists the columns there are.
    pub fn named(&self, name: &str) -> Result<usize, String> {
        let last = || (name == LAST).then(|| self.names.len() - 1);
        let found = self.names.iter().position(|known| known == name).or_else(last);
        found.ok_or_else(|| format!("no column `{name}`; there are {}", self.names.join(", ")))
    }

    /// The column of this name or, if none has it, of this number from 0.
    ///
    /// # Errors
    /// As [`Columns::named`].
    pub fn named_or_numbered(&self, name: &str) -> Result<usize, String> {
        let number = || name.parse().ok().filter(|&column: &usize| column < self.names.len());
        self.named(name).or_else(|message| number().ok_or(message))
    }

    /// Whether the column has cells, but no numbers.
    pub fn is_text(&self, column: usize) -> bool {
        self.rows.iter().all(|row| number(&row.cells[column]).is_none())
    }

    /// The numbers of a column `[rows]`.
    ///
    /// # Errors
    /// The first cell that is no finite number.
    pub fn numbers(&self, column: usize) -> Result<Vec<f64>, BadCell> {
        let cell = |(index, row): (usize, &Row)| {
            number(&row.cells[column]).ok_or_else(|| self.bad(index, column, "a finite number"))
        };
        self.rows.iter().enumerate().map(cell).collect()
    }

    /// The numbers of a column that holds times `[rows]`.
    ///
    /// # Errors
    /// The first cell that is no finite number above zero.
    pub fn times(&self, column: usize) -> Result<Vec<f64>, BadCell> {
        let numbers = self.numbers(column)?;
        match numbers.iter().position(|&number| number <= 0.0) {
            Some(row) => Err(self.bad(row, column, "a positive time in seconds")),
            None => Ok(numbers),
        }
    }

    /// Where a row, counted from 0, is found in the file.
    pub fn place(&self, row: usize) -> String {
        format!("row {} (line {})", row + 1, self.rows[row].line)
    }

    fn bad(&self, row: usize, column: usize, expected: &'static str) -> BadCell {
        let (column, cell) = (self.names[column].clone(), self.rows[row].cells[column].clone());
        BadCell { place: self.place(row), column, cell, expected }
    }
}

/// A cell's number, if it is a finite one.
fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().filter(|number: &f64| number.is_finite())
}

/// The line on which a record starts. Its position may be before empty lines, or between the two ends of a line.
fn first_line(text: &str, position: &csv::Position) -> u64 {
    let rest = &text.as_bytes()[position.byte() as usize..];
    let skipped = rest.iter().take_while(|&byte| matches!(byte, b'\n' | b'\r'));
    position.line() + skipped.filter(|&&byte| byte == b'\n').count() as u64
}

fn separator(line: &str) -> u8 {
    let count = |separator: u8| line.bytes().filter(|&byte| byte == separator).count();
    // Of equal maxima, `max_by_key` takes the last.
    SEPARATORS.into_iter().rev().max_by_key(|&separator| count(separator)).unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_and_without_a_header() {
        let columns = Columns::parse("\u{feff}n,\"m, k\", seconds\r\n1,2,3\r\n4, 5 ,6e-3\r\n").unwrap();
        assert_eq!((columns.names(), columns.len()), (&["n", "m, k", "seconds"].map(str::to_owned)[..], 2));
        assert_eq!(columns.numbers(2).unwrap(), [3.0, 6e-3]);
        let columns = Columns::parse("1;2;0.5\n3;4;0.25\n").unwrap();
        assert_eq!((columns.names().join(" "), columns.len()), ("c0 c1 c2".to_owned(), 2));
        assert_eq!(Columns::parse("n\t\tt\n1\t2\t3").unwrap().names().join(" "), "n c1 t");
    }

    #[test]
    fn columns_by_name_and_number() {
        let columns = Columns::parse("n,t\n1,2\n").unwrap();
        assert_eq!((columns.named_or_numbered("t"), columns.named_or_numbered("0")), (Ok(1), Ok(0)));
        assert_eq!(columns.named_or_numbered("2"), Err("no column `2`; there are n, t".to_owned()));
        assert!(columns.named("0").is_err());
        assert_eq!(columns.named("last"), Ok(1));
        assert_eq!(Columns::parse("last,t\n1,2\n").unwrap().named("last"), Ok(0));
    }

    #[test]
    fn bad_cells_are_located() {
        let columns = Columns::parse("n,t,label,flag\n1,0.1,a,\n\nx,-2,b,\n3,0.3,c,\n").unwrap();
        let message = columns.numbers(0).unwrap_err().to_string();
        assert_eq!(message, "row 2 (line 4), column `n`: 'x' is not a finite number");
        let message = columns.times(1).unwrap_err().to_string();
        assert_eq!(message, "row 2 (line 4), column `t`: '-2' is not a positive time in seconds");
        assert_eq!([0, 1, 2, 3].map(|column| columns.is_text(column)), [false, false, true, true]);
        assert!(Columns::parse("t\n0\n").unwrap().times(0).is_err());
        assert!(Columns::parse("t\n1\nnan\n").unwrap().numbers(0).is_err());
    }

    #[test]
    fn a_broken_cell_makes_no_header() {
        let columns = Columns::parse("x,0.1\n2,0.2\n").unwrap();
        assert_eq!((columns.names().join(" "), columns.len()), ("c0 c1".to_owned(), 2));
    }

    #[test]
    fn broken_files() {
        let message = |text| format!("{:#}", Columns::parse(text).unwrap_err());
        assert_eq!(message(""), "the file is empty");
        assert_eq!(message("n,n\n1,2\n"), "two columns are called `n`");
        assert_eq!(message("n,t\r\n1,2\r\n\r\n1\r\n"), "line 4 has 1 cells, the first row has 2");
        let error = Columns::read(Path::new("/nonexistent/a.csv")).unwrap_err();
        assert!(format!("{error:#}").contains("/nonexistent/a.csv"));
    }
}
