//! Starts what is built.

use crate::measure::build::builder::{Build, Builder};
use crate::measure::run::client::Runner;
use crate::results::failure::Failure;
use crate::system::child::Limits;

/// How builds are made and run.
#[derive(Clone, Debug)]
pub struct Launcher {
    /// Makes builds.
    pub builder: Builder,
    /// Limits of each runner.
    pub limits: Limits,
    /// Seed of the inputs.
    pub seed: u64,
}

impl Launcher {
    /// A runner on `build`, with as many threads as builds are made for.
    pub fn start(&self, build: &Build) -> Result<Runner, Failure> {
        self.start_with(build, self.builder.threads)
    }

    /// A runner on `build`, with so many threads.
    pub fn start_with(&self, build: &Build, threads: usize) -> Result<Runner, Failure> {
        let runner = Runner::start(&build.library, threads, self.limits);
        runner.map_err(|error| Failure::of_the_machine(&error))
    }
}
