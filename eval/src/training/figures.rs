//! How well predictors do, in figures.

use comfy_table::{presets, Table};
use predictor::metrics::{mape, regret, spearman_rho};
use serde::Serialize;

use super::data::Pipeline;
use crate::stats::{geomean, median};

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

/// What to say of these predictions, in seconds, of every schedule of each pipeline.
pub fn figures(name: &str, pipelines: &[Pipeline], predicted: &[Vec<f64>]) -> Figures {
    let of_each = |metric: fn(&[f64], &[f64]) -> Option<f64>| -> Vec<f64> {
        let enough = pipelines.iter().zip(predicted).filter(|(pipeline, _)| pipeline.rows.len() >= FEWEST);
        let mut values: Vec<f64> = enough.filter_map(|(p, predicted)| metric(predicted, &p.seconds())).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let rho = of_each(spearman_rho);
    let regrets = of_each(regret);
    let measured: Vec<f64> = pipelines.iter().flat_map(Pipeline::seconds).collect();
    Figures {
        method: name.to_owned(),
        spearman_rho: (!rho.is_empty()).then(|| median(&rho)),
        spearman_rho_quartile: rho.get(rho.len() / 4).copied(),
        mape: mape(&predicted.concat(), &measured),
        regret: geomean(&regrets),
    }
}

/// The analytic times at one speed for all pipelines, the one that fits best: it has no other way to know the machine.
pub fn at_best_speed(pipelines: &[Pipeline]) -> Vec<Vec<f64>> {
    let expected: Vec<Vec<f64>> = pipelines.iter().map(Pipeline::analytic).collect();
    let ratios: Vec<f64> = pipelines
        .iter()
        .zip(&expected)
        .flat_map(|(pipeline, expected)| pipeline.seconds().into_iter().zip(expected).map(|(m, e)| m / e))
        .collect();
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
