//! The figures of one subject as text for a terminal.

use crate::predictors::compare::Combination;
use crate::report::{self, format};

/// One row a method, and below it the reasons of those that could not be fitted.
pub fn table(combinations: &[Combination]) -> String {
    let header = ["model", "parameters", "MAPE all", "MAPE slowest 70%", "rho", "training", "inference"];
    let mut text = report::grid(header, combinations.iter().map(cells), 1) + "\n";
    for Combination { model, error, .. } in combinations {
        if let Some(error) = error {
            text += &format!("\n{model} could not be fitted: {error}");
        }
    }
    text
}

fn cells(combination: &Combination) -> [String; 7] {
    let show = |value: Option<f64>, text: fn(f64) -> String| value.map_or_else(|| "-".to_owned(), text);
    [
        combination.model.clone(),
        combination.parameters.map_or_else(|| "-".to_owned(), |count| count.to_string()),
        show(combination.mape_all, format::percent),
        show(combination.mape_slowest70, format::percent),
        show(combination.spearman_rho, |rho| format!("{rho:.3}")),
        show(combination.train_seconds, format::duration),
        show(combination.inference_ns.map(|nanoseconds| nanoseconds * 1e-9), format::duration),
    ]
}
