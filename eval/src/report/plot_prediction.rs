//! Predicted against measured run time, both logarithmic; on the diagonal a prediction is right.

use maud::{html, Markup};

use super::format;
use super::marker::{legend, marker, px};
use super::scale::LogScale;
use super::view::View;
use crate::stats::median;

const SIZE: f64 = 640.0;
const LEFT: f64 = 70.0;
const BOTTOM: f64 = 52.0;
const MARGIN: f64 = 14.0;

/// One prediction, in seconds.
struct Point<'a> {
    pipeline: &'a str,
    scheduler: &'a str,
    measured: f64,
    predicted: f64,
}

/// Area that nothing else may cover.
#[derive(Clone, Copy)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Area {
    fn overlaps(&self, other: &Area) -> bool {
        let apart_across = self.x + self.width < other.x || other.x + other.width < self.x;
        let apart_down = self.y + self.height < other.y || other.y + other.height < self.y;
        !(apart_across || apart_down)
    }

    fn is_inside_plot(&self) -> bool {
        self.x > LEFT
            && self.x + self.width < SIZE - MARGIN
            && self.y > MARGIN
            && self.y + self.height < SIZE - BOTTOM
    }
}

/// The plot with its legend, or `None` if no scheduler gave a prediction.
pub(super) fn plot(view: &View) -> Option<Markup> {
    let points = points(view);
    if points.is_empty() {
        return None;
    }
    let values = || {
        points
            .iter()
            .flat_map(|point| [point.measured, point.predicted])
    };
    let x = LogScale::over(values(), LEFT, SIZE - MARGIN);
    let y = LogScale::over(values(), SIZE - BOTTOM, MARGIN);
    let predicting = |name: &&&str| points.iter().any(|point| point.scheduler == **name);
    let schedulers: Vec<&str> = view.schedulers.iter().filter(predicting).copied().collect();
    Some(html! {
        (legend(view, &schedulers))
        svg id="plot-prediction" role="img" viewBox=(format!("0 0 {SIZE} {SIZE}")) style=(format!("max-width:{SIZE}px")) {
            title { "Predicted against measured run time" }
            (axes(&x, &y))
            @for point in &points {
                (marker(view, point.scheduler, (x.at(point.measured), y.at(point.predicted)), &describe(point)))
            }
            @for (point, area) in points.iter().zip(places(&points, &x, &y)) {
                @if let Some(area) = area {
                    text class="point-label" x=(px(area.x)) y=(px(area.y + 10.0)) { (point.pipeline) }
                }
            }
        }
        (verdict(&points, &schedulers))
    })
}

fn points<'a>(view: &View<'a>) -> Vec<Point<'a>> {
    let timed = view.evaluation.results.iter().filter_map(|result| {
        result.completed_samples()?;
        let point = Point {
            pipeline: &result.pipeline,
            scheduler: &result.scheduler,
            measured: result.run_seconds.as_ref()?.median,
            predicted: result.predicted_seconds?,
        };
        (point.measured > 0.0 && point.predicted > 0.0 && point.predicted.is_finite())
            .then_some(point)
    });
    timed.collect()
}

fn axes(x: &LogScale, y: &LogScale) -> Markup {
    let (right, bottom) = (SIZE - MARGIN, SIZE - BOTTOM);
    html! {
        @for tick in x.ticks(64.0) {
            line class="grid" x1=(px(x.at(tick))) x2=(px(x.at(tick))) y1=(px(MARGIN)) y2=(px(bottom)) {}
            text class="tick" x=(px(x.at(tick))) y=(px(bottom + 18.0)) text-anchor="middle" { (tick_label(tick)) }
        }
        @for tick in y.ticks(40.0) {
            line class="grid" x1=(px(LEFT)) x2=(px(right)) y1=(px(y.at(tick))) y2=(px(y.at(tick))) {}
            text class="tick" x=(px(LEFT - 8.0)) y=(px(y.at(tick) + 4.0)) text-anchor="end" { (tick_label(tick)) }
        }
        line class="axis" x1=(px(LEFT)) y1=(px(bottom)) x2=(px(right)) y2=(px(MARGIN)) {}
        text class="axis-title" x=(px((LEFT + right) / 2.0)) y=(px(SIZE - 10.0)) text-anchor="middle" { "measured" }
        text class="axis-title" transform=(format!("translate(14 {}) rotate(-90)", px(bottom / 2.0))) text-anchor="middle" { "predicted" }
    }
}

/// A round time, without the digits that ticks do not need.
fn tick_label(seconds: f64) -> String {
    let text = format::duration(seconds * (1.0 + 1e-9));
    match text.split_once(' ') {
        Some((number, unit)) if number.contains('.') => {
            format!(
                "{} {unit}",
                number.trim_end_matches('0').trim_end_matches('.')
            )
        }
        _ => text,
    }
}

fn describe(point: &Point) -> String {
    let Point {
        pipeline,
        scheduler,
        measured,
        predicted,
    } = point;
    format!(
        "{pipeline}, {scheduler}: predicted {}, measured {}",
        format::duration(*predicted),
        format::duration(*measured)
    )
}

/// Where the names go: beside their points, where they cover neither points nor other names; `None` where that
/// cannot be. The name of a pipeline is written once, at the first of its points that has room.
fn places(points: &[Point], x: &LogScale, y: &LogScale) -> Vec<Option<Area>> {
    let centre = |point: &Point| (x.at(point.measured), y.at(point.predicted));
    let mut taken: Vec<Area> = points
        .iter()
        .map(|point| {
            let (cx, cy) = centre(point);
            Area {
                x: cx - 5.0,
                y: cy - 5.0,
                width: 10.0,
                height: 10.0,
            }
        })
        .collect();
    let mut named: Vec<&str> = Vec::new();
    let mut place = |point: &Point<'_>| {
        let (cx, cy) = centre(point);
        let width = point.pipeline.chars().count() as f64 * 6.1;
        let offsets = [
            (9.0, -6.0),
            (-9.0 - width, -6.0),
            (-width / 2.0, -21.0),
            (-width / 2.0, 9.0),
            (7.0, -18.0),
            (7.0, 6.0),
            (-7.0 - width, -18.0),
            (-7.0 - width, 6.0),
        ];
        let areas = offsets.map(|(dx, dy)| Area {
            x: cx + dx,
            y: cy + dy,
            width,
            height: 12.0,
        });
        let free = areas.into_iter().find(|area| {
            area.is_inside_plot() && !taken.iter().any(|other| area.overlaps(other))
        })?;
        taken.push(free);
        Some(free)
    };
    let mut areas = Vec::new();
    for point in points {
        let area = if named.contains(&point.pipeline) {
            None
        } else {
            place(point)
        };
        if area.is_some() {
            named.push(point.pipeline);
        }
        areas.push(area);
    }
    areas
}

/// How far off the predictions of each scheduler are, in words.
fn verdict(points: &[Point], schedulers: &[&str]) -> Markup {
    let factor = |name: &str| {
        let own = points.iter().filter(|point| point.scheduler == name);
        let logs: Vec<f64> = own
            .map(|point| (point.predicted / point.measured).ln().abs())
            .collect();
        (logs.len(), median(&logs).exp())
    };
    html! {
        p class="caption" {
            @for name in schedulers {
                @let (count, off) = factor(name);
                "Half of " (name) "'s " (format::count(count, "prediction")) " are off by less than " (format::ratio(off)) "×. "
            }
        }
    }
}
