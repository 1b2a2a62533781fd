//! The order and number of measurements: schedulers in turns, until times are settled or time is up.

use std::time::{Duration, Instant};

use crate::results::stats::{median, relative_spread};

/// When to stop measuring a pipeline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// Rounds that are made even if time is up.
    pub least_rounds: usize,
    /// Rounds after which nothing more is learnt.
    pub most_rounds: usize,
    /// Time for all schedulers of a pipeline together.
    pub budget: Duration,
    /// A scheduler is settled when the 95 % interval of its median is this narrow: half-width over median.
    pub spread: f64,
}

/// Rounds before a spread means anything.
const SETTLING_ROUNDS: usize = 7;
/// A sample is a batch of calls that takes at least about this long, so that the clock and caches left cold by the
/// others' turns do not matter.
const BATCH_SECONDS: f64 = 2e-3;

/// Something that can be timed.
pub trait Subject {
    /// Why a call failed.
    type Error;
    /// Calls it so many times; seconds of all calls together.
    fn run(&mut self, calls: u32) -> Result<f64, Self::Error>;
}

/// A clock that tests can turn.
pub trait Clock {
    /// Time since some fixed moment.
    fn now(&self) -> Duration;
}

/// The real one.
pub struct Monotonic(Instant);

impl Monotonic {
    /// Starts at zero.
    pub fn start() -> Monotonic {
        Monotonic(Instant::now())
    }
}

impl Clock for Monotonic {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Calls a sample is the mean of, for a pipeline that takes `seconds`.
fn batch_of(seconds: f64) -> u32 {
    (BATCH_SECONDS / seconds.max(1e-9)).ceil().clamp(1.0, 1e5) as u32
}

struct Turn<E> {
    batch: u32,
    result: Result<Vec<f64>, E>,
    settled: bool,
}

/// One untimed call, then one to find out how many make a sample.
fn warm_up<S: Subject>(subject: &mut S) -> Turn<S::Error> {
    let seconds = subject.run(1).and_then(|_| subject.run(1));
    match seconds {
        Ok(seconds) => Turn { batch: batch_of(seconds), result: Ok(vec![]), settled: false },
        Err(error) => Turn { batch: 1, result: Err(error), settled: true },
    }
}

impl<E> Turn<E> {
    fn take<S: Subject<Error = E>>(&mut self, subject: &mut S, settings: &Settings) {
        let Ok(samples) = &mut self.result else {
            return;
        };
        // A short pipeline finds the caches full of its rivals' data; the untimed call before each batch evens that out.
        let refill = if self.batch > 1 { subject.run(1).map(drop) } else { Ok(()) };
        match refill.and_then(|()| subject.run(self.batch)) {
            Ok(seconds) => samples.push(seconds / f64::from(self.batch)),
            Err(error) => {
                self.result = Err(error);
                self.settled = true;
                return;
            }
        }
        self.settled = samples.len() >= SETTLING_ROUNDS && relative_spread(samples) <= settings.spread;
    }
}

/// Seconds per call of each subject, one sample a round, or why it failed. Subjects take turns, in an order that rotates
/// from round to round. A subject that is settled takes no further turns; the others go on.
pub fn interleave<S: Subject>(
    subjects: &mut [S],
    settings: &Settings,
    clock: &impl Clock,
    mut stop: impl FnMut() -> bool,
) -> Vec<Result<Vec<f64>, S::Error>> {
    let start = clock.now();
    let mut turns: Vec<Turn<S::Error>> = subjects.iter_mut().map(warm_up).collect();
    for round in 0..settings.most_rounds {
        let out_of_time = clock.now() - start >= settings.budget && round >= settings.least_rounds;
        if out_of_time || stop() || turns.iter().all(|turn| turn.settled) {
            break;
        }
        for i in 0..subjects.len() {
            let i = (i + round) % subjects.len();
            if !turns[i].settled {
                turns[i].take(&mut subjects[i], settings);
            }
        }
    }
    turns.into_iter().map(|turn| turn.result).collect()
}

/// Smallest of `samples`; infinity if there are none.
pub fn smallest(samples: &[f64]) -> f64 {
    samples.iter().copied().fold(f64::INFINITY, f64::min)
}

/// Samples as they are recorded; `None` if there are none.
pub fn record(samples: Vec<f64>) -> Option<crate::results::record::RunSeconds> {
    if samples.is_empty() {
        return None;
    }
    Some(crate::results::record::RunSeconds { median: median(&samples), min: smallest(&samples), samples })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};
    use std::rc::Rc;

