//! Trained models, kept by kernel, variant and hardware.

mod name;
mod store;

pub use name::{parse_part, Key, Name};
#[cfg(test)]
pub use store::tests;
pub use store::Store;
