//! Others on this machine, while something is timed: runs of `nnc`, which take turns, and whatever else takes the processors.

pub mod load;
pub mod turns;
