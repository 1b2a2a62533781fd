//! Model files come back as they were, and damaged ones are errors.

mod common;

use common::{bounded_products, products};
use predictor::{train, Activation, Ensemble, Error, Shape, TrainConfig};
use proptest::prelude::*;
use std::sync::OnceLock;

fn config() -> TrainConfig {
    TrainConfig { epochs: 8, restarts: 1, companions: 2, ..TrainConfig::default() }
}

fn labelled() -> Ensemble {
    let mut model = train(&products(60, 1, 0.02), &config()).unwrap();
    let provenance = model.provenance_mut();
    (provenance.kernel, provenance.variant) = ("mm".to_owned(), "eigen".to_owned());
    (provenance.hardware, provenance.training.train_seconds) = ("2 cores, AVX2".to_owned(), Some(0.25));
    model
}

fn text() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| labelled().to_json())
}

#[test]
fn a_saved_model_comes_back_bit_for_bit() {
    let model = labelled();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mm.json");
    model.save(&path).unwrap();
    model.save(&path).unwrap();
    assert_eq!(Ensemble::load(&path).unwrap(), model);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");

    let shape = Shape::unconstrained(5, &[32], Activation::Relu, false).unwrap();
    let large = train(&products(60, 2, 0.0), &TrainConfig { shapes: vec![shape], ..config() }).unwrap();
    assert_eq!(Ensemble::from_json(&large.to_json()).unwrap(), large);
    let bounded = train(&bounded_products(60, 1, 0.02), &config()).unwrap();
    assert_eq!(Ensemble::from_json(&bounded.to_json()).unwrap(), bounded);
}

/// (n, threads, n^2) and the seconds that the model of `data/model_v2.json` says by the rules of its version, worked out apart.
const V2_PREDICTIONS: [([f64; 3], f64); 3] = [
    ([100.0, 2.0, 1e4], 1.6035645164011084e-5),
    ([900.0, 4.0, 8.1e5], 1.1680633046811202e-3),
    ([5000.0, 8.0, 2.5e7], 3.692641751320636e-2),
];

/// Of the time when networks always saw the bound, held at the range seen, and predictions had no limits.
#[test]
fn a_model_of_version_2_predicts_what_it_did() {
    let model = Ensemble::from_json(include_str!("data/model_v2.json")).unwrap();
    for (inputs, seconds) in V2_PREDICTIONS {
        let predicted = model.predict(&inputs, None).unwrap().seconds;
        assert!((predicted / seconds - 1.0).abs() < 1e-12, "{predicted} instead of {seconds}");
    }
    assert_eq!(Ensemble::from_json(&model.to_json()).unwrap(), model);
}

#[test]
fn errors_name_the_file_and_the_fault() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing.json");
    assert!(matches!(Ensemble::load(&missing), Err(Error::Io { .. })));
    assert!(labelled().save(folder.path().join("no/such/folder.json")).is_err());
    let cut = folder.path().join("cut.json");
    std::fs::write(&cut, &text()[..text().len() / 2]).unwrap();
    let message = Ensemble::load(&cut).unwrap_err().to_string();
    assert!(message.contains("cut.json") && message.contains("EOF"), "{message}");
    std::fs::write(&cut, [0xff, 0xfe, 0x00]).unwrap();
    assert!(matches!(Ensemble::load(&cut), Err(Error::Io { .. })));
}

