//! The evaluation as text for a terminal of 120 columns.

use comfy_table::{presets, CellAlignment, ContentArrangement, Table};

use super::format;
use super::view::{compared_with, View, DISTURBED, DISTURBED_MEANING};
use crate::results::record::{EvalResult, Evaluation, Status};
use crate::results::stats::relative_spread;

/// Columns that the text may take.
const WIDTH: usize = 120;
/// Longest pipeline or scheduler name shown whole.
const NAME_WIDTH: usize = 28;

/// Run times, speedups, their summary and the reasons of failures.
///
/// One row per pipeline and one column per scheduler; more schedulers than fit side by side go into further blocks.
pub fn table(evaluation: &Evaluation) -> String {
    let view = View::new(evaluation);
    let mut text = String::new();
    for block in blocks(&view) {
        text += &block;
        text += "\n\n";
    }
    text += &legend(&view);
    let failures = view.failures();
    if !failures.is_empty() {
        text += &format!("\n{}:\n{}\n", format::count(failures.len(), "failure"), failure_list(&failures));
    }
    let remarks = remarks(&view);
    if !remarks.is_empty() {
        text += &format!("\n{}:\n{}\n", format::count(remarks.len(), "remark"), wrapped(remarks.into_iter()));
    }
    text
}

/// The main table, cut between schedulers where it would be too wide.
fn blocks(view: &View) -> Vec<String> {
    let mut rest = view.schedulers.as_slice();
    let mut blocks = Vec::new();
    let fits = |text: &String| text.lines().all(|line| line.chars().count() <= WIDTH);
    while !rest.is_empty() {
        // The most columns that fit, and between them two blanks rather than one.
        let attempts = (1..=rest.len()).rev().flat_map(|taken| [(taken, 2), (taken, 1)]);
        let rendered = attempts.map(|(taken, gap)| (taken, block(view, &rest[..taken], gap)));
        let (taken, text) =
            rendered.into_iter().find(|(taken, text)| *taken == 1 || fits(text)).expect("one column is always taken");
        blocks.push(text);
        rest = &rest[taken..];
    }
    blocks
}

fn block(view: &View, schedulers: &[&str], gap: u16) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    let headers = schedulers.iter().map(|name| format::elide(name, NAME_WIDTH));
    table.set_header(std::iter::once("ms per call".to_owned()).chain(headers));
    for pipeline in &view.pipelines {
        let mark = if view.is_disturbed(pipeline) { format!(" {DISTURBED}") } else { String::new() };
        let mut lines = vec![format::elide(pipeline, NAME_WIDTH) + &mark, "  min".to_owned()];
        if schedulers.iter().any(|name| view.speedup(pipeline, name).is_some()) {
            lines.push("  speedup".to_owned());
        }
        let cells = schedulers.iter().map(|name| cell(view, pipeline, name));
        table.add_row(std::iter::once(lines.join("\n")).chain(cells));
    }
    let labels = "\nall pipelines\n  geomean\n  compared\n  faster/slower/?\n  completed\n  failed\n  skipped";
    let totals = schedulers.iter().map(|name| total(view, name));
    table.add_row(std::iter::once(labels.to_owned()).chain(totals));
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, gap));
        column.set_cell_alignment(if index == 0 { CellAlignment::Left } else { CellAlignment::Right });
    }
    table.trim_fmt()
}

/// Median and spread, minimum, speedup: a line each. A failure stands as its reason.
fn cell(view: &View, pipeline: &str, scheduler: &str) -> String {
    let Some(result) = view.result(pipeline, scheduler) else {
        return "-".to_owned();
    };
    let Some(samples) = result.completed_samples() else {
        return match result.status {
            Status::Skipped => "-".to_owned(),
            Status::Ok => "not timed".to_owned(),
            failure => format::status(failure).to_owned(),
        };
    };
    let run = result.run_seconds.as_ref().expect("samples come from it");
    let milliseconds = |seconds: f64| format::significant(seconds * 1e3);
    let median = format!("{} ±{}", milliseconds(run.median), format::percent(relative_spread(samples)));
    let speedup = view.speedup(pipeline, scheduler);
    let speedup = speedup.map(|s| format::ratio_with_interval(s.ratio, s.interval)).unwrap_or_default();
    [median, milliseconds(run.min), speedup].join("\n")
}

