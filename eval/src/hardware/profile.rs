//! The hardware profile of this computer, as the analytic cost takes it.

use scheduler::Hardware;

use super::caches::Caches;
use super::rates;
use crate::system::progress::{say, Progress};
use crate::system::{load, turns};

/// Bytes of a single-precision number.
const FLOAT_BYTES: f64 = 4.0;

/// Measures this computer: a few seconds, in which nothing else should run. What has no measurement here (starting
/// tasks, loops, allocations, fresh pages) is that of [`Hardware::generic`].
pub fn measure(threads: u32, vector_bytes: u32) -> Hardware {
    let generic = Hardware::generic(threads, vector_bytes);
    let caches = Caches::here().unwrap_or(Caches {
        l1: generic.l1_bytes,
        private: generic.private_cache_bytes,
        shared: generic.shared_cache_bytes,
    });
    let _progress = Progress::one("measuring", "caches, bandwidths, arithmetic");
    let _turn = turns::to_time();
    let lanes = f64::from(vector_bytes) / FLOAT_BYTES;
    let measure = || Hardware {
        l1_bytes: caches.l1,
        private_cache_bytes: caches.private,
        shared_cache_bytes: caches.shared,
        // A multiply-add is one instruction, and counts as two operations.
        vector_ops_per_second: rates::peak_flops(1) / 2.0 / lanes,
        accesses_per_second: rates::read_bytes_per_second(size(caches.l1 / 2)) / f64::from(vector_bytes),
        l2_bytes_per_second: rates::read_bytes_per_second(size(caches.private / 2)),
        l3_bytes_per_second: rates::read_bytes_per_second(size((4 * caches.private).min(caches.shared / 2))),
        memory_bytes_per_second: rates::copy_bytes_per_second(threads as usize),
        ..generic
    };
    let load::Measured { value, disturbed } = load::undisturbed(measure);
    if disturbed {
        say("nnc: other processes take part of the processors, so that this computer seems slower than it is; try again when they rest.");
    }
    value
}

fn size(bytes: u64) -> usize {
    usize::try_from(bytes).unwrap_or(usize::MAX)
}
