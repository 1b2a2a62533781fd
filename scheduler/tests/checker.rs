//! The checker refuses what Halide would refuse, and what could change a result.

mod support;

use scheduler::ir::{Bound, DroppedRead, FuncId, Given, Pipeline, Requirement, Source, StageRef};
use scheduler::{check, check_reassociated, AtLeast, Directive, LoopVar, Tail};
use support::{Builder, Read};

/// f0 -> f1 (stencil along x) -> f2 (sum over 10) -> f3 (point).
fn pipeline() -> Pipeline {
    let mut builder = Builder::new();
    let source = builder.pure(&[]);
    let stencil = builder.pure(&[(source, Read::Stencil { dim: 0, radius: 1 })]);
    let sum = builder.sum(stencil, 10);
    let output = builder.pure(&[(sum, Read::Point)]);
    builder.finish(&[output], 100, 100)
}

fn func(index: usize) -> FuncId {
    FuncId::from_index(index)
}

fn stage(index: usize, stage: usize) -> StageRef {
    StageRef { func: func(index), stage }
}

fn var(name: &str) -> LoopVar {
    LoopVar { name: name.into(), rvar: name.starts_with('r') }
}

fn split(at: StageRef, old: &str, factor: u32, tail: Tail) -> Directive {
    let part = |suffix: &str| var(&format!("{old}{suffix}"));
    Directive::Split { stage: at, old: var(old), outer: part("o"), inner: part("i"), factor, tail }
}

fn root(index: usize) -> Directive {
    Directive::ComputeRoot { func: func(index) }
}

fn reason(directives: &[Directive]) -> String {
    check(&pipeline(), directives).unwrap_err().to_string()
}

#[test]
fn accepts_a_good_schedule() {
    let good = [
        root(0),
        root(2),
        split(stage(3, 0), "x", 8, Tail::GuardWithIf),
        Directive::Vectorize { stage: stage(3, 0), var: var("xi") },
        Directive::Parallel { stage: stage(3, 0), var: var("y") },
        Directive::Unroll { stage: stage(2, 1), var: var("r2$x") },
        Directive::ComputeAt { func: func(1), consumer: func(2), var: var("r2$x") },
    ];
    check(&pipeline(), &good).unwrap();
}

#[test]
fn refuses_to_specialise_what_simplification_cuts_off() {
    let then = vec![split(stage(3, 0), "x", 8, Tail::ShiftInwards)];
    let specialised =
        [root(2), Directive::Specialize { stage: stage(3, 0), when: vec![AtLeast { dim: 0, extent: 8 }], then }];
    let mut pipeline = pipeline();
    check(&pipeline, &specialised).unwrap();
    pipeline.funcs[3].stages[0].dropped.push(DroppedRead { source: Some(Source::Func(func(0))), value: 0 });
    assert!(check(&pipeline, &specialised).unwrap_err().to_string().contains("drop reads"));
}

#[test]
fn refuses_loops_that_do_not_exist() {
    assert!(reason(&[Directive::Parallel { stage: stage(3, 0), var: var("z") }]).contains("no loop z"));
    let whole = |name: &str| Directive::NeverPartition { stage: stage(3, 0), vars: vec![var("y"), var(name)] };
    assert!(reason(&[whole("z")]).contains("no loop z"));
    check(&pipeline(), &[whole("x")]).unwrap();
    assert!(reason(&[split(stage(3, 0), "x", 8, Tail::GuardWithIf), split(stage(3, 0), "x", 8, Tail::GuardWithIf)])
        .contains("no loop x"));
}

#[test]
fn refuses_funcs_and_stages_that_do_not_exist() {
    assert!(reason(&[root(9)]).contains("4 Funcs"));
    assert!(reason(&[Directive::ComputeAt { func: func(0), consumer: func(9), var: var("x") }]).contains("4 Funcs"));
    assert!(reason(&[Directive::Unscheduled { stage: stage(1, 3) }]).contains("no such stage"));
}

#[test]
fn refuses_vectors_of_unknown_or_hazardous_extent() {
    assert!(reason(&[Directive::Vectorize { stage: stage(3, 0), var: var("x") }]).contains("no constant extent"));
    assert!(reason(&[Directive::Vectorize { stage: stage(2, 1), var: var("r2$x") }]).contains("data hazards"));
    assert!(reason(&[Directive::Parallel { stage: stage(2, 1), var: var("r2$x") }]).contains("data hazards"));
}

