//! How fast this computer is, and what its caches hold.

mod caches;
pub mod profile;
pub mod rates;
