//! The plots of a study.

use maud::{html, Markup};

use super::judge::Judged;
use super::selection::{ScheduleChoice, VariantChoice};
use crate::report::marker::px;
use crate::report::scale::LogScale;

/// A frame: left, top, right, bottom, in pixels.
type Frame = [f64; 4];

const PANEL: (f64, f64) = (300.0, 260.0);
const PANEL_FRAME: Frame = [52.0, 26.0, 290.0, 226.0];
const WIDE: (f64, f64) = (860.0, 360.0);
const WIDE_FRAME: Frame = [60.0, 16.0, 700.0, 316.0];
/// Largest error that the distribution shows, a fraction.
const ERRORS_TO: f64 = 0.5;
/// Steps of a distribution's curve.
const STEPS: usize = 100;

/// A number of seconds as an axis needs it.
fn tick(seconds: f64) -> String {
    crate::report::format::duration(seconds * (1.0 + 1e-9)).replace(".00 ", " ").replace(".0 ", " ")
}

/// NN+C's predictions of the test instances of one variant against what was measured.
pub fn prediction(judged: &Judged) -> Markup {
    let [left, top, right, bottom] = PANEL_FRAME;
    let values = || judged.measured.iter().chain(judged.predicted()).copied();
    let (x, y) = (LogScale::over(values(), left, right), LogScale::over(values(), bottom, top));
    let figures = &judged.combinations[0];
    let percent = |value: Option<f64>| value.map_or("-".to_owned(), crate::report::format::percent);
    html! {
        svg role="img" viewBox=(format!("0 0 {} {}", PANEL.0, PANEL.1)) style=(format!("max-width:{}px", PANEL.0)) {
            text class="panel-title" x=(px(left)) y="16" {
                (judged.kernel.name) "." (judged.variant.name)
                tspan class="muted" { "  " (percent(figures.mape_all)) " / " (percent(figures.mape_slowest70)) }
            }
            @for at in x.ticks(62.0) {
                line class="grid" x1=(px(x.at(at))) x2=(px(x.at(at))) y1=(px(top)) y2=(px(bottom)) {}
                line class="grid" x1=(px(left)) x2=(px(right)) y1=(px(y.at(at))) y2=(px(y.at(at))) {}
                text class="tick" x=(px(x.at(at))) y=(px(bottom + 15.0)) text-anchor="middle" { (tick(at)) }
                text class="tick" x=(px(left - 5.0)) y=(px(y.at(at) + 4.0)) text-anchor="end" { (tick(at)) }
            }
            line class="axis" x1=(px(left)) y1=(px(bottom)) x2=(px(right)) y2=(px(top)) {}
            @for (measured, predicted) in judged.measured.iter().zip(judged.predicted()).step_by(judged.measured.len() / 800 + 1) {
                circle class="series subject mark" cx=(px(x.at(*measured))) cy=(px(y.at(*predicted))) r="2.2" stroke="none" {}
            }
            text class="axis-title" x=(px((left + right) / 2.0)) y=(px(PANEL.1 - 4.0)) text-anchor="middle" { "measured; upwards: predicted" }
        }
    }
}

/// A name, and values by size.
type Series = (String, Vec<(f64, f64)>);

/// A line of a plot and its name.
struct Line {
    name: String,
    class: String,
    points: Vec<(f64, f64)>,
}

fn class(index: usize) -> String {
    if index == 0 {
        "series subject".to_owned()
    } else {
        format!("series s{}", (index - 1) % 7)
    }
}

/// Lines in the wide frame, each with its name to the right of the plot.
fn lines(lines: &[Line]) -> Markup {
    let [_, top, right, _] = WIDE_FRAME;
    html! {
        @for (index, line) in lines.iter().enumerate() {
            @let path: Vec<String> = line.points.iter().map(|(x, y)| format!("{},{}", px(*x), px(*y))).collect();
            @let at = top + 12.0 + 20.0 * index as f64;
            g class=(line.class) {
                polyline points=(path.join(" ")) fill="none" style="stroke:var(--colour)" stroke-width=(if index == 0 { "2.6" } else { "1.6" }) {}
                line x1=(px(right + 14.0)) x2=(px(right + 34.0)) y1=(px(at)) y2=(px(at)) style="stroke:var(--colour)" stroke-width="2.6" {}
            }
            text x=(px(right + 40.0)) y=(px(at + 4.0)) { (line.name) }
        }
    }
}

