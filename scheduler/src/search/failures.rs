//! What failed inside the search, and did not cost the schedule.

use crate::{caught, Error};
use serde::{Deserialize, Serialize};

/// Schedules that were given up because making or pricing them panicked, or because the checker refused what the rules had made:
/// bugs, all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// How many.
    pub count: u64,
    /// What the first one said.
    pub first: Option<String>,
    /// Whether nothing was left but a plain schedule: no groups of Funcs, perhaps no vectors and no threads.
    pub plain: bool,
}

impl Failures {
    pub(super) fn add(&mut self, error: &Error) {
        self.add_all(Self { count: 1, first: Some(error.to_string()), plain: false });
    }

    /// Adds those of what came later.
    pub(super) fn add_all(&mut self, later: Self) {
        self.count += later.count;
        self.first = self.first.take().or(later.first);
        self.plain |= later.plain;
    }

    /// What a piece of work gives; `None` if it panics.
    pub(super) fn unless_panic<T>(&mut self, work: impl FnOnce() -> T) -> Option<T> {
        caught(work).map_err(|panic| self.add(&Error::Panicked(panic))).ok()
    }

    /// What a piece of work gives; `None` if it panics, or if what it makes is not legal.
    pub(super) fn unless_failed<T>(&mut self, work: impl FnOnce() -> Result<T, Error>) -> Result<Option<T>, Error> {
        match self.unless_panic(work) {
            Some(Err(error @ (Error::Panicked(_) | Error::Illegal { .. }))) => {
                self.add(&error);
                Ok(None)
            }
            done => done.transpose(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check;
    use crate::cost::Hardware;
    use crate::ir::{FuncId, Pipeline, Source};
    use crate::search::{search_all, Found, Options, Strategy};
    use crate::Directive;

    fn pipeline() -> Pipeline {
        Pipeline::from_json(include_str!("../../../tests/fixtures/harris.json")).unwrap()
    }

    fn found(pipeline: &Pipeline, change: impl FnOnce(&mut Options)) -> Found {
        let mut options = Options::new(Hardware::generic(2, 32));
        change(&mut options);
        let found = search_all(pipeline, &options).unwrap();
        found.schedules.iter().for_each(|schedule| check(pipeline, &schedule.directives).unwrap());
        found
    }

    #[test]
    fn nothing_fails_by_itself() {
        assert_eq!(found(&pipeline(), |_| ()).failures, Default::default());
    }

    #[test]
    fn candidates_that_panic_are_counted_and_left_out() {
        for strategy in [Strategy::Beam, Strategy::Random] {
            let found = found(&pipeline(), |options| {
                (options.strategy, options.seed) = (strategy, 3);
                options.breaks = |choices| choices.count().0 % 2 == 1;
            });
            let first = found.failures.first.unwrap();
            assert!(first.contains("broken on purpose (at ") && first.contains("candidate.rs:"), "{first}");
            assert!(found.failures.count > 0 && !found.failures.plain);
            assert!(found.schedules[0].predicted_seconds > 0.0);
        }
    }

    #[test]
    fn where_the_rules_panic_funcs_are_scheduled_apart() {
        for strategy in [Strategy::Beam, Strategy::Greedy, Strategy::Random] {
            let found = found(&pipeline(), |options| {
                options.strategy = strategy;
                options.breaks = |_| true;
            });
            let directives = &found.schedules[0].directives;
            assert!(found.failures.plain && found.failures.count == 1, "{:?}", found.failures);
            assert!(directives.iter().any(|d| matches!(d, Directive::Vectorize { .. })));
            assert!(directives.iter().any(|d| matches!(d, Directive::Parallel { .. })));
        }
    }

    #[test]
    fn where_everything_panics_loops_are_plain() {
        let mut broken = pipeline();
        // Nothing of the kind comes from Halide.
        broken.funcs.last_mut().unwrap().stages[0].accesses[0].source = Some(Source::Func(FuncId::from_index(99)));
        let options = Options::new(Hardware::generic(2, 32));
        let found = search_all(&broken, &options).unwrap();
        assert!(found.failures.plain && found.failures.count > 1, "{:?}", found.failures);
        let root = search_all(&pipeline(), &options.with_strategy(Strategy::Root)).unwrap();
        assert_eq!(found.schedules, root.schedules);
    }
}
