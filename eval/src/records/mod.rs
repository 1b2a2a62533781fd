//! Schedules that are measured for cost models to learn from: drawn, timed together, kept and read back.

pub mod change;
pub mod dataset;
pub mod draw;
pub mod others;
pub mod record;
pub mod sample;
pub mod suite;
mod varying;
