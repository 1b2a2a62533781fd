//! How good predictions are. Slices hold seconds, one an instance (or one a variant), predicted and measured in the
//! same order; every function panics when their lengths differ and returns `None` when there is nothing to judge.

/// Share of instances, the slowest, over which the paper reports its error (section VI).
pub const SLOWEST_SHARE: f64 = 0.7;

/// Mean absolute percentage error as a fraction: 0.08 is 8 %.
pub fn mape(predicted: &[f64], measured: &[f64]) -> Option<f64> {
    let errors = pairs(predicted, measured).map(|(p, m)| (p - m).abs() / m);
    mean(errors)
}

/// [`mape`] over the slowest `share` (0 to 1) of the instances: the floor((1 - share) n) with the smallest measured
/// times are left out.
pub fn mape_slowest(predicted: &[f64], measured: &[f64], share: f64) -> Option<f64> {
    let mut order: Vec<(f64, f64)> = pairs(predicted, measured).collect();
    order.sort_by(|a, b| a.1.total_cmp(&b.1));
    // The tolerance keeps 0.3 * 10, a hair below 3 in binary, from leaving out 2.
    let dropped = ((1.0 - share.clamp(0.0, 1.0)) * order.len() as f64 + 1e-9).floor() as usize;
    mean(order.iter().skip(dropped).map(|(p, m)| (p - m).abs() / m))
}

/// Root mean square error of the natural logarithm.
pub fn rms_log_error(predicted: &[f64], measured: &[f64]) -> Option<f64> {
    mean(pairs(predicted, measured).map(|(p, m)| (p / m).ln().powi(2))).map(f64::sqrt)
}

/// Spearman's rank correlation, -1 to 1; ties share their average rank. `None` also when either side is constant
/// or has a NaN.
pub fn spearman_rho(predicted: &[f64], measured: &[f64]) -> Option<f64> {
    assert_eq!(predicted.len(), measured.len(), "one prediction a measurement");
    let (x, y) = (ranks(predicted)?, ranks(measured)?);
    let centre = (x.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - centre) * (b - centre)).sum() };
    let scale = (product(&x, &x) * product(&y, &y)).sqrt();
    (scale > 0.0).then(|| product(&x, &y) / scale)
}

/// Time of the variant with the smallest predicted time over the time of the best, at least 1. On a predicted tie
/// the first is chosen.
pub fn regret(predicted: &[f64], measured: &[f64]) -> Option<f64> {
    let chosen = pairs(predicted, measured).min_by(|a, b| a.0.total_cmp(&b.0))?.1;
    let best = measured.iter().copied().fold(f64::INFINITY, f64::min);
    Some(chosen / best)
}

/// Whether a best variant is among the `k` with the smallest predicted times (earlier ones first on a tie).
pub fn top_k_hit(predicted: &[f64], measured: &[f64], k: usize) -> Option<bool> {
    let mut order: Vec<(f64, f64)> = pairs(predicted, measured).collect();
    let best = order.iter().map(|pair| pair.1).min_by(f64::total_cmp)?;
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(order.iter().take(k).any(|pair| pair.1 == best))
}

fn pairs<'a>(predicted: &'a [f64], measured: &'a [f64]) -> impl Iterator<Item = (f64, f64)> + 'a {
    assert_eq!(predicted.len(), measured.len(), "one prediction a measurement");
    predicted.iter().copied().zip(measured.iter().copied())
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// Ranks from 1, ties averaged; `None` when a value is NaN.
fn ranks(values: &[f64]) -> Option<Vec<f64>> {
    if values.iter().any(|value| value.is_nan()) {
        return None;
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut before = 0;
    for tie in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let rank = before as f64 + (tie.len() as f64 + 1.0) / 2.0;
        tie.iter().for_each(|&index| ranks[index] = rank);
        before += tie.len();
    }
    Some(ranks)
}
