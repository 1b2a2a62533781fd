//! The rows of a table, to train with and to test on.

use std::path::Path;

use anyhow::{ensure, Context, Result};
use predictor::Dataset;

use super::args::PredictArgs;
use crate::predictors::columns::Columns;
use crate::predictors::data::{self, Prepared, Roles};
use crate::system::ending::Usage;

/// Rows to train with where there are twice as many.
const TRAINING_ROWS: usize = 250;
/// Fewest rows to train with, and to test on.
const FEWEST: (usize, usize) = (8, 2);
/// The kernel that a table is of, after its file's name.
pub fn kernel(csv: &Path) -> String {
    csv.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

pub fn read(args: &PredictArgs, csv: &Path) -> Result<Dataset> {
    let columns = Columns::read(csv)?;
    let file = || csv.display().to_string();
    ensure!(columns.len() > 0, "{}: no rows below the header", file());
    let complexity: Vec<_> = args.complexity.iter().flat_map(|terms| terms.0.clone()).collect();
    let roles = Roles { target: &args.target, complexity: &complexity, ignored: &args.ignore };
    let Prepared { data, left_out } = data::prepare(&columns, roles).with_context(file)?;
    for column in left_out {
        eprintln!("nnc: left out {column}");
    }
    Ok(data)
}

/// Training and test rows.
pub fn split(data: &Dataset, wanted: Option<usize>, seed: u64) -> Result<(Dataset, Dataset)> {
    let rows = data.len();
    let training = wanted.unwrap_or(TRAINING_ROWS.min(rows / 2));
    let (least, least_test) = FEWEST;
    if wanted.is_none() {
        ensure!(training >= least, "{rows} rows are too few, at least {} are needed", 2 * least);
    }
    let complaint = || format!("--train {training} is too few, at least {least} are needed");
    ensure!(training >= least, Usage(complaint()));
    let complaint =
        || format!("--train {training} of {rows} rows leaves too few to test on, at least {least_test} are needed");
    ensure!(rows >= training.saturating_add(least_test), Usage(complaint()));
    Ok(data.split(training, seed)?)
}
