//! Schedules that differ from another in one decision.

use scheduler::features::{Level, LoopKind, ScheduledPipeline, Site};
use scheduler::ir::{FuncId, Name, Pipeline, StageRef};
use scheduler::{AtLeast, Directive, LoopVar, Tail};

/// A schedule and what is different about it.
pub struct Changed {
    /// The Func that the decision is about.
    pub func: FuncId,
    /// The decision, for people.
    pub change: String,
    /// The schedule.
    pub directives: Vec<Directive>,
}

/// The schedules that come from changing one decision about one Func. They need not be legal.
pub fn of_func(
    pipeline: &Pipeline,
    directives: &[Directive],
    scheduled: &ScheduledPipeline,
    id: FuncId,
) -> Vec<Changed> {
    let func = pipeline.func(id);
    if func.scheduled.is_some() || func.extern_definition.is_some() {
        return Vec::new();
    }
    let name = &func.name;
    let changed = |change: String, directives| Changed { func: id, change, directives };
    let mut all = Vec::new();
    match scheduled.computed[id.index()] {
        Site::Inline => all.push(changed(format!("{name} at root"), stored(pipeline, directives, id))),
        site => {
            if func.inlinable && !pipeline.is_output(id) && !hosts(directives, id) {
                all.push(changed(format!("{name} inlined"), without(directives, id)));
            }
            if site != Site::Root {
                all.push(changed(format!("{name} at root"), at_root(directives, scheduled, id)));
            }
            if site != scheduled.stored[id.index()] {
                all.push(changed(format!("{name} without a sliding window"), not_sliding(directives, id)));
            }
        }
    }
    for stage in func.stage_refs(id) {
        all.extend(other_tasks(pipeline, directives, stage));
    }
    all
}

/// Whether other Funcs are computed or stored in the Func's loops.
fn hosts(directives: &[Directive], id: FuncId) -> bool {
    directives.iter().any(|d| match d {
        Directive::ComputeAt { consumer, .. } | Directive::StoreAt { consumer, .. } => *consumer == id,
        _ => false,
    })
}

fn without(directives: &[Directive], id: FuncId) -> Vec<Directive> {
    directives.iter().filter(|d| d.subject() != id).cloned().collect()
}

fn not_sliding(directives: &[Directive], id: FuncId) -> Vec<Directive> {
    let stores = |d: &&Directive| matches!(d, Directive::StoreAt { func, .. } if *func == id);
    directives.iter().filter(|d| !stores(d)).cloned().collect()
}

/// The Func's own loops at root, the outermost in parallel.
fn at_root(directives: &[Directive], scheduled: &ScheduledPipeline, id: FuncId) -> Vec<Directive> {
    let at_root = |d: &Directive| match d {
        Directive::ComputeAt { func, .. } if *func == id => Directive::ComputeRoot { func: id },
        other => other.clone(),
    };
    let mut changed: Vec<Directive> = not_sliding(directives, id).iter().map(at_root).collect();
    for s in scheduled.stages.iter().filter(|s| s.stage.func == id) {
        // Pure loops have no data hazards.
        let free = |l: &&Level| l.kind == LoopKind::Serial && !l.var.rvar;
        let outermost = s.levels.last().filter(free);
        changed.extend(outermost.map(|l| Directive::Parallel { stage: s.stage, var: l.var.clone() }));
    }
    changed
}

/// An inlined Func at root: vectors along its innermost dimension, parallel over its outermost.
fn stored(pipeline: &Pipeline, directives: &[Directive], id: FuncId) -> Vec<Directive> {
    let func = pipeline.func(id);
    let stage = StageRef { func: id, stage: 0 };
    let var = |name: Name| LoopVar { name, rvar: false };
    let mut changed = directives.to_vec();
    changed.push(Directive::ComputeRoot { func: id });
    let Some(innermost) = func.args.first() else { return changed };
    let (outer, inner) = (var(format!("{innermost}_vo").into()), var(format!("{innermost}_vi").into()));
    changed.push(Directive::Split {
        stage,
        old: var(innermost.clone()),
        outer: outer.clone(),
        inner: inner.clone(),
        factor: (pipeline.target.vector_bytes / func.element_bytes()).max(1),
        tail: Tail::GuardWithIf,
    });
    changed.push(Directive::Vectorize { stage, var: inner });
    let outermost = func.args[1..].last().map_or(outer, |name| var(name.clone()));
    changed.push(Directive::Parallel { stage, var: outermost });
    changed
}

/// Half and twice the size of the tiles that run in parallel.
fn other_tasks(pipeline: &Pipeline, directives: &[Directive], stage: StageRef) -> Vec<Changed> {
    let flat = || {
        directives.iter().flat_map(|d| match d {
            Directive::Specialize { then, .. } => then.as_slice(),
            other => std::slice::from_ref(other),
        })
    };
    let parallel = |loop_var: &LoopVar| {
        flat().any(|d| matches!(d, Directive::Parallel { stage: s, var } if *s == stage && var == loop_var))
    };
    let task = flat().find_map(|d| match d {
        Directive::Split { stage: s, old, outer, factor, .. } if *s == stage && parallel(outer) => Some((old, *factor)),
        _ => None,
    });
    let Some((old, factor)) = task else { return Vec::new() };
    let name = &pipeline.func(stage.func).name;
    [factor / 2, factor.saturating_mul(2)]
        .into_iter()
        .filter(|&f| f > 0)
        .map(|other| Changed {
            func: stage.func,
            change: format!("{name}: {other} {} a task instead of {factor}", old.name),
            directives: directives.iter().map(|d| resized(pipeline, d, stage, old, [factor, other])).collect(),
        })
        .collect()
}

/// The directive with another factor for the split of a loop.
fn resized(
    pipeline: &Pipeline,
    directive: &Directive,
    of: StageRef,
    loop_var: &LoopVar,
    [from, to]: [u32; 2],
) -> Directive {
    let mut changed = directive.clone();
    match &mut changed {
        Directive::Split { stage, old, factor, .. } if *stage == of && old == loop_var => *factor = to,
        Directive::Specialize { stage, when, then } if *stage == of => {
            let dim = pipeline.func(of.func).args.iter().position(|a| *a == loop_var.name);
            for AtLeast { dim: d, extent } in when.iter_mut() {
                if Some(*d) == dim && *extent == from {
                    *extent = to;
                }
            }
            *then = then.iter().map(|d| resized(pipeline, d, of, loop_var, [from, to])).collect();
        }
        _ => {}
    }
    changed
}
