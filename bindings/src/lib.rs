//! Halide's compiler for Rust: a C++ shim over `libHalide`, and a safe interface to it.
//!
//! Whoever links this crate also links libHalide; `DEP_HALIDE_LIBDIR` tells its build script where that is.

/// The shim's C header, as bindgen reads it.
#[allow(
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    non_snake_case,
    dead_code,
    clippy::all,
    clippy::undocumented_unsafe_blocks
)]
mod shim {
    include!(concat!(env!("OUT_DIR"), "/shim.rs"));
}

mod autoscheduler;
mod pipeline;
mod text;

pub use autoscheduler::{register, Call, Kind, MemoryType, Request, Scheduler, Size, TailStrategy, Variable};
pub use pipeline::{Files, Pipeline};
