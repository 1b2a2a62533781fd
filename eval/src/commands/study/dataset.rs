//! Measurements of one variant on one computer, as a CSV file that grows.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{ensure, Context, Result};

use crate::system::files;

/// Columns beside the parameters: the fastest measurement, and the slower of the first two.
pub const TIMES: [&str; 2] = ["seconds", "again"];

/// One row: parameters, and measurements in seconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Values of the parameters, in their order.
    pub values: Vec<f64>,
    /// The fastest measurement: interference only ever adds.
    pub seconds: f64,
    /// The slower of the first two, which tells the noise.
    pub again: f64,
}

/// A file of rows with these parameters.
#[derive(Debug)]
pub struct DataFile {
    path: PathBuf,
    parameters: Vec<String>,
}

impl DataFile {
    /// The file `KERNEL.VARIANT.csv` in `folder`, which need not exist yet.
    pub fn new(folder: &Path, kernel: &str, variant: &str, parameters: &[&str]) -> DataFile {
        let parameters = parameters.iter().map(|name| (*name).to_owned()).collect();
        DataFile { path: folder.join(format!("{kernel}.{variant}.csv")), parameters }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The rows there are, none when there is no file.
    ///
    /// # Errors
    /// A file that cannot be read, or with other columns.
    pub fn read(&self) -> Result<Vec<Row>> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        let place = || format!("cannot read {}", self.path.display());
        let text = files::read_text(&self.path)?;
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().with_context(place)?.iter().map(str::to_owned).collect();
        let file = self.path.display();
        ensure!(
            header == self.header(),
            "{file} has the columns {}, not {}",
            header.join(","),
            self.header().join(",")
        );
        let mut rows = Vec::new();
        for record in reader.deserialize() {
            let mut values: Vec<f64> = record.with_context(place)?;
            let (again, seconds) = (values.pop().with_context(place)?, values.pop().with_context(place)?);
            ensure!(seconds > 0.0 && again >= seconds, "{file}: {seconds} s and then {again} s are no times");
            rows.push(Row { values, seconds, again });
        }
        Ok(rows)
    }

    /// Appends rows; a new file begins with its header.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn append(&self, rows: &[Row]) -> Result<()> {
        let mut text = if self.path.exists() { String::new() } else { self.header().join(",") + "\n" };
        for row in rows {
            let values = row.values.iter().map(f64::to_string);
            // Four digits are more than a measurement has.
            let times = [row.seconds, row.again].map(|time| format!("{time:.3e}"));
            text += &(values.chain(times).collect::<Vec<_>>().join(",") + "\n");
        }
        let write = || {
            fs::create_dir_all(self.path.parent().unwrap_or(Path::new(".")))?;
            OpenOptions::new().create(true).append(true).open(&self.path)?.write_all(text.as_bytes())
        };
        write().with_context(|| format!("cannot write {}", self.path.display()))
    }

    /// Removes the file, if there is one.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub fn clear(&self) -> Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", self.path.display()))
            }
            _ => Ok(()),
        }
    }

    fn header(&self) -> Vec<String> {
        self.parameters.iter().cloned().chain(TIMES.map(str::to_owned)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_and_other_files_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = DataFile::new(&folder.path().join("new"), "mv", "eigen_dense", &["m", "d"]);
        assert_eq!(file.read().unwrap(), []);
        let row = |m: f64, seconds: f64| Row { values: vec![m, 0.125], seconds, again: seconds * 1.5 };
        file.append(&[row(3.0, 2e-6)]).unwrap();
        file.append(&[row(1024.0, 0.25)]).unwrap();
        assert_eq!(file.read().unwrap(), [row(3.0, 2e-6), row(1024.0, 0.25)]);
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(text.starts_with("m,d,seconds,again\n3,0.125,2.000e-6,3.000e-6\n"), "{text}");

        let other = DataFile::new(&folder.path().join("new"), "mv", "eigen_dense", &["m"]);
        assert!(other.read().unwrap_err().to_string().contains("has the columns m,d,seconds,again"));
        fs::write(file.path(), text + "1,1,0,0\n").unwrap();
        assert!(file.read().unwrap_err().to_string().contains("no times"));
    }
}
