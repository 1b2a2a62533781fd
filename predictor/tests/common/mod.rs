//! Made-up kernels with known times.
#![allow(dead_code)] // each test file uses some of it

use ndarray::{Array1, Array2};
use predictor::{Dataset, Rng, Schema};

/// Seconds of a matrix product of m x k by k x n on `threads` threads: start-up, operations, and bytes from a slower
/// memory once the operands outgrow a cache.
pub fn product_seconds(m: f64, n: f64, k: f64, threads: f64) -> f64 {
    let bytes = 4.0 * (m * k + k * n + m * n);
    let bandwidth = if bytes < 1e6 { 4e10 } else { 2e10 };
    1e-6 * threads + 2.0 * m * n * k / (8e9 * threads.powf(0.9)) + bytes / bandwidth
}

/// `instances` such products with their complexity m n k, and `noise` as the deviation of log-seconds.
pub fn products(instances: usize, seed: u64, noise: f64) -> Dataset {
    let schema = Schema::from_names(&["m", "n", "k"], &["threads"], &["mnk"]).unwrap();
    let mut rng = Rng::new(seed);
    let mut inputs = Array2::zeros((instances, 5));
    let mut seconds = Array1::zeros(instances);
    for row in 0..instances {
        let [m, n, k] = [(); 3].map(|()| (1 + rng.below(1024)) as f64);
        let threads = (1 + rng.below(4)) as f64;
        inputs.row_mut(row).assign(&Array1::from(vec![m, n, k, threads, m * n * k]));
        seconds[row] = product_seconds(m, n, k, threads) * (noise * rng.normal()).exp();
    }
    Dataset::new(schema, inputs, seconds).unwrap()
}

/// [`products`] with the bound of operations at 8e9 a second and thread.
pub fn bounded_products(instances: usize, seed: u64, noise: f64) -> Dataset {
    let data = products(instances, seed, noise);
    let bound = data.inputs().rows().into_iter().map(|row| 2.0 * row[4] / (8e9 * row[3])).collect();
    data.with_bound(bound).unwrap()
}
