//! Features of real schedules, where they can be counted by hand.

mod support;

use scheduler::features::{analyze, markdown, Features, ScheduledPipeline, Site, TABLE};
use scheduler::ir::{Dependent, DroppedRead, FuncId, Operations, Pipeline, Regions, Source, StageRef};
use scheduler::{search, Bound, Directive, Hardware, LoopVar, Options, Roofline, Strategy, Tail};
use std::path::Path;
use support::{Builder, Read};

fn hardware() -> Hardware {
    Hardware::generic(2, 32)
}

fn fixture(name: &str) -> Pipeline {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fixtures/{name}.json"));
    Pipeline::from_json(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn analyzed(pipeline: &Pipeline, directives: &[Directive]) -> ScheduledPipeline {
    let regions = Regions::at_estimates(pipeline).unwrap();
    analyze(pipeline, &regions, directives, &hardware()).unwrap()
}

fn searched(name: &str) -> (Pipeline, ScheduledPipeline) {
    let pipeline = fixture(name);
    let schedule = search(&pipeline, &Options::new(hardware()).with_strategy(Strategy::Greedy)).unwrap();
    let scheduled = analyzed(&pipeline, &schedule.directives);
    (pipeline, scheduled)
}

fn stage<'a>(pipeline: &Pipeline, scheduled: &'a ScheduledPipeline, name: &str, index: usize) -> &'a Features {
    let is =
        |s: &&scheduler::features::ScheduledStage| pipeline.func(s.stage.func).name == name && s.stage.stage == index;
    &scheduled.stages.iter().find(is).unwrap().features
}

/// Runs a stage in vectors along x.
fn vectors(stage: StageRef, factor: u32, tail: Tail) -> [Directive; 2] {
    let [old, outer, inner] = [var("x"), var("xo"), var("xi")];
    [Directive::Split { stage, old, outer, inner, factor, tail }, Directive::Vectorize { stage, var: var("xi") }]
}

/// Replaces the operations of a Func's pure definition by one of each type, which depends on some loops.
fn operate(pipeline: &mut Pipeline, func: FuncId, groups: &[(&[usize], &str, &str)]) {
    let group = |&(loops, element, operation): &(&[usize], &str, &str)| Dependent {
        loops: loops.to_vec(),
        counts: [(element.to_string(), [(operation.to_string(), 1)].into())].into(),
    };
    pipeline.funcs[func.index()].stages[0].operations = Operations(groups.iter().map(group).collect());
}

/// Two 1000 x 100 Funcs, the second a 3-tap stencil along y of the first.
fn stencil() -> (Pipeline, [FuncId; 2]) {
    let mut builder = Builder::new();
    let first = builder.pure(&[]);
    let second = builder.pure(&[(first, Read::Stencil { dim: 1, radius: 1 })]);
    (builder.finish(&[second], 1000, 100), [first, second])
}

fn var(name: &str) -> LoopVar {
    LoopVar { name: name.into(), rvar: false }
}

#[test]
fn a_table_row_for_every_field() {
    let rows: usize = TABLE.iter().map(|(_, features)| features.len()).sum();
    assert_eq!(Features::default().values().len(), rows);
}

#[test]
fn the_document_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../doc/FEATURES.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, markdown()).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == markdown(),
        "doc/FEATURES.md is out of date: UPDATE_DOCS=1 cargo test -p scheduler --test features"
    );
}

#[test]
fn plain_loops_at_root() {
    let (pipeline, [first, _]) = stencil();
    let scheduled = analyzed(&pipeline, &[Directive::ComputeRoot { func: first }]);
    let f = stage(&pipeline, &scheduled, "f1", 0);
    assert_eq!((f.realizations, f.iterations, f.recomputation), (1.0, 1e5, 1.0));
    assert_eq!((f.dense_loads, f.dense_stores, f.lanes), (3e5, 1e5, 1.0));
    assert_eq!((f.tasks, f.threads, f.imbalance, f.parallel_launches), (1.0, 1.0, 1.0, 0.0));
    // 100 rows of 1000 values and the loop over rows.
    assert_eq!((f.loop_iterations, f.loop_entries), (1e5 + 100.0, 100.0 + 1.0));
    let produced = stage(&pipeline, &scheduled, "f0", 0);
    assert_eq!(produced.allocated_bytes, 1000.0 * 102.0 * 4.0);
}

