//! What is found, as data: how builds and runs ended, their times, and what statistics make of them.

pub mod failure;
pub mod record;
pub mod stats;
