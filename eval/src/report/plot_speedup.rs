//! Speedup of the subject over each baseline, one panel per baseline, one bar per pipeline.

use maud::{html, Markup};

use super::format;
use super::marker::{px, text_width};
use super::scale::LogScale;
use super::view::View;
use crate::results::record::Status;

/// Height of a row, in pixels.
const ROW: f64 = 22.0;
/// Where the first row begins: above it stand the panel's title and its axis.
const TOP: f64 = 52.0;
/// Between panels.
const GAP: f64 = 26.0;
/// Room for the number beside the bars.
const VALUE_WIDTH: f64 = 46.0;
/// Width the whole plot aims at.
const WIDTH: f64 = 1190.0;
/// Longest pipeline name shown whole.
const LABEL_LETTERS: usize = 30;
/// Least width of the bars of a panel, so that its title has room.
const MIN_BARS: f64 = 84.0;

/// Where things stand.
struct Layout {
    label_width: f64,
    panels: Vec<Panel>,
    rows: usize,
}

/// The column of one baseline: bars at the left, numbers at the right.
struct Panel {
    scale: LogScale,
    left: f64,
    right: f64,
}

impl Layout {
    fn new(view: &View, baselines: &[&str]) -> Self {
        let longest = view.pipelines.iter().map(|name| name.chars().count()).max();
        let letters = longest.unwrap_or(0).clamp(8, LABEL_LETTERS);
        let label_width = text_width(letters) + 16.0;
        let scales: Vec<LogScale> = baselines.iter().map(|name| scale(view, name)).collect();
        // Equal ratios are equally long in all panels, so bars compare across them; the panels' widths differ.
        let total: f64 = scales.iter().map(LogScale::span).sum();
        let fixed = label_width + baselines.len() as f64 * (GAP + VALUE_WIDTH);
        let unit = (WIDTH - fixed).max(0.0) / total;
        let mut left = label_width;
        let mut panels = Vec::new();
        for scale in scales {
            let bars = (scale.span() * unit).max(MIN_BARS);
            panels.push(Panel { scale: scale.moved(left, left + bars), left, right: left + bars + VALUE_WIDTH });
            left += bars + VALUE_WIDTH + GAP;
        }
        Self { label_width, panels, rows: view.pipelines.len() }
    }

    fn width(&self) -> f64 {
        self.panels.last().map_or(self.label_width, |panel| panel.right) + 4.0
    }

    /// Top of row `index`; the geometric mean is the row after the last, a little apart.
    fn top(&self, index: usize) -> f64 {
        TOP + index as f64 * ROW + if index == self.rows { 8.0 } else { 0.0 }
    }

    fn height(&self) -> f64 {
        self.top(self.rows) + ROW + 6.0
    }
}

/// The ratios that the bars over `baseline` show. 1 is always in sight, and so is a factor of two around it: small
/// differences shall look small.
fn scale(view: &View, baseline: &str) -> LogScale {
    let speedups = view.pipelines.iter().filter_map(|pipeline| view.speedup(pipeline, baseline));
    let ends = speedups.flat_map(|speedup| speedup.interval.unwrap_or([speedup.ratio; 2]));
    let mean = view.summary(baseline).and_then(|summary| summary.interval);
    LogScale::over(ends.chain(mean.into_iter().flatten()).chain([0.5, 2.0]), 0.0, 1.0)
}

/// The plot, or `None` if no pipeline completed under both the subject and another scheduler.
pub(super) fn plot(view: &View) -> Option<Markup> {
    let subject = view.subject?;
    let baselines: Vec<&str> = view.baselines().collect();
    let compared = |name: &str| view.pipelines.iter().any(|pipeline| view.speedup(pipeline, name).is_some());
    if !baselines.iter().any(|name| compared(name)) {
        return None;
    }
    let layout = Layout::new(view, &baselines);
    let (width, height) = (layout.width(), layout.height());
    let size = format!("min-width:{}px;max-width:{}px", px(width * 0.8), px(width * 1.1));
    Some(html! {
        svg id="plot-speedup" role="img" viewBox=(format!("0 0 {} {}", px(width), px(height))) style=(size) {
            title { "Speedup of " (subject) " over each other scheduler" }
            (labels(view, &layout))
            @for (panel, baseline) in layout.panels.iter().zip(&baselines) {
                (bars(view, &layout, panel, baseline))
            }
        }
    })
}

