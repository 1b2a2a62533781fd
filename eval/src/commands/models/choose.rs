//! Choosing the variant of a kernel by the predictions of the models that are kept.

use anyhow::{bail, ensure, Context, Result};
use host::Processor;
use predictor::{Ensemble, InputKind};
use serde_json::{json, Value};

use crate::models::Store;
use crate::predictors::expression::Terms;
use crate::report::{self, format};
use crate::system::ending::Usage;

/// A value of a parameter, as in `m=512`.
pub type Given = (String, f64);

/// One variant and what is predicted for it.
#[derive(Debug)]
pub struct Candidate {
    /// The variant.
    pub variant: String,
    /// Predicted seconds.
    pub seconds: f64,
    /// Standard deviation of the ensemble's log-seconds: 0.1 is about 10 %.
    pub spread: f64,
    /// Inputs beyond what the model has seen.
    pub beyond: Vec<String>,
}

/// The variants of `kernel` that have a model of this computer, the fastest first, for these values of its parameters.
///
/// # Errors
/// A store without such models, models that cannot be read, parameters that are missing.
pub fn rank(store: &Store, here: &Processor, kernel: &str, given: &[Given]) -> Result<Vec<Candidate>> {
    let hardware = here.fingerprint();
    let keys = store.keys()?.into_iter().filter(|key| key.kernel == kernel && key.hardware == hardware);
    let mut candidates = Vec::new();
    for key in keys {
        let candidate = predict(&key.variant, &store.load(&key)?, given);
        candidates.push(candidate.with_context(|| key.to_string())?);
    }
    ensure!(
        !candidates.is_empty(),
        "no model of {kernel} on this computer ({hardware}) in {}; `nnc study` and `nnc predict --save` make them",
        store.folder().display()
    );
    candidates.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(candidates)
}

fn predict(variant: &str, model: &Ensemble, given: &[Given]) -> Result<Candidate> {
    let schema = model.lead().schema().inputs();
    let value = |name: &str| given.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
    let mut inputs = Vec::new();
    for input in schema {
        inputs.push(match (value(&input.name), input.kind) {
            (Some(value), _) => value,
            (None, InputKind::Complexity) => complexity(&input.name, given)?,
            (None, _) => bail!(Usage(format!("{} is needed, as in {}=1", input.name, input.name))),
        });
    }
    let prediction = model.predict(&inputs, None)?;
    Ok(Candidate {
        variant: variant.to_owned(),
        seconds: prediction.seconds,
        spread: prediction.spread,
        beyond: prediction.outside_range.iter().map(|&index| schema[index].name.clone()).collect(),
    })
}

/// The value of a complexity input, which is named after its formula.
fn complexity(formula: &str, given: &[Given]) -> Result<f64> {
    let terms: Terms = formula.parse()?;
    let find = |name: &str| {
        let place = given.iter().position(|(known, _)| known == name);
        place.ok_or_else(|| format!("{name} is needed, as in {name}=1"))
    };
    let [term] = &terms.0[..] else { bail!("{formula} is not one formula") };
    Ok(term.bind(find).map_err(|mistake| Usage(mistake.to_string()))?.value(|index| given[index].1))
}

/// The candidates as a table.
pub fn table(candidates: &[Candidate]) -> String {
    let rows = candidates.iter().map(|candidate| {
        [
            candidate.variant.clone(),
            format::duration(candidate.seconds),
            format!("{:.2}x", candidate.seconds / candidates[0].seconds),
            format::percent(candidate.spread),
            if candidate.beyond.is_empty() { "no".to_owned() } else { candidate.beyond.join(", ") },
        ]
    });
    report::grid(["variant", "predicted", "", "spread", "beyond what was seen"], rows, 1)
}

/// The candidates for programs.
pub fn to_json(candidates: &[Candidate]) -> Value {
    let one = |c: &Candidate| json!({ "variant": c.variant, "seconds": c.seconds, "spread": c.spread, "outside_range": c.beyond });
    candidates.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::tests::{key, tiny_model};

    fn here() -> Processor {
        Processor { cpu: "A 1".to_owned(), threads: 2, features: vec![] }
    }

    #[test]
    fn variants_are_ranked_and_complexity_is_computed() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::at(folder.path());
        let given = |n: f64| [("n".to_owned(), n)];
        assert!(rank(&store, &here(), "mm", &given(3.0)).unwrap_err().to_string().contains("nnc study"));
        for variant in ["eigen", "boost"] {
            store.save(&key(&format!("mm.{variant}.{}", here().fingerprint())), tiny_model()).unwrap();
        }
        store.save(&key("mm.elsewhere.aaa"), tiny_model()).unwrap();
        let ranked = rank(&store, &here(), "mm", &given(3.0)).unwrap();
        assert_eq!(ranked.len(), 2, "models of this computer");
        assert!(ranked[0].beyond.is_empty() && ranked[0].seconds > 0.0);
        assert!(table(&ranked).contains("1.00x"));
        assert_eq!(rank(&store, &here(), "mm", &given(1e6)).unwrap()[0].beyond, ["n"]);
        let missing = rank(&store, &here(), "mm", &[("m".to_owned(), 1.0)]).unwrap_err();
        assert!(missing.root_cause().is::<Usage>() || missing.chain().any(|cause| cause.is::<Usage>()));
        assert_eq!(to_json(&ranked)[1]["outside_range"], json!([]));
    }
}
