//! The build that outputs are compared with, and what takes its place where it fails.

use crate::measure::build::builder::{Build, Builder};
use crate::measure::build::generator::Pipeline;
use crate::measure::build::schedulers::Scheduler;
use crate::measure::run::protocol::{Description, Shapes};
use crate::results::failure::Failure;
use crate::system::scratch::WorkFolder;

/// The target feature under which buffers may be larger than 2 GB.
pub const LARGE_BUFFERS: &str = "large_buffers";

/// A build that outputs are compared with.
#[derive(Clone, Debug)]
pub struct Reference {
    /// What scheduled it.
    pub scheduler: Scheduler,
    /// What its target has beyond everybody's.
    feature: Option<&'static str>,
    /// The build.
    pub build: Build,
    /// Whether another time it would be this one again: what it takes the place of fails for reasons that last.
    pub lasts: bool,
}

/// What the reference computed, on disk.
pub struct Expected {
    /// What it says of itself.
    pub description: Description,
    /// Shapes of all buffers.
    pub shapes: Shapes,
    /// Whether it computes with floats, if that is known.
    pub float_math: Option<bool>,
    /// Where its outputs are.
    pub folder: WorkFolder,
}

impl Expected {
    /// The file with its outputs.
    pub fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("outputs")
    }

    /// The target of the builds that are compared with it, in full.
    pub fn target(&self) -> String {
        let features = self.description.target.split('-').filter(|feature| *feature != LARGE_BUFFERS);
        features.collect::<Vec<_>>().join("-")
    }
}

impl Reference {
    /// The reference that was asked for.
    pub fn new(scheduler: Scheduler, build: Build) -> Reference {
        Reference { scheduler, feature: None, build, lasts: true }
    }

    /// How reports call it.
    pub fn label(&self) -> String {
        let feature = self.feature.map(|feature| format!(" with {feature}")).unwrap_or_default();
        self.scheduler.label() + &feature
    }

    /// What builds it, given what builds those that are compared with it.
    pub fn builder(&self, builder: &Builder) -> Builder {
        let target = self.feature.map_or_else(|| builder.target.clone(), |feature| builder.target_with(feature));
        Builder { target, reference: self.scheduler.clone(), ..builder.clone() }
    }

    /// What to try when it fails: buffers that may be larger, if that was the matter, else the generator's own schedule,
    /// which keeps less in memory at a time.
    fn next(&self, failure: &Failure) -> Option<(Scheduler, Option<&'static str>)> {
        if self.feature.is_none() && is_too_large(&failure.message) {
            return Some((self.scheduler.clone(), Some(LARGE_BUFFERS)));
        }
        (self.scheduler != Scheduler::None).then_some((Scheduler::None, None))
    }

    /// What takes its place when it fails, built; `None` if there is nothing left.
    pub fn fall_back(&self, failure: &Failure, builder: &Builder, pipeline: &Pipeline) -> Option<Reference> {
        let (scheduler, feature) = self.next(failure)?;
        let lasts = self.lasts && failure.lasts;
        let mut reference = Reference { scheduler, feature, build: self.build.clone(), lasts };
        reference.build = reference.builder(builder).build_or_not(pipeline, &reference.scheduler);
        Some(reference)
    }
}

/// Whether this is what Halide's compiler or runtime says of a buffer of more than 2 GB.
fn is_too_large(message: &str) -> bool {
    ["exceeds 2^31", "size greater than 2^31", "exceeds the maximum size"].iter().any(|said| message.contains(said))
}
