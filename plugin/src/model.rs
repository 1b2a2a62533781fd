//! Which model prices the schedules of a run.

use crate::parameters::{Machine, Model, Parameters};
use host::Processor;
use scheduler::cost::{shipped, LearnedModel, ModelSource};
use scheduler::ir::Target;
use std::fmt;
use std::path::{Path, PathBuf};

/// A model and how the schedule's source calls it.
pub struct Chosen {
    /// None for the analytic cost.
    pub model: Option<&'static LearnedModel>,
    /// What people find it by.
    pub name: String,
    /// What programs find it by.
    pub source: ModelSource,
}

/// The parameter's file, the model calibrated on this computer if its measurements count, the shipped one for the target, or the
/// analytic cost where there is none of these.
///
/// # Errors
/// A message with the path, when there is a model file that cannot be used.
pub fn choose(parameters: &Parameters, target: &Target) -> Result<Chosen, String> {
    match (&parameters.model, parameters.hardware) {
        (Model::File(path), _) => in_file(path),
        (Model::Analytic, _) => Ok(analytic()),
        (Model::Shipped, Machine::Target) => Ok(for_target(target, "")),
        (Model::Shipped, Machine::Host) => match calibrated_file(target).filter(|path| path.exists()) {
            Some(path) => in_file(&path),
            None => Ok(for_target(target, " (this computer is not calibrated for this target)")),
        },
    }
}

fn for_target(target: &Target, note: &str) -> Chosen {
    match shipped(target) {
        Some((name, model)) => {
            Chosen { model: Some(model), name: format!("{name}{note}"), source: ModelSource::Shipped }
        }
        None => {
            Chosen { name: "analytic (uncalibrated, no model is shipped for this target)".to_owned(), ..analytic() }
        }
    }
}

fn analytic() -> Chosen {
    Chosen { model: None, name: "analytic".to_owned(), source: ModelSource::Analytic }
}

/// Where the model would be that was calibrated on this computer for what the target runs on; `None` if the target is of
/// another architecture, or has wider vectors.
fn calibrated_file(target: &Target) -> Option<PathBuf> {
    let processor = Processor::here();
    let runs_here = target.name.starts_with(host::ARCHITECTURE) && target.vector_bytes <= processor.vector_bytes();
    let folder = host::models_folder(|name| std::env::var_os(name)).ok().filter(|_| runs_here)?;
    Some(host::cost_model_path(&folder, target.vector_bytes, &processor.fingerprint()))
}

/// A model that lives as long as the process: there are few, and a search hands them around.
fn in_file(path: &Path) -> Result<Chosen, String> {
    let bad = |e: &dyn fmt::Display| format!("cannot use the model in {}: {e}", path.display());
    let text = host::read_input_text(path).map_err(|e| bad(&e))?;
    let model = LearnedModel::from_json(&text).map_err(|e| bad(&e))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let source = ModelSource::File(std::path::absolute(path).map_err(|e| bad(&e))?);
    Ok(Chosen { model: Some(Box::leak(Box::new(model))), name, source })
}
