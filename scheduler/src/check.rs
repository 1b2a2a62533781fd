//! An independent check that a schedule is legal and cannot change a result.
//!
//! Replays the directives on plain loop lists. Shares no code with the search that made them.

mod bounds;
mod fused;
mod loops;
mod parts;
mod placements;

use crate::directive::{AtLeast, Directive, LoopVar};
use crate::ir::{FuncId, Given, Interval, Loop, Name, Pipeline, Regions, Source, StageRef};
use crate::Error;
use bounds::Dimension;
use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

/// Checks a schedule for a pipeline.
///
/// # Errors
/// [`Error::Illegal`] with the first violation: an unknown loop, a vectorised or unrolled loop of unknown extent, a
/// loop with data hazards reordered against another one, vectorised or made parallel, a tail strategy that computes
/// or needs coordinates outside the requested region, a Func computed where not all of its consumers are.
pub fn check(pipeline: &Pipeline, directives: &[Directive]) -> Result<(), Error> {
    let regions = Regions::at_estimates(pipeline).ok();
    check_candidate(pipeline, regions.as_ref(), directives, false)
}

/// As [`check`], but floats may be rounded otherwise: sums and products of them may be in any order.
///
/// # Errors
/// As [`check`].
pub fn check_reassociated(pipeline: &Pipeline, directives: &[Directive]) -> Result<(), Error> {
    let regions = Regions::at_estimates(pipeline).ok();
    check_candidate(pipeline, regions.as_ref(), directives, true)
}

/// As [`check`] or [`check_reassociated`], for the many schedules of one pipeline, whose [`Regions::at_estimates`] are known.
pub(crate) fn check_candidate(
    pipeline: &Pipeline,
    regions: Option<&Regions>,
    directives: &[Directive],
    reassociate: bool,
) -> Result<(), Error> {
    replay(Replay { reassociate, ..Replay::new(pipeline, regions) }, pipeline, directives)
}

fn replay(mut replay: Replay, pipeline: &Pipeline, directives: &[Directive]) -> Result<(), Error> {
    for directive in directives {
        exists(pipeline, directive)?;
        replay.step(directive)?;
    }
    replay.placements()?;
    replay.indices()?;
    replay.parts()?;
    replay.promises()?;
    replay.shared.iter().try_for_each(|(stage, with, var)| replay.fused(*stage, *with, var))
}

/// Schedules may come from a file: all Funcs and stages they name must be there.
fn exists(pipeline: &Pipeline, directive: &Directive) -> Result<(), Error> {
    let subject = directive.stage().unwrap_or_else(|| first_stage(directive.subject()));
    let host = match directive {
        Directive::ComputeAt { consumer, .. } | Directive::StoreAt { consumer, .. } => *consumer,
        Directive::ComputeWith { with, .. } => with.func,
        _ => subject.func,
    };
    let count = pipeline.funcs.len();
    if subject.func.index() >= count || host.index() >= count {
        return Err(illegal(subject, format!("the pipeline has {count} Funcs")));
    }
    let with = match directive {
        Directive::ComputeWith { with, .. } => Some(*with),
        _ => None,
    };
    match directive.stage().into_iter().chain(with).find(|s| s.stage >= pipeline.func(s.func).stages.len()) {
        Some(stage) => Err(illegal(stage, "no such stage")),
        None => Ok(()),
    }
}

#[derive(Clone, Debug)]
struct Dim {
    var: LoopVar,
    /// Iterations, if known at compile time.
    extent: Option<i64>,
    /// Free of data hazards.
    parallel: bool,
    /// How it was made of loops over whole dimensions; nothing for one of those.
    made: Vec<Made>,
}

/// A step from the loops over whole dimensions to those of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Made {
    /// The outer loop of a split by so much.
    Outer(u32),
    /// The inner one.
    Inner(u32),
    /// One of two.
    Fused,
}

