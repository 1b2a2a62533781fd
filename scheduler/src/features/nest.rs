//! The loops of a stage as a schedule leaves them.

use super::body::{bit, LoopSet};
use crate::directive::{Directive, LoopVar, Tail};
use crate::ir::{Regions, Stage, StageRef};
use crate::Error;
use serde::{Deserialize, Serialize};

/// How the iterations of a loop run. Blocks and threads of a GPU would be further kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoopKind {
    /// One after the other.
    Serial,
    /// As tasks for all threads.
    Parallel,
    /// As lanes of a vector.
    Vectorized,
    /// As copies of the body.
    Unrolled,
}

/// One loop of a scheduled stage.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// Its variable.
    pub var: LoopVar,
    /// How its iterations run.
    pub kind: LoopKind,
    /// Mean iterations each time it is entered: less than `slots` where a tail is cut off.
    pub extent: f64,
    /// Iterations that code is made for.
    pub slots: f64,
}

/// Iterations over a part of one of the stage's original loops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    /// Index of the original loop.
    pub(super) origin: usize,
    /// Mean number of steps.
    pub(super) extent: f64,
    /// Iterations of the original loop from one step to the next.
    pub(super) stride: f64,
}

/// A loop; see [`Level`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Dim {
    pub(super) kind: LoopKind,
    pub(super) extent: f64,
    pub(super) slots: f64,
    /// Whether iterations beyond the end are left out by a condition.
    pub(super) guarded: bool,
    /// Whether each of its values gets a sum of its own.
    pub(super) apart: bool,
    /// Whether Halide may cut it into a middle and ends.
    pub(super) partitions: bool,
    /// Original loops that it iterates over.
    pub(super) origins: LoopSet,
    /// Where its parts are, innermost first: one, or several where loops were fused.
    parts: (usize, usize),
}

/// A scheduling call on a loop by its place.
#[derive(Clone, Debug)]
enum Step {
    Split {
        at: usize,
        factor: f64,
        tail: Tail,
    },
    Fuse {
        inner: usize,
        outer: usize,
    },
    /// The loop at each place comes from this place.
    Reorder(Vec<usize>),
    Set {
        at: usize,
        kind: LoopKind,
    },
    /// The loops at these places are not partitioned.
    KeepWhole(Vec<usize>),
    /// The values of the loop at this place get sums of their own.
    Apart(usize),
}

/// The loops of a stage. The calls that shape them are kept, so that other extents need no names.
#[derive(Clone, Debug, Default)]
pub(super) struct Nest {
    /// Variables of `dims`.
    vars: Vec<LoopVar>,
    steps: Vec<Step>,
    /// Innermost first.
    pub(super) dims: Vec<Dim>,
    parts: Vec<Part>,
}

/// The calls that shape a stage at the estimates: those of its specialisation where the estimates satisfy it.
fn effective<'a>(regions: &Regions, stage: StageRef, all: &'a [&Directive]) -> Vec<&'a Directive> {
    let special = all.iter().find_map(|d| match d {
        Directive::Specialize { when, then, .. } => {
            let holds = when.iter().all(|c| regions.extent(stage.func, c.dim) >= i64::from(c.extent));
            holds.then_some(then)
        }
        _ => None,
    });
    match special {
        Some(then) => then.iter().collect(),
        None => all.iter().copied().filter(|d| !matches!(d, Directive::Specialize { .. })).collect(),
    }
}

impl Nest {
    /// Takes over the calls on a stage.
    ///
    /// # Errors
    /// [`Error::Illegal`] for a call on a loop that does not exist.
    pub(super) fn compile(
        &mut self,
        regions: &Regions,
        stage: StageRef,
        definition: &Stage,
        calls: &[&Directive],
    ) -> Result<(), Error> {
        let original = |l: &crate::ir::Loop| LoopVar { name: l.var.clone(), rvar: l.reduction.is_some() };
        self.vars.clear();
        self.vars.extend(definition.loops.iter().map(original));
        self.steps.clear();
        effective(regions, stage, calls).into_iter().try_for_each(|call| match self.step(stage, call) {
            // Calls on the loops that add up parts, which are not among these.
            Err(_) if self.steps.iter().any(|step| matches!(step, Step::Apart(_))) => Ok(()),
            other => other,
        })
    }

    fn step(&mut self, stage: StageRef, call: &Directive) -> Result<(), Error> {
        if let Directive::Rfactor { rvar, var, then, .. } = call {
            return self.in_parts(stage, [rvar, var], then);
        }
        let position = |vars: &[LoopVar], var: &LoopVar| {
            let found = vars.iter().position(|v| v == var);
            found.ok_or_else(|| Error::Illegal { stage, reason: format!("no loop {}", var.name) })
        };
        let vars = &mut self.vars;
        let set = |vars: &[LoopVar], var: &LoopVar, kind| Ok(Step::Set { at: position(vars, var)?, kind });
        let step = match call {
            Directive::Split { old, outer, inner, factor, tail, .. } => {
                let at = position(vars, old)?;
                vars[at] = inner.clone();
                vars.insert(at + 1, outer.clone());
                Step::Split { at, factor: f64::from((*factor).max(1)), tail: *tail }
            }
            Directive::Fuse { inner, outer, fused, .. } => {
                let (inner, outer) = (position(vars, inner)?, position(vars, outer)?);
                vars[inner] = fused.clone();
                vars.remove(outer);
                Step::Fuse { inner, outer }
            }
            Directive::Reorder { vars: order, .. } => {
                let from = order.iter().map(|v| position(vars, v)).collect::<Result<Vec<_>, _>>()?;
                let mut places = from.clone();
                places.sort_unstable();
                let mut moved: Vec<usize> = (0..vars.len()).collect();
                for (place, from) in places.into_iter().zip(from) {
                    moved[place] = from;
                }
                *vars = moved.iter().map(|&from| vars[from].clone()).collect();
                Step::Reorder(moved)
            }
            Directive::Vectorize { var, .. } => set(vars, var, LoopKind::Vectorized)?,
            Directive::Unroll { var, .. } => set(vars, var, LoopKind::Unrolled)?,
            Directive::Parallel { var, .. } => set(vars, var, LoopKind::Parallel)?,
            Directive::NeverPartition { vars: whole, .. } => {
                Step::KeepWhole(whole.iter().map(|v| position(vars, v)).collect::<Result<_, _>>()?)
            }
            // The rest changes no loop.
            _ => return Ok(()),
        };
        self.steps.push(step);
        Ok(())
    }

