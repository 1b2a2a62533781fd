//! How much runs between the uses of data that is stored at root.

use super::model::Model;
use super::plan::{Plan, Site};

/// The nests at root, in the order they run, and what they touch.
#[derive(Clone, Debug, Default)]
pub(super) struct Timeline {
    /// By Func at root, the distinct bytes that nests before it touch, all together.
    before: Vec<f64>,
    /// By source, the nests that touch it, in order.
    users: Vec<Vec<usize>>,
    /// By stage of a Func at root, its distinct bytes, with what is computed inside.
    stages: Vec<f64>,
    /// By Func, the Func at root in whose loops it is computed.
    nests: Vec<usize>,
    total: f64,
}

impl Timeline {
    pub(super) fn fill(&mut self, model: &Model, plan: &Plan) {
        let funcs = model.funcs();
        self.users.resize(model.sources.len(), Vec::new());
        self.users.iter_mut().for_each(Vec::clear);
        self.before.resize(funcs, 0.0);
        self.stages.resize(model.stages.len(), 0.0);
        self.nests.clear();
        self.nests.extend(0..funcs);
        self.total = 0.0;
        for func in (0..funcs).rev() {
            if let Site::At { stage, .. } = plan.compute[func] {
                self.nests[func] = self.nests[stage.func.index()];
            }
        }
        for func in (0..funcs).filter(|&f| plan.compute[f] == Site::Root) {
            self.before[func] = self.total;
            for stage in model.stages_of(func) {
                let touched = plan.blocks[stage].whole();
                self.stages[stage] = touched.iter().map(|e| e.bytes).sum();
                self.total += self.stages[stage];
                for entry in touched {
                    let users = &mut self.users[entry.source];
                    if users.last() != Some(&func) {
                        users.push(func);
                    }
                }
            }
        }
    }

    /// The Func at root in whose loops a Func is computed; itself as long as nothing is known.
    pub(super) fn nest(&self, func: usize) -> usize {
        self.nests.get(func).copied().unwrap_or(func)
    }

    /// The first and the last Func at root in whose loops the storage of a Func at root is in use.
    pub(super) fn nests_with(&self, func: usize) -> (usize, usize) {
        let first = self.nests[func];
        (first, self.users[func].last().map_or(first, |&last| last.max(first)))
    }

    /// Bytes touched between the last use of a source before a stage and the stage. Nothing runs before the first use of
    /// an input but the run before, all of it.
    pub(super) fn distance(&self, model: &Model, source: usize, stage: usize) -> f64 {
        let at = model.stages[stage].stage;
        let func = at.func.index();
        let nest = self.nests[func];
        if source == func && at.stage > 0 && nest == func {
            return self.stages[stage - 1];
        }
        match self.users[source].iter().rev().find(|&&u| u < nest) {
            Some(&user) => self.before[nest] - self.before[user],
            None => self.total,
        }
    }

    /// Bytes touched from the start of a Func's nest to the end of its last reader's; all for outputs.
    pub(super) fn lifetime(&self, model: &Model, func: usize, plan: &Plan) -> f64 {
        let own = if plan.compute[func] == Site::Root { self.before[func] } else { 0.0 };
        match self.users[func].last() {
            Some(&last) if last != func => {
                let bytes: f64 = model.stages_of(last).map(|s| self.stages[s]).sum();
                self.before[last] + bytes - own
            }
            _ => self.total,
        }
    }
}