    const SETTINGS: Settings =
        Settings { least_rounds: 3, most_rounds: 20, budget: Duration::from_secs(10), spread: 0.01 };

    /// A clock that advances when subjects run.
    #[derive(Clone, Default)]
    struct Mock(Rc<Cell<f64>>);

    impl Clock for Mock {
        fn now(&self) -> Duration {
            Duration::from_secs_f64(self.0.get())
        }
    }

    /// Who was run, and how often.
    type Log = Rc<RefCell<Vec<(usize, u32)>>>;

    struct Fake {
        name: usize,
        clock: Mock,
        /// Seconds of call i, over and over.
        seconds: Vec<f64>,
        calls: usize,
        fails_at: Option<usize>,
        log: Log,
    }

    impl Subject for Fake {
        type Error = &'static str;
        fn run(&mut self, calls: u32) -> Result<f64, &'static str> {
            self.log.borrow_mut().push((self.name, calls));
            let seconds: f64 = (0..calls).map(|i| self.seconds[(self.calls + i as usize) % self.seconds.len()]).sum();
            self.calls += calls as usize;
            self.clock.0.set(self.clock.0.get() + seconds);
            if self.fails_at.is_some_and(|at| self.calls > at) {
                Err("boom")
            } else {
                Ok(seconds)
            }
        }
    }

    fn fakes(clock: &Mock, seconds: &[&[f64]]) -> (Vec<Fake>, Log) {
        let log = Log::default();
        let fake = |(name, seconds): (usize, &&[f64])| Fake {
            name,
            clock: clock.clone(),
            seconds: seconds.to_vec(),
            calls: 0,
            fails_at: None,
            log: Rc::clone(&log),
        };
        (seconds.iter().enumerate().map(fake).collect(), log)
    }

    #[test]
    fn steady_subjects_settle_early_and_take_turns() {
        let clock = Mock::default();
        let (mut subjects, log) = fakes(&clock, &[&[0.01], &[0.02]]);
        let results = interleave(&mut subjects, &SETTINGS, &clock, || false);
        assert_eq!(results[0].as_ref().unwrap().len(), SETTLING_ROUNDS);
        assert_eq!(results[1].as_ref().unwrap()[0], 0.02);
        let order: Vec<usize> = log.borrow().iter().skip(4).take(4).map(|(name, _)| *name).collect();
        assert_eq!(order, [0, 1, 1, 0]);
    }

    #[test]
    fn noisy_subject_goes_on_alone() {
        let clock = Mock::default();
        let (mut subjects, _) = fakes(&clock, &[&[0.01], &[0.01, 0.03, 0.02]]);
        let results = interleave(&mut subjects, &SETTINGS, &clock, || false);
        assert_eq!(results[0].as_ref().unwrap().len(), SETTLING_ROUNDS);
        assert_eq!(results[1].as_ref().unwrap().len(), SETTINGS.most_rounds);
    }

    #[test]
    fn slow_subjects_stop_when_time_is_up() {
        let clock = Mock::default();
        let (mut subjects, _) = fakes(&clock, &[&[8.0], &[1.0]]);
        let results = interleave(&mut subjects, &SETTINGS, &clock, || false);
        assert!(results.iter().all(|result| result.as_ref().unwrap().len() == SETTINGS.least_rounds));
    }

    #[test]
    fn short_pipelines_are_timed_in_batches() {
        let clock = Mock::default();
        let (mut subjects, log) = fakes(&clock, &[&[1e-5]]);
        let results = interleave(&mut subjects, &SETTINGS, &clock, || false);
        assert!((results[0].as_ref().unwrap()[0] - 1e-5).abs() < 1e-12);
        assert_eq!(log.borrow()[3], (0, 200));
    }

    #[test]
    fn failure_of_one_leaves_the_others() {
        let clock = Mock::default();
        let (mut subjects, _) = fakes(&clock, &[&[0.01], &[0.01]]);
        subjects[0].fails_at = Some(4);
        let results = interleave(&mut subjects, &SETTINGS, &clock, || false);
        assert_eq!(results[0], Err("boom"));
        assert_eq!(results[1].as_ref().unwrap().len(), SETTLING_ROUNDS);
    }

    #[test]
    fn stops_when_told() {
        let clock = Mock::default();
        let (mut subjects, _) = fakes(&clock, &[&[0.01]]);
        let results = interleave(&mut subjects, &SETTINGS, &clock, || true);
        assert_eq!(results[0].as_ref().unwrap().len(), 0);
    }
}