struct Replay<'a> {
    pipeline: &'a Pipeline,
    /// Whether floats may be added and multiplied in any order.
    reassociate: bool,
    /// What is computed at the estimates; `None` where they are missing.
    regions: Option<&'a Regions>,
    nests: BTreeMap<StageRef, Vec<Dim>>,
    /// Nests of specialised stages.
    specialized: BTreeMap<StageRef, Vec<Dim>>,
    /// Guaranteed extents inside the specialisation that is being replayed.
    guaranteed: Vec<AtLeast>,
    computed: BTreeMap<FuncId, Option<(FuncId, LoopVar)>>,
    stored: BTreeMap<FuncId, (FuncId, LoopVar)>,
    /// Declared bounds.
    bounds: BTreeMap<Dimension, Interval>,
    /// What is computed beyond what is required.
    widened: BTreeSet<Dimension>,
    /// See [`Regions::extensible`].
    extensible: OnceCell<Vec<Vec<bool>>>,
    /// Stages that run past their end, and read or write where values of Funcs say.
    overrunning: BTreeSet<StageRef>,
    /// Stages that share the loops of another one, with the innermost loop shared.
    shared: Vec<(StageRef, StageRef, LoopVar)>,
    /// Funcs with updates that are added up in parts: their loops are spread over two Funcs.
    in_parts: BTreeSet<FuncId>,
    /// Further pure loops of the intermediate Func that is replayed.
    part_loops: Vec<Dim>,
    /// Loops of updates that their parts are computed in.
    parts_inside: Vec<(StageRef, LoopVar)>,
    /// Whether what is replayed is computed in a loop as a part.
    within_part: bool,
    /// Updates whose reductions may be vectorised: Halide adds up the lanes.
    atomic: BTreeSet<StageRef>,
}

/// Whether loops change places with each other, or with those of another Func.
fn reorders(directive: &Directive) -> bool {
    let kept = matches!(
        directive,
        Directive::Split { .. }
            | Directive::Vectorize { .. }
            | Directive::Unroll { .. }
            | Directive::Parallel { .. }
            | Directive::NeverPartition { .. }
    );
    !kept
}

fn illegal(stage: StageRef, reason: impl Into<String>) -> Error {
    Error::Illegal { stage, reason: reason.into() }
}

fn first_stage(func: FuncId) -> StageRef {
    StageRef { func, stage: 0 }
}

impl<'a> Replay<'a> {
    fn new(pipeline: &'a Pipeline, regions: Option<&'a Regions>) -> Self {
        let mut nests = BTreeMap::new();
        for id in pipeline.func_ids() {
            let func = pipeline.func(id);
            for stage in func.stage_refs(id) {
                nests.insert(stage, Self::original_nest(pipeline, stage));
            }
        }
        Self {
            pipeline,
            reassociate: false,
            regions,
            nests,
            specialized: BTreeMap::new(),
            guaranteed: Vec::new(),
            computed: BTreeMap::new(),
            stored: BTreeMap::new(),
            bounds: BTreeMap::new(),
            widened: BTreeSet::new(),
            extensible: OnceCell::new(),
            overrunning: BTreeSet::new(),
            shared: Vec::new(),
            in_parts: BTreeSet::new(),
            part_loops: Vec::new(),
            parts_inside: Vec::new(),
            within_part: false,
            atomic: BTreeSet::new(),
        }
    }

    fn original_nest(pipeline: &Pipeline, stage: StageRef) -> Vec<Dim> {
        let dim = |l: &Loop| Dim {
            var: LoopVar { name: l.var.clone(), rvar: l.reduction.is_some() },
            extent: match &l.reduction {
                Some(r) => r.constant,
                None => pipeline.func(stage.func).bounds.get(&l.var).and_then(|b| b.extent),
            },
            parallel: l.parallel,
            made: Vec::new(),
        };
        pipeline.stage(stage).loops.iter().map(dim).collect()
    }

