//! Orders of dimensions in memory.
//!
//! A Func's arguments are listed innermost in memory first, and so are the rows of everything that reads or writes it.
//! Another order in memory is the same pipeline with the dimensions of that Func renumbered: what looks at strides, rows
//! and cache lines needs to know nothing of `reorder_storage`.

use super::{FuncId, Pipeline, Source, Stage};
use std::collections::BTreeMap;

/// By Func, its dimensions innermost in memory first; Funcs that are not listed keep the order of their arguments.
pub type StorageOrders = BTreeMap<FuncId, Vec<usize>>;

impl Pipeline {
    /// The pipeline with the dimensions of Funcs in other orders. Loops stay as they are. Orders must be permutations.
    #[must_use]
    pub fn with_storage(&self, orders: &StorageOrders) -> Self {
        let mut pipeline = self.clone();
        for (id, order) in orders {
            let func = &mut pipeline.funcs[id.index()];
            permute(&mut func.args, order);
            for update in func.stages.iter_mut().skip(1) {
                permute(&mut update.writes, order);
                permute(&mut update.stores, order);
            }
        }
        for stage in pipeline.funcs.iter_mut().flat_map(|f| &mut f.stages) {
            permute_reads(stage, orders);
        }
        pipeline
    }
}

fn permute_reads(stage: &mut Stage, orders: &StorageOrders) {
    let order = |source: Source| orders.get(&source.func()?);
    for access in &mut stage.accesses {
        if let Some(order) = access.source.and_then(order) {
            permute(&mut access.rows, order);
            for addend in &mut access.added {
                addend.dim = order.iter().position(|&dim| dim == addend.dim).unwrap_or(addend.dim);
            }
        }
    }
    for requirement in &mut stage.requires {
        if let Some(order) = order(requirement.source) {
            permute(&mut requirement.bounds, order);
        }
    }
}

fn permute<T: Clone>(values: &mut Vec<T>, order: &[usize]) {
    *values = order.iter().map(|&dim| values[dim].clone()).collect();
}