#[test]
fn computed_at_a_loop_without_a_window_is_computed_anew() {
    let (pipeline, [first, second]) = stencil();
    let at = Directive::ComputeAt { func: first, consumer: second, var: var("y") };
    let scheduled = analyzed(&pipeline, std::slice::from_ref(&at));
    let f = stage(&pipeline, &scheduled, "f0", 0);
    assert_eq!((f.realizations, f.iterations), (100.0, 3e5));
    assert_eq!(f.allocated_bytes, 3.0 * 4000.0);
    // Three rows fit the first-level cache and never leave it.
    assert_eq!(f.l2_miss_bytes, 0.0);
    let stored = analyzed(&pipeline, &[at, Directive::StoreRoot { func: first }]).stored;
    assert_eq!(stored, [Site::Root, Site::Root]);
}

#[test]
fn windows_slide() {
    let (pipeline, [first, second]) = stencil();
    let output = scheduler::ir::StageRef { func: second, stage: 0 };
    let split = Directive::Split {
        stage: output,
        old: var("y"),
        outer: var("yo"),
        inner: var("yi"),
        factor: 50,
        tail: Tail::GuardWithIf,
    };
    let directives = [
        split,
        Directive::Parallel { stage: output, var: var("yo") },
        Directive::ComputeAt { func: first, consumer: second, var: var("yi") },
        Directive::StoreAt { func: first, consumer: second, var: var("yo") },
    ];
    let scheduled = analyzed(&pipeline, &directives);
    let f = stage(&pipeline, &scheduled, "f0", 0);
    // Two strips of 50 rows need 52 rows each; four rows are stored.
    assert!((f.iterations - 104e3).abs() < 1e-6, "{}", f.iterations);
    assert_eq!(f.allocated_bytes, 4.0 * 4000.0);
    assert_eq!((f.tasks, f.threads), (2.0, 2.0));
    assert_eq!(stage(&pipeline, &scheduled, "f1", 0).task_starts, 2.0);
}

#[test]
fn vectors_and_their_tails() {
    let (pipeline, [first, second]) = stencil();
    let output = scheduler::ir::StageRef { func: second, stage: 0 };
    let [split, vectorize] = vectors(output, 16, Tail::GuardWithIf);
    let scheduled = analyzed(&pipeline, &[Directive::ComputeRoot { func: first }, split, vectorize]);
    let f = stage(&pipeline, &scheduled, "f1", 0);
    // 63 vectors of 16 cover a row of 1000; each is two natural ones.
    assert_eq!((f.vectors, f.iterations, f.lanes), (6300.0, 1e5, 16.0));
    assert_eq!((f.dense_loads, f.dense_stores), (6300.0 * 6.0, 6300.0 * 2.0));
    assert!((f.lane_utilization - 1000.0 / 1008.0).abs() < 1e-9);
}

#[test]
fn strides_decide_the_kind_of_load() {
    let reads = [Read::Point, Read::Down, Read::Gather];
    let mut builder = Builder::new();
    let first = builder.pure(&[]);
    let second = builder.pure(&reads.map(|read| (first, read)));
    let pipeline = builder.finish(&[second], 800, 100);
    let output = scheduler::ir::StageRef { func: second, stage: 0 };
    let [split, vectorize] = vectors(output, 8, Tail::GuardWithIf);
    let scheduled = analyzed(&pipeline, &[Directive::ComputeRoot { func: first }, split, vectorize]);
    let f = stage(&pipeline, &scheduled, "f1", 0);
    // Per vector: one dense; two at stride 2, two dense loads each; eight lanes one by one.
    assert_eq!([f.dense_loads, f.strided_loads, f.gathered_loads].map(|n| n / f.vectors), [1.0, 4.0, 8.0]);
}

