//! The search: budgets, order of the results, random schedules.

mod support;

use scheduler::ir::{Access, Bound, FuncId, Given, Pipeline, Regions, Source};
use scheduler::{check, search_all, Budget, Directive, Failures, Found, Hardware, Options, StopReason, Strategy};
use std::time::Duration;
use support::{Builder, Read};

fn found(pipeline: &Pipeline, change: impl FnOnce(&mut Options)) -> Found {
    let mut options = Options::new(Hardware::generic(2, 32));
    change(&mut options);
    let found = search_all(pipeline, &options).unwrap();
    assert_eq!(found.failures, Failures::default());
    found
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

#[test]
fn what_decides_where_others_are_read_is_stored_if_bounds_could_be_lost() {
    let mut builder = Builder::new();
    let decider = builder.pure(&[]);
    let table = builder.pure(&[]);
    let output = builder.pure(&[(table, Read::Gather), (decider, Read::Point)]);
    let pipeline = builder.finish(&[output], 100, 100);
    let stored = |pipeline: &Pipeline| {
        let found = found(pipeline, |options| options.strategy = Strategy::Greedy);
        found.schedules[0].directives.iter().any(|d| match d {
            Directive::ComputeRoot { func } | Directive::ComputeAt { func, .. } => *func == decider,
            _ => false,
        })
    };
    assert!(!stored(&pipeline));
    // Values that need not fit into a coordinate: Halide may find no bounds for it.
    let mut wide = pipeline.clone();
    wide.funcs[decider.index()].types = vec!["uint32".to_owned()];
    assert!(stored(&wide));
    // Of an input, and at a place that no loop moves.
    let mut decided = pipeline.clone();
    let input = r#"{"name": "input", "kind": "buffer", "type": "uint8", "dims": []}"#;
    decided.inputs.push(serde_json::from_str(input).unwrap());
    let input = serde_json::from_str::<Source>(r#"{"input": 0}"#).ok();
    let (value, rows, added) = (0, Vec::new(), Vec::new());
    let access = Access { source: input, value, rows, by_data: false, moved_by: None, added };
    decided.funcs[decider.index()].stages[0].accesses.push(access);
    let reads = &mut decided.funcs[output.index()].stages[0].accesses;
    for row in reads.iter_mut().filter(|a| !a.by_data).flat_map(|a| a.rows.iter_mut().flatten()) {
        row.coeffs.iter_mut().for_each(|coefficient| *coefficient = [0, 1]);
    }
    assert!(stored(&decided));
}

#[test]
fn what_is_partly_scheduled_gets_a_place_and_keeps_its_loops() {
    let mut builder = Builder::new();
    let source = builder.pure(&[]);
    let sum = builder.sum(source, 10);
    let output = builder.pure(&[(sum, Read::Point)]);
    let free = builder.finish(&[output], 1000, 1000);
    for given in [Given::Order, Given::All] {
        let mut pipeline = free.clone();
        pipeline.funcs[sum.index()].partly = Some("loops of update 0 already scheduled".to_owned());
        pipeline.funcs[sum.index()].stages[1].given = given;
        for strategy in [Strategy::Beam, Strategy::Greedy, Strategy::Random, Strategy::Root] {
            let schedule = &found(&pipeline, |options| options.strategy = strategy).schedules[0];
            check(&pipeline, &schedule.directives).unwrap();
            assert!(schedule.directives.contains(&Directive::ComputeRoot { func: sum }), "{strategy:?}");
            let of_update = |d: &&Directive| d.stage().is_some_and(|s| s.func == sum && s.stage == 1);
            let update = schedule.directives.iter().filter(of_update);
            assert!(update.count() == 0 || given == Given::Order, "{strategy:?}");
        }
    }
}

#[test]
fn declared_bounds_win_over_estimates() {
    let mut builder = Builder::new();
    let source = builder.pure(&[]);
    let output = builder.pure(&[(source, Read::Point)]);
    let mut pipeline = builder.finish(&[output], 100, 100);
    let extent = |pipeline: &Pipeline, func: FuncId, dim| Regions::at_estimates(pipeline).unwrap().extent(func, dim);
    pipeline.funcs[output.index()].bounds.insert("x".into(), Bound { min: None, extent: Some(128) });
    assert_eq!((extent(&pipeline, output, 0), extent(&pipeline, source, 0)), (128, 128));
    pipeline.funcs[output.index()].estimates.remove("y");
    assert!(Regions::at_estimates(&pipeline).is_err());
    pipeline.funcs[output.index()].bounds.insert("y".into(), Bound { min: Some(5), extent: Some(7) });
    assert_eq!(extent(&pipeline, source, 1), 7);
}
