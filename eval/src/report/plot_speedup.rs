//! Speedup of the subject over each baseline, one panel per baseline, one bar per pipeline.

use maud::{html, Markup};

use super::format;
use super::marker::{colour_class, px};
use super::scale::LogScale;
use super::view::View;
use crate::record::Status;

/// Height of a row, in pixels.
const ROW: f64 = 22.0;
/// Where the first row begins: above it stand the panel's title and its axis.
const TOP: f64 = 52.0;
/// Between panels.
const GAP: f64 = 26.0;
/// Room for the number beside the bars.
const VALUE_WIDTH: f64 = 46.0;
/// Of an average letter at the plots' text size.
const LETTER: f64 = 6.7;
/// Width the whole plot aims at.
const WIDTH: f64 = 1160.0;

/// Where things stand.
struct Layout {
    label_width: f64,
    panel_width: f64,
    scale: LogScale,
    rows: usize,
}

impl Layout {
    fn new(view: &View, panels: usize) -> Self {
        let longest = view
            .pipelines
            .iter()
            .map(|name| name.chars().count())
            .max()
            .unwrap_or(0)
            .clamp(8, 30);
        let label_width = longest as f64 * LETTER + 12.0;
        let panel_width = ((WIDTH - label_width) / panels as f64 - GAP).clamp(150.0, 520.0);
        let pairs = view
            .pipelines
            .iter()
            .flat_map(|pipeline| view.baselines().map(move |name| (pipeline, name)));
        let ratios = pairs.filter_map(|(pipeline, name)| Some(view.speedup(pipeline, name)?.ratio));
        // 1 is always in sight, and so is a factor of two around it: small differences shall look small.
        let scale = LogScale::over(ratios.chain([0.5, 2.0]), 0.0, panel_width - VALUE_WIDTH);
        Self {
            label_width,
            panel_width,
            scale,
            rows: view.pipelines.len(),
        }
    }

    /// Left end of panel `index`.
    fn left(&self, index: usize) -> f64 {
        self.label_width + index as f64 * (self.panel_width + GAP)
    }

    /// Top of row `index`; the geometric mean is the row after the last, a little apart.
    fn top(&self, index: usize) -> f64 {
        TOP + index as f64 * ROW + if index == self.rows { 8.0 } else { 0.0 }
    }

    fn height(&self) -> f64 {
        self.top(self.rows) + ROW + 6.0
    }
}

/// The plot, or `None` if no pipeline completed under both the subject and another scheduler.
pub(super) fn plot(view: &View) -> Option<Markup> {
    let subject = view.subject?;
    let baselines: Vec<&str> = view.baselines().collect();
    let compared = |name: &str| {
        view.pipelines
            .iter()
            .any(|pipeline| view.speedup(pipeline, name).is_some())
    };
    if !baselines.iter().any(|name| compared(name)) {
        return None;
    }
    let layout = Layout::new(view, baselines.len());
    let width = layout.left(baselines.len()) - GAP + 4.0;
    let height = layout.height();
    Some(html! {
        svg id="plot-speedup" role="img" viewBox=(format!("0 0 {} {}", px(width), px(height))) style=(format!("min-width:{}px;max-width:{}px", px(width * 0.8), px(width * 1.1))) {
            title { "Speedup of " (subject) " over each other scheduler" }
            @for (index, pipeline) in view.pipelines.iter().enumerate() {
                @if index % 2 == 0 {
                    rect class="band" x="0" y=(px(layout.top(index))) width=(px(width)) height=(px(ROW)) {}
                }
                text class="label" x=(px(layout.label_width - 12.0)) y=(px(layout.top(index) + 15.0)) text-anchor="end" {
                    (format::elide(pipeline, 30)) title { (pipeline) }
                }
            }
            text class="label strong" x=(px(layout.label_width - 12.0)) y=(px(layout.top(layout.rows) + 15.0)) text-anchor="end" { "geomean" }
            @for (index, baseline) in baselines.iter().enumerate() {
                (panel(view, &layout, layout.left(index), baseline))
            }
        }
    })
}

