//! The command line of `nnc predict`.

use std::path::PathBuf;

use clap::Args;

use crate::models::Name;
use crate::predictors::expression::Terms;

/// Arguments of `nnc predict`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:
  nnc predict --csv mm.csv --target seconds --complexity 'm*n*k'
  nnc predict --csv sort.csv --target 3 --complexity 'n*log2(n), n' --train 100 --json sort.json
  nnc predict --csv conv.csv --target \"time (s)\" --complexity '(w-2)*(h-2)*9/threads' --save conv.mine
  nnc predict --csv mm.csv conv.csv --target 0 --complexity last --splits 20
  nnc predict --csv runs.csv --target c4 --complexity '\"grid size\"^3' --ignore run_id

The target column holds seconds; every other column of numbers is a parameter of the kernel. Columns without any number, \
and those with the same value everywhere, are left out. A first row without numbers is a header; without a header, \
columns are called c0, c1 and so on. Separators are commas, semicolons or tabs.

EXPR: numbers, columns, + - * / ^ and parentheses, log2, log (natural), sqrt, min, max, ceil, floor. Names other than \
letters, digits and _ are put in double quotation marks; last is the last column. Commas separate several terms.

Errors are over the rows that were not trained with. JSON: {combinations: [{kernel, variant, hardware, model, parameters, \
mape_all, mape_slowest70, spearman_rho, train_seconds, inference_ns}], data}; errors are fractions, 0.08 being 8 %. With --splits: {splits: [{kernel, model, parameters, mape_all, \
mape_slowest70}], data}, errors as lists of one a split.")]
pub struct PredictArgs {
    /// The table of parameters and times; with --splits also several
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub csv: Vec<PathBuf>,
    /// Column of the times in seconds: its name or its number from 0
    #[arg(long, value_name = "COLUMN")]
    pub target: String,
    /// What the time grows with, over the columns, as in 'm*n*k'. May be repeated
    #[arg(long, value_name = "EXPR", required = true, allow_hyphen_values = true)]
    pub complexity: Vec<Terms>,
    /// Column that is no parameter, such as a running number. May be repeated
    #[arg(long, value_name = "COLUMN")]
    pub ignore: Vec<String>,
    /// Rows to train with, chosen at random [default: 250, or half of fewer than 500]
    #[arg(long, value_name = "N")]
    pub train: Option<usize>,
    /// Judge over N random splits into rows to train with and to test on: means with 95 % intervals
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(2..), conflicts_with = "save")]
    pub splits: Option<u64>,
    /// Determines everything random
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Write the results to this file
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Keep the NN+C model under this name (`nnc models`) [variant, unless given: csv; hardware: as --hardware]
    #[arg(long, value_name = "KERNEL[.VARIANT[.HARDWARE]]")]
    pub save: Option<Name>,
    /// What the times were measured on, in results and names [default: the fingerprint of this computer]
    #[arg(long, value_name = "LABEL", value_parser = crate::models::parse_part)]
    pub hardware: Option<String>,
}
