//! How close each pipeline comes to the memory limit: the time its inputs and outputs take to move at the measured
//! copy bandwidth, over its measured time.

use maud::{html, Markup};

use super::format;
use super::marker::{legend, marker, px, text_width};
use super::scale::LogScale;
use super::view::View;

const WIDTH: f64 = 1190.0;
const ROW: f64 = 24.0;
const TOP: f64 = 44.0;
/// Room for the limit's time, right of the marks.
const LIMIT_WIDTH: f64 = 84.0;

/// One pipeline: the limit, and the fraction of it that each scheduler reached.
struct Row<'a> {
    pipeline: &'a str,
    limit_seconds: f64,
    reached: Vec<(&'a str, f64)>,
}

impl Row<'_> {
    /// What the rows are sorted by: how near the subject comes, or the best if it did not complete.
    fn rank(&self, subject: Option<&str>) -> f64 {
        let own = self.reached.iter().find(|(name, _)| Some(*name) == subject);
        own.map_or_else(
            || self.reached.iter().map(|(_, fraction)| *fraction).fold(0.0, f64::max),
            |(_, fraction)| *fraction,
        )
    }
}

/// The plot with its legend, or `None` if the bandwidth or the buffers' sizes are unknown.
pub(super) fn plot(view: &View) -> Option<Markup> {
    let mut rows: Vec<Row> = view.pipelines.iter().filter_map(|pipeline| row(view, pipeline)).collect();
    if rows.is_empty() {
        return None;
    }
    rows.sort_by(|a, b| b.rank(view.subject).total_cmp(&a.rank(view.subject)));
    let longest = rows.iter().map(|row| row.pipeline.chars().count()).max().unwrap_or(0).clamp(8, 30);
    let left = text_width(longest) + 18.0;
    let fractions = rows.iter().flat_map(|row| row.reached.iter().map(|(_, fraction)| *fraction));
    let scale = LogScale::over(fractions.chain([1.0]), left, WIDTH - LIMIT_WIDTH);
    let height = TOP + rows.len() as f64 * ROW + 12.0;
    let shown = |name: &&&str| rows.iter().any(|row| row.reached.iter().any(|(other, _)| other == *name));
    let schedulers: Vec<&str> = view.schedulers.iter().filter(shown).copied().collect();
    Some(html! {
        (legend(view, &schedulers))
        svg id="plot-roofline" role="img" viewBox=(format!("0 0 {WIDTH} {}", px(height))) style=(format!("min-width:760px;max-width:{WIDTH}px")) {
            title { "Fraction of the memory limit reached" }
            (frame(&rows, &scale, left, height))
            @for (index, row) in rows.iter().enumerate() {
                (marks(view, row, &scale, TOP + (index as f64 + 0.5) * ROW))
            }
        }
    })
}

fn row<'a>(view: &View<'a>, pipeline: &'a str) -> Option<Row<'a>> {
    let results = || view.schedulers.iter().filter_map(|name| view.result(pipeline, name));
    let limit_seconds = results().find_map(|result| view.limit_seconds(result))?;
    let reached: Vec<(&str, f64)> = results()
        .filter_map(|result| {
            result.completed_samples()?;
            Some((result.scheduler.as_str(), limit_seconds / result.run_seconds.as_ref()?.median))
        })
        .collect();
    (!reached.is_empty()).then_some(Row { pipeline, limit_seconds, reached })
}

/// Bands, names, axis, and each pipeline's limit as a time.
fn frame(rows: &[Row], scale: &LogScale, left: f64, height: f64) -> Markup {
    html! {
        @for (index, row) in rows.iter().enumerate() {
            @let top = TOP + index as f64 * ROW;
            @if index % 2 == 0 {
                rect class="band" x="0" y=(px(top)) width=(WIDTH) height=(px(ROW)) {}
            }
            text class="label" x=(px(left - 14.0)) y=(px(top + 16.0)) text-anchor="end" { (format::elide(row.pipeline, 30)) title { (row.pipeline) } }
            text class="value" x=(px(WIDTH - 4.0)) y=(px(top + 16.0)) text-anchor="end" { (format::duration(row.limit_seconds)) }
        }
        @for tick in scale.ticks(52.0) {
            line class=(if tick == 1.0 { "axis" } else { "grid" }) x1=(px(scale.at(tick))) x2=(px(scale.at(tick))) y1=(px(TOP - 6.0)) y2=(px(height - 8.0)) {}
            text class="tick" x=(px(scale.at(tick))) y=(px(TOP - 12.0)) text-anchor="middle" { (format::share(tick)) }
        }
        text class="tick strong" x=(px(WIDTH - 4.0)) y=(px(TOP - 12.0)) text-anchor="end" { "limit" }
    }
}

/// A line from the slowest to the fastest scheduler, and a mark for each, the subject's on top.
fn marks(view: &View, row: &Row, scale: &LogScale, y: f64) -> Markup {
    let ends = row.reached.iter().map(|(_, fraction)| scale.at(*fraction));
    let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    let is_subject = |name: &str| Some(name) == view.subject;
    let others = row.reached.iter().filter(|(name, _)| !is_subject(name));
    let own = row.reached.iter().filter(|(name, _)| is_subject(name));
    html! {
        line class="range" x1=(px(low)) x2=(px(high)) y1=(px(y)) y2=(px(y)) {}
        @for (name, fraction) in others.chain(own) {
            @let seconds = format::duration(row.limit_seconds / fraction);
            (marker(view, name, (scale.at(*fraction), y), &format!("{}, {name}: {} of the limit, {seconds}", row.pipeline, format::share(*fraction))))
        }
    }
}
