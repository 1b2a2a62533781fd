//! What schedules that differ in one decision are expected to take, and why.

use std::collections::BTreeMap;

use scheduler::features::{analyze, ScheduledPipeline};
use scheduler::ir::{FuncId, Pipeline, Regions, StageRef};
use scheduler::{check, check_reassociated, Directive, Hardware, Roofline, Times};
use serde::Serialize;

use super::change::{self, Changed};
use super::{bound_name, stage_name};
use crate::report::format::duration;

/// Schedules that are looked at, those about the slowest Funcs first.
const MOST: usize = 300;
/// Changes of the whole time below this share of it are not worth a line.
const NEGLIGIBLE: f64 = 0.001;

/// A schedule that differs in one decision.
#[derive(Debug, Serialize)]
pub struct Alternative {
    /// The Func that the decision is about.
    pub func: String,
    /// The decision.
    pub change: String,
    /// Seconds of the whole pipeline.
    pub predicted_seconds: f64,
    /// Where the difference comes from.
    pub why: String,
}

type StageTimes = BTreeMap<StageRef, Times>;

fn times(scheduled: &ScheduledPipeline, hardware: &Hardware) -> StageTimes {
    scheduled.stages.iter().map(|s| (s.stage, Roofline(*hardware).times(&s.features))).collect()
}

fn total(times: &StageTimes) -> f64 {
    times.values().map(Times::seconds).sum()
}

/// The legal schedules that differ in one decision: those expected to be faster, the fastest first, then the others, those
/// about the slowest Funcs first.
pub fn find(
    pipeline: &Pipeline,
    regions: &Regions,
    directives: &[Directive],
    scheduled: &ScheduledPipeline,
    hardware: &Hardware,
) -> Vec<Alternative> {
    // A schedule that rounds otherwise has alternatives that do.
    let legal = if check(pipeline, directives).is_ok() { check } else { check_reassociated };
    let before = times(scheduled, hardware);
    let seconds = |id: &FuncId| -> f64 { before.iter().filter(|(s, _)| s.func == *id).map(|(_, t)| t.seconds()).sum() };
    let mut slowest: Vec<(f64, FuncId)> = pipeline.func_ids().map(|id| (seconds(&id), id)).collect();
    slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
    let changed = slowest.iter().flat_map(|&(_, id)| change::of_func(pipeline, directives, scheduled, id));
    let mut found: Vec<Alternative> = changed
        .take(MOST)
        .filter_map(|changed| {
            legal(pipeline, &changed.directives).ok()?;
            let after = times(&analyze(pipeline, regions, &changed.directives, hardware).ok()?, hardware);
            compare(pipeline, &changed, &before, &after)
        })
        .collect();
    let now = total(&before);
    found.sort_by(|a, b| a.predicted_seconds.min(now).total_cmp(&b.predicted_seconds.min(now)));
    found
}

fn compare(pipeline: &Pipeline, changed: &Changed, before: &StageTimes, after: &StageTimes) -> Option<Alternative> {
    let (old, new) = (total(before), total(after));
    if (new - old).abs() < NEGLIGIBLE * old {
        return None;
    }
    Some(Alternative {
        func: pipeline.func(changed.func).name.clone(),
        change: changed.change.clone(),
        predicted_seconds: new,
        why: why(pipeline, before, after, new > old),
    })
}

/// The stage that changes most, and what bounds it where it takes longer.
fn why(pipeline: &Pipeline, before: &StageTimes, after: &StageTimes, slower: bool) -> String {
    let nothing = Times::default();
    let of = |times: &StageTimes, stage: &StageRef| times.get(stage).copied().unwrap_or(nothing);
    let stages = before.keys().chain(after.keys().filter(|s| !before.contains_key(s)));
    let difference = |s: &StageRef| of(after, s).seconds() - of(before, s).seconds();
    let sign = if slower { 1.0 } else { -1.0 };
    let Some(stage) = stages.max_by(|a, b| (sign * difference(a)).total_cmp(&(sign * difference(b)))) else {
        return String::new();
    };
    let name = stage_name(&pipeline.func(stage.func).name, stage.stage);
    let delta = duration(difference(stage).abs());
    let (word, times) = if slower { ("more", after) } else { ("less", before) };
    format!("{name} takes {delta} {word}: {}", bound_name(of(times, stage).bound()))
}
