//! Names for people.

use scheduler::Bound;

/// A resource as people call it.
pub fn bound_name(bound: Bound) -> &'static str {
    match bound {
        Bound::Compute => "compute",
        Bound::L1 => "L1",
        Bound::L2 => "L2",
        Bound::L3 => "L3",
        Bound::Dram => "DRAM",
        Bound::Overhead => "overhead",
    }
}

/// `name` of a pure definition, `name.update(0)` of the first update.
pub fn stage_name(func: &str, stage: usize) -> String {
    match stage {
        0 => func.to_owned(),
        n => format!("{func}.update({})", n - 1),
    }
}
