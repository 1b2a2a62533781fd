//! A list of directives, by the Func they are about, and what differs from the list before.

use super::set::Set;
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, StageRef};

/// Where a directive places a Func: at root, or in a loop of another.
pub(super) type Place<'d> = Option<(FuncId, &'d LoopVar)>;

/// The directives that a plan follows.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    directives: Vec<Directive>,
}

impl Calls {
    /// Takes over a list. Adds to `changed` the Funcs whose directives differ from those before.
    pub(super) fn replace(&mut self, directives: &[Directive], changed: &mut Set) {
        let old = &mut self.directives;
        let most = old.len().min(directives.len());
        let head = (0..most).take_while(|&at| old[at] == directives[at]).count();
        let same_end = |back: &usize| old[old.len() - back] == directives[directives.len() - back];
        let tail = (1..=most - head).take_while(same_end).count();
        let (old_middle, new_middle) = (head..old.len() - tail, &directives[head..directives.len() - tail]);
        for directive in old[old_middle.clone()].iter().chain(new_middle) {
            changed.insert(directive.subject().index());
        }
        old.splice(old_middle, new_middle.iter().cloned());
    }

    /// The calls about each Func of a set.
    pub(super) fn of(&self, funcs: &Set, count: usize) -> Vec<FuncCalls<'_>> {
        let mut of: Vec<FuncCalls> = Vec::new();
        of.resize_with(count, FuncCalls::default);
        for directive in &self.directives {
            let func = directive.subject().index();
            if funcs.contains(func) {
                of[func].add(directive);
            }
        }
        of
    }
}

/// The calls about one Func.
#[derive(Clone, Debug, Default)]
pub(super) struct FuncCalls<'d> {
    /// The last call on where it is computed.
    pub(super) computed: Option<Place<'d>>,
    /// The last call on where it is stored.
    pub(super) stored: Option<Place<'d>>,
    stages: Vec<&'d Directive>,
}

impl<'d> FuncCalls<'d> {
    fn add(&mut self, directive: &'d Directive) {
        match directive {
            Directive::ComputeRoot { .. } => self.computed = Some(None),
            Directive::ComputeAt { consumer, var, .. } => self.computed = Some(Some((*consumer, var))),
            Directive::StoreRoot { .. } => self.stored = Some(None),
            Directive::StoreAt { consumer, var, .. } => self.stored = Some(Some((*consumer, var))),
            _ => self.stages.push(directive),
        }
    }

    /// The calls on one of its stages.
    pub(super) fn on(&self, stage: StageRef) -> Vec<&'d Directive> {
        self.stages.iter().copied().filter(|d| d.stage() == Some(stage)).collect()
    }
}