    /// What the parts of a reduction take decides; adding them up is next to nothing.
    fn in_parts(&mut self, stage: StageRef, [rvar, var]: [&LoopVar; 2], then: &[Directive]) -> Result<(), Error> {
        let at = self.position(rvar);
        let at = at.ok_or_else(|| Error::Illegal { stage, reason: format!("no loop {}", rvar.name) })?;
        self.vars[at] = var.clone();
        self.steps.push(Step::Apart(at));
        then.iter().filter(|d| d.stage() == Some(stage)).try_for_each(|d| self.step(stage, d))
    }

    /// Works out the loops for original loops of the given extents.
    pub(super) fn run(&mut self, extents: impl Iterator<Item = f64>) {
        let Self { steps, dims, parts, .. } = self;
        dims.clear();
        parts.clear();
        for (origin, extent) in extents.enumerate() {
            parts.push(Part { origin, extent, stride: 1.0 });
            let parts = (origin, origin + 1);
            let (kind, slots, guarded, origins) = (LoopKind::Serial, extent, false, bit(origin));
            dims.push(Dim { kind, extent, slots, guarded, apart: false, partitions: true, origins, parts });
        }
        for step in &*steps {
            match step {
                Step::Split { at, factor, tail } => {
                    let halves = dims[*at].split(parts, *factor, *tail);
                    dims[*at] = halves[0];
                    dims.insert(at + 1, halves[1]);
                }
                Step::Fuse { inner, outer } => {
                    dims[*inner] = Dim::fuse(&dims[*inner], &dims[*outer], parts);
                    dims.remove(*outer);
                }
                Step::Reorder(from) => {
                    let before = dims.clone();
                    for (dim, &from) in dims.iter_mut().zip(from) {
                        *dim = before[from];
                    }
                }
                Step::Set { at, kind } => dims[*at].kind = *kind,
                Step::Apart(at) => dims[*at].apart = true,
                Step::KeepWhole(places) => places.iter().for_each(|&at| dims[at].partitions = false),
            }
        }
    }

    /// Place of a loop, from the innermost.
    pub(super) fn position(&self, var: &LoopVar) -> Option<usize> {
        self.vars.iter().position(|v| v == var)
    }

    /// What a loop iterates over, innermost first.
    pub(super) fn parts(&self, dim: &Dim) -> &[Part] {
        &self.parts[dim.parts.0..dim.parts.1]
    }

    /// The loops with their names, innermost first.
    pub(super) fn levels(&self) -> Vec<Level> {
        let level = |(var, dim): (&LoopVar, &Dim)| Level {
            var: var.clone(),
            kind: dim.kind,
            extent: dim.extent,
            slots: dim.slots,
        };
        self.vars.iter().zip(&self.dims).map(level).collect()
    }
}

impl Dim {
    /// Whether a guard leaves some of its iterations out.
    pub(super) fn is_cut_off(&self) -> bool {
        self.guarded && self.extent < self.slots
    }

    /// The two loops that a split makes, inner and outer.
    fn split(&self, all: &mut Vec<Part>, factor: f64, tail: Tail) -> [Self; 2] {
        let tiles = (self.extent / factor).ceil().max(1.0);
        let steps = match tail {
            // What is cut off is not computed: tiles are smaller in the mean.
            Tail::GuardWithIf | Tail::Predicate => self.extent / tiles,
            Tail::RoundUp | Tail::ShiftInwards => factor,
        };
        // Innermost parts fill the inner loop first.
        let (from, to) = self.parts;
        let (start, count) = (all.len(), to - from);
        let mut left = steps;
        for at in from..to {
            let part = all[at];
            let taken = if count == 1 { left } else { part.extent.min(left) };
            left = (left / taken).max(1.0);
            all.push(Part { extent: taken, ..part });
        }
        for at in 0..count {
            let (part, taken) = (all[from + at], all[start + at].extent);
            all.push(Part { extent: (part.extent / taken).ceil(), stride: part.stride * taken, ..part });
        }
        let dim = |extent, slots, start| Self { extent, slots, parts: (start, start + count), ..*self };
        let guarded = self.guarded || matches!(tail, Tail::GuardWithIf | Tail::Predicate);
        [Self { guarded, ..dim(steps, factor, start) }, dim(tiles, tiles, start + count)]
    }

    fn fuse(inner: &Self, outer: &Self, all: &mut Vec<Part>) -> Self {
        let start = all.len();
        all.extend_from_within(inner.parts.0..inner.parts.1);
        all.extend_from_within(outer.parts.0..outer.parts.1);
        Self {
            kind: inner.kind,
            extent: inner.extent * outer.extent,
            slots: inner.slots * outer.slots,
            guarded: inner.guarded || outer.guarded,
            apart: inner.apart && outer.apart,
            partitions: inner.partitions && outer.partitions,
            origins: inner.origins | outer.origins,
            parts: (start, all.len()),
        }
    }
}
