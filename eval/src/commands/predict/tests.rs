//! From a file to a table, with training cut short.

use super::*;
use crate::predictors::columns::Columns;
use crate::predictors::data::{self, Roles};
use crate::predictors::expression::Terms;
use predictor::Rng;
use std::fmt::Write;

/// Rows of m, n, threads and the seconds of a made-up kernel with 3 % of noise.
fn kernel_csv(rows: usize) -> String {
    let mut rng = Rng::new(7);
    let mut text = "m,n,threads,seconds\n".to_owned();
    for _ in 0..rows {
        let [m, n] = [(); 2].map(|()| (1 + rng.below(1024)) as f64);
        let threads = (1 + rng.below(4)) as f64;
        let seconds = (2e-6 * threads + 1e-9 * m * n * n.log2() / threads) * (0.03 * rng.normal()).exp();
        writeln!(text, "{m},{n},{threads},{seconds:e}").unwrap();
    }
    text
}

fn kernel(rows: usize) -> Dataset {
    let columns = Columns::parse(&kernel_csv(rows)).unwrap();
    let Terms(terms) = "m*n*log2(n)/threads".parse().unwrap();
    data::prepare(&columns, Roles { target: "seconds", complexity: &terms, ignored: &[] }).unwrap().data
}

fn subject() -> Subject {
    Subject { kernel: "made-up".to_owned(), variant: VARIANT.to_owned(), hardware: "none".to_owned() }
}

#[test]
fn a_known_function_is_learnt() {
    let (training, test) = split(&kernel(500), None, 0).unwrap();
    assert_eq!((training.len(), test.len()), (250, 250));
    let config = TrainConfig { restarts: 3, companions: 1, ..TrainConfig::default() };
    let (combination, ensemble) = compare::augmented(&subject(), &training, &test, &config).unwrap();
    assert!(combination.mape_all.unwrap() < 0.1, "{combination:?}");
    assert!(combination.mape_slowest70.unwrap() < 0.1, "{combination:?}");
    assert!(combination.spearman_rho.unwrap() > 0.98, "{combination:?}");
    assert!(combination.parameters.unwrap() <= predictor::MAX_PARAMETERS);
    assert_eq!(ensemble.provenance().training.train_seconds, combination.train_seconds);
    assert!(combination.inference_ns.unwrap() > 0.0);
}

#[test]
fn every_method_has_a_row() {
    let (training, test) = split(&kernel(40), Some(30), 1).unwrap();
    let config = TrainConfig { epochs: 5, restarts: 1, companions: 0, ..TrainConfig::default() };
    let rows = Method::ALL.map(|method| compare::baseline(&subject(), method, &training, &test, &config));
    for row in &rows {
        assert!(row.error.is_none() && row.mape_all.unwrap().is_finite(), "{row:?}");
    }
    let text = table::table(&rows);
    assert_eq!(text.lines().count(), 1 + Method::ALL.len(), "{text}");
    let json = serde_json::to_value(&rows).unwrap();
    let fields: Vec<&str> = json[0].as_object().unwrap().keys().map(String::as_str).collect();
    let mut expected =
        "kernel variant hardware model parameters mape_all mape_slowest70 spearman_rho train_seconds inference_ns"
            .split(' ')
            .collect::<Vec<_>>();
    expected.sort();
    assert_eq!(fields, expected);
    assert!(json[4]["model"] == "NLR+C" && json[4]["parameters"].is_null());
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let data = kernel(20).with_columns(&[3], false).unwrap();
    let config = TrainConfig { epochs: 5, restarts: 1, companions: 0, ..TrainConfig::default() };
    let row = compare::baseline(&subject(), Method::Nn, &data, &data, &config);
    assert!(row.mape_all.is_none());
    let text = table::table(&[row]);
    assert!(text.contains("NN could not be fitted: a model needs at least one input"), "{text}");
}

#[test]
fn splits_leave_enough_on_both_sides() {
    let data = kernel(20);
    let sizes = |wanted| split(&data, wanted, 0).map(|(training, test)| (training.len(), test.len()));
    assert_eq!(sizes(None).unwrap(), (10, 10));
    assert_eq!(sizes(Some(18)).unwrap(), (18, 2));
    assert!(sizes(Some(19)).unwrap_err().to_string().contains("leaves too few to test on"));
    assert!(sizes(Some(usize::MAX)).is_err());
    assert!(sizes(Some(7)).unwrap_err().is::<Usage>());
    let message = split(&kernel(15), None, 0).unwrap_err().to_string();
    assert_eq!(message, "15 rows are too few, at least 16 are needed");
    assert_eq!(split(&kernel(600), None, 0).unwrap().0.len(), 250);
}