/// The summary of one column, in the order of the labels in [`block`].
fn total(view: &View, scheduler: &str) -> String {
    let summary = view.summary(scheduler);
    let geomean = summary.and_then(|s| Some(format::ratio_with_interval(s.geomean_speedup?, s.interval)));
    let tally = view.tally(scheduler);
    let is_baseline = summary.is_some();
    let only_baseline = |text: String| if is_baseline { text } else { String::new() };
    [
        String::new(),
        String::new(),
        geomean.unwrap_or_else(|| only_baseline("-".to_owned())),
        summary.map(|s| s.compared.to_string()).unwrap_or_default(),
        only_baseline(format!("{}/{}/{}", tally.faster, tally.slower, tally.unclear)),
        view.count(scheduler, |status| status == Status::Ok).to_string(),
        view.count(scheduler, Status::is_failure).to_string(),
        view.count(scheduler, |status| status == Status::Skipped).to_string(),
    ]
    .join("\n")
}

/// What the numbers mean and what was measured.
fn legend(view: &View) -> String {
    let environment = &view.evaluation.environment;
    let mut entries = vec![("time", "median ±half-width of its 95 % interval; min is the fastest call".to_owned())];
    if let Some(subject) = view.subject {
        let meaning = format!(
            "time under the column's scheduler / time under {subject} [95 % interval]; above 1, {subject} is faster"
        );
        entries.push(("speedup", meaning));
        let meaning = "of the speedups on the pipelines that both completed; ? counts those whose interval holds 1";
        entries.push(("geomean", meaning.to_owned()));
    }
    if let Some([fewest, most]) = view.sample_counts() {
        let calls = if fewest == most { fewest.to_string() } else { format!("{fewest} to {most}") };
        entries.push(("calls", format!("{calls} per time, schedulers taking turns")));
    }
    if view.pipelines.iter().any(|pipeline| view.is_disturbed(pipeline)) {
        entries.push((DISTURBED, DISTURBED_MEANING.to_owned()));
    }
    let machine = format!("{}, {}", environment.cpu, format::count(environment.threads, "thread"));
    let bandwidth = environment.copy_bytes_per_second.map(|b| format!(", copies {}/s", format::bytes(b)));
    entries.push(("machine", machine + &bandwidth.unwrap_or_default()));
    entries.push(("target", environment.target.clone()));
    wrapped(entries.iter().map(|(name, meaning)| vec![(*name).to_owned(), meaning.clone()]))
}

fn failure_list(failures: &[&EvalResult]) -> String {
    wrapped(failures.iter().map(|result| {
        let message = if result.message.is_empty() { "(no message)" } else { &result.message };
        vec![combination(result), format!("{}: {message}", format::status(result.status))]
    }))
}

fn combination(result: &EvalResult) -> String {
    let [pipeline, scheduler] = [&result.pipeline, &result.scheduler].map(|name| format::elide(name, NAME_WIDTH));
    format!("  {pipeline}, {scheduler}")
}

/// What there is to say of what did not fail.
fn remarks(view: &View) -> Vec<Vec<String>> {
    let result = |result: &&EvalResult| vec![combination(result), result.message.clone()];
    let reference = |pipeline: &&str| {
        let name = format!("  {}", format::elide(pipeline, NAME_WIDTH));
        Some(vec![name, compared_with(view.other_reference(pipeline)?)])
    };
    view.remarks().iter().map(result).chain(view.pipelines.iter().filter_map(reference)).collect()
}

