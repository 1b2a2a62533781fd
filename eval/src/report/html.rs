//! The evaluation as one self-contained page: no scripts, nothing loaded from elsewhere, light or dark as the reader's.

use std::path::Path;

use anyhow::Result;
use maud::{html, Markup, PreEscaped, DOCTYPE};

use super::html_table::{against_each_other, direction, results_table};
use super::style::STYLE;
use super::view::View;
use super::{format, plot_prediction, plot_roofline, plot_speedup};
use crate::results::record::{Evaluation, Status};
use crate::system::files;

/// Writes the page to `path`, replacing the file in one step.
///
/// # Errors
/// When the file cannot be written.
pub fn write_html(evaluation: &Evaluation, path: &Path) -> Result<()> {
    files::write(path, page(&View::new(evaluation)).into_string().as_bytes())
}

fn page(view: &View) -> Markup {
    let title = match view.subject {
        Some(subject) => format!("{subject}, measured"),
        None => "Halide schedulers, measured".to_owned(),
    };
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (title) }
                    p class="lead" { (lead(view)) }
                    (cards(view))
                    (speedups(view))
                    (roofline(view))
                    (predictions(view))
                    (against_each_other(view))
                    (results_table(view))
                    (environment(view))
                }
            }
        }
    }
}

/// What was compared, in one sentence.
fn lead(view: &View) -> String {
    let environment = &view.evaluation.environment;
    let failures = match view.failures().len() {
        0 => "none failed".to_owned(),
        number => format!("{} failed", format::count(number, "combination")),
    };
    format!(
        "{} under {}; {failures}. {}, {}.",
        format::count(view.pipelines.len(), "pipeline"),
        format::count(view.schedulers.len(), "scheduler"),
        environment.cpu,
        format::count(environment.threads, "thread"),
    )
}

/// The geometric mean over each baseline, with how many pipelines stand behind it.
fn cards(view: &View) -> Markup {
    let failed = |name: &str| view.count(name, Status::is_failure);
    html! {
        div class="cards" {
            @for (baseline, summary) in view.baselines().filter_map(|name| Some((name, view.summary(name)?))) {
                @let tally = view.tally(baseline);
                div class="card" {
                    div class="name" { span class="muted" { "over " } (baseline) }
                    @match summary.geomean_speedup {
                        Some(mean) => div class=(format!("big {}", direction(mean, summary.interval))) { (format::ratio(mean)) "×" },
                        None => div class="big muted" { "–" },
                    }
                    @if let Some(ends) = summary.interval { p { "95 % interval " (format::interval(ends)) } }
                    p { "geomean of " (summary.compared) " of " (format::count(view.pipelines.len(), "pipeline")) }
                    p { (tally.faster) " faster, " (tally.slower) " slower, " (tally.unclear) " unclear" }
                    p { "failed: ours " (failed(&summary.scheduler)) ", theirs " (failed(baseline)) }
                }
            }
        }
    }
}

fn speedups(view: &View) -> Markup {
    html! {
        section {
            h2 { "Speedup per pipeline" }
            @match (view.subject, plot_speedup::plot(view)) {
                (Some(subject), Some(plot)) => {
                    p class="caption" {
                        "Time under the other scheduler over time under " (subject) ", on a logarithmic axis: right of 1, "
                        (subject) " is faster. Whiskers are 95 % intervals; a pale bar's interval holds 1, so it shows no difference. "
                        "The geometric mean leaves out pipelines that either scheduler did not complete."
                    }
                    div class="scroll" { (plot) }
                }
                _ => (nothing("no pipeline completed under both Srivastava2020 and another scheduler")),
            }
        }
    }
}

fn roofline(view: &View) -> Markup {
    html! {
        section {
            h2 { "Distance from the memory limit" }
            @match plot_roofline::plot(view) {
                Some(plot) => {
                    p class="caption" {
                        "The limit is the time that the inputs and outputs, each moved once, take at the measured copy bandwidth. "
                        "Far left of 100 %, a pipeline computes or moves intermediate data; beyond it, its buffers stay in caches."
                    }
                    div class="scroll" { (plot) }
                }
                None => (nothing("the copy bandwidth or the sizes of the buffers are not known")),
            }
        }
    }
}

