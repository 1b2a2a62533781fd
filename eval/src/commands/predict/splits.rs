//! NN+C and what it has to beat, over many splits of the same tables.

use std::path::Path;

use anyhow::{Context, Result};
use predictor::metrics::{mape, mape_slowest, SLOWEST_SHARE};
use predictor::{Dataset, Method, TrainConfig};
use serde::Serialize;

use super::args::PredictArgs;
use super::rows::{kernel, read, split};
use crate::report;
use crate::results::stats;
use crate::system::files;
use crate::system::program::cores;
use crate::system::progress::Progress;
use crate::system::side_by_side::side_by_side;

/// NN+C first.
const METHODS: [Method; 5] = [Method::NnC, Method::Nn, Method::LrC, Method::LogLrC, Method::NlrC];

/// What `--json` writes.
#[derive(Serialize)]
struct Report<'a> {
    splits: &'a [Repeated],
    data: Facts,
}

/// What the figures were made from.
#[derive(Serialize)]
struct Facts {
    splits: u64,
    seed: u64,
}

/// How one method did on one table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Repeated {
    /// The table.
    kernel: String,
    /// Name of the method.
    model: String,
    /// Most fitted parameters in any split; a random forest has no fixed number.
    parameters: Option<usize>,
    /// Mean absolute percentage error over the test rows of each split, as a fraction.
    mape_all: Vec<f64>,
    /// The same over their slowest 70 %.
    mape_slowest70: Vec<f64>,
}

/// Judges every table over `count` splits, prints the table of means, writes what was asked for.
///
/// # Errors
/// As [`super::run`]; methods that cannot be fitted.
pub(super) fn run(args: &PredictArgs, count: u64) -> Result<()> {
    let tables = args.csv.iter().map(|csv| Ok((csv.as_path(), read(args, csv)?))).collect::<Result<Vec<_>>>()?;
    let progress = Progress::start("splits", tables.len() * count as usize);
    let mut judged = Vec::new();
    for (csv, data) in &tables {
        judged.extend(judge(csv, data, args, count, &progress).with_context(|| csv.display().to_string())?);
    }
    println!("{}", table(&judged));
    if let Some(path) = &args.json {
        let report = Report { splits: &judged, data: Facts { splits: count, seed: args.seed } };
        files::write(path, (serde_json::to_string_pretty(&report)? + "\n").as_bytes())?;
    }
    Ok(())
}

/// All methods on one table, as many splits at a time as there are processors.
fn judge(csv: &Path, data: &Dataset, args: &PredictArgs, count: u64, progress: &Progress) -> Result<Vec<Repeated>> {
    let name = kernel(csv);
    let work = |index: usize| {
        let index = index as u64;
        let what = format!("{name}, split {}", index + 1);
        progress.begin(&what);
        let figures = one_split(data, args, args.seed.wrapping_add(index))?;
        progress.end(&what, "judged", false);
        Ok(figures)
    };
    let splits =
        side_by_side(usize::try_from(count)?, cores(), work).into_iter().collect::<Result<Vec<Vec<Figures>>>>()?;
    let of_method = |(place, method): (usize, Method)| Repeated {
        kernel: name.clone(),
        model: method.name().to_owned(),
        parameters: splits.iter().filter_map(|figures| figures[place].parameters).max(),
        mape_all: splits.iter().map(|figures| figures[place].mape_all).collect(),
        mape_slowest70: splits.iter().map(|figures| figures[place].mape_slowest70).collect(),
    };
    Ok(METHODS.into_iter().enumerate().map(of_method).collect())
}

/// How a method did in one split.
struct Figures {
    parameters: Option<usize>,
    mape_all: f64,
    mape_slowest70: f64,
}

fn one_split(data: &Dataset, args: &PredictArgs, seed: u64) -> Result<Vec<Figures>> {
    let (training, test) = split(data, args.train, seed)?;
    let measured = test.seconds().to_vec();
    // Companions have no say in what is predicted.
    let config = TrainConfig { seed, companions: 0, ..TrainConfig::default() };
    let figures = |method: Method| {
        let fitted = method.fit(&training, &config)?;
        let predicted = fitted.predict(&test)?.to_vec();
        Ok(Figures {
            parameters: fitted.parameter_count(),
            mape_all: mape(&predicted, &measured).context("no test rows")?,
            mape_slowest70: mape_slowest(&predicted, &measured, SLOWEST_SHARE).context("no test rows")?,
        })
    };
    METHODS.into_iter().map(figures).collect()
}