#[test]
fn contradictions_are_found() {
    let parameters = format!("\"parameter_count\": {}", labelled().lead().network().shape().parameter_count());
    let faults = [
        ("nnc-predictor", "something-else", "format"),
        ("\"version\": 3", "\"version\": 1", "version is 1"),
        (parameters.as_str(), "\"parameter_count\": 12", "parameter_count is 12"),
        ("\"name\": \"m\"", "\"name\": \"n\"", "named twice"),
        ("\"deviation\": ", "\"deviation\": -", "scaling of input"),
        ("\"mean\": ", "\"mean\": null, \"ignored\": ", "null"),
        ("\"mean\": ", "\"mean\": 1e999, \"ignored\": ", "out of range"),
        ("\"deviation_log_seconds\": ", "\"deviation_log_seconds\": 0, \"ignored\": ", "unknown field"),
        ("\"biases\": [", "\"biases\": [ 0.5,", "exceeds the limit"),
        ("\"skip\": [", "\"skip\": [ 0.5,", "parameters: expected length"),
        ("\"companions\"", "\"commpanions\"", "unknown field"),
        ("\"transform\": \"log\"", "\"transform\": \"square\"", "unknown variant"),
        ("\"min\": ", "\"min\": -", "scaling of input"),
        ("\"overhead_seconds\": ", "\"overhead_seconds\": -", "impossible rates"),
        ("\"seconds_per_unit\": ", "\"seconds_per_unit\": -", "impossible rates"),
        (
            "\"limits_log_seconds\": {\n      \"min\": -",
            "\"limits_log_seconds\": {\n      \"min\": 99",
            "scaling of the target",
        ),
        ("\"residual_on_bound\": true", "\"residual_on_bound\": false", "rates do not fit"),
    ];
    for (right, wrong, complaint) in faults {
        let damaged = text().replacen(right, wrong, 1);
        assert_ne!(damaged, text(), "`{right}` is in the file");
        let message = Ensemble::from_json(&damaged).expect_err(wrong).to_string();
        assert!(message.contains(complaint), "`{wrong}` gave: {message}");
    }
    let (before, after) = text().rsplit_once("\"weights\": [").unwrap();
    let message = Ensemble::from_json(&format!("{before}\"weights\": [ [0.5], {after}")).unwrap_err().to_string();
    assert!(message.contains("rows of"), "{message}");
}

#[test]
fn a_file_cannot_smuggle_in_a_larger_network() {
    let shape = Shape::unconstrained(5, &[32], Activation::Relu, false).unwrap();
    let large = train(&products(60, 2, 0.0), &TrainConfig { shapes: vec![shape], ..config() }).unwrap();
    let forged = large.to_json().replace("\"constrained\": false", "\"constrained\": true");
    assert!(matches!(Ensemble::from_json(&forged), Err(Error::TooManyParameters { .. })));
}

/// What is read is either rejected or usable.
fn judge(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(model) = Ensemble::from_json(text) {
        let inputs = vec![3.0; model.lead().schema().len()];
        let prediction = model.predict(&inputs, Some(1e-3)).unwrap();
        assert!(!prediction.seconds.is_nan());
        assert_eq!(Ensemble::from_json(&model.to_json()).unwrap(), model);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn truncated_files_are_rejected(share in 0.0..1.0f64) {
        let length = (share * (text().trim_end().len()) as f64) as usize;
        prop_assert!(Ensemble::from_json(&text()[..length]).is_err());
    }

    #[test]
    fn damaged_bytes_never_panic(edits in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8)) {
        let mut bytes = text().as_bytes().to_vec();
        for (place, byte) in edits {
            let index = place.index(bytes.len());
            bytes[index] = byte;
        }
        judge(&bytes);
    }

    #[test]
    fn digits_changed_never_panic(edits in proptest::collection::vec((any::<prop::sample::Index>(), 0..14usize), 1..6)) {
        let mut bytes = text().as_bytes().to_vec();
        let digits: Vec<usize> = (0..bytes.len()).filter(|&index| bytes[index].is_ascii_digit()).collect();
        for (place, choice) in edits {
            bytes[digits[place.index(digits.len())]] = b"0123456789-.eE"[choice];
        }
        judge(&bytes);
    }

    #[test]
    fn lines_removed_or_repeated_never_panic(place in any::<prop::sample::Index>(), repeat in any::<bool>()) {
        let mut lines: Vec<&str> = text().lines().collect();
        let index = place.index(lines.len());
        if repeat {
            lines.insert(index, lines[index]);
        } else {
            lines.remove(index);
        }
        judge(lines.join("\n").as_bytes());
    }
}