    fn nest(&mut self, stage: StageRef) -> Result<&mut Vec<Dim>, Error> {
        self.nests.get_mut(&stage).ok_or_else(|| illegal(stage, "no such stage"))
    }

    fn position(&mut self, stage: StageRef, var: &LoopVar) -> Result<usize, Error> {
        let found = self.nest(stage)?.iter().position(|d| d.var == *var);
        found.ok_or_else(|| illegal(stage, format!("no loop {}", var.name)))
    }

    fn step(&mut self, directive: &Directive) -> Result<(), Error> {
        if self.pipeline.func(directive.subject()).scheduled.is_some() {
            return Err(illegal(first_stage(directive.subject()), "the user has scheduled this Func"));
        }
        self.decided(directive)?;
        let hosts = |func: FuncId| self.pipeline.funcs.iter().any(|f| f.placed_inside.contains(&func));
        if let Some(stage) = directive.stage().filter(|s| hosts(s.func)) {
            if !matches!(directive, Directive::Unscheduled { .. }) {
                return Err(illegal(stage, "the user has placed other Funcs inside its loops"));
            }
        }
        match directive {
            Directive::ComputeRoot { func } => {
                self.computed.insert(*func, None);
            }
            Directive::ComputeAt { func, consumer, var } => {
                self.computed.insert(*func, Some((*consumer, var.clone())));
            }
            Directive::StoreAt { func, consumer, var } => {
                self.stored.insert(*func, (*consumer, var.clone()));
            }
            Directive::StoreRoot { .. } | Directive::StoreIn { .. } | Directive::Unscheduled { .. } => {}
            Directive::FoldStorage { func, var, factor } => {
                self.dimension(*func, var)?;
                if *factor == 0 || self.pipeline.is_output(*func) {
                    return Err(illegal(first_stage(*func), "folded storage of an output, or of no length"));
                }
            }
            Directive::AlignStorage { func, var, alignment } => {
                self.dimension(*func, var)?;
                if *alignment == 0 || self.is_buffer(*func) {
                    return Err(illegal(first_stage(*func), "padded storage of a buffer, or to multiples of nothing"));
                }
            }
            Directive::Bound { func, var, min, extent } => self.bound(*func, var, *min, *extent)?,
            Directive::AlignBounds { func, var, modulus, remainder } => {
                let dimension = self.dimension(*func, var)?;
                if remainder >= modulus || !self.is_extensible(dimension) {
                    return Err(illegal(first_stage(*func), format!("no more of {} may be computed", var.name)));
                }
                self.widened.insert(dimension);
            }
            Directive::ComputeWith { stage, with, var } => self.shared.push((*stage, *with, var.clone())),
            Directive::ReorderStorage { func, vars } => self.reorder_storage(*func, vars)?,
            Directive::Split { stage, old, outer, inner, factor, tail } => {
                self.split(*stage, old, [outer, inner], *factor, *tail)?;
            }
            Directive::Fuse { stage, inner, outer, fused } => self.fuse(*stage, inner, outer, fused)?,
            Directive::Reorder { stage, vars } => self.reorder(*stage, vars)?,
            Directive::Vectorize { stage, var } => {
                let dim = self.constant_extent(*stage, var)?;
                let adds_up = self.atomic.contains(stage) && self.any_order(*stage);
                if !dim.parallel && !adds_up {
                    return Err(illegal(*stage, format!("vectorised loop {} has data hazards", var.name)));
                }
            }
            Directive::Unroll { stage, var } => {
                self.constant_extent(*stage, var)?;
            }
            Directive::Parallel { stage, var } => {
                let at = self.position(*stage, var)?;
                if !self.nest(*stage)?[at].parallel {
                    return Err(illegal(*stage, format!("parallel loop {} has data hazards", var.name)));
                }
            }
            Directive::NeverPartition { stage, vars } => {
                vars.iter().try_for_each(|var| self.position(*stage, var).map(drop))?;
            }
            Directive::Specialize { stage, when, then } => self.specialize(*stage, when, then)?,
            Directive::Rfactor { stage, rvar, var, then } => self.rfactor(*stage, rvar, var, then)?,
            Directive::Atomic { stage } => {
                if !self.pipeline.stage(*stage).associative {
                    return Err(illegal(*stage, "atomic needs an associative update"));
                }
                self.atomic.insert(*stage);
            }
        }
        Ok(())
    }

