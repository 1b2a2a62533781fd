//! An explanation as text.

use std::fmt::Write;

use comfy_table::{presets, CellAlignment, ContentArrangement, Table};

use super::explanation::Explanation;
use crate::expected::names::{bound_name, stage_name};
use crate::expected::stages::StageReport;
use crate::report::format::{duration, percent};

/// Alternatives that are shown; JSON has all.
const ALTERNATIVES: usize = 12;
/// Stages below this share are summed up in one row.
const SMALL: f64 = 0.002;

/// The loop nests, the stages, the alternatives.
pub fn text(explanation: &Explanation) -> String {
    let mut text = format!(
        "{}: {} expected with {} threads (model {}, target {})\n\n",
        explanation.pipeline,
        duration(explanation.predicted_seconds),
        explanation.threads,
        explanation.model,
        explanation.target
    );
    if let Some(reason) = &explanation.illegal {
        let _ = write!(text, "Srivastava2020 would not make this schedule: {reason}\n\n");
    }
    for line in &explanation.loop_nest {
        let _ = writeln!(text, "{line}");
    }
    if !explanation.inlined.is_empty() {
        let _ = write!(text, "\nInlined: {}\n", explanation.inlined.join(", "));
    }
    let _ = write!(text, "\n{}\n", stages(&explanation.stages));
    if !explanation.alternatives.is_empty() {
        let _ = write!(text, "\nWith one decision changed:\n\n{}\n", alternatives(explanation));
    }
    text
}

fn plain_table(header: &[&str], left: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(header);
    for (index, column) in table.column_iter_mut().enumerate() {
        if !left.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

fn trimmed(table: &Table) -> String {
    table.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

/// The stages, the slowest first.
fn stages(stages: &[StageReport]) -> String {
    let header =
        ["stage", "time", "share", "bound", "compute", "L1", "L2", "L3", "DRAM", "overhead", "evaluated", "threads"];
    let mut table = plain_table(&header, &[0, 3]);
    let mut sorted: Vec<&StageReport> = stages.iter().collect();
    sorted.sort_by(|a, b| b.seconds.total_cmp(&a.seconds));
    let (large, small): (Vec<&StageReport>, Vec<&StageReport>) = sorted.into_iter().partition(|s| s.share >= SMALL);
    for stage in large {
        let t = &stage.times;
        let resources = [t.compute, t.l1, t.l2, t.l3, t.dram, t.overhead].map(duration);
        let mut row = vec![
            stage_name(&stage.func, stage.stage),
            duration(stage.seconds),
            percent(stage.share),
            bound_name(stage.bound).to_owned(),
        ];
        row.extend(resources);
        row.extend([format!("{:.2}x", stage.features.recomputation), format!("{}", stage.features.threads)]);
        table.add_row(row);
    }
    if !small.is_empty() {
        let seconds: f64 = small.iter().map(|s| s.seconds).sum();
        let share: f64 = small.iter().map(|s| s.share).sum();
        table.add_row([format!("{} others", small.len()), duration(seconds), percent(share)]);
    }
    trimmed(&table)
}

fn alternatives(explanation: &Explanation) -> String {
    let mut table = plain_table(&["change", "time", "", "why"], &[0, 3]);
    for alternative in explanation.alternatives.iter().take(ALTERNATIVES) {
        let ratio = alternative.predicted_seconds / explanation.predicted_seconds;
        let change = format!("{:+.1}%", (ratio - 1.0) * 100.0);
        let time = duration(alternative.predicted_seconds);
        table.add_row([alternative.change.clone(), time, change, alternative.why.clone()]);
    }
    trimmed(&table)
}
