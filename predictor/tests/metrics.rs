//! Metrics against values worked out by hand.

use predictor::metrics::{mape, mape_slowest, regret, rms_log_error, spearman_rho, top_k_hit};
use proptest::prelude::*;

#[test]
fn errors_are_relative_to_the_measured_time() {
    assert_eq!(mape(&[1.5, 2.0], &[1.0, 4.0]), Some(0.5));
    assert_eq!(mape(&[], &[]), None);
    let rms = rms_log_error(&[1.0f64.exp(), 1.0], &[1.0, 1.0]).unwrap();
    assert!((rms - 0.5f64.sqrt()).abs() < 1e-12);
}

#[test]
fn the_fastest_thirty_percent_are_left_out() {
    let measured: Vec<f64> = (1..=10).map(f64::from).collect();
    let mut predicted = measured.clone();
    predicted[..3].fill(100.0);
    assert_eq!(mape_slowest(&predicted, &measured, 0.7), Some(0.0));
    predicted[3] = 8.0;
    assert!((mape_slowest(&predicted, &measured, 0.7).unwrap() - 1.0 / 7.0).abs() < 1e-12);
    assert_eq!(mape_slowest(&predicted, &measured, 1.0), mape(&predicted, &measured));
}

#[test]
fn ties_share_their_average_rank() {
    assert_eq!(spearman_rho(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]), Some(1.0));
    assert_eq!(spearman_rho(&[3.0, 2.0, 1.0], &[10.0, 20.0, 30.0]), Some(-1.0));
    // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: covariance 4.5, variances 4.5 and 5.
    let rho = spearman_rho(&[1.0, 2.0, 2.0, 3.0], &[1.0, 2.0, 3.0, 4.0]).unwrap();
    assert!((rho - 4.5 / 22.5f64.sqrt()).abs() < 1e-12);
    assert_eq!(spearman_rho(&[1.0, 1.0], &[1.0, 2.0]), None);
    assert_eq!(spearman_rho(&[f64::NAN, 1.0], &[1.0, 2.0]), None);
    assert_eq!(spearman_rho(&[], &[]), None);
}

#[test]
fn choices_are_judged_by_what_was_measured() {
    let (predicted, measured) = ([3.0, 1.0, 2.0], [1.0, 1.5, 4.0]);
    assert_eq!(regret(&predicted, &measured), Some(1.5));
    assert_eq!(top_k_hit(&predicted, &measured, 1), Some(false));
    assert_eq!(top_k_hit(&predicted, &measured, 2), Some(false));
    assert_eq!(top_k_hit(&predicted, &measured, 5), Some(true));
    assert_eq!(regret(&[], &[]), None);
    assert_eq!(top_k_hit(&[], &[], 1), None);
}

proptest! {
    #[test]
    fn rho_is_bounded_symmetric_and_blind_to_monotone_maps(
        pairs in proptest::collection::vec((0..20i32, 0..20i32), 2..50),
    ) {
        let x: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.0)).collect();
        let y: Vec<f64> = pairs.iter().map(|pair| f64::from(pair.1)).collect();
        let bent: Vec<f64> = x.iter().map(|value| (0.3 * value).exp()).collect();
        let rho = spearman_rho(&x, &y);
        prop_assert_eq!(rho, spearman_rho(&bent, &y));
        prop_assert_eq!(rho, spearman_rho(&y, &x));
        prop_assert!(rho.is_none_or(|rho| rho.abs() <= 1.0 + 1e-12));
    }
}
