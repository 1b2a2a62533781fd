//! From a generator and a scheduler to a shared library.

pub mod all;
pub mod builder;
pub mod cache;
pub mod described;
pub mod generator;
pub mod hl_autoscheduler;
pub mod link;
pub mod schedulers;
pub mod warm;
