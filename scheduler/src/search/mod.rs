//! From a pipeline to a schedule.
//!
//! A construction makes one schedule in steps: [`placement`] says which Funcs are inlined, [`tiles`] which reductions are
//! computed in register tiles of their consumer, [`panels`] what is computed beside them for a few rows of tiles,
//! [`volumes`] what reductions go through a slice at a time, [`strips`], [`scatters`] and [`slabs`] which of the rest are computed
//! inside strips, updates in these, or slabs, [`together`] which outputs share loops, [`nest`] gives every stage its loops. What it
//! does not understand stays a plain `compute_root`. [`storage`] orders the dimensions of Funcs in memory before: everything else
//! sees the reordered pipeline. [`layout`] says in the end what a schedule has to say of that, and pads rows.
//!
//! Each step decides by rules, unless [`choice`] says otherwise. [`refine`] looks for better choices: [`moves`] are those
//! that differ in one decision, [`candidate`] is what comes of some. [`random`] draws them.

mod accumulators;
mod brakes;
mod budget;
mod candidate;
mod choice;
mod decisive;
mod failures;
mod group;
mod interleave;
mod joining;
mod lanes;
mod layout;
mod loops;
mod moves;
mod nest;
mod packing;
mod panels;
mod parts;
mod placement;
mod problem;
mod products;
mod random;
mod reads;
mod reduction;
mod refine;
mod register_tile;
mod resample;
mod scatters;
mod shape;
mod sharing;
mod slabs;
mod slices;
mod stencil;
mod steps;
mod storage;
mod strips;
mod tile_nest;
mod tiles;
mod together;
mod vector;
mod volumes;
mod windows;

pub use brakes::Brakes;
pub use budget::{Budget, StopReason};
pub use failures::Failures;

use crate::check::{check, check_candidate};
use crate::cost::{Hardware, LearnedModel, Pricing, StagePrice};
use crate::directive::Directive;
use crate::features::Analysis;
use crate::ir::{FuncId, Given, Pipeline, Regions, StageRef, StorageOrders};
use crate::{caught, Error};
use candidate::{Candidate, Evaluator};
use choice::Choices;
use problem::Problem;
use refine::Refined;
use serde::{Deserialize, Serialize};
use storage::Stored;

/// The preferred order of storage is given up if its schedule is expected to take so much longer than with another: lanes
/// that are gathered one by one take longer than expected.
const MUCH_SLOWER: f64 = 1.1;

/// Which schedules are considered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// What the rules make, improved by single decisions as far as the cost model sees a gain: the scheduler proper.
    #[default]
    Beam,
    /// What the rules make.
    Greedy,
    /// What the rules make, changed in decisions drawn at random: for collecting timings.
    Random,
    /// Every Func at root in plain loops: what results are compared with.
    Root,
    /// No schedule at all.
    None,
}

/// What the search may assume and do.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The machine scheduled for.
    pub hardware: Hardware,
    /// Which schedules are considered.
    pub strategy: Strategy,
    /// What a beam search may use; by default what [`Budget::for_stages`] says.
    pub budget: Option<Budget>,
    /// How many of the best schedules are returned.
    pub top_k: usize,
    /// Of random schedules.
    pub seed: u64,
    /// What prices stages, trained for this hardware; none for the analytic cost.
    pub model: Option<&'static LearnedModel>,
    /// What holds a beam search to the rules' schedule.
    pub brakes: Brakes,
    /// Whether schedules may add and multiply floats in another order.
    pub reassociate: bool,
    /// Choices at which evaluating a candidate panics, in tests.
    #[cfg(test)]
    breaks: fn(&Choices) -> bool,
}

impl Options {
    /// The default search for a machine.
    pub fn new(hardware: Hardware) -> Self {
        Self {
            hardware,
            strategy: Strategy::default(),
            budget: None,
            top_k: 1,
            seed: 0,
            model: None,
            brakes: Brakes::default(),
            reassociate: false,
            #[cfg(test)]
            breaks: |_| false,
        }
    }

    /// The same with another strategy.
    pub fn with_strategy(self, strategy: Strategy) -> Self {
        Self { strategy, ..self }
    }
}

/// What a search found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Found {
    /// The best distinct schedules, the best first; at least one, at most `top_k`.
    pub schedules: Vec<Schedule>,
    /// Schedules that were evaluated.
    pub candidates: u64,
    /// Why the search ended.
    pub stop: StopReason,
    /// What failed inside, which cost candidates but not the schedule.
    pub failures: Failures,
}

