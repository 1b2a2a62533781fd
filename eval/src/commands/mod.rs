//! The commands. None knows another.

pub mod accuracy;
pub mod calibrate;
pub mod collect;
pub mod dump;
pub mod eval;
pub mod explain;
pub mod fuzz;
pub mod gen;
pub mod hardware;
pub mod models;
pub mod predict;
pub mod profile;
pub mod regret;
pub mod run;
pub mod study;
pub mod verify;
pub mod worker;
