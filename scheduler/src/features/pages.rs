//! Memory that comes from the system anew in every run, page by page as it is first written.
//!
//! glibc's allocator, which Halide's runtime uses, gives memory back to the system when more than `M_TRIM_THRESHOLD` of it is
//! free at the end of the heap, as it is after a run. That threshold is twice `M_MMAP_THRESHOLD`, which follows the largest
//! buffer that was freed, up to 32 MiB; both start at 128 KiB (mallopt(3)). So one large buffer is kept from run to run, but
//! not two of one size that are in use together.

use super::model::Model;
use super::plan::{Plan, Site};
use super::timeline::Timeline;

/// `M_MMAP_THRESHOLD` and `M_TRIM_THRESHOLD` at the start of a program; `M_TOP_PAD`, what is kept in any case.
const LARGE_BYTES: f64 = 131_072.0;
/// Larger buffers always come from the system: `DEFAULT_MMAP_THRESHOLD_MAX`.
const LARGEST_KEPT_BYTES: f64 = 33_554_432.0;
/// Bytes of a page of memory.
const PAGE_BYTES: f64 = 4096.0;

/// What is given back after a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Returned {
    /// Of the buffers at root, as a share of their bytes.
    share: f64,
}

/// Under a schedule. Buffers of inner loops are handed from one iteration to the next.
pub(super) fn returned_after_runs(model: &Model, plan: &Plan, timeline: &Timeline) -> Returned {
    // By nest at root, bytes in use there beyond those in use before.
    let mut change = vec![0.0; plan.store.len() + 1];
    let (mut sum, mut largest) = (0.0, 0.0_f64);
    for func in (0..plan.store.len()).filter(|&f| plan.store[f] == Site::Root && !plan.allocates_nothing(model, f)) {
        let bytes = plan.allocated[func];
        let facts = &model.sources[func];
        // Components of a Tuple have a buffer each.
        let widest = bytes * facts.load_bytes / facts.value_bytes;
        if widest <= LARGEST_KEPT_BYTES {
            let (first, last) = timeline.nests_with(func);
            change[first] += bytes;
            change[last + 1] -= bytes;
            sum += bytes;
            largest = largest.max(widest);
        }
    }
    let (mut used, mut most) = (0.0, 0.0_f64);
    for change in change {
        used += change;
        most = most.max(used);
    }
    let kept = if largest < LARGE_BYTES { LARGE_BYTES } else { 2.0 * largest };
    let share = if most > LARGE_BYTES && most >= kept { (most - LARGE_BYTES) / sum } else { 0.0 };
    Returned { share }
}

impl Returned {
    /// Pages of a buffer at root of so many bytes that are new in every run.
    pub(super) fn pages(self, bytes: f64) -> f64 {
        let share = if bytes > LARGEST_KEPT_BYTES { 1.0 } else { self.share };
        share * bytes / PAGE_BYTES
    }
}
