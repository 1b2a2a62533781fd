//! Random pipelines: whatever the search finds passes the independent checker, always the same way.

mod support;

use proptest::prelude::*;
use scheduler::ir::{FuncId, Pipeline};
use scheduler::{check, emit, search_all, Failures, Hardware, Options, Schedule, Strategy as Search};
use support::{Builder, Read};

fn options(strategy: Search) -> Options {
    Options::new(Hardware::generic(4, 32)).with_strategy(strategy)
}

/// What a strategy finds, if nothing fails inside.
fn search(pipeline: &Pipeline, strategy: Search) -> Schedule {
    let mut found = search_all(pipeline, &options(strategy)).unwrap();
    assert_eq!(found.failures, Failures::default());
    found.schedules.remove(0)
}

/// One Func of a random pipeline: which earlier ones it reads and how, or the extent of a reduction.
#[derive(Clone, Debug)]
enum Node {
    Pure(Vec<(usize, Read)>),
    Sum(usize, i64),
}

fn read() -> impl Strategy<Value = Read> {
    prop_oneof![
        3 => Just(Read::Point),
        4 => (0..2usize, 1..4i64).prop_map(|(dim, radius)| Read::Stencil { dim, radius }),
        1 => Just(Read::Down),
        1 => Just(Read::Up),
        1 => Just(Read::Gather),
    ]
}

fn node() -> impl Strategy<Value = Node> {
    prop_oneof![
        4 => prop::collection::vec((any::<prop::sample::Index>().prop_map(|i| i.index(usize::MAX)), read()), 1..4).prop_map(Node::Pure),
        1 => (any::<prop::sample::Index>().prop_map(|i| i.index(usize::MAX)), 1..40i64).prop_map(|(p, e)| Node::Sum(p, e)),
    ]
}

fn pipeline() -> impl Strategy<Value = Pipeline> {
    (prop::collection::vec(node(), 1..20), 1..3000i64, 1..3000i64, any::<bool>()).prop_map(|(nodes, w, h, two)| {
        let mut builder = Builder::new();
        let mut ids = vec![builder.pure(&[])];
        for node in nodes {
            let pick = |index: usize| ids[index % ids.len()];
            let id = match node {
                Node::Pure(reads) => {
                    let reads: Vec<(FuncId, Read)> = reads.into_iter().map(|(p, r)| (pick(p), r)).collect();
                    builder.pure(&reads)
                }
                Node::Sum(producer, extent) => builder.sum(pick(producer), extent),
            };
            ids.push(id);
        }
        let outputs = if two { ids[ids.len() - 2..].to_vec() } else { vec![ids[ids.len() - 1]] };
        builder.finish(&outputs, w, h)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn schedules_are_legal_and_deterministic(pipeline in pipeline()) {
        let first = search(&pipeline, Search::Greedy);
        check(&pipeline, &first.directives).unwrap();
        prop_assert!(first.predicted_seconds.is_finite() && first.predicted_seconds > 0.0);
        let again = search(&pipeline, Search::Greedy);
        prop_assert_eq!(emit(&pipeline, &first.directives), emit(&pipeline, &again.directives));
    }

    #[test]
    fn the_plain_schedule_is_legal(pipeline in pipeline()) {
        check(&pipeline, &search(&pipeline, Search::Root).directives).unwrap();
    }

    #[test]
    fn json_keeps_everything(pipeline in pipeline()) {
        let json = serde_json::to_string(&pipeline).unwrap();
        prop_assert_eq!(Pipeline::from_json(&json).unwrap(), pipeline);
    }
}

/// Halide crashes over a Func at root that only an unread component of an inlined Tuple reads.
#[test]
fn tuples_read_in_part_are_not_inlined() {
    let inlinable = |reads_all: bool| {
        let mut builder = Builder::new();
        let tuple = builder.pure(&[]);
        let reader = builder.pure(&[(tuple, Read::Point), (tuple, Read::Point)]);
        let mut pipeline = builder.finish(&[reader], 100, 100);
        pipeline.funcs[tuple.index()].types = vec!["float32".into(); 2];
        pipeline.funcs[reader.index()].stages[0].accesses[1].value = usize::from(reads_all);
        let json = serde_json::to_string(&pipeline).unwrap();
        Pipeline::from_json(&json).unwrap().func(tuple).inlinable
    };
    assert!(inlinable(true));
    assert!(!inlinable(false));
}

/// Every Func reads the two before it: paths from output to input double with each.
#[test]
fn ladders_do_not_take_exponential_time() {
    let mut builder = Builder::new();
    let mut last = [builder.pure(&[]), builder.pure(&[])];
    for _ in 0..100 {
        let both = last.map(|id| (id, Read::Stencil { dim: 0, radius: 1 }));
        last = [last[1], builder.pure(&both)];
    }
    search(&builder.finish(&[last[1]], 1000, 1000), Search::Greedy);
}
