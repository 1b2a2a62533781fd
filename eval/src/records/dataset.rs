//! Measured schedules with the features of their stages: what models are trained on.
//!
//! Features are worked out anew from the schedules, so that records stay of use when features change.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use scheduler::cost::{Kernel, Variant};
use scheduler::features::{analyze, ScheduledPipeline, ScheduledStage};
use scheduler::ir::{self, Regions};
use scheduler::{check, Hardware};

use super::others::{self, ADAMS2019};
use super::record::Measured;
use super::varying::varies;

/// A stage under a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct StageRow {
    /// What it computes.
    pub kernel: Kernel,
    /// Where.
    pub variant: Variant,
    /// Its loops and what it does.
    pub scheduled: ScheduledStage,
}

/// A schedule that was measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The smallest sample, in seconds per call: what else the machine does only adds to it.
    pub seconds: f64,
    /// Its stages, as indices into the pipeline's.
    pub stages: Vec<usize>,
    /// What Adams2019's cost model expects of it, in seconds, if that made it.
    pub by_adams2019: Option<f64>,
}

/// A pipeline with its schedules, at one size and with one number of threads: what is compared with each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// The generator with its parameters.
    pub name: String,
    /// What is held out together.
    pub family: String,
    /// The processor that it was measured on, with its fingerprint.
    pub processor: String,
    /// The machine that schedules are for.
    pub hardware: Hardware,
    /// Stages, each once.
    pub stages: Vec<StageRow>,
    /// Schedules.
    pub rows: Vec<Row>,
    /// Whether its outputs differ along all of their dimensions.
    pub varies: bool,
}

/// How many pipelines these groups, each of one size and number of threads, are of.
pub fn pipelines(groups: &[Group]) -> usize {
    groups.iter().map(|group| &group.name).collect::<BTreeSet<_>>().len()
}

/// All pipelines of which something was measured, with the features that this program's scheduler works out for a machine
/// of this profile, with the threads and vectors that each was measured with.
pub fn groups(all: &[Measured], profile: &Hardware) -> Result<Vec<Group>> {
    all.iter().filter_map(|measured| group(measured, profile).transpose()).collect()
}

fn group(measured: &Measured, profile: &Hardware) -> Result<Option<Group>> {
    let Some(pipeline) = &measured.pipeline else { return Ok(None) };
    let (threads, vector_bytes) = (measured.machine.threads, pipeline.target.vector_bytes);
    let hardware = profile.with(threads, vector_bytes);
    let regions = Regions::at_estimates(pipeline)?;
    let mut group = Group {
        name: measured.name.clone(),
        family: measured.family.clone(),
        processor: format!("{} ({})", measured.machine.cpu, measured.machine.hardware),
        hardware,
        stages: Vec::new(),
        rows: Vec::new(),
        varies: varies(pipeline),
    };
    let mut known = BTreeMap::new();
    for record in &measured.records {
        let Some(seconds) = record.seconds else { continue };
        // What the checker has come to refuse is no schedule that our plugin would build.
        if !others::made(record) && check(pipeline, &record.directives).is_err() {
            continue;
        }
        let Ok(scheduled) = analyze(pipeline, &regions, &record.directives, &hardware) else { continue };
        let stages = stage_rows(pipeline, &scheduled).into_iter().map(|row| {
            *known.entry(format!("{row:?}")).or_insert_with(|| {
                group.stages.push(row);
                group.stages.len() - 1
            })
        });
        let stages = stages.collect();
        let by_adams2019 = record.predicted_seconds.filter(|_| record.source.starts_with(ADAMS2019));
        group.rows.push(Row { seconds: seconds.min, stages, by_adams2019 });
    }
    Ok((!group.rows.is_empty()).then_some(group))
}

fn stage_rows(pipeline: &ir::Pipeline, scheduled: &ScheduledPipeline) -> Vec<StageRow> {
    let row = |s: &ScheduledStage| {
        let at = s.stage.func.index();
        StageRow {
            kernel: Kernel::of(pipeline, s.stage),
            variant: Variant::of(scheduled.computed[at], scheduled.stored[at]),
            scheduled: s.clone(),
        }
    };
    scheduled.stages.iter().map(row).collect()
}
