//! Schedules that are measured for cost models to learn from: drawn, timed together, kept and read back.

pub mod change;
pub mod dataset;
mod draw;
pub mod others;
pub mod record;
mod sample;
pub mod suite;
mod varying;
