//! The analytic cost: every resource takes its time, the slowest decides.

use super::{CostModel, Hardware};
use crate::features::Features;
use serde::{Deserialize, Serialize};

/// What limits a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// Arithmetic.
    Compute,
    /// Loads and stores, all of which pass the first-level cache.
    L1,
    /// Bytes from the second-level cache.
    L2,
    /// Bytes from the shared cache.
    L3,
    /// Bytes from and to memory.
    Dram,
    /// Loop control, tasks and allocations.
    Overhead,
}

/// Seconds that each resource is busy with a stage in one run of the pipeline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// Arithmetic.
    pub compute: f64,
    /// Loads and stores.
    pub l1: f64,
    /// Moving bytes from the second-level cache.
    pub l2: f64,
    /// Moving bytes from the shared cache.
    pub l3: f64,
    /// Moving bytes from and to memory.
    pub dram: f64,
    /// Loop control, tasks and allocations.
    pub overhead: f64,
}

impl Times {
    /// Seconds of the stage: resources work side by side, overheads come on top.
    pub fn seconds(&self) -> f64 {
        self.resources().map(|(_, seconds)| seconds).into_iter().fold(0.0, f64::max) + self.overhead
    }

    /// What takes longest.
    pub fn bound(&self) -> Bound {
        let all = self.resources().into_iter().chain([(Bound::Overhead, self.overhead)]);
        all.max_by(|a, b| a.1.total_cmp(&b.1)).map_or(Bound::Compute, |(bound, _)| bound)
    }

    fn resources(&self) -> [(Bound, f64); 5] {
        [
            (Bound::Compute, self.compute),
            (Bound::L1, self.l1),
            (Bound::L2, self.l2),
            (Bound::L3, self.l3),
            (Bound::Dram, self.dram),
        ]
    }
}

/// The slowest of computing and of moving data at each level of the memory, as in the roofline model (Williams,
/// Waterman, Patterson: Roofline, CACM 52(4), 2009), plus overheads.
#[derive(Clone, Copy, Debug)]
pub struct Roofline(pub Hardware);

impl Roofline {
    /// Seconds by resource.
    pub fn times(&self, features: &Features) -> Times {
        let hardware = &self.0;
        let f = features;
        // The threads that are done early wait for the last task.
        let cores = f.threads.max(1.0) / f.imbalance.max(1.0);
        let one_by_one = f.gathered_loads + f.scattered_stores;
        let accesses = f.loads() + 4.0 * f.stores() + MORE_FOR_A_LANE * one_by_one;
        // Units for scalars are more than those for vectors, and faster.
        let units = if f.lanes > 1.0 { 1.0 } else { SCALAR_UNITS };
        let overhead = f.loop_iterations * hardware.loop_seconds
            + f.allocations * hardware.allocation_seconds
            + f.task_starts * hardware.task_seconds
            + f.fresh_pages * hardware.page_seconds;
        Times {
            compute: vector_cycles(f) / (hardware.vector_ops_per_second * units * cores),
            l1: accesses / (hardware.accesses_per_second * units * cores),
            l2: f.l1_miss_bytes / (hardware.l2_bytes_per_second * cores),
            l3: f.l2_miss_bytes / (hardware.l3_bytes_per_second * cores),
            dram: f.l3_miss_bytes / hardware.memory_bytes_per_second,
            overhead: overhead / cores + f.parallel_launches * hardware.launch_seconds,
        }
    }
}

impl CostModel for Roofline {
    fn seconds(&self, features: &Features) -> f64 {
        self.times(features).seconds()
    }
}

/// Scalar instructions that a core starts for each vector instruction that it could.
const SCALAR_UNITS: f64 = 2.5;

/// Besides the load or store, a lane that moves alone takes an index out of a vector and goes into or out of one.
const MORE_FOR_A_LANE: f64 = 1.5;

/// Vector instructions in units of a simple one: throughputs of current x86 cores, rounded.
fn vector_cycles(f: &Features) -> f64 {
    let floats = f.float_additions + f.float_multiplications + f.float_multiply_adds;
    let simple = floats + f.integer_additions + f.integer_multiplications;
    let others = 0.5 * f.comparisons + f.intrinsics + 0.5 * f.casts + 6.0 * f.constant_divisions;
    let slow = 16.0 * (f.float_divisions + f.integer_divisions) + 12.0 * f.math_calls;
    // Each lane at a border takes its own clamps, an extraction, a load and an insertion.
    simple + others + slow + 3.0 * f.boundary_loads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Roofline {
        let hardware =
            Hardware { vector_ops_per_second: 1e9, memory_bytes_per_second: 1e9, ..Hardware::generic(2, 32) };
        Roofline(hardware)
    }

    #[test]
    fn the_slowest_resource_decides() {
        let work = Features {
            float_additions: 1e9,
            lanes: 8.0,
            l3_miss_bytes: 1e9,
            threads: 2.0,
            imbalance: 1.0,
            ..Features::default()
        };
        let times = model().times(&work);
        assert_eq!((times.seconds(), times.bound()), (1.0, Bound::Dram));
        let computing = model().times(&Features { l3_miss_bytes: 0.0, ..work });
        assert_eq!((computing.seconds(), computing.bound()), (0.5, Bound::Compute));
    }

    #[test]
    fn waiting_for_the_last_task_costs() {
        let work = Features { float_additions: 1e9, lanes: 8.0, threads: 2.0, imbalance: 2.0, ..Features::default() };
        assert_eq!(model().seconds(&work), 1.0);
    }
}
