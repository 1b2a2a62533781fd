//! Everything that touches Halide's C and C++ interfaces.
//!
//! Without features only [`runtime`], the types of `HalideRuntime.h`, is bound: enough to call compiled filters.
//! Feature `compiler` adds the C++ shim over `libHalide` that the plugin uses.

/// The C types of `HalideRuntime.h`, as bindgen reads them.
#[allow(missing_docs, non_camel_case_types, non_upper_case_globals, non_snake_case, clippy::all)]
pub mod runtime {
    include!(concat!(env!("OUT_DIR"), "/runtime.rs"));
}
