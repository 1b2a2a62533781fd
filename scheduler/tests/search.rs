//! The search: budgets, order of the results, random schedules.

mod support;

use scheduler::ir::Pipeline;
use scheduler::{check, search_all, Budget, Found, Hardware, Options, StopReason, Strategy};
use std::time::Duration;

fn found(pipeline: &Pipeline, change: impl FnOnce(&mut Options)) -> Found {
    let mut options = Options::new(Hardware::generic(2, 32));
    change(&mut options);
    search_all(pipeline, &options).unwrap()
}

#[test]
fn the_best_are_distinct_legal_and_in_order() {
    let pipeline = support::chain(12);
    let found = found(&pipeline, |options| options.top_k = 5);
    assert_eq!(found.schedules.len(), 5);
    for (i, schedule) in found.schedules.iter().enumerate() {
        check(&pipeline, &schedule.directives).unwrap();
        assert!(found.schedules[..i].iter().all(|other| other.directives != schedule.directives));
    }
    let rules = search_all(&pipeline, &Options::new(Hardware::generic(2, 32)).with_strategy(Strategy::Greedy)).unwrap();
    assert!(found.schedules[0].predicted_seconds <= rules.schedules[0].predicted_seconds);
}

#[test]
fn a_search_is_deterministic() {
    let pipeline = support::chain(12);
    assert_eq!(found(&pipeline, |o| o.top_k = 3), found(&pipeline, |o| o.top_k = 3));
}

#[test]
fn budgets_say_why_the_search_ended() {
    let pipeline = support::chain(12);
    let with = |budget: Budget| found(&pipeline, |options| options.budget = Some(budget));
    let candidates = with(Budget { candidates: Some(10), ..Budget::default() });
    assert_eq!((candidates.candidates, candidates.stop), (10, StopReason::Candidates));
    let time = with(Budget { time: Some(Duration::ZERO), ..Budget::default() });
    assert_eq!(time.stop, StopReason::Time);
    let memory = with(Budget { memory_bytes: Some(0), ..Budget::default() });
    assert_eq!(memory.stop, StopReason::Memory);
    assert_eq!(with(Budget::default()).stop, StopReason::Converged);
}

#[test]
fn random_schedules_are_legal_and_differ() {
    let pipeline = support::chain(12);
    let random = |seed| {
        let found = found(&pipeline, |options| (options.strategy, options.seed) = (Strategy::Random, seed));
        found.schedules[0].directives.clone()
    };
    let schedules: Vec<_> = (0..20).map(random).collect();
    for schedule in &schedules {
        check(&pipeline, schedule).unwrap();
    }
    let different = |i: &usize| schedules[..*i].iter().all(|other| *other != schedules[*i]);
    assert!((0..schedules.len()).filter(different).count() >= 15);
    assert_eq!(random(7), random(7));
}