/// For each method, the share of all test instances whose error is at most so large.
pub fn error_distribution(judged: &[Judged]) -> Markup {
    let [left, top, right, bottom] = WIDE_FRAME;
    let place = |error: f64, share: f64| (left + (right - left) * error / ERRORS_TO, bottom - (bottom - top) * share);
    let line = |method: usize| {
        let errors: Vec<f64> = judged
            .iter()
            .flat_map(|judged| {
                let predicted = &judged.combinations[method].predicted;
                predicted.iter().zip(&judged.measured).map(|(p, m)| (p / m - 1.0).abs())
            })
            .collect();
        let share = |error: f64| errors.iter().filter(|&&e| e <= error).count() as f64 / errors.len().max(1) as f64;
        let errors = (0..=STEPS).map(|step| ERRORS_TO * step as f64 / STEPS as f64);
        Line {
            name: judged[0].combinations[method].model.clone(),
            class: class(method),
            points: errors.map(|error| place(error, share(error))).collect(),
        }
    };
    let all: Vec<Line> = (0..judged[0].combinations.len()).map(line).collect();
    html! {
        svg role="img" viewBox=(format!("0 0 {} {}", WIDE.0, WIDE.1)) style=(format!("max-width:{}px", WIDE.0)) {
            @for step in 0..=5 {
                @let (x, y) = place(ERRORS_TO * f64::from(step) / 5.0, f64::from(step) / 5.0);
                line class="grid" x1=(px(x)) x2=(px(x)) y1=(px(top)) y2=(px(bottom)) {}
                line class="grid" x1=(px(left)) x2=(px(right)) y1=(px(y)) y2=(px(y)) {}
                text class="tick" x=(px(x)) y=(px(bottom + 16.0)) text-anchor="middle" { (step * 10) " %" }
                text class="tick" x=(px(left - 6.0)) y=(px(y + 4.0)) text-anchor="end" { (step * 20) " %" }
            }
            (lines(&all))
            text class="axis-title" x=(px((left + right) / 2.0)) y=(px(bottom + 36.0)) text-anchor="middle" { "error of the prediction; upwards: share of the test instances" }
        }
    }
}

/// Time in total, over that of the best variant for each input: of choosing by prediction, and of always the same.
pub fn variant_choice(choice: &VariantChoice) -> Markup {
    let always = choice.always.iter().map(|(name, always)| (format!("always {name}"), always.regret_total));
    let bars: Vec<(String, f64)> =
        std::iter::once(("by prediction".to_owned(), choice.regret_total)).chain(always).collect();
    let (left, right, step) = (150.0, 520.0, 24.0);
    let x = LogScale::over(bars.iter().map(|bar| bar.1).chain([1.0, 2.0]), left, right);
    let height = 30.0 + step * bars.len() as f64;
    html! {
        svg role="img" viewBox=(format!("0 0 600 {height}")) style="max-width:600px" {
            text class="panel-title" x="0" y="14" { (choice.kernel) }
            @for (index, (name, ratio)) in bars.iter().enumerate() {
                @let y = 24.0 + step * index as f64;
                text x=(px(left - 8.0)) y=(px(y + 14.0)) text-anchor="end" { (name) }
                g class=(class(usize::from(index > 0))) {
                    rect x=(px(x.at(1.0))) y=(px(y)) height="18" width=(px(x.at(*ratio) - x.at(1.0) + 1.0)) style="fill:var(--colour)" {}
                }
                text x=(px(x.at(*ratio) + 8.0)) y=(px(y + 14.0)) { (format!("{ratio:.2}")) "×" }
            }
        }
    }
}

/// For each size of a schedule space: the schedule chosen, the median one and those of autoschedulers, over the best
/// (paper, figure 5).
pub fn schedule_choice(choices: &[&ScheduleChoice]) -> Markup {
    let [left, top, right, bottom] = WIDE_FRAME;
    let x = LogScale::over(choices.iter().map(|choice| choice.n), left, right);
    let mut series: Vec<Series> = vec![
        ("chosen".to_owned(), choices.iter().map(|c| (c.n, c.regret)).collect()),
        ("best of 5".to_owned(), choices.iter().map(|c| (c.n, c.best_of_5_seconds / c.best_seconds)).collect()),
        ("median candidate".to_owned(), choices.iter().map(|c| (c.n, c.median_seconds / c.best_seconds)).collect()),
    ];
    let names: std::collections::BTreeSet<&String> =
        choices.iter().flat_map(|choice| choice.references.keys()).collect();
    for name in names {
        let of = |c: &&ScheduleChoice| Some((c.n, c.references.get(name)? / c.best_seconds));
        series.push((name.clone(), choices.iter().filter_map(of).collect()));
    }
    let y = LogScale::over(
        series.iter().flat_map(|(_, points)| points.iter().map(|point| point.1)).chain([1.0]),
        bottom,
        top,
    );
    let line = |(index, (name, points)): (usize, &Series)| Line {
        name: name.clone(),
        class: class(index),
        points: points.iter().map(|&(n, ratio)| (x.at(n), y.at(ratio))).collect(),
    };
    let all: Vec<Line> = series.iter().enumerate().map(line).collect();
    html! {
        svg role="img" viewBox=(format!("0 0 {} {}", WIDE.0, WIDE.1)) style=(format!("max-width:{}px", WIDE.0)) {
            @for at in y.ticks(30.0) {
                line class="grid" x1=(px(left)) x2=(px(right)) y1=(px(y.at(at))) y2=(px(y.at(at))) {}
                text class="tick" x=(px(left - 6.0)) y=(px(y.at(at) + 4.0)) text-anchor="end" { (at) "×" }
            }
            @for choice in choices {
                text class="tick" x=(px(x.at(choice.n))) y=(px(bottom + 16.0)) text-anchor="middle" { (choice.n) }
            }
            (lines(&all))
            text class="axis-title" x=(px((left + right) / 2.0)) y=(px(bottom + 36.0)) text-anchor="middle" {
                (choices[0].kernel) ", size; upwards: time over that of the best candidate"
            }
        }
    }
}