    /// Whether a call changes what the user has decided of a Func whose place is open.
    fn decided(&self, directive: &Directive) -> Result<(), Error> {
        let func = directive.subject();
        if let Directive::ComputeAt { consumer, .. } | Directive::StoreAt { consumer, .. } = directive {
            if !self.pipeline.func(*consumer).is_free() {
                return Err(illegal(first_stage(func), "its place is in loops that the user may have scheduled"));
            }
        }
        let Some(decided) = &self.pipeline.func(func).partly else { return Ok(()) };
        match directive.stage() {
            None if matches!(directive, Directive::ComputeRoot { .. }) => Ok(()),
            None => Err(illegal(first_stage(func), format!("the user has it {decided}: it is computed at root"))),
            Some(stage) => match self.pipeline.stage(stage).given {
                _ if matches!(directive, Directive::Rfactor { .. }) => {
                    Err(illegal(stage, "what the user has decided of it does not hold for an intermediate Func"))
                }
                Given::Order if reorders(directive) => Err(illegal(stage, "the user has ordered its loops")),
                Given::All => Err(illegal(stage, "the user has scheduled its loops")),
                Given::Nothing | Given::Order => Ok(()),
            },
        }
    }

    /// Whether the pipeline's user or an extern stage gets it as a buffer, with its dimensions in the order of the arguments
    /// and without gaps.
    fn is_buffer(&self, func: FuncId) -> bool {
        let externs = self.pipeline.funcs.iter().filter_map(|f| f.extern_definition.as_ref());
        self.pipeline.func(func).extern_definition.is_some()
            || self.pipeline.is_output(func)
            || externs.flat_map(|e| &e.sources).any(|&s| s == Source::Func(func))
    }

    fn reorder_storage(&self, func: FuncId, vars: &[LoopVar]) -> Result<(), Error> {
        let stage = first_stage(func);
        let definition = self.pipeline.func(func);
        if self.is_buffer(func) {
            return Err(illegal(stage, "the storage of outputs and of extern stages' buffers has a fixed order"));
        }
        let mut named: Vec<&Name> = vars.iter().filter(|v| !v.rvar).map(|v| &v.name).collect();
        let mut arguments: Vec<&Name> = definition.args.iter().collect();
        named.sort_unstable();
        arguments.sort_unstable();
        if named.len() != vars.len() || named != arguments {
            return Err(illegal(stage, "storage is reordered by something else than all arguments"));
        }
        Ok(())
    }

    /// Replays the specialised calls on a copy of the nest.
    fn specialize(&mut self, stage: StageRef, when: &[AtLeast], then: &[Directive]) -> Result<(), Error> {
        if !self.pipeline.is_output(stage.func) || stage.stage != 0 {
            return Err(illegal(stage, "only the pure stage of an output has sizes to specialise on"));
        }
        if self.pipeline.stage(stage).drops_reads() {
            // Halide simplifies what it specialises, and its bounds inference crashes on Funcs that are then read no more.
            return Err(illegal(stage, "specialising it would drop reads"));
        }
        if then.iter().any(|d| d.stage() != Some(stage) || matches!(d, Directive::Specialize { .. })) {
            return Err(illegal(stage, "a specialisation schedules something else"));
        }
        let general = self.nest(stage)?.clone();
        self.guaranteed = when.to_vec();
        let replayed = then.iter().try_for_each(|directive| self.step(directive));
        self.guaranteed.clear();
        replayed?;
        if let Some(special) = self.nests.insert(stage, general) {
            self.specialized.insert(stage, special);
        }
        Ok(())
    }
}
