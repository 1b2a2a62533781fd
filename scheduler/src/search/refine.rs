//! Better schedules than the rules make, one decision at a time.
//!
//! A beam of candidates goes over the Funcs from the outputs to the inputs, first with the coarse decisions (which Funcs are
//! stored, in which groups), then with the fine ones (sizes of parts, vectors), until a whole pass changes nothing.

use super::budget::{Budget, StopReason};
use super::candidate::{Candidate, Evaluator};
use super::choice::Choices;
use super::failures::Failures;
use super::moves::{about, Grain};
use super::problem::Problem;
use crate::ir::FuncId;
use crate::Error;
use std::collections::BTreeSet;
use std::time::Instant;

/// Candidates that are followed side by side.
const BEAM: usize = 3;
/// Code may grow this many times beyond what the rules make, and by `MORE_CODE_BYTES` in any case.
const MORE_CODE: f64 = 1.5;
const MORE_CODE_BYTES: f64 = 8192.0;
/// Funcs with less than this share of the time are left to the rules.
const NEGLIGIBLE: f64 = 0.002;
/// A directive with its names, and an entry of the set of hashes with its share of a tree's node.
const DIRECTIVE_BYTES: usize = 256;
const SEEN_BYTES: usize = 16;
/// Candidates that are worth another thread.
const MIN_PER_THREAD: usize = 4;

/// How a search went.
pub(super) struct Refined {
    /// The best distinct candidates, the best first; at least one.
    pub(super) best: Vec<Candidate>,
    /// Candidates that were evaluated.
    pub(super) candidates: u64,
    pub(super) stop: StopReason,
    pub(super) failures: Failures,
}

struct Search<'a> {
    problem: &'a Problem<'a>,
    budget: &'a Budget,
    start: Instant,
    /// Estimated bytes of code that a candidate may have.
    most_code: f64,
    /// Schedules that came up, as hashes; different choices may lead to the same.
    seen: BTreeSet<u64>,
    beam: Vec<Candidate>,
    best: Vec<Candidate>,
    candidates: u64,
    failures: Failures,
    /// One for each thread.
    evaluators: Vec<Evaluator<'a>>,
}

/// Improves on what the rules make, within a budget.
///
/// # Errors
/// As [`Evaluator::candidate`], of the schedule that the rules make.
pub(super) fn refine<'a>(
    problem: &'a Problem<'a>,
    mut evaluator: Evaluator<'a>,
    budget: &'a Budget,
    top: usize,
) -> Result<Refined, Error> {
    let rules = evaluator.candidate(Choices::default())?;
    let start = rules.clone();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut search = Search {
        problem,
        budget,
        start: Instant::now(),
        most_code: MORE_CODE * start.code_bytes + MORE_CODE_BYTES,
        seen: [start.fingerprint()].into(),
        best: vec![start.clone()],
        beam: vec![start],
        candidates: 1,
        failures: Failures::default(),
        evaluators: vec![evaluator; threads],
    };
    let stop = search.run(top.max(1)).err().unwrap_or(StopReason::Converged);
    let mut best = search.best;
    if best[0].seconds > (1.0 - problem.brakes.gain) * rules.seconds {
        best.retain(|c| c.directives != rules.directives);
        best.insert(0, rules);
        best.truncate(top.max(1));
    }
    Ok(Refined { best, candidates: search.candidates, stop, failures: search.failures })
}

