//! Few Funcs of which many are made point by point, as the three products of two gradients: which of both are stored.
//!
//! Where a stencil sums the products up, the rules on placement store these and compute the gradients inside of them. The gradients
//! take less memory, a window of them is loaded instead of windows of all products, and a multiplication for each tap is next to nothing.

use super::choice::{Choices, Storage};
use super::placement::Placement;
use super::problem::Problem;
use crate::ir::{Access, AccessRow, FuncId, Source, StageRef};
use std::collections::{BTreeMap, BTreeSet};

/// Weighted operations of a product, its loads aside.
const MAX_OPERATIONS: f64 = 2.0;

/// The choices under which factors are stored instead of their products, if there are such; given the Funcs with storage that
/// read each Func.
pub(super) fn store_factors(
    problem: &Problem,
    choices: &Choices,
    placements: &[Placement],
    readers: &[BTreeSet<FuncId>],
) -> Option<Choices> {
    let by_rule = |id: FuncId| choices.of(id).storage.is_none() && !problem.packed.contains(&id);
    let is_stored_product =
        |&id: &FuncId| placements[id.index()] == Placement::Root && by_rule(id) && is_product(problem, id);
    let mut by_readers: BTreeMap<&BTreeSet<FuncId>, Vec<FuncId>> = BTreeMap::new();
    for id in problem.pipeline.func_ids().filter(is_stored_product) {
        by_readers.entry(&readers[id.index()]).or_default().push(id);
    }
    let mut changed: Option<Choices> = None;
    for products in by_readers.into_values() {
        let factors = factors(problem, &products);
        let suits = |&id: &FuncId| match placements[id.index()] {
            Placement::Root => true,
            Placement::Inline => {
                let of_these = problem.consumers[id.index()].iter().all(|c| products.contains(&c.func));
                of_these && by_rule(id) && !problem.gathers[id.index()]
            }
            _ => false,
        };
        if factors.len() > 1 && factors.iter().all(suits) && bytes(problem, &factors) < bytes(problem, &products) {
            let choices = changed.get_or_insert_with(|| choices.clone());
            products.iter().for_each(|&id| choices.set_storage(id, Storage::Inlined));
            factors.iter().for_each(|&id| choices.set_storage(id, Storage::Stored));
        }
    }
    changed
}

/// The Funcs that products are made of.
fn factors(problem: &Problem, products: &[FuncId]) -> Vec<FuncId> {
    let stages = products.iter().map(|&id| StageRef { func: id, stage: 0 });
    let all: BTreeSet<FuncId> = stages.flat_map(|stage| problem.pipeline.stage(stage).producers()).collect();
    all.into_iter().collect()
}

fn bytes(problem: &Problem, ids: &[FuncId]) -> f64 {
    ids.iter().map(|&id| problem.regions.source_bytes(problem.pipeline, Some(Source::Func(id)))).sum()
}

/// Whether a Func is little more than a product of others at the same point.
fn is_product(problem: &Problem, id: FuncId) -> bool {
    if !problem.inlinable[id.index()] {
        return false;
    }
    let stage = StageRef { func: id, stage: 0 };
    let definition = problem.pipeline.stage(stage);
    let coefficient = |dim, index| [i64::from(problem.regions.argument(stage, index) == Some(dim)), 1];
    let same = |dim: usize, row: &AccessRow| {
        row.offset == Some(0) && row.coeffs.iter().enumerate().all(|(index, c)| *c == coefficient(dim, index))
    };
    let of_funcs = |access: &Access| access.source.is_some_and(|s| s.func().is_some());
    let at_point = |access: &Access| {
        access.rows.iter().enumerate().all(|(dim, row)| row.as_ref().is_some_and(|row| same(dim, row)))
    };
    definition.operations.weight() <= MAX_OPERATIONS
        && definition.accesses.iter().all(|access| of_funcs(access) && at_point(access))
}
