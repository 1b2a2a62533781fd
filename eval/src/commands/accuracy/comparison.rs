//! Methods side by side on the same schedules.

use serde::Serialize;

use crate::training::figures::{table, Figures};

/// How well some do on a part of the schedules.
#[derive(Debug, Serialize)]
pub struct Comparison {
    /// How many have such schedules.
    pub pipelines: usize,
    /// How many such schedules there are.
    pub schedules: usize,
    /// What is compared.
    pub methods: Vec<Figures>,
}

impl Comparison {
    /// A table, under a line that says whose schedules they are.
    pub fn print(&self, whose: &str) {
        println!("\n{} schedules of {} pipelines {whose}\n\n{}", self.schedules, self.pipelines, table(&self.methods));
    }
}
