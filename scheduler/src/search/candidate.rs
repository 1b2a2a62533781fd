//! A complete schedule, and what it is expected to take.

use super::choice::Choices;
use super::failures::Failures;
use super::placement::Placement;
use super::problem::Problem;
use crate::check::check_candidate;
use crate::cost::StagePrice;
use crate::directive::Directive;
use crate::features::Analysis;
use crate::ir::FuncId;
use crate::{caught, Error};
use std::hash::{Hash, Hasher};

#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) choices: Choices,
    pub(super) placements: Vec<Placement>,
    pub(super) directives: Vec<Directive>,
    /// Stages that are not inlined. Inlined ones count with the stages they are inlined into.
    pub(super) stages: Vec<StagePrice>,
    /// Of one run, to compare by.
    pub(super) seconds: f64,
    /// Estimated machine code of all bodies.
    pub(super) code_bytes: f64,
}

/// Makes one candidate after the other; most share most of their features.
#[derive(Clone)]
pub(super) struct Evaluator<'a> {
    problem: &'a Problem<'a>,
    analysis: Analysis<'a>,
    /// Candidates that panicked.
    pub(super) failures: Failures,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(problem: &'a Problem<'a>) -> Self {
        let analysis = Analysis::new(problem.pipeline, problem.regions, problem.hardware);
        Self { problem, analysis, failures: Failures::default() }
    }

    /// What comes of some choices. A panic on the way costs this candidate alone.
    ///
    /// # Errors
    /// [`Error::Illegal`] if the schedule does not pass the checker; [`Error::Panicked`], which is counted.
    pub(super) fn candidate(&mut self, choices: Choices) -> Result<Candidate, Error> {
        caught(|| self.make(choices)).unwrap_or_else(|panic| {
            // It may have been left half updated.
            self.analysis = Analysis::new(self.problem.pipeline, self.problem.regions, self.problem.hardware);
            let error = Error::Panicked(panic);
            self.failures.add(&error);
            Err(error)
        })
    }

    fn make(&mut self, choices: Choices) -> Result<Candidate, Error> {
        #[cfg(test)]
        assert!(!(self.problem.breaks)(&choices), "broken on purpose");
        let (placements, directives) = self.problem.construct(&choices);
        let Problem { pipeline, regions, reassociate, .. } = *self.problem;
        check_candidate(pipeline, Some(regions), &directives, reassociate)?;
        self.analysis.update(&directives)?;
        let stages = self.problem.pricing.of_last(&self.analysis);
        let seconds = stages.iter().map(|s| s.cautious_seconds).sum();
        let code_bytes = self.analysis.features().map(|(_, f)| f.code_bytes).sum();
        Ok(Candidate { choices, placements, directives, stages, seconds, code_bytes })
    }
}

impl Candidate {
    /// A hash of the schedule.
    pub(super) fn fingerprint(&self) -> u64 {
        let mut hasher = std::hash::DefaultHasher::new();
        self.directives.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether the Func is inlined, or its stages take at least a share of the time.
    pub(super) fn weighs(&self, id: FuncId, share: f64) -> bool {
        if self.placements[id.index()] == Placement::Inline {
            return true;
        }
        let own: f64 = self.stages.iter().filter(|s| s.stage.func == id).map(|s| s.cautious_seconds).sum();
        own >= share * self.seconds
    }

    /// Whether the same Funcs are stored, in the same groups.
    pub(super) fn is_shaped_like(&self, other: &Self) -> bool {
        self.placements.iter().zip(&other.placements).all(|(a, b)| a.is_like(b))
    }
}