/// A legal schedule and what it is expected to cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The scheduling calls, in order.
    pub directives: Vec<Directive>,
    /// Expected run time at the estimates, in seconds.
    pub predicted_seconds: f64,
    /// Expected time of each stage that is not inlined, in seconds.
    pub stages: Vec<StageSeconds>,
}

/// Expected time of one stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StageSeconds {
    /// The stage.
    pub stage: StageRef,
    /// Seconds in one run of the pipeline.
    pub seconds: f64,
}

/// Finds a schedule. Deterministic but for limits of time: the same pipeline and options give the same schedule.
///
/// # Errors
/// [`Error::MissingEstimates`] when sizes are not known; [`Error::Illegal`] if not even a plain schedule passes [`check`].
pub fn search(pipeline: &Pipeline, options: &Options) -> Result<Schedule, Error> {
    let mut found = search_all(pipeline, &Options { top_k: 1, ..*options })?;
    Ok(found.schedules.remove(0))
}

/// Finds the `top_k` best schedules.
///
/// # Errors
/// As [`search`].
pub fn search_all(pipeline: &Pipeline, options: &Options) -> Result<Found, Error> {
    let plain = match options.strategy {
        Strategy::None => Some(Vec::new()),
        Strategy::Root => Some(plain_root(pipeline)),
        _ => None,
    };
    if let Some(directives) = plain {
        check(pipeline, &directives)?;
        return Ok(Found::unpriced(directives));
    }
    let mut failures = Failures::default();
    let found = match caught(|| by_rules(pipeline, options, &mut failures)) {
        Ok(found) => found?,
        Err(panic) => {
            failures.add(&Error::Panicked(panic));
            None
        }
    };
    let found = found.map_or_else(|| fallback(pipeline, options, &mut failures), Ok)?;
    Ok(Found { failures, ..found })
}

/// What a strategy that follows rules finds; `None` if nothing survives.
fn by_rules(pipeline: &Pipeline, options: &Options, failures: &mut Failures) -> Result<Option<Found>, Error> {
    let regions = Regions::at_estimates(pipeline)?;
    let problem = Problem::new(pipeline, &regions, options);
    let ways = failures.unless_panic(|| storage::reorder(&problem, options)).unwrap_or_default();
    let stages = pipeline.funcs.iter().map(|f| f.stages.len()).sum();
    let budget = options.budget.unwrap_or_else(|| Budget::for_stages(stages)).shared(ways.len());
    let options = &Options { budget: Some(budget), ..*options };
    let mut best = best_of(&problem, options, &ways, failures)?;
    if best.is_none() && ways.iter().all(Option::is_some) {
        best = best_of(&problem, options, &[None], failures)?;
    }
    match best {
        Some((stored, found)) => finished(&problem, options, stored, found, failures),
        None => Ok(None),
    }
}

/// What is found with Funcs stored in the best of these ways, of those that survive; with the way itself.
fn best_of<'a>(
    problem: &Problem,
    options: &Options,
    ways: &'a [Option<Stored>],
    failures: &mut Failures,
) -> Result<Option<(Option<&'a Stored>, Refined)>, Error> {
    let mut best: Option<(Option<&Stored>, Refined)> = None;
    for stored in ways {
        let ordered = stored.as_ref().map(|s| s.problem(options));
        let Some(mut found) = failures.unless_failed(|| find(ordered.as_ref().unwrap_or(problem), options))? else {
            continue;
        };
        failures.add_all(std::mem::take(&mut found.failures));
        let seconds = |found: &Refined| found.best[0].seconds;
        if best.as_ref().is_none_or(|(_, best)| seconds(best) > MUCH_SLOWER * seconds(&found)) {
            best = Some((stored.as_ref(), found));
        }
    }
    Ok(best)
}

/// The schedules of a strategy that follows rules.
fn find(problem: &Problem, options: &Options) -> Result<Refined, Error> {
    let mut evaluator = Evaluator::new(problem);
    let candidate = match options.strategy {
        Strategy::Beam => {
            return refine::refine(problem, evaluator, &options.budget.unwrap_or_default(), options.top_k);
        }
        Strategy::Random => random::candidate(problem, &mut evaluator, options.seed)?,
        _ => evaluator.candidate(Choices::default())?,
    };
    let failures = evaluator.failures;
    Ok(Refined { best: vec![candidate], candidates: 1, stop: StopReason::Converged, failures })
}

