//! Schedules for Halide pipelines: the pipeline as data, the search over loop nests, its cost models, and the list of
//! directives that a schedule is.
//!
//! No Halide in here: a pipeline comes in as [`ir::Pipeline`], a schedule goes out as [`Directive`]s.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod cost;
pub mod features;
pub mod ir;

mod check;
mod demand;
mod directive;
mod emit;
mod error;
mod panics;
mod search;

pub use check::{check, check_reassociated};
pub use cost::{inputs, Bound, CostModel, Hardware, Kernel, Roofline, Times, Variant, INPUTS, INPUT_NAMES};
pub use directive::{AtLeast, Directive, LoopVar, Memory, Tail};
pub use emit::emit;
pub use error::Error;
pub use panics::caught;
pub use search::{
    given, search, search_all, Brakes, Budget, Failures, Found, Options, Schedule, StageSeconds, StopReason, Strategy,
};