fn predictions(view: &View) -> Markup {
    html! {
        section {
            h2 { "Predicted against measured" }
            @match plot_prediction::plot(view) {
                Some(plot) => {
                    p class="caption" { "Run times the schedulers themselves expected. On the diagonal a prediction is right; above it, too slow." }
                    (plot)
                }
                None => (nothing("no scheduler gave a prediction")),
            }
        }
    }
}

fn nothing(reason: &str) -> Markup {
    html! { p class="caption" { "Not shown: " (reason) "." } }
}

fn environment(view: &View) -> Markup {
    let environment = &view.evaluation.environment;
    let calls = view.sample_counts().map_or("none".to_owned(), |[fewest, most]| match fewest == most {
        true => fewest.to_string(),
        false => format!("{fewest} to {most}"),
    });
    let bandwidth =
        environment.copy_bytes_per_second.map(|speed| format!("{}/s, read plus write", format::bytes(speed)));
    let peak = environment
        .peak_flops
        .map(|flops| format!("{} G operations/s, single precision", format::significant(flops / 1e9)));
    let unknown = || "not measured".to_owned();
    html! {
        section {
            h2 { "Environment" }
            dl {
                dt { "Processor" } dd { (environment.cpu) }
                dt { "Threads" } dd { (environment.threads) }
                dt { "Target" } dd { (environment.target) }
                dt { "Copy bandwidth" } dd { (bandwidth.unwrap_or_else(unknown)) }
                dt { "Arithmetic peak" } dd { (peak.unwrap_or_else(unknown)) }
                dt { "Timed calls" } dd { (calls) " per pipeline and scheduler, the schedulers taking turns" }
                dt { "Intervals" } dd { "95 %: order statistics for medians, bootstrap by round for ratios, bootstrap by pipeline and round for geometric means" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    fn rendered(evaluation: &Evaluation) -> String {
        page(&View::new(evaluation)).into_string()
    }

    #[test]
    fn every_plot_is_there() {
        let text = rendered(&sample());
        for plot in ["plot-speedup", "plot-prediction", "plot-roofline"] {
            assert!(text.contains(&format!("<svg id=\"{plot}\"")), "{plot}");
        }
        assert!(!text.contains("NaN") && !text.contains("inf"), "numbers are finite");
    }

    #[test]
    fn disturbed_times_are_marked() {
        let mut evaluation = sample();
        assert!(!rendered(&evaluation).contains("not kept"));
        evaluation.results[0].disturbed = true;
        let text = rendered(&evaluation);
        assert!(text.contains("blur *</th>") && text.contains("not kept"));
    }

    #[test]
    fn rounding_and_other_references_are_said() {
        let mut evaluation = sample();
        evaluation.results[0].message = "differs by rounding: 3 values".into();
        evaluation.results[0].reference = Some("none".into());
        let text = rendered(&evaluation);
        assert!(text.contains("<td>differs by rounding: 3 values</td>"));
        assert!(text.contains("compared with those of 'none'"));
    }

    #[test]
    fn the_page_is_self_contained() {
        let text = rendered(&sample());
        for outside in ["<script", "<link", "http://", "https://", "@import", "url("] {
            assert!(!text.contains(outside), "{outside}");
        }
    }

    #[test]
    fn names_and_messages_are_escaped() {
        let mut evaluation = sample();
        for result in &mut evaluation.results {
            result.pipeline = format!("<b>{}", result.pipeline);
            result.message = "<script>alert('1')</script> & more".into();
        }
        let text = rendered(&evaluation);
        assert!(!text.contains("<script") && !text.contains("<b>blur"));
        assert!(text.contains("&lt;script&gt;alert('1')&lt;/script&gt; &amp; more"));
    }

    #[test]
    fn what_cannot_be_shown_says_why() {
        let mut evaluation = sample();
        evaluation.environment.copy_bytes_per_second = None;
        evaluation.results.retain(|result| result.scheduler == "Srivastava2020");
        evaluation.results.iter_mut().for_each(|result| result.predicted_seconds = None);
        evaluation.summary.clear();
        let text = rendered(&evaluation);
        assert!(!text.contains("<svg"));
        assert_eq!(text.matches("Not shown: ").count(), 3);
        assert!(rendered(&Evaluation::default()).contains("0 pipelines"));
    }

    #[test]
    fn the_file_is_replaced_in_one_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eval.html");
        write_html(&sample(), &path).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().ends_with("</html>"));
    }
}