fn panel(view: &View, layout: &Layout, left: f64, baseline: &str) -> Markup {
    let scale = layout
        .scale
        .moved(left, left + layout.panel_width - VALUE_WIDTH);
    let bottom = layout.height() - 4.0;
    let letters = (layout.panel_width / LETTER) as usize - 5;
    html! {
        text class=(format!("panel-title {}", colour_class(view, baseline))) x=(px(left)) y="16" {
            tspan class="muted" { "over " } (format::elide(baseline, letters)) title { (baseline) }
        }
        @for tick in scale.ticks(30.0) {
            line class=(if tick == 1.0 { "axis" } else { "grid" }) x1=(px(scale.at(tick))) x2=(px(scale.at(tick))) y1=(px(TOP - 6.0)) y2=(px(bottom)) {}
            text class="tick" x=(px(scale.at(tick))) y=(px(TOP - 12.0)) text-anchor="middle" { (tick) }
        }
        @for (index, pipeline) in view.pipelines.iter().enumerate() {
            (row(view, layout, &scale, left, index, (pipeline, baseline)))
        }
        @if let Some((ratio, interval)) = view.summary(baseline).and_then(|s| Some((s.geomean_speedup?, s.interval))) {
            g class="strong" { (bar(layout, &scale, left, layout.rows, (ratio, interval))) }
        }
    }
}

fn row(
    view: &View,
    layout: &Layout,
    scale: &LogScale,
    left: f64,
    index: usize,
    (pipeline, baseline): (&str, &str),
) -> Markup {
    let Some(speedup) = view.speedup(pipeline, baseline) else {
        return absent(view, layout, left, index, (pipeline, baseline));
    };
    let class = if speedup.is_clear() { "" } else { "unclear" };
    let times = [baseline, view.subject.unwrap_or_default()].map(|name| {
        let median = view
            .result(pipeline, name)
            .and_then(|r| Some(r.run_seconds.as_ref()?.median));
        format!("{name} {}", format::duration(median.unwrap_or(f64::NAN)))
    });
    let text = format::ratio_with_interval(speedup.ratio, speedup.interval);
    html! {
        g class=(class) {
            title { (pipeline) ": " (text) "; " (times.join(", ")) }
            (bar(layout, scale, left, index, (speedup.ratio, speedup.interval)))
        }
    }
}

/// A bar from 1 to the ratio, its interval, and its number.
fn bar(
    layout: &Layout,
    scale: &LogScale,
    left: f64,
    index: usize,
    (ratio, interval): (f64, Option<[f64; 2]>),
) -> Markup {
    let (one, end, top) = (scale.at(1.0), scale.at(ratio), layout.top(index));
    let middle = px(top + ROW / 2.0);
    html! {
        rect class=(if ratio >= 1.0 { "bar faster" } else { "bar slower" }) x=(px(one.min(end))) y=(px(top + 4.0)) width=(px((end - one).abs())) height=(px(ROW - 8.0)) rx="2" {}
        @if let Some([low, high]) = interval {
            line class="whisker" x1=(px(scale.at(low))) x2=(px(scale.at(high))) y1=(middle) y2=(middle) {}
        }
        text class="value" x=(px(left + layout.panel_width)) y=(px(top + 15.0)) text-anchor="end" { (format::ratio(ratio)) "×" }
    }
}

/// Why there is no bar.
fn absent(
    view: &View,
    layout: &Layout,
    left: f64,
    index: usize,
    (pipeline, baseline): (&str, &str),
) -> Markup {
    let status = |name: &str| {
        view.result(pipeline, name)
            .map_or(Status::Skipped, |result| result.status)
    };
    let own = view.subject.map_or(Status::Skipped, status);
    let (class, reason) = match (own, status(baseline)) {
        (own, _) if own.is_failure() => ("reason own", format!("ours: {}", format::status(own))),
        (_, other) if other.is_failure() => ("reason", format::status(other).to_owned()),
        (Status::Skipped, _) | (_, Status::Skipped) => ("reason", "–".to_owned()),
        _ => ("reason", "not timed".to_owned()),
    };
    html! {
        text class=(class) x=(px(left + layout.panel_width)) y=(px(layout.top(index) + 15.0)) text-anchor="end" { (reason) }
    }
}
