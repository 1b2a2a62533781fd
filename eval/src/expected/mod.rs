//! What a schedule is expected to take, stage by stage.

pub mod names;
pub mod priced;
pub mod stages;
pub mod subject;