/// What was found, with Funcs stored in these orders, laid out in memory; `None` if nothing survives that.
fn finished(
    problem: &Problem,
    options: &Options,
    stored: Option<&Stored>,
    found: Refined,
    failures: &mut Failures,
) -> Result<Option<Found>, Error> {
    let ordered = stored.map(|s| s.problem(options));
    let ordered = ordered.as_ref().unwrap_or(problem);
    let orders = stored.map_or_else(StorageOrders::new, |s| s.orders.clone());
    let finish = |candidate: Candidate| {
        let directives = layout::laid_out(ordered, &orders, candidate.directives)?;
        check_candidate(problem.pipeline, Some(problem.regions), &directives, options.reassociate)?;
        Ok(Schedule::priced(directives, &candidate.stages))
    };
    let mut schedules = Vec::with_capacity(found.best.len());
    for candidate in found.best {
        schedules.extend(failures.unless_failed(|| finish(candidate))?);
    }
    let Refined { candidates, stop, .. } = found;
    Ok((!schedules.is_empty()).then_some(Found { schedules, candidates, stop, failures: Failures::default() }))
}

/// The schedule where the rules fail: without groups of Funcs, or else in plain loops, which needs nothing that can fail.
fn fallback(pipeline: &Pipeline, options: &Options, failures: &mut Failures) -> Result<Found, Error> {
    failures.plain = true;
    let apart = || {
        let regions = Regions::at_estimates(pipeline)?;
        let directives = Problem::new(pipeline, &regions, options).construct_apart();
        check_candidate(pipeline, Some(&regions), &directives, options.reassociate)?;
        Ok(directives)
    };
    if let Some(directives) = failures.unless_failed(apart)? {
        return Ok(Found::unpriced(directives));
    }
    let directives = plain_root(pipeline);
    if let Some(checked) = failures.unless_panic(|| check(pipeline, &directives)) {
        checked?;
    }
    Ok(Found::unpriced(directives))
}

impl Found {
    /// A schedule that nothing is known about.
    pub fn unpriced(directives: Vec<Directive>) -> Self {
        let schedule = Schedule { directives, predicted_seconds: 0.0, stages: Vec::new() };
        Self { schedules: vec![schedule], candidates: 1, stop: StopReason::Converged, failures: Failures::default() }
    }
}

impl Schedule {
    fn priced(directives: Vec<Directive>, prices: &[StagePrice]) -> Self {
        let stage = |price: &StagePrice| StageSeconds { stage: price.stage, seconds: price.seconds };
        let stages: Vec<StageSeconds> = prices.iter().map(stage).collect();
        Self { directives, predicted_seconds: stages.iter().map(|s| s.seconds).sum(), stages }
    }
}

/// A schedule from elsewhere, with what it is expected to cost, as if it had been found.
///
/// # Errors
/// [`Error::Illegal`] if it does not pass [`check`]; [`Error::MissingEstimates`] when sizes are not known.
pub fn given(pipeline: &Pipeline, directives: Vec<Directive>, options: &Options) -> Result<Found, Error> {
    let regions = Regions::at_estimates(pipeline);
    check_candidate(pipeline, regions.as_ref().ok(), &directives, options.reassociate)?;
    let regions = regions?;
    let mut analysis = Analysis::new(pipeline, &regions, &options.hardware);
    analysis.update(&directives)?;
    let prices = Pricing::new(pipeline, &options.hardware, options.model).of_last(&analysis);
    let schedule = Schedule::priced(directives.clone(), &prices);
    Ok(Found { schedules: vec![schedule], ..Found::unpriced(directives) })
}

/// Every Func that the user has not scheduled, computed at root in its default loops.
fn plain_root(pipeline: &Pipeline) -> Vec<Directive> {
    let mut directives = Vec::new();
    for id in pipeline.func_ids().filter(|&id| pipeline.func(id).scheduled.is_none()) {
        if !pipeline.is_output(id) {
            directives.push(Directive::ComputeRoot { func: id });
        }
        directives.extend(unscheduled_updates(pipeline, id));
    }
    directives
}

/// Marks a Func's updates as left in their default loops on purpose, so that Halide does not warn.
fn unscheduled_updates(pipeline: &Pipeline, id: FuncId) -> impl Iterator<Item = Directive> + '_ {
    let is_free = |stage: &StageRef| pipeline.stage(*stage).given == Given::Nothing;
    let updates = pipeline.func(id).stage_refs(id).filter(|s| s.stage > 0).filter(is_free);
    updates.map(|stage| Directive::Unscheduled { stage })
}
