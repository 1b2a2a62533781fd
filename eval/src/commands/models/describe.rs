//! Models in words.

use std::path::Path;

use anyhow::Result;
use host::Processor;
use predictor::{Ensemble, InputKind, Range};
use serde_json::{json, Value};

use crate::models::{Key, Store};
use crate::report::{self, format};

/// All models of a store as a table. A file that cannot be read stands there with the reason.
///
/// # Errors
/// A folder that cannot be read.
pub fn list(store: &Store, here: &Processor) -> Result<String> {
    let keys = store.keys()?;
    let heading = format!("{}\nthis computer: {here}\n", store.folder().display());
    if keys.is_empty() {
        return Ok(heading + "no models\n");
    }
    let (mut rows, mut broken) = (Vec::new(), String::new());
    for key in keys {
        match store.load(&key) {
            Ok(model) => rows.push(row(&key, &model, here)),
            Err(error) => broken += &format!("{error:#}\n"),
        }
    }
    let header = ["model", "here", "parameters", "inputs", "rows", "validation error", "training"];
    Ok(format!("{heading}\n{}\n{broken}", report::grid(header, rows, 2)))
}

fn row(key: &Key, model: &Ensemble, here: &Processor) -> [String; 7] {
    let training = &model.provenance().training;
    [
        key.to_string(),
        if key.hardware == here.fingerprint() { "yes" } else { "no" }.to_owned(),
        model.parameter_count().to_string(),
        model.lead().schema().len().to_string(),
        training.instances.to_string(),
        error(training.validation_rms_log_error),
        training.train_seconds.map_or_else(|| "?".to_owned(), format::duration),
    ]
}

/// The same for programs.
///
/// # Errors
/// As [`list`].
pub fn list_json(store: &Store, here: &Processor) -> Result<Value> {
    let entry = |key: Key| {
        let mut entry = json!({
            "name": key.to_string(),
            "kernel": key.kernel,
            "variant": key.variant,
            "hardware": key.hardware,
            "this_computer": key.hardware == here.fingerprint(),
            "path": store.path(&key),
        });
        match store.load(&key) {
            Ok(model) => {
                entry["parameters"] = json!(model.parameter_count());
                entry["inputs"] = json!(model.lead().schema().inputs());
                entry["data_fingerprint"] = json!(model.provenance().data_fingerprint);
                entry["training"] = json!(model.provenance().training);
            }
            Err(error) => entry["error"] = json!(format!("{error:#}")),
        }
        entry
    };
    let models: Vec<Value> = store.keys()?.into_iter().map(entry).collect();
    Ok(json!({
        "folder": store.folder(),
        "this_computer": {
            "hardware": here.fingerprint(),
            "cpu": here.cpu,
            "threads": here.threads,
            "features": here.features,
        },
        "models": models,
    }))
}

/// One model: what it is for, what it saw, how training went.
pub fn model(key: &Key, path: &Path, model: &Ensemble, here: &Processor) -> String {
    let (lead, provenance) = (model.lead(), model.provenance());
    let (shape, training) = (lead.network().shape(), &provenance.training);
    let hidden: Vec<String> = shape.hidden().iter().map(|units| format!("{units}, ")).collect();
    let Range { min, max } = lead.target().range;
    let ours = if key.hardware == here.fingerprint() { "this computer" } else { "another computer" };
    let train_seconds = training.train_seconds.map_or_else(|| "unknown time".to_owned(), format::duration);
    let facts = [
        ("model", key.to_string()),
        ("file", path.display().to_string()),
        ("hardware", format!("{}, {ours}", provenance.hardware)),
        (
            "network",
            format!(
                "layers of {}1, {} parameters, {:?}; {} companions",
                hidden.concat(),
                model.parameter_count(),
                shape.activation(),
                model.companions().len()
            ),
        ),
        ("data", format!("{} rows, fingerprint {}", training.instances, provenance.data_fingerprint)),
        ("times seen", format!("{} to {}", format::duration(min), format::duration(max))),
        (
            "training",
            format!(
                "{train_seconds}, seed {}, {} starts, the best of {} steps",
                training.seed, training.restarts, training.epochs
            ),
        ),
        (
            "error",
            format!(
                "{} on the rows fitted, {} on {} held out of companions (root mean square of log-seconds)",
                format::percent(training.training_rms_log_error),
                error(training.validation_rms_log_error),
                training.validation_instances
            ),
        ),
    ];
    let mut text: String = facts.iter().map(|(label, fact)| format!("{label:<11} {fact}\n")).collect();
    text += &format!("\n{}\n", inputs(model));
    text
}

