//! A list of directives, by the Func they are about, and what differs from the list before.

use super::set::Set;
use crate::directive::{Directive, LoopVar};
use crate::ir::{FuncId, StageRef};

/// Where a directive places a Func: at root, or in a loop of another.
pub(super) type Place<'d> = Option<(FuncId, &'d LoopVar)>;

/// The directives that a plan follows. Only the order of those about one Func matters.
#[derive(Clone, Debug)]
pub(super) struct Calls {
    by_func: Vec<Vec<Directive>>,
    /// By Func, how many were compared so far.
    compared: Vec<usize>,
}

impl Calls {
    /// No directives for any of `count` Funcs.
    pub(super) fn new(count: usize) -> Self {
        Self { by_func: vec![Vec::new(); count], compared: vec![0; count] }
    }

    /// Takes over a list. Adds to `changed` the Funcs whose directives differ from those before.
    pub(super) fn replace(&mut self, directives: &[Directive], changed: &mut Set) {
        let Self { by_func, compared } = self;
        compared.fill(0);
        for directive in directives {
            let func = directive.subject().index();
            if by_func[func].get(compared[func]) != Some(directive) {
                changed.insert(func);
            }
            compared[func] += 1;
        }
        for func in (0..by_func.len()).filter(|&f| by_func[f].len() != compared[f]) {
            changed.insert(func);
        }
        changed.iter().for_each(|func| by_func[func].clear());
        for directive in directives {
            let func = directive.subject().index();
            if changed.contains(func) {
                by_func[func].push(directive.clone());
            }
        }
    }

    /// The last call on where a Func is computed.
    pub(super) fn computed(&self, func: usize) -> Option<Place<'_>> {
        self.by_func[func].iter().rev().find_map(|directive| match directive {
            Directive::ComputeRoot { .. } => Some(None),
            Directive::ComputeAt { consumer, var, .. } => Some(Some((*consumer, var))),
            _ => None,
        })
    }

    /// The last call on where a Func is stored.
    pub(super) fn stored(&self, func: usize) -> Option<Place<'_>> {
        self.by_func[func].iter().rev().find_map(|directive| match directive {
            Directive::StoreRoot { .. } => Some(None),
            Directive::StoreAt { consumer, var, .. } => Some(Some((*consumer, var))),
            _ => None,
        })
    }

    /// The stage in whose loops the pure definition of a Func goes along, and the innermost of them.
    pub(super) fn together(&self, func: usize) -> Option<(StageRef, &LoopVar)> {
        self.by_func[func].iter().rev().find_map(|directive| match directive {
            Directive::ComputeWith { with, var, .. } => Some((*with, var)),
            _ => None,
        })
    }

    /// The calls on a stage.
    pub(super) fn on(&self, stage: StageRef) -> impl Iterator<Item = &Directive> {
        self.by_func[stage.func.index()].iter().filter(move |d| d.stage() == Some(stage))
    }
}
