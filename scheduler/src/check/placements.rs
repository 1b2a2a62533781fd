//! Whether Funcs are computed, and stored, around all of their uses.

use super::{first_stage, illegal, Dim, Replay};
use crate::directive::LoopVar;
use crate::ir::{FuncId, StageRef};
use crate::Error;

impl Replay<'_> {
    /// Every Func is computed, and stored, around all of its uses.
    pub(super) fn placements(&self) -> Result<(), Error> {
        let consumers = self.pipeline.consumers();
        for (&func, level) in &self.computed {
            let Some((host, var)) = level else { continue };
            if self.in_parts.contains(host) {
                return Err(illegal(first_stage(func), "computed in loops that are added up in parts"));
            }
            self.loop_exists(func, *host, var)?;
            for &stage in &consumers[func.index()] {
                if !self.inside(stage, *host, var, &consumers, self.pipeline.funcs.len()) {
                    let reader = &self.pipeline.func(stage.func).name;
                    return Err(illegal(first_stage(func), format!("read by {reader} outside of loop {}", var.name)));
                }
            }
            if let Some((store_host, store_var)) = self.stored.get(&func) {
                self.loop_exists(func, *store_host, store_var)?;
            }
        }
        match self.stored.keys().find(|f| !matches!(self.computed.get(f), Some(Some(_)))) {
            Some(&func) => Err(illegal(first_stage(func), "stored at a loop but not computed at one")),
            None => Ok(()),
        }
    }

    fn loop_exists(&self, func: FuncId, host: FuncId, var: &LoopVar) -> Result<(), Error> {
        let lacking = |(s, nest): (&StageRef, &Vec<Dim>)| s.func == host && !nest.iter().any(|d| d.var == *var);
        if self.specialized.iter().any(lacking) {
            return Err(illegal(first_stage(func), format!("a specialisation has no loop {}", var.name)));
        }
        let hosting = self.nests.iter().filter(|(s, _)| s.func == host);
        match hosting.filter(|(_, nest)| nest.iter().any(|d| d.var == *var)).count() {
            1 => Ok(()),
            n => Err(illegal(first_stage(func), format!("{n} loops {} to be computed at", var.name))),
        }
    }

    /// Whether a stage only ever runs inside loop `var` of `host`.
    fn inside(&self, stage: StageRef, host: FuncId, var: &LoopVar, consumers: &[Vec<StageRef>], fuel: usize) -> bool {
        if fuel == 0 {
            return false;
        }
        if stage.func == host {
            return self.nests[&stage].iter().any(|d| d.var == *var);
        }
        if let Some((_, _, innermost)) = self.shared.iter().find(|(s, with, _)| *s == stage && with.func == host) {
            return self.at_or_inside(host, innermost, var);
        }
        match self.computed.get(&stage.func) {
            Some(None) => false,
            Some(Some((other, at))) => {
                if *other == host {
                    return self.at_or_inside(host, at, var);
                }
                let users = self.nests.iter().filter(|(s, nest)| s.func == *other && nest.iter().any(|d| d.var == *at));
                users.map(|(s, _)| *s).all(|s| self.inside(s, host, var, consumers, fuel - 1))
            }
            // Inlined: wherever its own consumers are.
            None => {
                let users = &consumers[stage.func.index()];
                !users.is_empty()
                    && !self.pipeline.is_output(stage.func)
                    && users.iter().all(|&s| self.inside(s, host, var, consumers, fuel - 1))
            }
        }
    }

    /// Whether loop `at` of a Func is `var` or inside of it.
    fn at_or_inside(&self, host: FuncId, at: &LoopVar, var: &LoopVar) -> bool {
        self.nests.iter().filter(|(s, _)| s.func == host).any(|(_, nest)| {
            let place = |v: &LoopVar| nest.iter().position(|d| d.var == *v);
            matches!((place(at), place(var)), (Some(a), Some(v)) if a <= v)
        })
    }
}