/// Names of the pipelines, on bands that lead the eye along a row.
fn labels(view: &View, layout: &Layout) -> Markup {
    let x = px(layout.label_width - 12.0);
    html! {
        @for (index, pipeline) in view.pipelines.iter().enumerate() {
            @if index % 2 == 0 {
                rect class="band" x="0" y=(px(layout.top(index))) width=(px(layout.width())) height=(px(ROW)) {}
            }
            text class="label" x=(x) y=(px(layout.top(index) + 15.0)) text-anchor="end" {
                (format::elide(pipeline, LABEL_LETTERS)) title { (pipeline) }
            }
        }
        text class="label strong" x=(x) y=(px(layout.top(layout.rows) + 15.0)) text-anchor="end" { "geomean" }
    }
}

fn bars(view: &View, layout: &Layout, panel: &Panel, baseline: &str) -> Markup {
    let bottom = px(layout.height() - 4.0);
    let letters = ((panel.right - panel.left) / text_width(1)) as usize - 4;
    html! {
        text class="panel-title" x=(px(panel.left)) y="16" {
            tspan class="muted" { "over " } (format::elide(baseline, letters)) title { (baseline) }
        }
        @for tick in panel.scale.ticks(24.0) {
            @let x = px(panel.scale.at(tick));
            line class=(if tick == 1.0 { "axis" } else { "grid" }) x1=(x) x2=(x) y1=(px(TOP - 6.0)) y2=(bottom) {}
            text class="tick" x=(x) y=(px(TOP - 12.0)) text-anchor="middle" { (tick) }
        }
        @for (index, pipeline) in view.pipelines.iter().enumerate() {
            (row(view, panel, layout.top(index), (pipeline, baseline)))
        }
        @if let Some((ratio, interval)) = view.summary(baseline).and_then(|s| Some((s.geomean_speedup?, s.interval))) {
            g class="strong" { (bar(panel, layout.top(layout.rows), (ratio, interval))) }
        }
    }
}

fn row(view: &View, panel: &Panel, top: f64, (pipeline, baseline): (&str, &str)) -> Markup {
    let Some(speedup) = view.speedup(pipeline, baseline) else {
        return absent(view, panel, top, (pipeline, baseline));
    };
    let class = if speedup.is_clear() { "" } else { "unclear" };
    let times = [baseline, view.subject.unwrap_or_default()].map(|name| {
        let median = view.result(pipeline, name).and_then(|r| Some(r.run_seconds.as_ref()?.median));
        format!("{name} {}", format::duration(median.unwrap_or(f64::NAN)))
    });
    let text = format::ratio_with_interval(speedup.ratio, speedup.interval);
    html! {
        g class=(class) {
            title { (pipeline) ": " (text) "; " (times.join(", ")) }
            (bar(panel, top, (speedup.ratio, speedup.interval)))
        }
    }
}

/// A bar from 1 to the ratio, its interval, and its number.
fn bar(panel: &Panel, top: f64, (ratio, interval): (f64, Option<[f64; 2]>)) -> Markup {
    let (one, end) = (panel.scale.at(1.0), panel.scale.at(ratio));
    let class = if ratio >= 1.0 { "bar faster" } else { "bar slower" };
    let middle = px(top + ROW / 2.0);
    let (left, width) = (px(one.min(end)), px((end - one).abs()));
    html! {
        rect class=(class) x=(left) y=(px(top + 4.0)) width=(width) height=(px(ROW - 8.0)) rx="1.5" {}
        @if let Some([low, high]) = interval {
            line class="whisker" x1=(px(panel.scale.at(low))) x2=(px(panel.scale.at(high))) y1=(middle) y2=(middle) {}
        }
        (value("value", panel, top, &format!("{}×", format::ratio(ratio))))
    }
}

/// Why there is no bar.
fn absent(view: &View, panel: &Panel, top: f64, (pipeline, baseline): (&str, &str)) -> Markup {
    let status = |name: &str| view.result(pipeline, name).map_or(Status::Skipped, |result| result.status);
    let own = view.subject.map_or(Status::Skipped, status);
    match (own, status(baseline)) {
        (own, _) if own.is_failure() => value("reason own", panel, top, &format!("ours: {}", format::status(own))),
        (_, other) if other.is_failure() => value("reason", panel, top, format::status(other)),
        (Status::Skipped, _) | (_, Status::Skipped) => value("reason", panel, top, "–"),
        _ => value("reason", panel, top, "not timed"),
    }
}

/// Text at the right end of a row.
fn value(class: &str, panel: &Panel, top: f64, text: &str) -> Markup {
    html! {
        text class=(class) x=(px(panel.right)) y=(px(top + 15.0)) text-anchor="end" { (text) }
    }
}