#[test]
fn register_tiles_load_each_operand_once() {
    let (pipeline, scheduled) = searched("matmul");
    let f = stage(&pipeline, &scheduled, "product", 1);
    // 6 rows by 2 vectors: 2 vectors of b and 6 values of a for 12 multiply-adds; sums stay in registers.
    assert_eq!(f.unrolled, 12.0);
    assert!((f.broadcast_loads / f.float_multiply_adds - 0.5).abs() < 1e-9);
    assert!((f.dense_loads / f.float_multiply_adds - 2.0 / 12.0).abs() < 0.01);
    assert!(f.dense_stores < f.vectors / 1000.0);
    assert_eq!(Roofline(hardware()).times(f).bound(), Bound::Compute);
}

#[test]
fn strips_keep_a_stencil_out_of_memory() {
    let (pipeline, scheduled) = searched("blur");
    let [producer, output] = ["blur_x", "output"].map(|name| stage(&pipeline, &scheduled, name, 0));
    // Input once, output filled and written back once; nothing for the rows between.
    let size = 6400.0 * 4800.0 * 2.0;
    assert!((producer.l3_miss_bytes / size - 1.0).abs() < 0.1, "{}", producer.l3_miss_bytes);
    assert!((output.l3_miss_bytes / size - 2.0).abs() < 0.1, "{}", output.l3_miss_bytes);
    assert_eq!(Roofline(hardware()).times(output).bound(), Bound::Dram);
}

#[test]
fn boundary_conditions_cost_at_the_ends_of_rows() {
    let pipeline = fixture("blur");
    let ids: Vec<FuncId> = pipeline.func_ids().collect();
    let root = |name: &str| {
        let func = *ids.iter().find(|id| pipeline.func(**id).name == name).unwrap();
        Directive::ComputeRoot { func }
    };
    let vectors = |directives: &mut Vec<Directive>, name: &str| {
        let Directive::ComputeRoot { func } = root(name) else { unreachable!() };
        let stage = scheduler::ir::StageRef { func, stage: 0 };
        let old = var(&pipeline.func(func).args[0]);
        let (outer, inner) = (var("vo"), var("vi"));
        directives.push(Directive::Split {
            stage,
            old,
            outer,
            inner: inner.clone(),
            factor: 16,
            tail: Tail::GuardWithIf,
        });
        directives.push(Directive::Vectorize { stage, var: inner });
    };
    let mut directives = vec![root("blur_x")];
    vectors(&mut directives, "blur_x");
    let inlined = analyzed(&pipeline, &directives);
    // Three taps, two vectors of 16 lanes a row; and the first and the last rows.
    let ends = 3.0 * 2.0 * 16.0 * 4802.0;
    assert!((ends..1.1 * ends).contains(&stage(&pipeline, &inlined, "blur_x", 0).boundary_loads));

    directives.push(root("repeat_edge"));
    let stored = analyzed(&pipeline, &directives);
    assert_eq!(stage(&pipeline, &stored, "blur_x", 0).boundary_loads, 0.0);
}

#[test]
fn what_an_earlier_stage_of_a_slab_has_read_is_in_cache() {
    let (pipeline, scheduled) = searched("softmax");
    let misses: f64 = scheduled.stages.iter().map(|s| s.features.l2_miss_bytes).sum();
    let input: f64 = pipeline.inputs[0].dims.iter().map(|d| d.extent.unwrap() as f64).product::<f64>() * 4.0;
    // The input once, and the output, which is as large; maxima and sums are small.
    assert!(misses < 2.5 * input, "{misses} of {input}");
}

