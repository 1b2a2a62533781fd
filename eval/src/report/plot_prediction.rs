//! Predicted against measured run time, both logarithmic; on the diagonal a prediction is right.

use maud::{html, Markup};

use super::format;
use super::labels::{place, Area};
use super::marker::{legend, marker, px};
use super::scale::LogScale;
use super::view::View;
use crate::results::stats::median;

const SIZE: f64 = 640.0;
/// The part of the plot between its axes.
const FRAME: Area = Area { x: 70.0, y: 14.0, width: SIZE - 84.0, height: SIZE - 66.0 };

/// One prediction, in seconds.
struct Point<'a> {
    pipeline: &'a str,
    scheduler: &'a str,
    measured: f64,
    predicted: f64,
}

/// The plot with its legend, or `None` if no scheduler gave a prediction.
pub(super) fn plot(view: &View) -> Option<Markup> {
    let points = points(view);
    if points.is_empty() {
        return None;
    }
    let values = || points.iter().flat_map(|point| [point.measured, point.predicted]);
    let x = LogScale::over(values(), FRAME.x, FRAME.x + FRAME.width);
    let y = LogScale::over(values(), FRAME.y + FRAME.height, FRAME.y);
    let predicting = |name: &&&str| points.iter().any(|point| point.scheduler == **name);
    let schedulers: Vec<&str> = view.schedulers.iter().filter(predicting).copied().collect();
    let centres: Vec<(&str, (f64, f64))> =
        points.iter().map(|point| (point.pipeline, (x.at(point.measured), y.at(point.predicted)))).collect();
    let size = format!("max-width:{SIZE}px");
    Some(html! {
        (legend(view, &schedulers))
        div class="beside" {
            svg id="plot-prediction" role="img" viewBox=(format!("0 0 {SIZE} {SIZE}")) style=(size) {
                title { "Predicted against measured run time" }
                (axes(&x, &y))
                @for (point, (_, centre)) in points.iter().zip(&centres).rev() {
                    (marker(view, point.scheduler, *centre, &describe(point)))
                }
                @for (point, area) in points.iter().zip(place(&centres, &FRAME)) {
                    @if let Some(area) = area {
                        text class="point-label" x=(px(area.x)) y=(px(area.y + 10.0)) { (point.pipeline) }
                    }
                }
            }
            (errors(&points, &schedulers))
        }
    })
}

/// All predictions of completed builds, the subject's first.
fn points<'a>(view: &View<'a>) -> Vec<Point<'a>> {
    let timed = view.evaluation.results.iter().filter_map(|result| {
        result.completed_samples()?;
        let point = Point {
            pipeline: &result.pipeline,
            scheduler: &result.scheduler,
            measured: result.run_seconds.as_ref()?.median,
            predicted: result.predicted_seconds?,
        };
        (point.measured > 0.0 && point.predicted > 0.0 && point.predicted.is_finite()).then_some(point)
    });
    let mut points: Vec<Point> = timed.collect();
    points.sort_by_key(|point| Some(point.scheduler) != view.subject);
    points
}

fn axes(x: &LogScale, y: &LogScale) -> Markup {
    let (left, top) = (FRAME.x, FRAME.y);
    let (right, bottom) = (left + FRAME.width, top + FRAME.height);
    let upright = format!("translate(14 {}) rotate(-90)", px((top + bottom) / 2.0));
    html! {
        @for tick in x.ticks(58.0) {
            @let (across, up) = (px(x.at(tick)), y.at(tick));
            line class="grid" x1=(across) x2=(across) y1=(px(top)) y2=(px(bottom)) {}
            line class="grid" x1=(px(left)) x2=(px(right)) y1=(px(up)) y2=(px(up)) {}
            text class="tick" x=(across) y=(px(bottom + 18.0)) text-anchor="middle" { (tick_label(tick)) }
            text class="tick" x=(px(left - 8.0)) y=(px(up + 4.0)) text-anchor="end" { (tick_label(tick)) }
        }
        line class="axis" x1=(px(left)) y1=(px(bottom)) x2=(px(right)) y2=(px(top)) {}
        text class="axis-title" x=(px((left + right) / 2.0)) y=(px(SIZE - 10.0)) text-anchor="middle" { "measured" }
        text class="axis-title" transform=(upright) text-anchor="middle" { "predicted" }
    }
}

/// A round time, without the digits that ticks do not need.
fn tick_label(seconds: f64) -> String {
    // Just above the round value, which may lie a rounding error below its unit: 1 ms, not 1000 µs.
    let text = format::duration(seconds * (1.0 + 1e-9));
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!("{} {unit}", number.trim_end_matches('0').trim_end_matches('.'))
        }
        _ => text,
    }
}

fn describe(point: &Point) -> String {
    let [predicted, measured] = [point.predicted, point.measured].map(format::duration);
    format!("{}, {}: predicted {predicted}, measured {measured}", point.pipeline, point.scheduler)
}

/// How far off the predictions of each scheduler are.
fn errors(points: &[Point], schedulers: &[&str]) -> Markup {
    html! {
        div class="scroll" {
            table {
                thead { tr { th class="text" { "scheduler" } th { "predictions" } th { "half within" } th { "all within" } th { "bias" } } }
                tbody {
                    @for name in schedulers {
                        @let logs = log_errors(points, name);
                        @let sizes: Vec<f64> = logs.iter().map(|log| log.abs()).collect();
                        tr {
                            td class="text" { (name) }
                            td { (logs.len()) }
                            td { (format::ratio(median(&sizes).exp())) "×" }
                            td { (format::ratio(sizes.iter().copied().fold(0.0, f64::max).exp())) "×" }
                            td { (format::ratio(median(&logs).exp())) "×" }
                        }
                    }
                }
            }
            p class="caption" {
                "Within a factor of the measured time, either way. Bias is the median of predicted over measured; a constant bias does not change which schedule looks best."
            }
        }
    }
}

/// Logarithms of predicted over measured time.
fn log_errors(points: &[Point], scheduler: &str) -> Vec<f64> {
    let own = points.iter().filter(|point| point.scheduler == scheduler);
    own.map(|point| (point.predicted / point.measured).ln()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_carry_no_needless_digits() {
        let labels = [1e-3, 2e-6 * 500.0, 0.05, 1.5, 10.0].map(tick_label);
        assert_eq!(labels, ["1 ms", "1 ms", "50 ms", "1.5 s", "10 s"]);
    }
}