#[test]
fn only_exact_sums_are_vectorised_along_their_reduction() {
    let update = stage(2, 1);
    let lanes = [Directive::Atomic { stage: update }, Directive::Vectorize { stage: update, var: var("r2$x") }];
    assert!(reason(&lanes).contains("data hazards"));
    let mut integers = pipeline();
    integers.funcs[2].types = vec!["uint32".into()];
    check(&integers, &lanes).unwrap();
    assert!(check(&integers, &lanes[1..]).is_err());
}

#[test]
fn refuses_tails_that_leave_the_requested_region() {
    for tail in [Tail::RoundUp, Tail::ShiftInwards] {
        assert!(reason(&[split(stage(3, 0), "x", 8, tail)]).contains("needs a multiple of 8"));
    }
    // Ten iterations are two fives.
    check(&pipeline(), &[split(stage(2, 1), "r2$x", 5, Tail::RoundUp)]).unwrap();
}

#[test]
fn refuses_funcs_computed_where_they_are_not_all_used() {
    let at =
        |index, consumer, name| Directive::ComputeAt { func: func(index), consumer: func(consumer), var: var(name) };
    assert!(reason(&[root(2), at(0, 3, "y")]).contains("outside of loop y"));
    assert!(reason(&[at(2, 3, "y"), at(1, 3, "z")]).contains("loops z"));
    check(&pipeline(), &[at(2, 3, "y"), at(1, 3, "y")]).unwrap();
    check(&pipeline(), &[at(2, 3, "x"), at(1, 3, "y")]).unwrap();
    assert!(reason(&[at(2, 3, "y"), at(1, 3, "x")]).contains("outside of loop x"));
}

#[test]
fn refuses_reordered_hazards_and_double_names() {
    let mut two = pipeline();
    let mut extra = two.funcs[2].stages[1].loops[0].clone();
    extra.var = "r2$y".into();
    two.funcs[2].stages[1].loops.insert(1, extra);
    let swapped = Directive::Reorder { stage: stage(2, 1), vars: vec![var("r2$y"), var("r2$x")] };
    let refused = |pipeline: &Pipeline| check(pipeline, std::slice::from_ref(&swapped)).unwrap_err().to_string();
    assert!(refused(&two).contains("change their order"));
    two.funcs[2].stages[1].commutative = true;
    assert!(refused(&two).contains("change their order"), "sums of floats are rounded otherwise");
    check_reassociated(&two, std::slice::from_ref(&swapped)).unwrap();
    let mut integers = two.clone();
    integers.funcs[2].types = vec!["int32".into()];
    check(&integers, std::slice::from_ref(&swapped)).unwrap();
    let free = Directive::Reorder { stage: stage(2, 1), vars: vec![var("x"), var("r2$x"), var("r2$y")] };
    check(&two, &[free]).unwrap();
    let same = Directive::Split {
        stage: stage(3, 0),
        old: var("x"),
        outer: var("y"),
        inner: var("xi"),
        factor: 2,
        tail: Tail::GuardWithIf,
    };
    assert!(reason(&[same]).contains("two loops have one name"));
}

/// f0 -> f1 (at coordinates of data, 0 to 255, in both dimensions) -> f2, and f1 -> f3, joined by f4.
fn gathered() -> Pipeline {
    let mut builder = Builder::new();
    let source = builder.pure(&[]);
    let gather = builder.pure(&[(source, Read::Gather)]);
    let (left, right) = (builder.pure(&[(gather, Read::Point)]), builder.pure(&[(gather, Read::Point)]));
    let output = builder.pure(&[(left, Read::Point), (right, Read::Point)]);
    builder.finish(&[output], 100, 100)
}

fn bound(index: usize, min: i32, extent: u32) -> Directive {
    Directive::Bound { func: func(index), var: var("x"), min, extent }
}