/// Rows whose last column is wrapped to the width.
fn wrapped(rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH as u16);
    table.add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{sample, SCHEDULERS};
    use crate::results::stats::summarise;

    #[test]
    fn a_pipeline_is_a_row_of_times_and_speedups() {
        let text = table(&sample());
        let expected = "\
ms per call                   none           manual    Mullapudi2016        Adams2019           Li2018 Srivastava2020
blur                    25.0 ±4.0%       2.50 ±4.0%       4.00 ±4.0%       3.00 ±4.0%       6.00 ±4.0%     2.00 ±4.0%
  min                         23.8             2.38             3.80             2.85             5.70           1.90
  speedup         12.5 [11.9–13.1] 1.25 [1.21–1.30] 2.00 [1.92–2.06] 1.50 [1.44–1.58] 3.00 [2.85–3.15]
";
        assert!(text.starts_with(expected), "{text}");
    }

    #[test]
    fn failures_stand_as_their_reason_with_the_message_beneath() {
        let text = table(&sample());
        let failed = text.lines().find(|line| line.starts_with("iir_blur")).unwrap();
        let words: Vec<&str> = failed.split_whitespace().collect();
        assert_eq!(
            words,
            ["iir_blur", "9.00", "±4.0%", "-", "error", "5.00", "±4.0%", "7.00", "±4.0%", "wrong", "output"]
        );
        let (_, list) = text.split_once("4 failures:\n").unwrap();
        assert_eq!(list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).count(), 4);
        assert!(list.contains("local_laplacian, Adams2019   out of memory: the generator needed more than 4 GB"));
    }

    #[test]
    fn remarks_stand_beneath_the_failures() {
        let mut evaluation = sample();
        assert!(!table(&evaluation).contains("remark"));
        evaluation.results[1].message = "differs by rounding: 3 values, at most 1.000".into();
        evaluation.results[6].reference = Some("none".into());
        let text = table(&evaluation);
        let (_, list) = text.split_once("2 remarks:\n").unwrap();
        assert!(list.contains("blur, manual     differs by rounding: 3 values, at most 1.000"), "{list}");
        assert!(list.contains("local_laplacian  outputs are compared with those of 'none'"), "{list}");
    }

    #[test]
    fn totals_say_what_was_compared() {
        let text = table(&sample());
        let row = |label: &str| -> Vec<&str> {
            let line = text.lines().find(|line| line.trim_start().starts_with(label)).unwrap();
            line.split_whitespace().skip(1).collect()
        };
        assert_eq!(row("geomean")[0], "13.0");
        assert_eq!(row("compared"), ["3", "2", "3", "1", "3"]);
        assert_eq!(row("faster/slower/?"), ["3/0/0", "1/1/0", "3/0/0", "1/0/0", "2/0/1"]);
        assert_eq!(row("completed"), ["4", "2", "3", "2", "4", "3"]);
        assert_eq!(row("failed"), ["0", "0", "1", "2", "0", "1"]);
        assert_eq!(row("skipped"), ["0", "2", "0", "0", "0", "0"]);
    }

    #[test]
    fn disturbed_times_are_marked() {
        let mut evaluation = sample();
        assert!(!table(&evaluation).contains(DISTURBED));
        evaluation.results[0].disturbed = true;
        let text = table(&evaluation);
        assert!(text.lines().any(|line| line.starts_with("blur *  ")), "{text}");
        assert!(text.lines().any(|line| line.starts_with("*  ") && line.contains("not kept")), "{text}");
        assert_eq!(text.matches(DISTURBED).count(), 2);
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        let mut evaluation = sample();
        for result in &mut evaluation.results {
            result.message = "a long message of many words ".repeat(20);
            result.pipeline = format!("{},width=4096,height=4096,channels=3", result.pipeline);
            result.scheduler += ",autoscheduler.parallelism=64";
        }
        evaluation.summary = summarise(&evaluation.results, &[]);
        let text = table(&evaluation);
        assert_eq!(text.lines().filter(|line| line.starts_with("ms per call")).count(), 2, "two blocks");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
    }

    #[test]
    fn without_our_scheduler_there_are_times_alone() {
        let mut evaluation = sample();
        evaluation.results.retain(|result| result.scheduler != SCHEDULERS[5]);
        let text = table(&evaluation);
        assert!(!text.contains("speedup") && text.contains("25.0 ±4.0%"));
        assert!(table(&Evaluation::default()).contains("machine"));
    }
}
