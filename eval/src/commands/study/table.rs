//! The figures of a study as text for a terminal.

use super::figures::Figures;
use super::judge::Judged;
use super::selection::{ScheduleChoice, VariantChoice};
use crate::predictors::compare::Combination;
use crate::report::{self, format};

/// All tables.
pub fn tables(figures: &Figures) -> String {
    let mut parts = vec![
        format!("NN+C on the test instances\n{}", variants(&figures.judged)),
        format!("MAPE over the slowest 70 %, by method\n{}", errors(&figures.judged)),
        format!("Averages over all\n{}", averages(figures)),
    ];
    if !figures.variants.is_empty() {
        parts.push(format!(
            "Choosing the variant by prediction: time over that of the best\n{}",
            choices(&figures.variants)
        ));
    }
    if !figures.schedules.is_empty() {
        parts.push(format!("Choosing the schedule by prediction\n{}", schedules(&figures.schedules)));
    }
    parts.extend(figures.skipped.iter().map(|what| format!("skipped: {what}")));
    parts.join("\n\n")
}

fn number(value: Option<f64>, text: fn(f64) -> String) -> String {
    value.map_or_else(|| "-".to_owned(), text)
}

fn name(judged: &Judged) -> String {
    format!("{}.{}", judged.kernel.name, judged.variant.name)
}

fn variants(judged: &[Judged]) -> String {
    let row = |judged: &Judged| {
        let figures: &Combination = &judged.combinations[0];
        [
            name(judged),
            figures.parameters.map_or_else(|| "-".to_owned(), |count| count.to_string()),
            number(figures.mape_all, format::percent),
            number(figures.mape_slowest70, format::percent),
            number(judged.noise, format::percent),
            number(figures.spearman_rho, |rho| format!("{rho:.3}")),
            number(figures.train_seconds, format::duration),
            number(figures.inference_ns.map(|time| time * 1e-9), format::duration),
        ]
    };
    let header = ["", "parameters", "MAPE all", "slowest 70%", "noise", "rho", "training", "inference"];
    report::grid(header, judged.iter().map(row), 1)
}

fn errors(judged: &[Judged]) -> String {
    let cell = |judged: &Judged, method: usize| number(judged.combinations[method].mape_slowest70, format::percent);
    let row = |judged: &Judged| {
        let mut row: [String; 9] = std::array::from_fn(|column| cell(judged, column.saturating_sub(1)));
        row[0] = name(judged);
        row
    };
    let methods = predictor::Method::ALL.map(predictor::Method::name);
    let header: [&str; 9] = std::array::from_fn(|column| if column == 0 { "" } else { methods[column - 1] });
    report::grid(header, judged.iter().map(row), 1)
}

fn averages(figures: &Figures) -> String {
    let rows = figures.averages().into_iter().map(|average| {
        let (beaten, of) = average.beaten;
        [
            average.model,
            format::percent(average.mape_all),
            format::percent(average.mape_slowest70),
            format!("{:.3}", average.spearman_rho),
            format!("{beaten} of {of}"),
        ]
    });
    report::grid(["", "MAPE all", "slowest 70%", "rho", "NN+C is better on"], rows, 1)
}

fn choices(choices: &[VariantChoice]) -> String {
    let mut rows = Vec::new();
    for choice in choices {
        let row = |who: String, mean: f64, total: f64, best: f64| {
            [choice.kernel.clone(), who, format!("{mean:.3}"), format!("{total:.3}"), format::percent(best)]
        };
        rows.push(row("chosen".to_owned(), choice.regret_mean, choice.regret_total, choice.best_chosen));
        let always = choice.always.iter();
        rows.extend(always.map(|(who, a)| row(format!("always {who}"), a.regret_mean, a.regret_total, a.best)));
    }
    report::grid(["kernel", "variant", "mean", "in total", "best for"], rows, 2)
}

fn schedules(choices: &[ScheduleChoice]) -> String {
    let row = |choice: &ScheduleChoice| {
        let over = |name: &str| {
            let ratio = choice.references.get(name).map(|seconds| seconds / choice.chosen_seconds);
            number(ratio, |ratio| format!("{ratio:.2}x"))
        };
        [
            format!("{} {}", choice.kernel, choice.n),
            choice.candidates.to_string(),
            format::duration(choice.chosen_seconds),
            format::duration(choice.best_seconds),
            format!("{:.3}", choice.regret),
            format!("{:.3}", choice.best_of_5_seconds / choice.best_seconds),
            over("Mullapudi2016"),
            over("Adams2019"),
            over("Srivastava2020"),
        ]
    };
    let header = [
        "",
        "candidates",
        "chosen",
        "best",
        "over the best",
        "best of 5",
        "over Mullapudi2016",
        "over Adams2019",
        "over Srivastava2020",
    ];
    report::grid(header, choices.iter().map(row), 1)
}
