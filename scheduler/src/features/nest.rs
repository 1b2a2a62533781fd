//! The loops of a stage as a schedule leaves them.

use crate::directive::{Directive, LoopVar, Tail};
use crate::ir::{Pipeline, Regions, StageRef};
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

/// Iterations over a part of one of the stage's original loops.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    /// Index of the original loop.
    pub(super) origin: usize,
    /// Mean number of steps.
    pub(super) extent: f64,
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
    /// What it iterates over; several parts where loops were fused. Innermost first.
    pub(super) parts: Vec<Part>,
}

impl Level {
    fn original(var: LoopVar, origin: usize, extent: f64) -> Self {
        let parts = vec![Part { origin, extent }];
        Self { var, kind: LoopKind::Serial, extent, slots: extent, parts }
    }

    /// The two loops that a split makes, inner and outer.
    fn split(&self, inner: &LoopVar, outer: &LoopVar, factor: f64, tail: Tail) -> [Self; 2] {
        let tiles = (self.extent / factor).ceil().max(1.0);
        let steps = match tail {
            // What is cut off is not computed: tiles are smaller in the mean.
            Tail::GuardWithIf | Tail::Predicate => self.extent / tiles,
            Tail::RoundUp | Tail::ShiftInwards => factor,
        };
        // Innermost parts fill the inner loop first.
        let mut left = steps;
        let mut inner_parts = Vec::new();
        let mut outer_parts = Vec::new();
        for part in &self.parts {
            let taken = if self.parts.len() == 1 { left } else { part.extent.min(left) };
            left = (left / taken).max(1.0);
            inner_parts.push(Part { extent: taken, ..*part });
            outer_parts.push(Part { extent: (part.extent / taken).ceil(), ..*part });
        }
        let level =
            |var: &LoopVar, extent, slots, parts| Self { var: var.clone(), kind: self.kind, extent, slots, parts };
        [level(inner, steps, factor, inner_parts), level(outer, tiles, tiles, outer_parts)]
    }

    fn fuse(inner: &Self, outer: &Self, fused: &LoopVar) -> Self {
        Self {
            var: fused.clone(),
            kind: inner.kind,
            extent: inner.extent * outer.extent,
            slots: inner.slots * outer.slots,
            parts: inner.parts.iter().chain(&outer.parts).copied().collect(),
        }
    }
}

/// The calls that shape a stage at the estimates: those of its specialisation where the estimates satisfy it.
pub(super) fn calls<'a>(regions: &Regions, stage: StageRef, all: &[&'a Directive]) -> Vec<&'a Directive> {
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

/// The loops of a stage, innermost first, whose original loops have the given extents.
///
/// # Errors
/// [`Error::Illegal`] for a call on a loop that does not exist.
pub(super) fn replay(
    pipeline: &Pipeline,
    stage: StageRef,
    extents: &[f64],
    calls: &[&Directive],
) -> Result<Vec<Level>, Error> {
    let loops = pipeline.stage(stage).loops.iter().zip(extents).enumerate();
    let level = |(origin, (l, &extent)): (usize, (&crate::ir::Loop, &f64))| {
        Level::original(LoopVar { name: l.var.clone(), rvar: l.reduction.is_some() }, origin, extent)
    };
    let mut nest = Nest { stage, levels: loops.map(level).collect() };
    calls.iter().try_for_each(|call| nest.step(call))?;
    Ok(nest.levels)
}

struct Nest {
    stage: StageRef,
    levels: Vec<Level>,
}

impl Nest {
    fn step(&mut self, call: &Directive) -> Result<(), Error> {
        match call {
            Directive::Split { old, outer, inner, factor, tail, .. } => {
                let at = self.position(old)?;
                let halves = self.levels[at].split(inner, outer, f64::from((*factor).max(1)), *tail);
                self.levels.splice(at..=at, halves);
            }
            Directive::Fuse { inner, outer, fused, .. } => {
                let (i, o) = (self.position(inner)?, self.position(outer)?);
                let both = Level::fuse(&self.levels[i], &self.levels[o], fused);
                self.levels[i] = both;
                self.levels.remove(o);
            }
            Directive::Reorder { vars, .. } => self.reorder(vars)?,
            Directive::Vectorize { var, .. } => self.set(var, LoopKind::Vectorized)?,
            Directive::Unroll { var, .. } => self.set(var, LoopKind::Unrolled)?,
            Directive::Parallel { var, .. } => self.set(var, LoopKind::Parallel)?,
            // The rest changes no loop.
            _ => {}
        }
        Ok(())
    }

    fn position(&self, var: &LoopVar) -> Result<usize, Error> {
        let found = self.levels.iter().position(|l| l.var == *var);
        found.ok_or_else(|| Error::Illegal { stage: self.stage, reason: format!("no loop {}", var.name) })
    }

    fn set(&mut self, var: &LoopVar, kind: LoopKind) -> Result<(), Error> {
        let at = self.position(var)?;
        self.levels[at].kind = kind;
        Ok(())
    }

    /// The listed loops take, in the given order, the places the same loops had before.
    fn reorder(&mut self, vars: &[LoopVar]) -> Result<(), Error> {
        let mut places = vars.iter().map(|v| self.position(v)).collect::<Result<Vec<_>, _>>()?;
        let moved: Vec<Level> = places.iter().map(|&p| self.levels[p].clone()).collect();
        places.sort_unstable();
        for (place, level) in places.into_iter().zip(moved) {
            self.levels[place] = level;
        }
        Ok(())
    }
}
