//! What holds the search to the rules' schedule, where the judge would leave it.

/// How much a departure from the rules must be expected to gain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brakes {
    /// The share of the time that a decision about where a single Func goes must save, which the predicted time tells better
    /// than
    pub place: f64,
    /// a decision about how loops are cut, or what leads.
    pub cut: f64,
    /// The share that all together must save.
    pub gain: f64,
}

impl Brakes {
    /// Next to none: among schedules that are expected to take the same time, that with the fewest decisions.
    pub const LOOSE: Brakes = Brakes { place: 0.01, cut: 0.01, gain: 0.0 };

    /// Seconds to compare by, with so many decisions of each kind against the rules.
    pub(super) fn doubted(&self, seconds: f64, [places, cuts]: [usize; 2]) -> f64 {
        seconds * (1.0 + self.place * places as f64 + self.cut * cuts as f64)
    }
}

impl Default for Brakes {
    /// Those of the shipped autoscheduler: the rules have been tuned with measurements, and the expected time of a schedule is wrong by
    /// a third either way (one standard deviation).
    fn default() -> Self {
        Brakes { place: 0.05, cut: 0.1, gain: 0.25 }
    }
}
