//! Loop nests as indented pseudo-code.

use std::collections::BTreeMap;

use scheduler::features::{Level, LoopKind, ScheduledPipeline, ScheduledStage, Site};
use scheduler::ir::{FuncId, Pipeline, StageRef};
use scheduler::{AtLeast, Directive, LoopVar};

use crate::expected::names::{bound_name, stage_name};
use crate::expected::stages::StageReport;
use crate::report::format::{bytes, duration, percent};

/// Column at which remarks start.
const REMARKS: usize = 52;

/// The nests of all Funcs at root, in the order they run.
pub fn lines(
    pipeline: &Pipeline,
    directives: &[Directive],
    scheduled: &ScheduledPipeline,
    reports: &[StageReport],
) -> Vec<String> {
    let stages = scheduled.stages.iter().zip(reports).map(|(s, r)| (s.stage, (s, r))).collect();
    let specialized = directives.iter().filter_map(|d| match d {
        Directive::Specialize { stage, when, .. } => Some((*stage, when.as_slice())),
        _ => None,
    });
    let shared = directives.iter().filter_map(|d| match d {
        Directive::ComputeWith { stage, with, var } => Some((*stage, (*with, var))),
        _ => None,
    });
    let (specialized, shared) = (specialized.collect(), shared.collect());
    let mut printer = Printer { pipeline, scheduled, stages, specialized, shared, lines: Vec::new() };
    for id in pipeline.func_ids().filter(|id| scheduled.computed[id.index()] == Site::Root) {
        if !printer.shared.contains_key(&StageRef { func: id, stage: 0 }) {
            printer.func(id, 0);
        }
    }
    printer.lines
}

struct Printer<'a> {
    pipeline: &'a Pipeline,
    scheduled: &'a ScheduledPipeline,
    stages: BTreeMap<StageRef, (&'a ScheduledStage, &'a StageReport)>,
    specialized: BTreeMap<StageRef, &'a [AtLeast]>,
    /// Stages in the loops of others, with the innermost that they share.
    shared: BTreeMap<StageRef, (StageRef, &'a LoopVar)>,
    lines: Vec<String>,
}

impl Printer<'_> {
    fn line(&mut self, depth: usize, text: &str, remark: &str) {
        let code = format!("{}{text}", "  ".repeat(depth));
        let line = if remark.is_empty() { code } else { format!("{code:<REMARKS$}  # {remark}") };
        self.lines.push(line);
    }

    fn func(&mut self, id: FuncId, depth: usize) {
        let func = self.pipeline.func(id);
        let remark = match (&func.extern_definition, &func.scheduled) {
            (Some(definition), _) => format!("external function {}", definition.name),
            (None, Some(_)) => "scheduled by the generator; shown in its default loops".to_owned(),
            (None, None) => String::new(),
        };
        self.line(depth, &format!("produce {}:", func.name), &remark);
        for stage in func.stage_refs(id) {
            self.stage(stage, depth + 1);
        }
    }

    fn stage(&mut self, stage: StageRef, mut depth: usize) {
        let (scheduled, report) = self.stages[&stage];
        if let Some(when) = self.specialized.get(&stage) {
            let at_least = |c: &AtLeast| format!("extent {} >= {}", c.dim, c.extent);
            let when: Vec<String> = when.iter().map(at_least).collect();
            self.line(depth, &format!("if {}:", when.join(" and ")), "smaller outputs: the same loops, guarded");
            depth += 1;
        }
        let shared = self.shared.get(&stage).and_then(|(_, var)| level_of(scheduled, var));
        let own = &scheduled.levels[..shared.unwrap_or(scheduled.levels.len())];
        for (index, level) in own.iter().enumerate().rev() {
            self.line(depth, &header(level), "");
            depth += 1;
            self.inside(stage, index, depth);
        }
        let func = self.pipeline.func(stage.func);
        let name = stage_name(&func.name, stage.stage);
        let cost = format!("{}, {}, {}", duration(report.seconds), percent(report.share), bound_name(report.bound));
        self.line(depth, &format!("{name}({}) = ...", func.args.join(", ")), &cost);
        let others: Vec<(StageRef, &LoopVar)> = self
            .shared
            .iter()
            .filter(|(_, (with, _))| *with == stage)
            .map(|(other, (_, var))| (*other, *var))
            .collect();
        for (other, var) in others {
            self.func(other.func, depth - level_of(scheduled, var).unwrap_or(0));
        }
    }

    /// What is stored and computed in each iteration of a loop.
    fn inside(&mut self, stage: StageRef, level: usize, depth: usize) {
        let site = Site::At { stage, level };
        let at = |sites: &[Site]| -> Vec<FuncId> {
            self.pipeline.func_ids().filter(|id| sites[id.index()] == site).collect()
        };
        let (stored, computed) = (at(&self.scheduled.stored), at(&self.scheduled.computed));
        for id in stored {
            let first = StageRef { func: id, stage: 0 };
            let size = self.stages.get(&first).map_or(0.0, |(s, _)| s.features.allocated_bytes);
            self.line(depth, &format!("store {}", self.pipeline.func(id).name), &bytes(size));
        }
        for id in computed {
            self.func(id, depth);
        }
    }
}

/// Place of a stage's loop, from the innermost.
fn level_of(stage: &ScheduledStage, var: &LoopVar) -> Option<usize> {
    stage.levels.iter().position(|level| level.var == *var)
}

fn header(level: &Level) -> String {
    let kind = match level.kind {
        LoopKind::Serial => "for",
        LoopKind::Parallel => "parallel",
        LoopKind::Vectorized => "vectorized",
        LoopKind::Unrolled => "unrolled",
    };
    format!("{kind} {} in {}:", level.var.name, level.slots.ceil())
}
