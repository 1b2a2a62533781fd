//! Concrete regions: what is computed of every Func when the outputs have their estimated sizes.

use super::bounds::StageBounds;
use super::{overrun, type_bytes, Bound, Func, FuncId, Name, Pipeline, Source, Stage, StageRef};
use crate::Error;
use std::collections::BTreeMap;

/// Coordinates from `min` to `max`, both included; empty when `max < min`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// Smallest coordinate.
    pub min: i64,
    /// Largest coordinate.
    pub max: i64,
}

impl Interval {
    /// Number of coordinates, at least 0.
    pub fn extent(self) -> i64 {
        self.max.saturating_sub(self.min).saturating_add(1).max(0)
    }

    /// The smallest interval that contains both.
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

/// One interval per dimension; `None` where it is not known.
pub type Region = Vec<Option<Interval>>;

/// The region computed of every Func, and the bounds of every loop of every stage, at the estimates.
#[derive(Clone, Debug)]
pub struct Regions {
    funcs: Vec<Region>,
    /// Loop intervals, by Func, stage and loop.
    loops: Vec<Vec<Region>>,
    /// See [`overrun::reads_stay_inside`].
    inside: Vec<Vec<bool>>,
    /// See [`overrun::indices_stay_inside`].
    indexed_inside: Vec<Vec<bool>>,
    /// By Func, whether extern stages read it.
    read_by_extern: Vec<bool>,
    /// By Func and stage.
    bounds: Vec<Vec<StageBounds>>,
}

/// What a dimension is taken to span when nothing is known about it.
const UNKNOWN_EXTENT: i64 = 64;

impl Regions {
    /// Propagates the outputs' estimates to their producers.
    ///
    /// # Errors
    /// [`Error::MissingEstimates`] when outputs lack estimates, or a bound depends on parameters that lack one.
    pub fn at_estimates(pipeline: &Pipeline) -> Result<Self, Error> {
        let missing = missing_estimates(pipeline);
        if !missing.is_empty() {
            return Err(Error::MissingEstimates(missing));
        }
        let mut regions = Self {
            funcs: pipeline.funcs.iter().map(|f| vec![None; f.args.len()]).collect(),
            loops: vec![Vec::new(); pipeline.funcs.len()],
            inside: Vec::new(),
            indexed_inside: Vec::new(),
            read_by_extern: vec![false; pipeline.funcs.len()],
            bounds: pipeline
                .funcs
                .iter()
                .map(|f| f.stages.iter().map(|s| StageBounds::new(s, &f.args)).collect())
                .collect(),
        };
        for id in pipeline.func_ids().rev() {
            regions.settle(pipeline, id);
        }
        for extern_definition in pipeline.funcs.iter().filter_map(|f| f.extern_definition.as_ref()) {
            for read in extern_definition.sources.iter().filter_map(|s| s.func()) {
                regions.read_by_extern[read.index()] = true;
            }
        }
        regions.inside = overrun::reads_stay_inside(pipeline, &regions);
        regions.indexed_inside = overrun::indices_stay_inside(pipeline, &regions);
        Ok(regions)
    }

    /// Whether reads stay inside of all inputs when a Func computes past the end of a dimension.
    pub(super) fn reads_stay_inside(&self, id: FuncId, dim: usize) -> bool {
        self.inside[id.index()][dim]
    }

    /// Whether indices stay within bounds, too, whatever the values of Funcs are there.
    pub(super) fn indices_stay_inside(&self, id: FuncId, dim: usize) -> bool {
        self.indexed_inside[id.index()][dim]
    }

    /// Whether an extern stage reads a Func.
    pub(crate) fn is_read_by_extern(&self, id: FuncId) -> bool {
        self.read_by_extern[id.index()]
    }

    /// The region computed of a Func.
    pub fn func(&self, id: FuncId) -> &Region {
        &self.funcs[id.index()]
    }

    /// Extent of a Func's dimension; a stand-in when unknown.
    pub fn extent(&self, id: FuncId, dim: usize) -> i64 {
        extent_or_guess(self.funcs[id.index()][dim])
    }

    /// Bounds of a stage's loops, innermost first.
    pub fn loops(&self, stage: StageRef) -> &Region {
        &self.loops[stage.func.index()][stage.stage]
    }

    /// A stage's symbolic bounds.
    pub(crate) fn bounds(&self, stage: StageRef) -> &StageBounds {
        &self.bounds[stage.func.index()][stage.stage]
    }

    /// Extent of a stage's loop; a stand-in when unknown.
    pub fn loop_extent(&self, stage: StageRef, index: usize) -> i64 {
        extent_or_guess(self.loops(stage)[index])
    }

    /// Iterations of all loops of a stage together.
    pub(crate) fn iterations(&self, stage: StageRef) -> f64 {
        self.loops(stage).iter().map(|&interval| extent_or_guess(interval) as f64).product()
    }

    /// The argument of its Func that a stage's loop runs over; `None` for reductions.
    pub(crate) fn argument(&self, stage: StageRef, index: usize) -> Option<usize> {
        self.bounds(stage).args[index]
    }

