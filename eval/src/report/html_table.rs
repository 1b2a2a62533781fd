//! The page's tables: schedulers against each other, and every result.

use maud::{html, Markup};

use super::format;
use super::view::{compared_with, View, DISTURBED, DISTURBED_MEANING};
use crate::results::record::{EvalResult, Status};
use crate::results::stats::{relative_spread, Speedup};

/// Columns between the scheduler's name and the speedup; a failure's message takes the place of all after them.
const TIME_COLUMNS: [&str; 4] = ["median", "spread", "min", "calls"];
const OTHER_COLUMNS: [&str; 7] = ["speedup", "of limit", "predicted", "scheduling", "compiling", "memory", "output"];

/// Geometric means of every scheduler over every other, where there are more than the cards already show.
pub(super) fn against_each_other(view: &View) -> Markup {
    let summary = &view.evaluation.summary;
    let find = |own: &str, other: &str| summary.iter().find(|s| s.scheduler == own && s.baseline == other);
    let rows: Vec<&str> =
        view.schedulers.iter().filter(|name| summary.iter().any(|s| s.scheduler == ***name)).copied().collect();
    let columns: Vec<&str> =
        view.schedulers.iter().filter(|name| summary.iter().any(|s| s.baseline == ***name)).copied().collect();
    if rows.len() < 3 {
        return html! {};
    }
    html! {
        section {
            h2 { "Schedulers against each other" }
            p class="caption" {
                "Geometric mean of the row's speedup over the column; below it the number of pipelines that both completed. "
                "Each pair is compared on its own pipelines, so the numbers of a row need not rank the columns."
            }
            div class="scroll" {
                table {
                    thead { tr { th class="text" { "scheduler" } th { "completed" } th { "failed" } @for name in &columns { th { "over " (name) } } } }
                    tbody {
                        @for own in &rows {
                            tr class=[(Some(*own) == view.subject).then_some("own")] {
                                td class="text name" { (own) }
                                td { (view.count(own, |status| status == Status::Ok)) }
                                td { (view.count(own, Status::is_failure)) }
                                @for other in &columns {
                                    td {
                                        @if let Some((entry, mean)) = find(own, other).and_then(|s| Some((s, s.geomean_speedup?))) {
                                            span class=(direction(mean, entry.interval)) { (format::ratio(mean)) "×" }
                                            div class="muted" { "of " (entry.compared) }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Every result, by pipeline.
pub(super) fn results_table(view: &View) -> Markup {
    html! {
        section {
            h2 { "All results" }
            p class="caption" {
                "Spread is half the 95 % interval of the median over the median. Speedup is that of "
                (view.subject.unwrap_or("the compared scheduler")) " over the row's scheduler, with its 95 % interval. "
                "Memory is the peak of the generator process."
                @if view.pipelines.iter().any(|pipeline| view.is_disturbed(pipeline)) { " " (DISTURBED) " " (DISTURBED_MEANING) "." }
            }
            div class="scroll" {
                table {
                    thead {
                        tr {
                            th class="text" { "pipeline" }
                            th class="text" { "scheduler" }
                            @for name in TIME_COLUMNS.iter().chain(&OTHER_COLUMNS) { th { (name) } }
                        }
                    }
                    @for pipeline in &view.pipelines {
                        @let results: Vec<&EvalResult> = view.schedulers.iter().filter_map(|name| view.result(pipeline, name)).collect();
                        tbody {
                            @for (index, result) in results.iter().enumerate() {
                                tr class=[(Some(result.scheduler.as_str()) == view.subject).then_some("own")] {
                                    @if index == 0 {
                                        th rowspan=(results.len()) scope="rowgroup" {
                                            (pipeline) @if view.is_disturbed(pipeline) { " " (DISTURBED) }
                                            @if let Some(reference) = view.other_reference(pipeline) {
                                                div class="muted" { (compared_with(reference)) }
                                            }
                                        }
                                    }
                                    td class="text name" { (result.scheduler) }
                                    (cells(view, result))
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

fn cells(view: &View, result: &EvalResult) -> Markup {
    let columns = TIME_COLUMNS.len() + OTHER_COLUMNS.len();
    if result.status.is_failure() {
        return html! { td class="message" colspan=(columns) { b { (format::status(result.status)) } ": " (result.message) } };
    }
    let (Some(run), Some(samples)) = (&result.run_seconds, result.completed_samples()) else {
        return html! { td class="text muted" colspan=(columns) { (format::status(result.status)) @if !result.message.is_empty() { ": " (result.message) } } };
    };
    let speedup = view.speedup(&result.pipeline, &result.scheduler);
    let seconds = |value: Option<f64>| value.map(format::duration).unwrap_or_default();
    let reached = view.limit_seconds(result).map(|limit| format::share(limit / run.median));
    html! {
        td { (format::duration(run.median)) }
        td { "±" (format::percent(relative_spread(samples))) }
        td { (format::duration(run.min)) }
        td { (samples.len()) }
        td {
            @if let Some(speedup) = speedup {
                span class=(direction(speedup.ratio, speedup.interval)) { (format::ratio_with_interval(speedup.ratio, speedup.interval)) }
            }
        }
        td { (reached.unwrap_or_default()) }
        td { (seconds(result.predicted_seconds)) }
        td { (seconds(result.schedule_seconds)) }
        td { (seconds(result.compile_seconds)) }
        td { (result.peak_memory_bytes.map(|count| format::bytes(count as f64)).unwrap_or_default()) }
        td { (output_text(result)) }
    }
}

fn output_text(result: &EvalResult) -> &str {
    match (result.output_matches, result.message.as_str()) {
        (Some(true), "") => "equal",
        (Some(true), remark) => remark,
        (Some(false), _) => "differs",
        (None, _) => "not compared",
    }
}

/// Style of a speedup: that of a difference only where its interval leaves out 1.
pub(super) fn direction(ratio: f64, interval: Option<[f64; 2]>) -> &'static str {
    let is_clear = Speedup { ratio, interval }.is_clear();
    match (is_clear, ratio >= 1.0) {
        (false, _) => "no-difference",
        (true, true) => "faster",
        (true, false) => "slower",
    }
}