#[test]
fn bounds_must_hold_at_any_size() {
    check(&gathered(), &[root(0), root(1), bound(0, 0, 256)]).unwrap();
    // A bound makes the extent of the loop a constant.
    let vectors = [bound(0, 0, 256), Directive::Vectorize { stage: stage(0, 0), var: var("x") }];
    check(&gathered(), &vectors).unwrap();
    for (index, extent) in [(0, 255), (1, 100), (4, 100)] {
        let error = check(&gathered(), &[bound(index, 0, extent)]).unwrap_err().to_string();
        assert!(error.contains("need not be within the bound"), "{error}");
    }
    let mut constrained = gathered();
    let promise = Bound { min: Some(0), extent: Some(100) };
    constrained.funcs[4].bounds = [("x".into(), promise)].into();
    check(&constrained, &[bound(2, 0, 100), Directive::Vectorize { stage: stage(2, 0), var: var("x") }]).unwrap();
    assert!(check(&constrained, &[bound(2, 0, 99)]).is_err());
    let mut estimated = gathered();
    estimated.funcs[1].stages[0].requires[0].bounds[0].exact = false;
    assert!(check(&estimated, &[bound(0, 0, 256)]).is_err(), "256 is an estimate");
}

#[test]
fn bounds_are_aligned_where_nothing_outside_is_read() {
    let align = |index, remainder| Directive::AlignBounds { func: func(index), var: var("x"), modulus: 8, remainder };
    check(&pipeline(), &[root(1), align(1, 0)]).unwrap();
    assert!(reason(&[align(3, 0)]).contains("no more of x"), "an output is as large as it is");
    assert!(reason(&[root(1), align(1, 8)]).contains("no more of x"));
    let mut reads_input = pipeline();
    let bounds = reads_input.funcs[1].stages[0].requires[0].bounds.clone();
    let source = serde_json::from_str(r#"{"input": 0}"#).unwrap();
    reads_input.funcs[0].stages[0].requires.push(Requirement { source, bounds });
    assert!(check(&reads_input, &[root(1), align(1, 0)]).is_err(), "the input has no more");
    // Clamped coordinates stay inside, also where the estimates do not reach the clamp.
    let reads = reads_input.funcs[0].stages[0].requires.last_mut().unwrap();
    reads.bounds.iter_mut().for_each(|b| b.inside = true);
    check(&reads_input, &[root(1), align(1, 0)]).unwrap();
}

/// Past the end of a Func, the values that others have there are not computed: they must not say where it reads.
#[test]
fn what_runs_past_its_end_is_indexed_by_what_is_computed_there() {
    let mut builder = Builder::new();
    let table = builder.pure(&[]);
    let source = builder.pure(&[]);
    let index = builder.pure(&[(source, Read::Point)]);
    let lookup = builder.pure(&[(index, Read::Point), (table, Read::Gather)]);
    let output = builder.pure(&[(lookup, Read::Stencil { dim: 0, radius: 1 })]);
    let mut pipeline = builder.finish(&[output], 100, 100);
    let overrun = |first: &[Directive]| {
        let vectors = split(StageRef { func: lookup, stage: 0 }, "x", 8, Tail::RoundUp);
        [first, &[Directive::ComputeRoot { func: lookup }, vectors]].concat()
    };
    let all_at_root = overrun(&[table, source, index].map(|func| Directive::ComputeRoot { func }));
    check(&pipeline, &all_at_root).unwrap();
    pipeline.funcs[lookup.index()].stages[0].indexed_by = vec![index];
    let error = check(&pipeline, &all_at_root).unwrap_err().to_string();
    assert!(error.contains("values that are not computed say where f3 reads"), "{error}");
    // Computed as far as the lookup runs: inlined, or in its loops. What they are computed from may be any value.
    let in_loops = Directive::ComputeAt { func: index, consumer: lookup, var: var("xo") };
    check(&pipeline, &overrun(&[Directive::ComputeRoot { func: source }])).unwrap();
    check(&pipeline, &overrun(&[Directive::ComputeRoot { func: source }, in_loops.clone()])).unwrap();
    // Unless the index is only as good as that.
    pipeline.funcs[index.index()].bounded_by = vec![source];
    assert!(check(&pipeline, &overrun(&[Directive::ComputeRoot { func: source }, in_loops])).is_err());
    check(&pipeline, &overrun(&[])).unwrap();
    // Places that data does not move may be wherever they are.
    let fixed = &mut pipeline.funcs[lookup.index()].stages[0].accesses;
    fixed.iter_mut().filter(|a| a.by_data).for_each(|a| a.moved_by = Some(vec![1]));
    check(&pipeline, &all_at_root).unwrap();
}

#[test]
fn only_independent_stages_share_loops() {
    let with =
        |index, other, name| Directive::ComputeWith { stage: stage(index, 0), with: stage(other, 0), var: var(name) };
    let both = [root(1), root(2), root(3)];
    let checked = |directive| check(&gathered(), &[both.as_slice(), &[directive]].concat());
    checked(with(3, 2, "x")).unwrap();
    let refused = |directive| checked(directive).unwrap_err().to_string();
    assert!(refused(with(3, 1, "x")).contains("depends on"));
    assert!(refused(with(3, 0, "x")).contains("different places"));
    assert!(refused(with(3, 2, "z")).contains("no loop z"));
    let reordered = Directive::Reorder { stage: stage(2, 0), vars: vec![var("y"), var("x")] };
    let error = check(&gathered(), &[both.as_slice(), &[reordered, with(3, 2, "x")]].concat()).unwrap_err();
    assert!(error.to_string().contains("loops differ"));
}

#[test]
fn outputs_share_loops() {
    let mut builder = Builder::new();
    let source = builder.pure(&[]);
    let [left, right] = [(); 2].map(|()| builder.pure(&[(source, Read::Point)]));
    let pipeline = builder.finish(&[left, right], 100, 100);
    let with = |func: FuncId, other: FuncId, name| {
        let [stage, with] = [func, other].map(|func| StageRef { func, stage: 0 });
        Directive::ComputeWith { stage, with, var: var(name) }
    };
    check(&pipeline, &[with(right, left, "y")]).unwrap();
    let split = |func: FuncId, factor| Directive::Split {
        stage: StageRef { func, stage: 0 },
        old: var("y"),
        outer: var("yo"),
        inner: var("yi"),
        factor,
        tail: Tail::GuardWithIf,
    };
    check(&pipeline, &[split(left, 8), split(right, 8), with(right, left, "yo")]).unwrap();
    let error = check(&pipeline, &[split(left, 8), split(right, 4), with(right, left, "yo")]).unwrap_err();
    assert!(error.to_string().contains("loops differ"), "{error}");
    let error = check(&pipeline, &[root(0), with(right, source, "y")]).unwrap_err().to_string();
    assert!(error.contains("depends on"), "{error}");
    // What both read is computed for both, in loops that they share.
    let at = |name| Directive::ComputeAt { func: source, consumer: left, var: var(name) };
    check(&pipeline, &[at("y"), with(right, left, "y")]).unwrap();
    let error = check(&pipeline, &[at("x"), with(right, left, "y")]).unwrap_err().to_string();
    assert!(error.contains("outside of loop x"), "{error}");
    check(&pipeline, &[at("y")]).unwrap_err();
}

#[test]
fn storage_is_reordered_whole_and_only_inside() {
    let reorder = |index: usize, vars: &[&str]| Directive::ReorderStorage {
        func: func(index),
        vars: vars.iter().map(|v| var(v)).collect(),
    };
    check(&pipeline(), &[root(0), root(2), reorder(0, &["y", "x"])]).unwrap();
    assert!(reason(&[root(0), reorder(0, &["y"])]).contains("all arguments"));
    assert!(reason(&[root(0), reorder(0, &["y", "y"])]).contains("all arguments"));
    assert!(reason(&[reorder(3, &["y", "x"])]).contains("fixed order"));
}

#[test]
fn rows_are_padded_inside() {
    let align = |index, name, alignment| Directive::AlignStorage { func: func(index), var: var(name), alignment };
    check(&pipeline(), &[root(0), root(2), align(0, "x", 16)]).unwrap();
    assert!(reason(&[root(0), align(0, "z", 16)]).contains("no argument z"));
    assert!(reason(&[root(0), align(0, "x", 0)]).contains("multiples of nothing"));
    assert!(reason(&[align(3, "x", 16)]).contains("padded storage of a buffer"));
}

#[test]
fn only_exact_sums_are_added_up_in_parts() {
    let update = stage(2, 1);
    let parts = |then: Vec<Directive>| {
        let rvar = var("r2$xo");
        vec![
            root(0),
            root(2),
            split(update, "r2$x", 5, Tail::GuardWithIf),
            Directive::Rfactor { stage: update, rvar, var: var("part"), then },
        ]
    };
    let parallel = |name: &str| vec![Directive::Parallel { stage: update, var: var(name) }];
    let floats = check(&pipeline(), &parts(parallel("part"))).unwrap_err().to_string();
    assert!(floats.contains("only exact"), "{floats}");
    let mut integers = pipeline();
    integers.funcs[2].types = vec!["uint32".into()];
    check(&integers, &parts(parallel("part"))).unwrap();
    let inner = check(&integers, &parts(parallel("r2$xi"))).unwrap_err().to_string();
    assert!(inner.contains("data hazards"), "{inner}");
    let at = Directive::ComputeAt { func: func(1), consumer: func(2), var: var("r2$xi") };
    let mut inside = parts(parallel("part"));
    inside.push(at);
    assert!(check(&integers, &inside).is_err());
    integers.funcs[2].stages[1].commutative = false;
    assert!(check(&integers, &parts(Vec::new())).is_err());
}

/// The sum over 10 in lanes of 5, computed in a loop of what adds them up.
fn in_lanes(at: &str, then: &[Directive]) -> Vec<Directive> {
    let sum = func(2);
    let place = Directive::ComputeAt { func: sum, consumer: sum, var: var(at) };
    let then = [&[place], then].concat();
    let rfactor = Directive::Rfactor { stage: stage(2, 1), rvar: var("r2$xi"), var: var("lane"), then };
    vec![
        Directive::ComputeAt { func: sum, consumer: func(3), var: var("y") },
        split(stage(2, 1), "r2$x", 5, Tail::GuardWithIf),
        rfactor,
    ]
}

#[test]
fn floats_are_added_up_in_lanes_only_where_they_may_be_rounded_otherwise() {
    let lanes = Directive::Vectorize { stage: stage(2, 1), var: var("lane") };
    let good = in_lanes("x", std::slice::from_ref(&lanes));
    assert!(reason(&good).contains("only exact"));
    let mut commutative = pipeline();
    commutative.funcs[2].stages[1].commutative = true;
    let refused = |directives: &[Directive]| check_reassociated(&commutative, directives).unwrap_err().to_string();
    assert!(check(&commutative, &good).unwrap_err().to_string().contains("only exact"));
    check_reassociated(&commutative, &good).unwrap();
    assert!(refused(&in_lanes("z", &[])).contains("no loop z to compute parts in"));
    let other = Directive::ComputeAt { func: func(2), consumer: func(3), var: var("x") };
    assert!(refused(&in_lanes("x", &[other])).contains("one loop of what adds them up"));
    let serial = Directive::Vectorize { stage: stage(2, 1), var: var("r2$xo") };
    assert!(refused(&in_lanes("x", &[serial])).contains("data hazards"));
    // Parts of parts: in a loop that the intermediate Func has, and none at root inside of a loop.
    let again = |then| Directive::Rfactor { stage: stage(2, 1), rvar: var("r2$xo"), var: var("part"), then };
    let inside = |at: &str| Directive::ComputeAt { func: func(2), consumer: func(2), var: var(at) };
    check_reassociated(&commutative, &in_lanes("x", &[again(vec![inside("lane")])])).unwrap();
    assert!(refused(&in_lanes("x", &[again(vec![inside("part")])])).contains("no loop part"));
    assert!(refused(&in_lanes("x", &[again(Vec::new())])).contains("at root"));
}

/// The sum is the user's in part.
fn with_given_loops(given: Given) -> Pipeline {
    let mut pipeline = pipeline();
    pipeline.funcs[2].partly = Some("loops of update 0 already scheduled".to_owned());
    pipeline.funcs[2].stages[1].given = given;
    pipeline
}

#[test]
fn keeps_what_is_partly_scheduled() {
    let update = stage(2, 1);
    let unroll = Directive::Unroll { stage: update, var: var("r2$x") };
    let vectors =
        [split(stage(2, 0), "x", 8, Tail::GuardWithIf), Directive::Vectorize { stage: stage(2, 0), var: var("xi") }];
    check(&with_given_loops(Given::All), &[vec![root(2)], vectors.to_vec()].concat()).unwrap();
    check(&with_given_loops(Given::Order), &[root(2), unroll.clone()]).unwrap();
    let refused =
        |given, directive: Directive| check(&with_given_loops(given), &[root(2), directive]).unwrap_err().to_string();
    assert!(refused(Given::All, unroll).contains("has scheduled its loops"));
    let reorder = Directive::Reorder { stage: update, vars: ["x", "r2$x", "y"].map(var).to_vec() };
    assert!(refused(Given::Order, reorder).contains("has ordered its loops"));
    let elsewhere = Directive::ComputeAt { func: func(2), consumer: func(3), var: var("y") };
    assert!(refused(Given::All, elsewhere).contains("computed at root"));
    let inside = Directive::ComputeAt { func: func(1), consumer: func(2), var: var("y") };
    assert!(refused(Given::All, inside).contains("loops that the user may have scheduled"));
}
