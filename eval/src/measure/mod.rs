//! Builds pipelines, runs them, compares what they compute, and times them: what every command that measures stands on.

pub mod args;
pub mod build;
pub mod check;
pub mod run;
pub mod time;
pub mod variants;
pub mod workbench;
