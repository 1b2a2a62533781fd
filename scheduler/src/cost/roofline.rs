//! The analytic cost: every resource takes its time, the slowest counts most.

use super::{CostModel, Hardware, InstructionSet};
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
    /// Seconds of the stage: resources work side by side, though not perfectly, and overheads come on top.
    pub fn seconds(&self) -> f64 {
        let cubes: f64 = self.resources().iter().map(|(_, seconds)| seconds.powi(3)).sum();
        cubes.cbrt() + self.overhead
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
/// Waterman, Patterson: Roofline, CACM 52(4), 2009), with some of the others' times, which overlap only in part (the cubic
/// mean orders measured schedules better than the maximum), plus overheads.
#[derive(Clone, Copy, Debug)]
pub struct Roofline(pub Hardware);

impl Roofline {
    /// Seconds by resource.
    pub fn times(&self, features: &Features) -> Times {
        self.times_with(features, &InstructionSet::with_vectors_of(self.0.vector_bytes))
    }

    /// Seconds by resource with instructions that take so much.
    pub fn times_with(&self, features: &Features, instructions: &InstructionSet) -> Times {
        let hardware = &self.0;
        let f = features;
        // The threads that are done early wait for the last task.
        let cores = (1.0 + FURTHER_THREAD * (f.threads - 1.0).max(0.0)) / f.imbalance.max(1.0);
        // Units for scalars are more than those for vectors, and faster.
        let units = if f.lanes > 1.0 { 1.0 } else { instructions.scalars };
        let overhead = f.loop_iterations * hardware.loop_seconds
            + f.loop_entries * hardware.loop_entry_seconds
            + f.allocations * hardware.allocation_seconds
            + f.task_starts * hardware.task_seconds
            + f.fresh_pages * hardware.page_seconds;
        let started = instructions.vector_instructions(f) / units;
        let computing = started.max(instructions.latencies(f)) + instructions.lane_by_lane(f);
        Times {
            compute: computing / (hardware.vector_ops_per_second * cores),
            l1: instructions.accesses(f) / (hardware.accesses_per_second * units * cores),
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

/// What each further thread adds to the speed of one: they share caches, power, and often a core.
const FURTHER_THREAD: f64 = 0.45;

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Roofline {
        let hardware =
            Hardware { vector_ops_per_second: 1e9, memory_bytes_per_second: 1e9, ..Hardware::generic(2, 32) };
        Roofline(hardware)
    }

    #[test]
    fn the_slowest_resource_counts_most() {
        let work = Features {
            float_additions: 1e9,
            lanes: 8.0,
            l3_miss_bytes: 1e9,
            threads: 1.0,
            imbalance: 1.0,
            ..Features::default()
        };
        let both = model().times(&work);
        assert!(both.seconds() > 1.0 && both.seconds() < 2.0, "{both:?}");
        let computing = model().times(&Features { l3_miss_bytes: 0.0, ..work.clone() });
        assert_eq!((computing.seconds(), computing.bound()), (1.0, Bound::Compute));
        let moving = model().times(&Features { float_additions: 5e8, ..work });
        assert_eq!(moving.bound(), Bound::Dram);
    }

    #[test]
    fn further_threads_add_less_than_the_first() {
        let work = Features { float_additions: 1e9, lanes: 8.0, threads: 2.0, imbalance: 1.0, ..Features::default() };
        let together = model().seconds(&work);
        assert!(together > 0.5 && together < 1.0, "{together}");
        // One of two tasks of two threads is late.
        assert!(model().seconds(&Features { imbalance: 2.0, ..work }) > 1.9 * together);
    }

    #[test]
    fn calls_are_no_faster_in_vectors() {
        let calls = |lanes| Features { scalar_calls: 1e6, lanes, threads: 1.0, imbalance: 1.0, ..Features::default() };
        assert_eq!(model().seconds(&calls(1.0)), model().seconds(&calls(16.0)));
    }

    #[test]
    fn lanes_under_a_mask_cost() {
        let work = |masked_lanes| Features { float_additions: 1e6, masked_lanes, lanes: 8.0, ..Features::default() };
        assert!(model().seconds(&work(1e6)) > 1.5 * model().seconds(&work(0.0)));
    }
}
