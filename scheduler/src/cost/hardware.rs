//! The machine a schedule is for.

use serde::{Deserialize, Serialize};

/// Bytes of a cache line, on every machine that Halide vectorises for.
pub(crate) const LINE_BYTES: f64 = 64.0;

/// The machine a schedule is for. Speeds are those of one core unless said otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hardware {
    /// Threads that run parallel loops.
    pub threads: u32,
    /// Bytes of a natural vector.
    pub vector_bytes: u32,
    /// Bytes of a core's first-level data cache.
    pub l1_bytes: u64,
    /// Bytes of cache that one core has for itself, the second level.
    pub private_cache_bytes: u64,
    /// Bytes of the last cache, which all cores share.
    pub shared_cache_bytes: u64,
    /// Simple vector operations one core starts per second.
    pub vector_ops_per_second: f64,
    /// Vector loads, or a quarter as many stores, that one core starts per second.
    pub accesses_per_second: f64,
    /// Bytes per second from the second level to the first.
    pub l2_bytes_per_second: f64,
    /// Bytes per second from the shared cache.
    pub l3_bytes_per_second: f64,
    /// Bytes per second that all cores together move to and from memory.
    pub memory_bytes_per_second: f64,
    /// Seconds of one iteration of a loop beyond its body: count, compare, branch, addresses.
    pub loop_seconds: f64,
    /// Seconds to enter and to leave a loop: first values, addresses, a branch that was not foreseen.
    pub loop_entry_seconds: f64,
    /// Seconds to hand one iteration of a parallel loop to a thread.
    pub task_seconds: f64,
    /// Seconds to wake the threads for a parallel loop, and to wait for the last.
    pub launch_seconds: f64,
    /// Seconds to allocate and free a buffer.
    pub allocation_seconds: f64,
    /// Seconds until a page of 4 KiB of a large buffer can first be written: the system gives it out empty.
    pub page_seconds: f64,
}

impl Hardware {
    /// A middling desktop core: 32 KiB and 1 MiB of private caches, 32 MB of shared cache, two vector operations a cycle
    /// at 3 GHz. Other speeds are between those that predict schedules best on the two machines of `eval/data`, which
    /// hide part of what each resource takes (`nnc accuracy RECORDS --fit`). Machines with more cores have more channels of
    /// memory: 30 GB/s for two threads, 120 for sixteen, between desktops (about 50) and servers (349 measured).
    pub fn generic(threads: u32, vector_bytes: u32) -> Self {
        Self {
            threads,
            vector_bytes,
            l1_bytes: 32 << 10,
            private_cache_bytes: 1 << 20,
            shared_cache_bytes: 32 << 20,
            vector_ops_per_second: 6e9,
            accesses_per_second: 8e9,
            l2_bytes_per_second: 380e9,
            l3_bytes_per_second: 40e9,
            memory_bytes_per_second: 30e9 * channels(threads),
            loop_seconds: 0.17e-9,
            loop_entry_seconds: 0.7e-9,
            task_seconds: 0.06e-6,
            launch_seconds: 0.3e-6,
            allocation_seconds: 0.1e-6,
            page_seconds: 1e-6,
        }
    }

    /// The same cores and vectors of another width: with more threads than this profile is for, memory is assumed to be as
    /// much faster as in [`Hardware::generic`].
    #[must_use]
    pub fn with(self, threads: u32, vector_bytes: u32) -> Self {
        let memory_bytes_per_second = self.memory_bytes_per_second * (channels(threads) / channels(self.threads));
        Self { threads, vector_bytes, memory_bytes_per_second, ..self }
    }

    /// Whether there is such a machine: all speeds and sizes are positive numbers, all durations numbers.
    pub(crate) fn is_sound(&self) -> bool {
        let speeds = [
            self.vector_ops_per_second,
            self.accesses_per_second,
            self.l2_bytes_per_second,
            self.l3_bytes_per_second,
            self.memory_bytes_per_second,
        ];
        let durations = [
            self.loop_seconds,
            self.loop_entry_seconds,
            self.task_seconds,
            self.launch_seconds,
            self.allocation_seconds,
            self.page_seconds,
        ];
        let sizes = [self.l1_bytes, self.private_cache_bytes, self.shared_cache_bytes];
        let whole = self.threads > 0 && self.vector_bytes > 0 && sizes.iter().all(|&size| size > 0);
        whole
            && speeds.iter().all(|s| s.is_finite() && *s > 0.0)
            && durations.iter().all(|d| d.is_finite() && *d >= 0.0)
    }
}

/// How much faster memory is than with two threads.
fn channels(threads: u32) -> f64 {
    (f64::from(threads.max(2)) / 2.0).cbrt().powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_faster_with_more_threads_but_less_than_in_proportion() {
        let speed = |threads| Hardware::generic(threads, 32).memory_bytes_per_second;
        assert_eq!((speed(1), speed(2)), (30e9, 30e9));
        assert!((speed(16) / 120e9 - 1.0).abs() < 1e-9, "{}", speed(16));
        assert_eq!(Hardware::generic(1, 1).with(16, 32), Hardware::generic(16, 32));
        let measured = Hardware { memory_bytes_per_second: 70e9, ..Hardware::generic(16, 64) };
        assert_eq!(measured.with(16, 32).memory_bytes_per_second, 70e9);
    }
}
