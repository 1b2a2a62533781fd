//! The C types of `HalideRuntime.h`, as bindgen reads them: what it takes to call compiled pipelines.
//!
//! A crate of its own, so that tools that only run pipelines do not link libHalide.

#![allow(missing_docs, non_camel_case_types, non_upper_case_globals, non_snake_case)]
#![allow(clippy::all, clippy::undocumented_unsafe_blocks)]

include!(concat!(env!("OUT_DIR"), "/runtime.rs"));