/// An error over rows that were held out, if any were.
fn error(rms_log_error: Option<f64>) -> String {
    rms_log_error.map_or_else(|| "?".to_owned(), format::percent)
}

/// What the network sees, and what the bound is made of.
fn inputs(model: &Ensemble) -> String {
    let lead = model.lead();
    let scales = lead.normaliser().scales();
    let terms = lead.rates().map_or(&[][..], |rates| rates.seconds_per_unit());
    let (plain, complexity) = lead.schema().inputs().split_at(lead.schema().len() - terms.len());
    let rows = plain.iter().zip(scales).map(|(input, scale)| {
        let kind = match input.kind {
            InputKind::Parameter => "parameter",
            InputKind::Hardware => "hardware",
            InputKind::Complexity => "complexity",
        };
        [input.name.clone(), kind.to_owned(), number(scale.range.min), number(scale.range.max)]
    });
    let mut text = report::grid(["input", "kind", "least seen", "most seen"], rows, 2);
    if let Some(rates) = lead.rates() {
        let overhead = ["overhead".to_owned(), format::duration(rates.overhead())];
        let terms = complexity.iter().zip(terms).map(|(term, rate)| [term.name.clone(), format!("{rate:.3e} s")]);
        text += &format!(
            "\n\n{}",
            report::grid(["complexity", "time of a unit"], std::iter::once(overhead).chain(terms), 1)
        );
    }
    text
}

/// A number that may have any magnitude.
fn number(value: f64) -> String {
    match value.abs() {
        magnitude if magnitude != 0.0 && !(1e-3..1e7).contains(&magnitude) => format!("{value:.3e}"),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::tests::{key, tiny_model};

    fn here() -> Processor {
        Processor { cpu: "A 1".to_owned(), threads: 2, features: vec![] }
    }

    #[test]
    fn lists_hold_models_and_broken_files() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        assert!(list(&store, &here()).unwrap().ends_with("no models\n"));
        let ours = key(&format!("mm.eigen.{}", here().fingerprint()));
        store.save(&ours, tiny_model()).unwrap();
        std::fs::write(store.path(&key("mm.boost.aaa")), "{").unwrap();
        let text = list(&store, &here()).unwrap();
        let row = text.lines().find(|line| line.starts_with("mm.eigen")).unwrap_or_else(|| panic!("{text}"));
        assert!(row.contains("yes"), "{row}");
        assert_eq!(text.matches("mm.boost.aaa.json").count(), 1, "{text}");
        assert_eq!(text.matches("not a readable model file").count(), 1, "{text}");

        let value = list_json(&store, &here()).unwrap();
        assert!(value["models"][0]["error"].is_string() && value["models"][1]["error"].is_null());
        assert_eq!(value["models"][1]["this_computer"], true);
        assert_eq!(value["models"][1]["inputs"][1], json!({"name": "n^2", "kind": "complexity"}));
        assert_eq!(value["this_computer"]["threads"], 2);
    }

    #[test]
    fn a_model_shows_what_it_has_seen() {
        let text = model(&key("mm.eigen.aaa"), Path::new("x.json"), &tiny_model(), &here());
        for part in ["mm.eigen.aaa", "12 rows", "1.00 ns to 144 ns", "another computer", "1 companions"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let row = text.lines().find(|line| line.starts_with("n^2")).unwrap_or_else(|| panic!("{text}"));
        assert!(row.ends_with(" s"), "{row}");
    }
}