impl Search<'_> {
    /// What candidates are compared by.
    fn score(&self, candidate: &Candidate) -> f64 {
        self.problem.brakes.doubted(candidate.seconds, candidate.choices.count().into())
    }

    /// Passes until nothing changes. An error says which part of the budget is used up.
    fn run(&mut self, top: usize) -> Result<(), StopReason> {
        loop {
            let before = self.score(&self.beam[0]);
            for grain in [Grain::Coarse, Grain::Fine] {
                for id in self.problem.pipeline.func_ids().rev() {
                    self.step(id, grain, top)?;
                }
            }
            if self.score(&self.beam[0]) >= before {
                return Ok(());
            }
        }
    }

    /// Decides anew about one Func.
    fn step(&mut self, id: FuncId, grain: Grain, top: usize) -> Result<(), StopReason> {
        let worth = |c: &&Candidate| c.weighs(id, NEGLIGIBLE);
        let mut moves: Vec<Choices> = Vec::new();
        for candidate in self.beam.iter().filter(worth) {
            let about = self.failures.unless_panic(|| about(self.problem, candidate, id, grain));
            moves.extend(about.unwrap_or_default());
        }
        let left = self.budget.candidates.map_or(u64::MAX, |most| most.saturating_sub(self.candidates));
        let is_short = (moves.len() as u64) > left;
        moves.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        self.candidates += moves.len() as u64;
        for candidate in self.evaluate(moves) {
            if candidate.code_bytes <= self.most_code && self.seen.insert(candidate.fingerprint()) {
                self.beam.push(candidate);
            }
        }
        let brakes = self.problem.brakes;
        let score = |candidate: &Candidate| brakes.doubted(candidate.seconds, candidate.choices.count().into());
        self.beam.sort_by(|a, b| score(a).total_cmp(&score(b)));
        self.best.extend(self.beam.iter().cloned());
        self.best.sort_by(|a, b| score(a).total_cmp(&score(b)));
        self.best.dedup_by(|a, b| a.directives == b.directives);
        self.best.truncate(top);
        self.thin_out();
        if is_short {
            return Err(StopReason::Candidates);
        }
        self.budget.check(self.start, self.bytes())
    }

    /// Keeps the best of those that differ in more than sizes: others would follow each other into the same corner.
    fn thin_out(&mut self) {
        let mut kept: Vec<Candidate> = Vec::with_capacity(BEAM);
        for candidate in std::mem::take(&mut self.beam) {
            if kept.len() < BEAM && !kept.iter().any(|k| k.is_shaped_like(&candidate)) {
                kept.push(candidate);
            }
        }
        self.beam = kept;
    }

    /// Bytes that the search holds, roughly.
    fn bytes(&self) -> u64 {
        let directives: usize = self.beam.iter().chain(&self.best).map(|c| c.directives.len()).sum();
        (directives * DIRECTIVE_BYTES + self.seen.len() * SEEN_BYTES) as u64
    }

    /// Evaluates choices; the order of the results is that of the choices, without illegal ones.
    fn evaluate(&mut self, moves: Vec<Choices>) -> Vec<Candidate> {
        let candidates = self.evaluate_all(moves);
        for evaluator in &mut self.evaluators {
            self.failures.add_all(std::mem::take(&mut evaluator.failures));
        }
        candidates
    }

    /// On the machine's threads, in contiguous parts.
    fn evaluate_all(&mut self, moves: Vec<Choices>) -> Vec<Candidate> {
        let per_thread = moves.len().div_ceil(self.evaluators.len()).max(MIN_PER_THREAD);
        let evaluate_all = |evaluator: &mut Evaluator, part: &[Choices]| {
            part.iter().filter_map(|c| evaluator.candidate(c.clone()).ok()).collect::<Vec<_>>()
        };
        if moves.len() <= per_thread {
            return evaluate_all(&mut self.evaluators[0], &moves);
        }
        std::thread::scope(|scope| {
            let parts = moves.chunks(per_thread).zip(&mut self.evaluators);
            let threads: Vec<_> =
                parts.map(|(part, evaluator)| scope.spawn(move || evaluate_all(evaluator, part))).collect();
            threads.into_iter().flat_map(|t| t.join().expect("a candidate's panics are caught")).collect()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::Hardware;
    use crate::ir::{Pipeline, Regions};
    use crate::search::Options;

    /// However many threads share the work: those that panic are left out, and which was the first is known.
    #[test]
    fn threads_lose_only_candidates_that_panic() {
        let pipeline = Pipeline::from_json(include_str!("../../../tests/fixtures/harris.json")).unwrap();
        let regions = Regions::at_estimates(&pipeline).unwrap();
        let mut options = Options::new(Hardware::generic(2, 32));
        options.breaks = |choices| choices.count().1 == 1;
        let problem = Problem::new(&pipeline, &regions, &options);
        let mut evaluator = Evaluator::new(&problem);
        let rules = evaluator.candidate(Choices::default()).unwrap();
        let moves = |grain| pipeline.func_ids().flat_map(|id| about(&problem, &rules, id, grain)).collect::<Vec<_>>();
        let moves = [moves(Grain::Coarse), moves(Grain::Fine)].concat();
        let broken = moves.iter().filter(|choices| (options.breaks)(choices)).count() as u64;
        let evaluated = |threads: usize| {
            let mut search = Search {
                problem: &problem,
                budget: &Budget::default(),
                start: Instant::now(),
                most_code: f64::INFINITY,
                seen: BTreeSet::new(),
                beam: Vec::new(),
                best: Vec::new(),
                candidates: 0,
                failures: Failures::default(),
                evaluators: vec![evaluator.clone(); threads],
            };
            let candidates = search.evaluate(moves.clone());
            let directives: Vec<_> = candidates.into_iter().map(|candidate| candidate.directives).collect();
            (directives, search.failures)
        };
        let (directives, failures) = evaluated(1);
        assert!(failures.count == broken && broken > 0 && (broken as usize) < moves.len(), "{failures:?}");
        assert!(!directives.is_empty());
        assert_eq!(evaluated(4), (directives, failures));
    }
}