#[test]
fn what_an_output_has_read_is_in_cache_for_others_in_its_loops() {
    let (pipeline, scheduled) = searched("flow_derivatives");
    let misses: f64 = scheduled.stages.iter().map(|s| s.features.l2_miss_bytes).sum();
    let frame: f64 = pipeline.inputs[0].dims.iter().map(|d| d.extent.unwrap() as f64).product::<f64>() * 4.0;
    // Two frames once, and three outputs, which are as large.
    assert!(misses < 5.5 * frame, "{misses} for frames of {frame}");
    let launches: f64 = scheduled.stages.iter().map(|s| s.features.parallel_launches).sum();
    assert_eq!(launches, 1.0);
}

#[test]
fn every_feature_of_every_fixture_is_a_number() {
    for name in ["blur", "flow_derivatives", "harris", "hist_equalize", "iir_blur", "matmul", "softmax", "unsharp"] {
        let (_, scheduled) = searched(name);
        for s in &scheduled.stages {
            assert!(s.features.values().iter().all(|v| v.is_finite() && *v >= 0.0), "{name} {:?}", s.stage);
            let f = &s.features;
            assert!(f.l1_miss_bytes >= f.l2_miss_bytes && 2.0 * f.l2_miss_bytes >= f.l3_miss_bytes);
        }
    }
}

#[test]
fn mirrored_coordinates_move_with_the_loops_inside() {
    let mut builder = Builder::new();
    let first = builder.pure(&[]);
    let second = builder.pure(&[(first, Read::Mirror)]);
    let pipeline = builder.finish(&[second], 800, 100);
    let output = scheduler::ir::StageRef { func: second, stage: 0 };
    let [split, vectorize] = vectors(output, 8, Tail::GuardWithIf);
    let scheduled = analyzed(&pipeline, &[Directive::ComputeRoot { func: first }, split, vectorize]);
    let f = stage(&pipeline, &scheduled, "f1", 0);
    assert_eq!((f.dense_loads, f.gathered_loads), (f.vectors, 0.0));
    assert!(f.boundary_loads > 0.0);
}

#[test]
fn what_keeps_coordinates_inside_costs_where_there_is_no_interior() {
    let arithmetic = |width| {
        let mut builder = Builder::new();
        let first = builder.pure(&[]);
        let second = builder.pure(&[(first, Read::Mirror)]);
        let mut pipeline = builder.finish(&[second], width, 100);
        operate(&mut pipeline, second, &[(&[0], "int32", "min_max"), (&[1], "int32", "min_max")]);
        let scheduled = analyzed(&pipeline, &[Directive::ComputeRoot { func: first }]);
        stage(&pipeline, &scheduled, "f1", 0).comparisons
    };
    // Mirrored along x alone: what depends on y is something else, once a row.
    assert_eq!(arithmetic(800), 100.0);
    // The image and its mirrored copy: in the middle it turns around.
    assert_eq!(arithmetic(2000), 100.0 + 2e5);
}

#[test]
fn rows_that_are_covered_from_end_to_end_follow_each_other() {
    let (pipeline, [first, second]) = {
        let mut builder = Builder::new();
        let first = builder.pure(&[]);
        let second = builder.pure(&[(first, Read::Point)]);
        (builder.finish(&[second], 4, 1000), [first, second])
    };
    let f = |directives: &[Directive]| stage(&pipeline, &analyzed(&pipeline, directives), "f1", 0).clone();
    let whole = f(&[Directive::ComputeRoot { func: first }]);
    assert_eq!(whole.realization_bytes, 2.0 * 1000.0 * 16.0);
    // Every row is a task, and takes lines of its own.
    let parallel = Directive::Parallel { stage: StageRef { func: second, stage: 0 }, var: var("y") };
    assert_eq!(f(&[Directive::ComputeRoot { func: first }, parallel]).task_bytes, 2.0 * 64.0);
}

