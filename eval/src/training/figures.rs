//! How well predictors do, in figures.

use comfy_table::{presets, Table};
use predictor::metrics::{mape, regret, spearman_rho};
use serde::Serialize;

use crate::results::stats::{geomean, median};

/// Fewest schedules of a pipeline whose order means something.
const FEWEST: usize = 6;

/// How well one predictor does.
#[derive(Debug, Serialize)]
pub struct Figures {
    /// The predictor.
    pub method: String,
    /// Rank correlation of predicted and measured times over the schedules of one pipeline, median over pipelines.
    pub spearman_rho: Option<f64>,
    /// The same, lower quartile.
    pub spearman_rho_quartile: Option<f64>,
    /// Mean absolute percentage error over all schedules, as a fraction.
    pub mape: Option<f64>,
    /// Time of the schedule with the best prediction over that of the fastest one, geometric mean over pipelines.
    pub regret: Option<f64>,
}

/// What to say of these predictions, in seconds, of every schedule of each pipeline, given what was measured.
pub fn figures(name: &str, measured: &[Vec<f64>], predicted: &[Vec<f64>]) -> Figures {
    let of_each = |metric: fn(&[f64], &[f64]) -> Option<f64>| -> Vec<f64> {
        let enough = measured.iter().zip(predicted).filter(|(measured, _)| measured.len() >= FEWEST);
        let mut values: Vec<f64> = enough.filter_map(|(measured, predicted)| metric(predicted, measured)).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let rho = of_each(spearman_rho);
    let regrets = of_each(regret);
    Figures {
        method: name.to_owned(),
        spearman_rho: (!rho.is_empty()).then(|| median(&rho)),
        spearman_rho_quartile: rho.get(rho.len() / 4).copied(),
        mape: mape(&predicted.concat(), &measured.concat()),
        regret: geomean(&regrets),
    }
}

/// Expected times at one speed for all pipelines, the one that fits best: what was not trained on this machine has no other
/// way to know it.
pub fn at_best_speed(measured: &[Vec<f64>], expected: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let ratios: Vec<f64> = measured.iter().flatten().zip(expected.iter().flatten()).map(|(m, e)| m / e).collect();
    let factor = median(&ratios);
    expected.iter().map(|all| all.iter().map(|seconds| seconds * factor).collect()).collect()
}

/// A row for each predictor.
pub fn table<'a>(all: impl IntoIterator<Item = &'a Figures>) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING);
    table.set_header(["", "rho, median", "rho, quartile", "MAPE", "regret"]);
    let number = |value: Option<f64>, digits: usize| value.map_or(String::new(), |value| format!("{value:.digits$}"));
    for figures in all {
        table.add_row([
            figures.method.clone(),
            number(figures.spearman_rho, 3),
            number(figures.spearman_rho_quartile, 3),
            figures.mape.map_or(String::new(), |share| format!("{:.1} %", 100.0 * share)),
            number(figures.regret, 3),
        ]);
    }
    table
}
