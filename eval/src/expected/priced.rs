//! What prices a schedule: what its scheduler used, as far as a report says so.

use std::path::Path;

use anyhow::{Context, Result};
use scheduler::cost::{shipped, LearnedModel, ModelSource};
use scheduler::ir::Target;
use scheduler::Hardware;
use serde::Deserialize;
use serde_json::Value;

/// A model and a machine.
pub struct Priced {
    /// How people call the model.
    pub model_name: String,
    /// None for the analytic cost.
    pub model: Option<&'static LearnedModel>,
    /// What runs the pipeline.
    pub hardware: Hardware,
}

/// What reports of our plugin say of it. Others, and those of earlier versions, say nothing.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    parallelism: Option<u32>,
    model: Option<String>,
    model_source: Option<ModelSource>,
}

impl Priced {
    /// As `report` says; for what it does not, `threads` and the model that is shipped for the target.
    ///
    /// # Errors
    /// If the report names a model that cannot be read.
    pub fn by(report: &Value, target: &Target, threads: u32) -> Result<Priced> {
        let said: Said = serde_json::from_value(report.clone()).unwrap_or_default();
        let shipped =
            || shipped(target).map_or(("analytic".to_owned(), None), |(name, model)| (name.to_owned(), Some(model)));
        let (name, model) = match said.model_source {
            None | Some(ModelSource::Shipped) => shipped(),
            Some(ModelSource::Analytic) => ("analytic".to_owned(), None),
            Some(ModelSource::File(path)) => (path.display().to_string(), Some(read(&path)?)),
        };
        let (threads, vector_bytes) = (said.parallelism.unwrap_or(threads), target.vector_bytes);
        let generic = || Hardware::generic(threads, vector_bytes);
        let hardware = model.map_or_else(generic, |model| model.hardware(threads, vector_bytes));
        Ok(Priced { model_name: said.model.unwrap_or(name), model, hardware })
    }

    /// The same with another number of threads.
    pub fn with_threads(mut self, threads: u32) -> Priced {
        self.hardware = self.hardware.with(threads, self.hardware.vector_bytes);
        self
    }
}

/// A model that lives as long as the process, as those do that are shipped.
fn read(path: &Path) -> Result<&'static LearnedModel> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read the model in {}", path.display()))?;
    let model =
        LearnedModel::from_json(&text).with_context(|| format!("cannot use the model in {}", path.display()))?;
    Ok(Box::leak(Box::new(model)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn target() -> Target {
        Target { name: "x86-64-linux-avx2".to_owned(), vector_bytes: 32, ..Target::default() }
    }

    #[test]
    fn reports_say_what_was_used() {
        let by = |report: Value| Priced::by(&report, &target(), 3).unwrap();
        let analytic = by(json!({ "parallelism": 8, "model": "analytic", "model_source": "analytic" }));
        assert!(analytic.model.is_none() && analytic.model_name == "analytic");
        assert_eq!(analytic.hardware, Hardware::generic(8, 32));
        let (_, model) = shipped(&target()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), model.to_json()).unwrap();
        let from_file = by(json!({ "model": "mine.json", "model_source": { "file": file.path() } }));
        assert!(from_file.model == Some(model) && from_file.model_name == "mine.json");
        assert_eq!(from_file.hardware.threads, 3);
        let missing = json!({ "model_source": { "file": "/no/such.json" } });
        assert!(format!("{:#}", Priced::by(&missing, &target(), 3).err().unwrap()).contains("/no/such.json"));
    }

    #[test]
    fn where_nothing_is_said_the_shipped_model_is_used() {
        for silent in
            [json!({ "directives": [] }), json!([]), json!({ "model": "x86-64-avx2", "model_source": "shipped" })]
        {
            let priced = Priced::by(&silent, &target(), 3).unwrap();
            assert_eq!((priced.model_name.as_str(), priced.hardware.threads), ("x86-64-avx2", 3));
            assert!(priced.model.is_some());
            assert_eq!(priced.with_threads(5).hardware.threads, 5);
        }
    }
}