    /// The loop of a stage that runs over an argument of its Func.
    pub(super) fn loop_over(&self, stage: StageRef, arg: usize) -> Option<usize> {
        self.bounds(stage).args.iter().position(|&a| a == Some(arg))
    }

    /// Bytes of everything that is computed of a Func, or of a whole input; 0 for what is not part of the pipeline.
    pub fn source_bytes(&self, pipeline: &Pipeline, source: Option<Source>) -> f64 {
        match source {
            Some(Source::Func(id)) => {
                let func = pipeline.func(id);
                let points: f64 = (0..func.args.len()).map(|dim| self.extent(id, dim) as f64).product();
                points * f64::from(func.value_bytes())
            }
            Some(Source::Input(id)) => {
                let input = &pipeline.inputs[id.index()];
                let extents = input.dims.iter().map(|d| d.extent.unwrap_or(UNKNOWN_EXTENT) as f64);
                extents.product::<f64>() * f64::from(type_bytes(&input.element))
            }
            None => 0.0,
        }
    }

    /// All consumers have been seen: fixes the Func's own region and adds what it requires of its producers.
    fn settle(&mut self, pipeline: &Pipeline, id: FuncId) {
        let func = pipeline.func(id);
        let index = id.index();
        for (dim, arg) in func.args.iter().enumerate() {
            let estimate = pipeline.is_output(id).then(|| func.estimates.get(arg).copied()).flatten();
            let declared = func.bounds.get(arg).copied().unwrap_or_default();
            let region = &mut self.funcs[index][dim];
            let estimate = estimate.and_then(|e| declared.or(e).interval());
            *region = declared.of(merge(*region, estimate));
        }
        // Updates first, last to first: what they read and write of the Func itself widens its region.
        for stage in func.stage_refs(id).rev() {
            let loops = self.loop_bounds(func, pipeline.stage(stage), index);
            self.require(stage, &loops);
            self.widen_by_writes(stage, &loops);
        }
        self.loops[index] = func.stages.iter().map(|stage| self.loop_bounds(func, stage, index)).collect();
    }

    fn loop_bounds(&self, func: &Func, stage: &Stage, index: usize) -> Region {
        stage
            .loops
            .iter()
            .map(|l| match &l.reduction {
                Some(bounds) => {
                    let value = |p: &Option<super::Program>| p.as_ref()?.evaluate(|_| None);
                    let (min, extent) = (value(&bounds.min)? as i64, value(&bounds.extent)? as i64);
                    Some(Interval { min, max: min + extent - 1 })
                }
                None => func.args.iter().position(|a| *a == l.var).and_then(|dim| self.funcs[index][dim]),
            })
            .collect()
    }

    fn require(&mut self, stage: StageRef, loops: &Region) {
        let Self { bounds, funcs, .. } = self;
        for needed in &bounds[stage.func.index()][stage.stage].requires {
            let Source::Func(producer) = needed.source else {
                continue;
            };
            for (region, bounds) in funcs[producer.index()].iter_mut().zip(&needed.bounds) {
                *region = merge(*region, bounds.evaluate(loops));
            }
        }
    }

    fn widen_by_writes(&mut self, stage: StageRef, loops: &Region) {
        let Self { bounds, funcs, .. } = self;
        let index = stage.func.index();
        for (region, bounds) in funcs[index].iter_mut().zip(&bounds[index][stage.stage].writes) {
            *region = merge(*region, bounds.evaluate(loops));
        }
    }
}

impl Bound {
    /// Its parts, where they are known, else those of another one.
    fn or(self, other: Self) -> Self {
        Self { min: self.min.or(other.min), extent: self.extent.or(other.extent) }
    }

    /// What becomes of an interval where this holds, whatever was estimated or asked for.
    fn of(self, interval: Option<Interval>) -> Option<Interval> {
        let min = self.min.or(interval.map(|i| i.min))?;
        let max = self.extent.map(|extent| min + extent - 1).or(interval.map(|i| i.max))?;
        Some(Interval { min, max })
    }

    /// The interval, when both ends are known.
    pub fn interval(self) -> Option<Interval> {
        let (min, extent) = (self.min?, self.extent?);
        Some(Interval { min, max: min + extent - 1 })
    }
}

/// The smallest interval that contains both; one alone where the other is not known.
pub(crate) fn merge(a: Option<Interval>, b: Option<Interval>) -> Option<Interval> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.union(b)),
        (a, b) => a.or(b),
    }
}

fn extent_or_guess(interval: Option<Interval>) -> i64 {
    interval.map_or(UNKNOWN_EXTENT, Interval::extent).max(1)
}

fn missing_estimates(pipeline: &Pipeline) -> Vec<String> {
    let mut missing = Vec::new();
    for &output in &pipeline.outputs {
        let func = pipeline.func(output);
        for (dim, arg) in func.args.iter().enumerate() {
            let of = |bounds: &BTreeMap<Name, Bound>| bounds.get(arg).copied().unwrap_or_default();
            if of(&func.bounds).or(of(&func.estimates)).interval().is_none() {
                missing.push(format!("dimension {dim} ('{arg}') of output '{}'", func.name));
            }
        }
    }
    missing.extend(pipeline.missing_estimates.iter().cloned());
    missing
}
