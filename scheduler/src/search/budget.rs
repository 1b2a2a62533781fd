//! How long a search may go on.

use serde::{Deserialize, Serialize};
use std::time::{Duration, Instant};

/// What a search may use. Without a limit of time, the same pipeline gives the same schedule on every machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// Schedules that are evaluated.
    pub candidates: Option<u64>,
    /// Wall-clock time.
    pub time: Option<Duration>,
    /// Memory for candidates, estimated, in bytes.
    pub memory_bytes: Option<u64>,
}

/// Why a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// No single decision is expected to gain anything.
    Converged,
    /// As many candidates as allowed were evaluated.
    Candidates,
    /// The time is used up.
    Time,
    /// The memory is used up.
    Memory,
}

impl Budget {
    /// Evaluations of a stage that the default lets a search make: about a second.
    const STAGE_EVALUATIONS: u64 = 40_000;

    /// The default for a pipeline: fewer candidates the more stages each has.
    pub fn for_stages(stages: usize) -> Self {
        Self { candidates: Some(Self::STAGE_EVALUATIONS / stages.max(1) as u64), ..Self::default() }
    }

    /// What each of several searches may use that follow each other.
    pub(super) fn shared(self, among: usize) -> Self {
        let among = u32::try_from(among).unwrap_or(u32::MAX).max(1);
        let candidates = self.candidates.map(|all| all / u64::from(among));
        Self { candidates, time: self.time.map(|all| all / among), ..self }
    }

    /// Whether a search that started at `start` and holds so many bytes may go on.
    pub(super) fn check(&self, start: Instant, bytes: u64) -> Result<(), StopReason> {
        if self.time.is_some_and(|limit| start.elapsed() >= limit) {
            return Err(StopReason::Time);
        }
        if self.memory_bytes.is_some_and(|limit| bytes > limit) {
            return Err(StopReason::Memory);
        }
        Ok(())
    }
}