#[test]
fn what_the_simplifier_drops_is_not_computed() {
    let mut builder = Builder::new();
    let first = builder.pure(&[]);
    let unread = builder.pure(&[(first, Read::Point)]);
    let output = builder.pure(&[(first, Read::Point), (unread, Read::Point)]);
    let mut pipeline = builder.finish(&[output], 1000, 100);
    let dropped = |source| source == Some(Source::Func(unread));
    let definition = &mut pipeline.funcs[output.index()].stages[0];
    definition.accesses.retain(|access| !dropped(access.source));
    definition.dropped = vec![DroppedRead { source: Some(Source::Func(unread)), value: 0 }];
    let scheduled = analyzed(&pipeline, &[first, unread].map(|func| Directive::ComputeRoot { func }));
    let computed: Vec<FuncId> = scheduled.stages.iter().map(|s| s.stage.func).collect();
    assert_eq!(computed, [first, output]);
    assert_eq!(stage(&pipeline, &scheduled, "f2", 0).realization_bytes, 2.0 * 4e5);
}

/// A chain of stencils along y, each computed in the rows of the last one, in strips of 32 rows.
fn sliding_chain(length: usize, tail: Tail) -> (Pipeline, ScheduledPipeline) {
    let mut builder = Builder::new();
    let mut ids = vec![builder.pure(&[])];
    for _ in 1..length {
        ids.push(builder.pure(&[(ids[ids.len() - 1], Read::Stencil { dim: 1, radius: 1 })]));
    }
    let output = ids[length - 1];
    let pipeline = builder.finish(&[output], 100, 3200);
    let stage = scheduler::ir::StageRef { func: output, stage: 0 };
    let [old, outer, inner] = [var("y"), var("yo"), var("yi")];
    let mut directives = vec![Directive::Split { stage, old, outer, inner, factor: 32, tail }];
    for &func in &ids[..length - 1] {
        directives.push(Directive::ComputeAt { func, consumer: output, var: var("yi") });
        directives.push(Directive::StoreAt { func, consumer: output, var: var("yo") });
    }
    let scheduled = analyzed(&pipeline, &directives);
    (pipeline, scheduled)
}

#[test]
fn windows_slide_two_deep_in_guarded_strips_of_outputs() {
    let evaluated = |tail, func: &str| {
        let (pipeline, scheduled) = sliding_chain(5, tail);
        stage(&pipeline, &scheduled, func, 0).recomputation
    };
    for func in ["f3", "f2"] {
        assert!(evaluated(Tail::GuardWithIf, func) < 1.3, "{func}");
    }
    // Five rows for each of the leader: the two windows above compute one row each.
    assert!(evaluated(Tail::GuardWithIf, "f1") > 2.5);
    assert!(evaluated(Tail::GuardWithIf, "f0") > 4.5);
    assert!(evaluated(Tail::ShiftInwards, "f0") < 1.4);
}

#[test]
fn two_large_buffers_are_new_in_every_run_and_one_is_not() {
    let mut builder = Builder::new();
    let first = builder.pure(&[]);
    let second = builder.pure(&[(first, Read::Point)]);
    let third = builder.pure(&[(second, Read::Point)]);
    let pipeline = builder.finish(&[third], 1024, 1024);
    let root = |func| Directive::ComputeRoot { func };
    let pages = |directives: &[Directive], name: &str| {
        let scheduled = analyzed(&pipeline, directives);
        stage(&pipeline, &scheduled, name, 0).fresh_pages
    };
    assert_eq!(pages(&[root(first)], "f0"), 0.0);
    // All but 128 KiB.
    assert_eq!(pages(&[root(first), root(second)], "f0").round(), 1008.0);
    assert_eq!(pages(&[root(first), root(second)], "f2"), 0.0);
}

