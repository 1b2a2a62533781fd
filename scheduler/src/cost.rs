//! Cost models: seconds of a stage from what it computes and moves.

use serde::{Deserialize, Serialize};

/// The machine a schedule is for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hardware {
    /// Threads that run parallel loops.
    pub threads: u32,
    /// Bytes of a natural vector.
    pub vector_bytes: u32,
    /// Bytes of cache that one core has for itself.
    pub private_cache_bytes: u64,
    /// Simple vector operations one core starts per second.
    pub vector_ops_per_second: f64,
    /// Bytes per second that all cores together move to and from memory.
    pub memory_bytes_per_second: f64,
}

impl Hardware {
    /// A middling desktop core: 1 MiB of private cache, two vector operations a cycle at 3 GHz, 25 GB/s of memory.
    pub fn generic(threads: u32, vector_bytes: u32) -> Self {
        Self {
            threads,
            vector_bytes,
            private_cache_bytes: 1 << 20,
            vector_ops_per_second: 6e9,
            memory_bytes_per_second: 25e9,
        }
    }
}

/// What a stage does in one run of the pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    /// Evaluations of the stage times operations of one evaluation, weighted (see `Operations::weight`), loads and
    /// stores counted as operations.
    pub operations: f64,
    /// Evaluations that one vector instruction does.
    pub lanes: f64,
    /// Bytes that move between memory and the private caches.
    pub memory_bytes: f64,
    /// Threads that share the work, at least 1.
    pub threads: f64,
}

/// Predicts the time of a stage.
pub trait CostModel {
    /// Seconds that the work of one stage takes.
    fn seconds(&self, work: &Work) -> f64;
}

/// The slower of computing and moving, as in the roofline model.
#[derive(Clone, Copy, Debug)]
pub struct Roofline(pub Hardware);

impl CostModel for Roofline {
    fn seconds(&self, work: &Work) -> f64 {
        let compute = work.operations / (work.lanes.max(1.0) * self.0.vector_ops_per_second * work.threads.max(1.0));
        let memory = work.memory_bytes / self.0.memory_bytes_per_second;
        compute.max(memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slower_resource_decides() {
        let model =
            Roofline(Hardware { vector_ops_per_second: 1e9, memory_bytes_per_second: 1e9, ..Hardware::generic(2, 32) });
        let work = Work { operations: 8e9, lanes: 8.0, memory_bytes: 1e9, threads: 2.0 };
        assert_eq!(model.seconds(&work), 1.0);
        assert_eq!(model.seconds(&Work { memory_bytes: 0.0, ..work }), 0.5);
    }
}
