//! Everything that touches Halide's C and C++ interfaces.
//!
//! Without features only [`runtime`], the types of `HalideRuntime.h`, is bound: enough to call compiled filters.
//! Feature `compiler` adds the C++ shim over `libHalide` that the plugin uses, and a safe interface to it.

/// The C types of `HalideRuntime.h`, as bindgen reads them.
#[allow(
    missing_docs,
    non_camel_case_types,
    non_upper_case_globals,
    non_snake_case,
    clippy::all,
    clippy::undocumented_unsafe_blocks
)]
pub mod runtime {
    include!(concat!(env!("OUT_DIR"), "/runtime.rs"));
}

/// The shim's C header, as bindgen reads it.
#[cfg(feature = "compiler")]
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

#[cfg(feature = "compiler")]
mod compiler;
#[cfg(feature = "compiler")]
pub use compiler::{register, Call, Kind, MemoryType, Request, Scheduler, Size, TailStrategy, Variable};