#[test]
fn buffers_in_the_place_of_earlier_ones_are_not_new() {
    let mut builder = Builder::new();
    let mut funcs = vec![builder.pure(&[])];
    for _ in 0..5 {
        funcs.push(builder.pure(&[(funcs[funcs.len() - 1], Read::Point)]));
    }
    let pipeline = builder.finish(&[funcs[5]], 1024, 1024);
    let root: Vec<_> = funcs[..5].iter().map(|&func| Directive::ComputeRoot { func }).collect();
    let scheduled = analyzed(&pipeline, &root);
    let pages: f64 = scheduled.stages.iter().map(|s| s.features.fresh_pages).sum();
    // Two of the five are in use at a time.
    assert_eq!(pages.round(), 2.0 * 1024.0 - 32.0);
}

#[test]
fn lanes_are_masked_in_the_last_vector_of_a_row_that_a_guard_cuts_off() {
    let mut builder = Builder::new();
    let producer = builder.pure(&[]);
    let reader = builder.pure(&[(producer, Read::Point)]);
    let pipeline = builder.finish(&[reader], 60, 10);
    let output = StageRef { func: reader, stage: 0 };
    let masked = |tail, more: &[Directive]| {
        let directives = [&[Directive::ComputeRoot { func: producer }], &vectors(output, 8, tail)[..], more].concat();
        stage(&pipeline, &analyzed(&pipeline, &directives), "f1", 0).masked_lanes
    };
    // Eight lanes in each of ten rows, tested, loaded and stored.
    assert_eq!(masked(Tail::GuardWithIf, &[]), 240.0);
    assert_eq!(masked(Tail::ShiftInwards, &[]), 0.0);
    // Of eight vectors a row.
    let whole = Directive::NeverPartition { stage: output, vars: vec![var("xo")] };
    assert_eq!(masked(Tail::GuardWithIf, &[whole]), 8.0 * 240.0);
}

#[test]
fn the_mask_of_a_single_vector_inside_is_a_constant() {
    let (pipeline, [first, second]) = stencil();
    let producer = StageRef { func: first, stage: 0 };
    let masked = |place: Directive| {
        let directives = [&[place], &vectors(producer, 16, Tail::GuardWithIf)[..]].concat();
        stage(&pipeline, &analyzed(&pipeline, &directives), "f0", 0).masked_lanes
    };
    assert_eq!(masked(Directive::ComputeAt { func: first, consumer: second, var: var("x") }), 0.0);
    assert!(masked(Directive::ComputeRoot { func: first }) > 0.0);
}

#[test]
fn what_inlined_stencils_read_at_one_place_is_read_once() {
    let mut builder = Builder::new();
    let first = builder.pure(&[]);
    let second = builder.pure(&[(first, Read::Stencil { dim: 1, radius: 1 })]);
    let third = builder.pure(&[(second, Read::Stencil { dim: 1, radius: 1 })]);
    let pipeline = builder.finish(&[third], 1000, 100);
    let scheduled = analyzed(&pipeline, &[Directive::ComputeRoot { func: first }]);
    let f = stage(&pipeline, &scheduled, "f2", 0);
    // Three evaluations of the second, which read five rows of the first together.
    assert_eq!((f.inlined_evaluations, f.dense_loads), (3e5, 5e5));
}

#[test]
fn a_loop_that_jumps_needs_what_is_between_its_steps() {
    let (pipeline, [first, second]) = stencil();
    let output = StageRef { func: second, stage: 0 };
    let (outer, inner) = (var("yo"), var("yi"));
    let directives = [
        Directive::Split {
            stage: output,
            old: var("y"),
            outer: outer.clone(),
            inner: inner.clone(),
            factor: 10,
            tail: Tail::GuardWithIf,
        },
        Directive::Reorder { stage: output, vars: vec![var("x"), outer, inner.clone()] },
        Directive::ComputeAt { func: first, consumer: second, var: inner },
    ];
    let f = analyzed(&pipeline, &directives);
    // Each of ten iterations covers rows 0, 10, ..., 90 or others as far apart, and one more at both ends.
    assert_eq!(stage(&pipeline, &f, "f0", 0).iterations, 10.0 * 93.0 * 1000.0);
}

