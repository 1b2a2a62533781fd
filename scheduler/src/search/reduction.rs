//! What updates do along their reduction loops.

use crate::ir::{Access, Pipeline, Regions, Source, Stage, StageRef};

/// What an update's loops with data hazards do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reduction {
    /// Every iteration updates the same value.
    Accumulates,
    /// Iterations write different values, each from earlier ones.
    Scans,
}

impl Reduction {
    pub(super) fn of(pipeline: &Pipeline, stage: StageRef) -> Option<Self> {
        let definition = pipeline.stage(stage);
        let hazards: Vec<usize> = (0..definition.loops.len()).filter(|&l| !definition.loops[l].parallel).collect();
        if hazards.is_empty() {
            return None;
        }
        let fixed = definition
            .stores
            .iter()
            .all(|row| row.as_ref().is_some_and(|r| hazards.iter().all(|&l| r.coeffs[l][0] == 0)));
        Some(if fixed { Self::Accumulates } else { Self::Scans })
    }
}

/// The pure loops, other than `except`, of a few iterations or more.
pub(super) fn pure_loops<'a>(
    pipeline: &'a Pipeline,
    regions: &'a Regions,
    stage: StageRef,
    except: usize,
) -> impl Iterator<Item = usize> + 'a {
    let loops = &pipeline.stage(stage).loops;
    let is_pure = |index: usize| loops[index].parallel && loops[index].reduction.is_none();
    let is_long = move |index: usize| regions.loop_extent(stage, index) >= 4;
    (0..loops.len()).filter(move |&index| index != except && is_pure(index) && is_long(index))
}

/// One of them that some load does not depend on, best one that is loaded in vectors along loop `along`: unrolled, each
/// load serves several accumulators.
pub(super) fn reused_loop(pipeline: &Pipeline, regions: &Regions, stage: StageRef, along: usize) -> Option<usize> {
    let reused = |index: &usize| operands(pipeline, stage).any(|a| a.is_fixed(*index));
    let any = || pure_loops(pipeline, regions, stage, along).find(reused);
    vector_reused_loop(pipeline, regions, stage, along).or_else(any)
}

/// One of them that some vector along loop `along` does not depend on.
pub(super) fn vector_reused_loop(
    pipeline: &Pipeline,
    regions: &Regions,
    stage: StageRef,
    along: usize,
) -> Option<usize> {
    let reused = |index: &usize| operands(pipeline, stage).any(|a| a.is_fixed(*index) && !a.is_fixed(along));
    pure_loops(pipeline, regions, stage, along).find(reused)
}

/// What an update loads beside its own Func.
pub(super) fn operands(pipeline: &Pipeline, stage: StageRef) -> impl Iterator<Item = &Access> {
    pipeline.stage(stage).accesses.iter().filter(move |a| a.source != Some(Source::Func(stage.func)))
}

/// Iterations of small constant reductions that are unrolled.
pub(super) const MAX_UNROLLED_REDUCTION: i64 = 16;

/// Iterations of all reduction loops together, where they are constant.
pub(super) fn constant_iterations(stage: &Stage) -> Option<i64> {
    let reductions = stage.loops.iter().filter_map(|l| l.reduction.as_ref());
    let extents: Option<Vec<i64>> = reductions.map(|r| r.constant).collect();
    Some(extents?.into_iter().fold(1, i64::saturating_mul))
}

/// The same where they are few enough to unroll.
pub(super) fn unrolled_iterations(stage: &Stage) -> Option<i64> {
    constant_iterations(stage).filter(|&iterations| iterations <= MAX_UNROLLED_REDUCTION)
}

/// The innermost reduction loop and its iterations, if they are constant and few enough to unroll.
pub(super) fn inner_steps(stage: &Stage) -> Option<(usize, i64)> {
    let mut reductions = stage.loops.iter().enumerate().filter(|(_, l)| l.reduction.is_some());
    let (index, innermost) = reductions.next()?;
    let steps = innermost.reduction.as_ref()?.constant?;
    (2..=MAX_UNROLLED_REDUCTION).contains(&steps).then_some((index, steps))
}

/// Most values that a shared load may serve unrolled.
const MAX_SHARED: i64 = 4;

/// A short pure loop that no load of others depends on.
pub(super) fn shared_loop(pipeline: &Pipeline, regions: &Regions, stage: StageRef) -> Option<usize> {
    let definition = pipeline.stage(stage);
    let others = || definition.accesses.iter().filter(|a| a.source != Some(Source::Func(stage.func)));
    (0..definition.loops.len()).find(|&index| {
        definition.loops[index].reduction.is_none()
            && (2..=MAX_SHARED).contains(&regions.loop_extent(stage, index))
            && others().next().is_some()
            && others().all(|a| a.is_fixed(index))
    })
}
