//! Consistency of a pipeline read from a file.

use super::{AccessRow, Func, FuncId, Pipeline, Source, Stage, FORMAT_VERSION};
use crate::Error;

impl Pipeline {
    /// Checks that every index is in range and every list has the length its partner demands.
    pub(super) fn validate(&self) -> Result<(), Error> {
        if self.version != FORMAT_VERSION {
            return Err(Error::Version { found: self.version });
        }
        for id in self.func_ids() {
            self.validate_func(id)?;
        }
        match self.outputs.iter().find(|o| o.index() >= self.funcs.len()) {
            Some(output) => Err(Error::Inconsistent(format!("output {} does not exist", output.index()))),
            None => Ok(()),
        }
    }

    fn validate_func(&self, id: FuncId) -> Result<(), Error> {
        let func = self.func(id);
        let wrong = |what: String| Err(Error::Inconsistent(format!("Func {}: {what}", func.name)));
        if func.stages.is_empty() && func.extern_definition.is_none() {
            return wrong("neither a pure nor an extern definition".into());
        }
        for (index, stage) in func.stages.iter().enumerate() {
            if let Err(what) = self.validate_stage(id, func, stage, index) {
                return wrong(format!("stage {index}: {what}"));
            }
        }
        Ok(())
    }

    fn validate_stage(&self, id: FuncId, func: &Func, stage: &Stage, index: usize) -> Result<(), String> {
        let row_fits = |row: &Option<AccessRow>| row.as_ref().is_none_or(|r| r.coeffs.len() == stage.loops.len());
        for access in &stage.accesses {
            let Some(source) = access.source else {
                continue;
            };
            if access.rows.len() != self.dimensions(source)? {
                return Err("an access has another dimensionality than what it reads".into());
            }
        }
        let moved_by = stage.accesses.iter().flat_map(|a| a.moved_by.iter().flatten());
        let mut added = stage.accesses.iter().flat_map(|a| a.added.iter().map(move |addend| (a, addend)));
        if added.any(|(access, a)| a.dim >= access.rows.len() || a.index >= stage.loops.len() || a.step[1] == 0) {
            return Err("what a loop adds is out of place".into());
        }
        let depended_on = stage.operations.0.iter().flat_map(|group| &group.loops);
        if moved_by.chain(&stage.compared).chain(depended_on).any(|&l| l >= stage.loops.len()) {
            return Err("an access, a comparison or an operation mentions a loop that is not there".into());
        }
        let indexed_by = stage.indexed_by.iter().chain(&func.bounded_by);
        if let Some(missing) = indexed_by.copied().find(|f| *f > id) {
            return Err(format!("its values rest on Func {}, which is defined after it", missing.index()));
        }
        for requirement in &stage.requires {
            if requirement.bounds.len() != self.dimensions(requirement.source)? {
                return Err("a requirement has another dimensionality than its producer".into());
            }
        }
        if !stage.accesses.iter().flat_map(|a| &a.rows).chain(&stage.stores).all(row_fits) {
            return Err("an access row does not have one coefficient per loop".into());
        }
        let dims = if index == 0 { 0 } else { func.args.len() };
        if func.extern_definition.is_none() && (stage.stores.len() != dims || stage.writes.len() != dims) {
            return Err("stores and writes need one entry per argument of an update".into());
        }
        // Producers come first, so nothing downstream ever meets a cycle.
        match stage.producers().find(|p| p.index() > id.index()) {
            Some(p) => Err(format!("reads Func {}, which is defined after it", p.index())),
            None => Ok(()),
        }
    }

    fn dimensions(&self, source: Source) -> Result<usize, String> {
        let dimensions = match source {
            Source::Func(f) => self.funcs.get(f.index()).map(|f| f.args.len()),
            Source::Input(i) => self.inputs.get(i.index()).map(|i| i.dims.len()),
        };
        dimensions.ok_or_else(|| format!("{source:?} does not exist"))
    }
}
