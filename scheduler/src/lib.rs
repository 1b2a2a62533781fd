//! The scheduler.
#![forbid(unsafe_code)]
