//! What schedules that differ in one decision are expected to take, and why.

use std::collections::BTreeMap;

use scheduler::cost::Pricing;
use scheduler::features::{analyze, ScheduledPipeline};
use scheduler::ir::{FuncId, Pipeline, Regions, StageRef};
use scheduler::{check, check_reassociated, Directive, Hardware, Roofline, Times};
use serde::Serialize;

use crate::expected::names::{bound_name, stage_name};
use crate::records::change::{self, Changed};
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

/// What each stage takes: by resource, and together.
type StageTimes = BTreeMap<StageRef, (Times, f64)>;

fn total(times: &StageTimes) -> f64 {
    times.values().map(|(_, seconds)| seconds).sum()
}

/// Makes and prices schedules of one pipeline that differ in one decision.
pub struct Alternatives<'a> {
    pub pipeline: &'a Pipeline,
    pub regions: &'a Regions,
    pub hardware: &'a Hardware,
    pub pricing: &'a Pricing<'a>,
}

impl Alternatives<'_> {
    /// The legal ones: those expected to be faster, the fastest first, then the others, those about the slowest Funcs first.
    pub fn find(&self, directives: &[Directive], scheduled: &ScheduledPipeline) -> Vec<Alternative> {
        let pipeline = self.pipeline;
        // A schedule that rounds otherwise has alternatives that do.
        let legal = if check(pipeline, directives).is_ok() { check } else { check_reassociated };
        let before = self.times(scheduled);
        let seconds = |id: &FuncId| -> f64 { before.iter().filter(|(s, _)| s.func == *id).map(|(_, t)| t.1).sum() };
        let mut slowest: Vec<(f64, FuncId)> = pipeline.func_ids().map(|id| (seconds(&id), id)).collect();
        slowest.sort_by(|a, b| b.0.total_cmp(&a.0));
        let changed = slowest.iter().flat_map(|&(_, id)| change::of_func(pipeline, directives, scheduled, id));
        let mut found: Vec<Alternative> = changed
            .take(MOST)
            .filter_map(|changed| {
                let priced = scheduler::caught(|| {
                    legal(pipeline, &changed.directives).ok()?;
                    let after = analyze(pipeline, self.regions, &changed.directives, self.hardware).ok()?;
                    compare(pipeline, &changed, &before, &self.times(&after))
                });
                priced.unwrap_or_else(|panic| {
                    let func = &pipeline.func(changed.func).name;
                    eprintln!(
                        "Warning: pricing '{func}: {}' failed inside ({panic}); please report it with the output of --json",
                        changed.change
                    );
                    None
                })
            })
            .collect();
        let now = total(&before);
        found.sort_by(|a, b| a.predicted_seconds.min(now).total_cmp(&b.predicted_seconds.min(now)));
        found
    }

    fn times(&self, scheduled: &ScheduledPipeline) -> StageTimes {
        let roofline = Roofline(*self.hardware);
        let priced = scheduled.stages.iter().zip(self.pricing.of(scheduled));
        priced.map(|(s, price)| (s.stage, (roofline.times(&s.features), price.seconds))).collect()
    }
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
    let nothing = (Times::default(), 0.0);
    let of = |times: &StageTimes, stage: &StageRef| times.get(stage).copied().unwrap_or(nothing);
    let stages = before.keys().chain(after.keys().filter(|s| !before.contains_key(s)));
    let difference = |s: &StageRef| of(after, s).1 - of(before, s).1;
    let sign = if slower { 1.0 } else { -1.0 };
    let Some(stage) = stages.max_by(|a, b| (sign * difference(a)).total_cmp(&(sign * difference(b)))) else {
        return String::new();
    };
    let name = stage_name(&pipeline.func(stage.func).name, stage.stage);
    let delta = duration(difference(stage).abs());
    let (word, times) = if slower { ("more", after) } else { ("less", before) };
    format!("{name} takes {delta} {word}: {}", bound_name(of(times, stage).0.bound()))
}