#[test]
fn of_loops_of_one_name_those_of_the_stage_that_reads_count() {
    let mut builder = Builder::new();
    let first = builder.pure(&[]);
    let sum = builder.sum(first, 8);
    let last = builder.pure(&[(sum, Read::Point)]);
    let pipeline = builder.finish(&[last], 1000, 100);
    let at = Directive::ComputeAt { func: first, consumer: sum, var: var("y") };
    let scheduled = analyzed(&pipeline, &[Directive::ComputeRoot { func: sum }, at]);
    assert_eq!(scheduled.computed[0], Site::At { stage: StageRef { func: sum, stage: 1 }, level: 2 });
    assert_eq!(stage(&pipeline, &scheduled, "f0", 0).recomputation, 1.0);
}

#[test]
fn operations_are_done_where_what_they_depend_on_moves() {
    let (mut pipeline, [first, second]) = stencil();
    let groups: [(&[usize], &str, &str); 4] =
        [(&[], "float32", "mul"), (&[1], "float32", "add"), (&[0], "int32", "div"), (&[0, 1], "int32", "add")];
    operate(&mut pipeline, second, &groups);
    let output = StageRef { func: second, stage: 0 };
    let [split, vectorize] = vectors(output, 8, Tail::GuardWithIf);
    let scheduled = analyzed(&pipeline, &[Directive::ComputeRoot { func: first }, split, vectorize]);
    let f = stage(&pipeline, &scheduled, "f1", 0);
    // Once, once a row, and in each vector; integers are divided lane by lane.
    assert_eq!((f.float_multiplications, f.float_additions), (1.0, 100.0));
    assert_eq!((f.integer_additions, f.integer_divisions), (f.vectors, f.vectors * 8.0));
}

#[test]
fn what_does_not_differ_between_neighbours_is_computed_once_for_all() {
    let (mut pipeline, [first, second]) = stencil();
    operate(&mut pipeline, first, &[(&[0], "float32", "mul"), (&[0, 1], "int32", "add")]);
    operate(&mut pipeline, second, &[]);
    let scheduled = analyzed(&pipeline, &[]);
    let f = stage(&pipeline, &scheduled, "f1", 0);
    // The first is inlined three times, at neighbours along y.
    assert_eq!((f.float_multiplications, f.integer_additions), (1e5, 3e5));
}

/// A plain product of matrices with 1024 rows and columns, its rows side by side.
fn product(threads: u32) -> Features {
    let pipeline = fixture("matmul");
    let regions = Regions::at_estimates(&pipeline).unwrap();
    let product = pipeline.func_ids().find(|&id| pipeline.func(id).name == "product").unwrap();
    let stage_of = |index| StageRef { func: product, stage: index };
    let directives = [
        Directive::ComputeRoot { func: product },
        Directive::Parallel { stage: stage_of(0), var: var("y") },
        Directive::Parallel { stage: stage_of(1), var: var("y") },
    ];
    let scheduled = analyze(&pipeline, &regions, &directives, &Hardware::generic(threads, 64)).unwrap();
    stage(&pipeline, &scheduled, "product", 1).clone()
}

#[test]
fn loops_that_go_over_the_same_again_miss_each_time() {
    // Each row needs all of the second matrix, four times as much as a private cache holds.
    assert!(product(2).l2_miss_bytes > 1024.0 * 4e6, "{:?}", product(2));
}

#[test]
fn tasks_side_by_side_touch_no_more_than_all_do() {
    // Three matrices fit the shared cache, though sixteen times what each task touches would not.
    assert!(product(16).l3_miss_bytes < 32e6, "{:?}", product(16));
}
