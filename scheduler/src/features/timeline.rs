//! How much runs between the uses of data that is stored at root.

use super::plan::{Plan, Site};
use crate::ir::{FuncId, Source, StageRef};
use std::collections::BTreeMap;

/// The nests at root, in the order they run, and what they touch.
pub(super) struct Timeline {
    /// By Func at root, the distinct bytes that nests before it touch, all together.
    before: BTreeMap<FuncId, f64>,
    /// By source, the nests that touch it, in order.
    users: BTreeMap<Source, Vec<FuncId>>,
    /// By Func at root, the distinct bytes of each of its stages, with what is computed inside.
    stages: BTreeMap<FuncId, Vec<f64>>,
    /// By Func, the Func at root in whose loops it is computed.
    nests: Vec<FuncId>,
    total: f64,
}

impl Timeline {
    pub(super) fn new(plan: &Plan) -> Self {
        let ids = || plan.pipeline.func_ids();
        let mut timeline = Self {
            before: BTreeMap::new(),
            users: BTreeMap::new(),
            stages: BTreeMap::new(),
            nests: ids().collect(),
            total: 0.0,
        };
        for id in ids().rev() {
            if let Site::At { stage, .. } = plan.compute[id.index()] {
                timeline.nests[id.index()] = timeline.nests[stage.func.index()];
            }
        }
        for id in ids().filter(|id| plan.compute[id.index()] == Site::Root) {
            timeline.before.insert(id, timeline.total);
            let mut bytes = Vec::new();
            for stage in plan.pipeline.func(id).stage_refs(id) {
                let touched = plan.block(stage, plan.nests[id.index()][stage.stage].len());
                let region = |(&s, r): (&Source, &_)| super::block::line_bytes(plan.pipeline, plan.regions, s, r);
                bytes.push(touched.iter().map(region).sum());
                for &source in touched.keys() {
                    let users = timeline.users.entry(source).or_default();
                    if users.last() != Some(&id) {
                        users.push(id);
                    }
                }
            }
            timeline.total += bytes.iter().sum::<f64>();
            timeline.stages.insert(id, bytes);
        }
        timeline
    }

    /// Bytes touched between the last use of a source before a stage and the stage. Nothing runs before the first use of
    /// an input but the run before, all of it.
    pub(super) fn distance(&self, source: Source, stage: StageRef) -> f64 {
        let nest = self.nests[stage.func.index()];
        if source == Source::Func(stage.func) && stage.stage > 0 && nest == stage.func {
            return self.stages[&nest][stage.stage - 1];
        }
        let earlier = self.users.get(&source).and_then(|users| users.iter().rev().find(|&&u| u < nest));
        match earlier {
            Some(user) => self.before[&nest] - self.before[user],
            None => self.total,
        }
    }

    /// Bytes touched from the start of a Func's nest to the end of its last reader's; all for outputs.
    pub(super) fn lifetime(&self, id: FuncId) -> f64 {
        let own = self.before.get(&id).copied().unwrap_or(0.0);
        let last = self.users.get(&Source::Func(id)).and_then(|users| users.last().copied()).filter(|&l| l != id);
        last.map_or(self.total, |last| self.before[&last] + self.stages[&last].iter().sum::<f64>() - own)
    }
}
