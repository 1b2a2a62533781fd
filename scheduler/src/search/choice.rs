//! Decisions that are given to the steps of a construction instead of made by their rules.

use super::vector::Vector;
use crate::ir::{FuncId, StageRef};
use std::collections::BTreeMap;

/// Whether a Func gets storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Storage {
    /// Substituted into its consumers, unless they would grow too large to compile.
    Inlined,
    /// Computed in loops of its own.
    Stored,
}

/// What a Func at root is the leader of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Lead {
    /// Nothing.
    Alone,
    /// A group in strips.
    Strips {
        /// Strips of its rows for each thread.
        per_thread: u32,
        /// Values of a row that are computed at a time; `None` for whole rows.
        chunk: Option<u32>,
    },
    /// A group in slabs of this height.
    Slabs {
        /// Values of the dimension that is cut.
        height: u32,
    },
    /// Register tiles.
    Tiles {
        /// Vectors side by side.
        vectors: u32,
        /// Rows.
        rows: u32,
    },
}

/// What is decided about a Func. What is `None` is left to the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Choice {
    pub(super) storage: Option<Storage>,
    pub(super) lead: Option<Lead>,
    /// Whether it is computed in strips or slabs of a consumer that leads some, if that is possible.
    pub(super) joins: Option<bool>,
    /// Whether its rows are kept from one row of the leader to the next, if that is possible.
    pub(super) slides: Option<bool>,
    /// Parallel tasks for each thread, where the Func is at root on its own.
    pub(super) tasks: Option<u32>,
}

/// What is decided about a stage. What is `None` is left to the rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct StageChoice {
    /// The vectorised loop, and how wide.
    pub(super) vector: Option<Vector>,
    /// Vectors of an update that are handled side by side inside its reduction loops.
    pub(super) side_by_side: Option<u32>,
}

/// What is decided about all Funcs and stages.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Choices {
    funcs: BTreeMap<FuncId, Choice>,
    stages: BTreeMap<StageRef, StageChoice>,
}

impl Choices {
    pub(super) fn of(&self, id: FuncId) -> Choice {
        self.funcs.get(&id).copied().unwrap_or_default()
    }

    pub(super) fn of_stage(&self, stage: StageRef) -> StageChoice {
        self.stages.get(&stage).copied().unwrap_or_default()
    }

    /// Decisions that are made: where single Funcs go, and how loops are cut.
    pub(super) fn count(&self) -> (usize, usize) {
        let made = |which: &[bool]| which.iter().filter(|&&made| made).count();
        let funcs = || self.funcs.values();
        let places = funcs().map(|c| made(&[c.storage.is_some(), c.joins.is_some(), c.slides.is_some()])).sum();
        let cuts: usize = funcs().map(|c| made(&[c.lead.is_some(), c.tasks.is_some()])).sum();
        let stages = self.stages.values().map(|c| made(&[c.vector.is_some(), c.side_by_side.is_some()]));
        (places, cuts + stages.sum::<usize>())
    }

    /// The same but for one Func.
    pub(super) fn with(&self, id: FuncId, change: impl FnOnce(&mut Choice)) -> Self {
        let mut changed = self.clone();
        change(changed.funcs.entry(id).or_default());
        changed
    }

    pub(super) fn set_storage(&mut self, id: FuncId, storage: Storage) {
        self.funcs.entry(id).or_default().storage = Some(storage);
    }

    /// The same but for one stage.
    pub(super) fn with_stage(&self, stage: StageRef, change: impl FnOnce(&mut StageChoice)) -> Self {
        let mut changed = self.clone();
        change(changed.stages.entry(stage).or_default());
        changed
    }
}
