//! Memory that comes from the system anew in every run, page by page as it is first written.
//!
//! glibc's allocator, which Halide's runtime uses, gives memory back to the system when more than `M_TRIM_THRESHOLD` of it is
//! free at the end of the heap. That threshold is twice `M_MMAP_THRESHOLD`, which follows the largest buffer that was freed, up
//! to 32 MiB (mallopt(3)). So one large buffer is kept from run to run, but not two of one size.

use super::model::Model;
use super::plan::{Plan, Site};

/// What counts as large at the start of a program: `M_MMAP_THRESHOLD`.
const LARGE_BYTES: f64 = 131_072.0;
/// Larger buffers always come from the system: `DEFAULT_MMAP_THRESHOLD_MAX`.
const LARGEST_KEPT_BYTES: f64 = 33_554_432.0;
/// Bytes of a page of memory.
const PAGE_BYTES: f64 = 4096.0;

/// Which buffers are given back after a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Returned {
    /// Large ones all, not just those beyond what the allocator ever keeps.
    all: bool,
}

/// Under a schedule. Buffers of inner loops are handed from one iteration to the next.
pub(super) fn returned_after_runs(model: &Model, plan: &Plan) -> Returned {
    let stored = |func: &usize| plan.store[*func] == Site::Root && !plan.allocates_nothing(model, *func);
    let buffers = (0..plan.store.len()).filter(stored).map(|func| plan.allocated[func]);
    let large = buffers.filter(|bytes| (LARGE_BYTES..=LARGEST_KEPT_BYTES).contains(bytes));
    let (sum, most) = large.fold((0.0, 0.0), |(sum, most): (f64, f64), bytes| (sum + bytes, most.max(bytes)));
    Returned { all: most > 0.0 && sum >= 2.0 * most }
}

impl Returned {
    /// Pages of a buffer at root of so many bytes that are new in every run.
    pub(super) fn pages(self, bytes: f64) -> f64 {
        if bytes > LARGEST_KEPT_BYTES || (self.all && bytes >= LARGE_BYTES) {
            bytes / PAGE_BYTES
        } else {
            0.0
        }
    }
}
