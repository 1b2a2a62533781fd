//! Times builds in turns, once their outputs are seen to be right.

pub mod launch;
pub mod reference;
pub mod rounding;
pub mod timer;
pub mod timing;
