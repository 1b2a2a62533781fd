//! What has nothing to do with Halide: processes, files, the terminal, and others on this machine while something is timed.

pub mod child;
pub mod dialogue;
pub mod ending;
pub mod files;
pub mod load;
pub mod plain;
pub mod process;
pub mod program;
pub mod progress;
pub mod scratch;
pub mod side_by_side;
pub mod tail;
pub mod turns;
pub mod units;