/// The errors of a method in every split, by one metric.
type Errors = fn(&Repeated) -> &[f64];

/// Means with intervals, over all rows and over the slowest, one row a table.
pub(super) fn table(judged: &[Repeated]) -> String {
    let metrics: [(&str, Errors); 2] =
        [("MAPE all", |one| &one.mape_all), ("MAPE slowest 70%", |one| &one.mape_slowest70)];
    let part = |(title, errors): (&str, Errors)| {
        let mut header = [""; METHODS.len() + 2];
        header[0] = title;
        METHODS.iter().zip(&mut header[1..]).for_each(|(method, cell)| *cell = method.name());
        header[METHODS.len() + 1] = "ahead of NN+C";
        report::grid(header, judged.chunks(METHODS.len()).map(|methods| row(methods, errors)), 1)
    };
    let most = judged.iter().filter(|one| one.model == Method::NnC.name()).filter_map(|one| one.parameters).max();
    let parameters = most.map_or_else(String::new, |most| format!("\n\nNN+C has at most {most} parameters"));
    metrics.map(part).join("\n\n") + &parameters
}

fn row(methods: &[Repeated], errors: Errors) -> [String; METHODS.len() + 2] {
    let mut cells = std::array::from_fn(|_| String::new());
    cells[0] = methods[0].kernel.clone();
    methods.iter().zip(&mut cells[1..]).for_each(|(method, cell)| *cell = mean(errors(method)));
    let ahead = methods[1..].iter().filter(|method| is_ahead(errors(method), errors(&methods[0])));
    let ahead: Vec<&str> = ahead.map(|method| method.model.as_str()).collect();
    cells[METHODS.len() + 1] = if ahead.is_empty() { "none".to_owned() } else { ahead.join(", ") };
    cells
}

/// Whether errors are smaller than ours by more than the splits let the mean of the differences vary.
fn is_ahead(errors: &[f64], ours: &[f64]) -> bool {
    let differences: Vec<f64> = errors.iter().zip(ours).map(|(error, ours)| error - ours).collect();
    stats::mean_interval(&differences).is_some_and(|[_, high]| high < 0.0)
}

/// `3.10 [2.95, 3.27]`, in percent.
fn mean(errors: &[f64]) -> String {
    let percent = |fraction: f64| match fraction * 100.0 {
        percent if percent < 9.995 => format!("{percent:.2}"),
        percent if percent < 99.95 => format!("{percent:.1}"),
        percent => format!("{percent:.0}"),
    };
    let interval = stats::mean_interval(errors);
    let interval = interval.map_or_else(String::new, |[low, high]| format!(" [{}, {}]", percent(low), percent(high)));
    percent(stats::mean(errors)) + &interval
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(errors: [&[f64]; METHODS.len()]) -> Vec<Repeated> {
        let one = |(method, errors): (Method, &[f64])| Repeated {
            kernel: "mm".to_owned(),
            model: method.name().to_owned(),
            parameters: Some(73),
            mape_all: errors.to_vec(),
            mape_slowest70: errors.iter().map(|error| error / 2.0).collect(),
        };
        METHODS.into_iter().zip(errors).map(one).collect()
    }

    #[test]
    fn means_have_intervals_and_who_is_ahead_is_named() {
        let text = table(&judged([&[0.1, 0.12], &[0.09, 0.11], &[0.3, 0.2], &[0.05, 0.2], &[1.5, 2.5]]));
        let row = text.lines().find(|line| line.starts_with("mm")).unwrap();
        assert!(row.contains("11.0 [10.0, 12.0]") && row.contains("200 [150, 250]"), "{text}");
        assert!(row.ends_with(" NN"), "log LR+C is better in one split and worse in the other: {text}");
        assert!(text.contains("5.50 [5.00, 6.00]") && text.ends_with("at most 73 parameters"), "{text}");
    }
}
