//! How fast the computer itself is: bandwidths by level of the memory, and arithmetic peak.

use std::hint::black_box;
use std::thread;
use std::time::{Duration, Instant};

/// Time spent on each measurement.
const BUDGET: Duration = Duration::from_millis(400);
/// Bytes that all threads together copy: more than caches hold.
const COPY_BYTES: usize = 128 << 20;
/// Independent chains of multiply-adds: enough to hide their latency, and as many registers as all machines have.
const CHAINS: usize = 10;
/// Bytes of a cache line: loads that cross two of them take twice as long.
const LINE_BYTES: usize = 64;
/// Bytes read between looks at the clock, at least.
const READ_BYTES: usize = 4 << 20;
/// Multiply-adds of each chain between looks at the clock.
const STEPS: usize = 100_000;

/// What all threads together do a second: each makes its own work, repeats it, and its best round counts. Work returns
/// how much it did.
fn best_rate<W: FnMut() -> f64>(threads: usize, make: impl Fn() -> W + Sync) -> f64 {
    let one = || {
        let mut work = make();
        work();
        let (start, mut best) = (Instant::now(), 0f64);
        while start.elapsed() < BUDGET {
            let round = Instant::now();
            best = best.max(work() / round.elapsed().as_secs_f64());
        }
        best
    };
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(one)).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(0.0)).sum()
    })
}

/// Bytes per second, read plus written, that `threads` threads copy.
pub fn copy_bytes_per_second(threads: usize) -> f64 {
    let bytes = COPY_BYTES / threads.max(1);
    best_rate(threads, || {
        let (from, mut to) = (vec![1u8; bytes], vec![2u8; bytes]);
        move || {
            to.copy_from_slice(black_box(&from));
            black_box(&to);
            2.0 * bytes as f64
        }
    })
}

/// Chains of multiply-adds, each of a vector of numbers that fills a register; inlined into functions compiled for particular
/// instructions.
#[inline(always)]
fn chains<const LANES: usize>() -> f64 {
    let mut sums = [[1.0f32; LANES]; CHAINS];
    let (factor, term) = (black_box(0.999f32), black_box(0.001f32));
    for _ in 0..STEPS {
        for chain in &mut sums {
            for sum in chain {
                *sum = sum.mul_add(factor, term);
            }
        }
    }
    black_box(sums);
    (2 * LANES * CHAINS * STEPS) as f64
}

#[cfg(target_arch = "x86_64")]
mod vector {
    #[target_feature(enable = "avx512f")]
    fn chains_avx512() -> f64 {
        super::chains::<16>()
    }

    #[target_feature(enable = "avx2,fma")]
    fn chains_fma() -> f64 {
        super::chains::<8>()
    }

    #[target_feature(enable = "avx512f")]
    fn sum_avx512(data: &[u32]) -> u32 {
        super::plain_sum(data)
    }

    #[target_feature(enable = "avx2")]
    fn sum_avx2(data: &[u32]) -> u32 {
        super::plain_sum(data)
    }

    /// The sum of all numbers.
    pub fn sum(data: &[u32]) -> u32 {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the feature.
            return unsafe { sum_avx512(data) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the feature.
            return unsafe { sum_avx2(data) };
        }
        super::plain_sum(data)
    }

    /// Single-precision operations done.
    pub fn work() -> f64 {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the processor has the feature.
            return unsafe { chains_avx512() };
        }
        if is_x86_feature_detected!("fma") && is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has the features.
            return unsafe { chains_fma() };
        }
        super::plain_chains::<4>()
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod vector {
    pub use super::plain_sum as sum;

    /// Single-precision operations done. Other architectures have multiply-adds in their baseline.
    pub fn work() -> f64 {
        super::chains::<4>()
    }
}

/// The chains without multiply-add instructions, whose emulation would take a hundred times as long.
#[cfg(target_arch = "x86_64")]
fn plain_chains<const LANES: usize>() -> f64 {
    let mut sums = [[1.0f32; LANES]; CHAINS];
    let (factor, term) = (black_box(0.999f32), black_box(0.001f32));
    for _ in 0..STEPS {
        sums.iter_mut().flatten().for_each(|sum| *sum = *sum * factor + term);
    }
    black_box(sums);
    (2 * LANES * CHAINS * STEPS) as f64
}

/// A sum, of integers so that it may be vectorised; inlined into functions compiled for particular instructions.
#[inline(always)]
fn plain_sum(data: &[u32]) -> u32 {
    data.iter().fold(0, |sum, value| sum.wrapping_add(*value))
}

/// Bytes per second that one core reads of a buffer of so many bytes, again and again.
pub fn read_bytes_per_second(bytes: usize) -> f64 {
    let numbers = bytes / size_of::<u32>();
    let data = vec![1u32; numbers + LINE_BYTES / size_of::<u32>()];
    let start = data.as_ptr().align_offset(LINE_BYTES);
    let data = data.get(start..start + numbers).unwrap_or(&data);
    let repetitions = (READ_BYTES / bytes.max(1)).max(1);
    best_rate(1, || {
        || {
            for _ in 0..repetitions {
                black_box(vector::sum(black_box(data)));
            }
            (repetitions * bytes) as f64
        }
    })
}

/// Single-precision operations per second that `threads` threads reach; a multiply-add is two.
pub fn peak_flops(threads: usize) -> f64 {
    best_rate(threads, || vector::work)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No more can be asked: tests are built without optimisation and run beside others.
    #[test]
    fn measurements_are_rates() {
        for rate in [copy_bytes_per_second(1), peak_flops(1), read_bytes_per_second(16 << 10)] {
            assert!(rate.is_finite() && rate > 0.0, "{rate}");
        }
    }
}
