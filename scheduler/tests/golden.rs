//! Emitted schedules of real pipelines. The fixtures are what the shim extracts: the `pipeline` of the plugin's report.

use scheduler::ir::Pipeline;
use scheduler::{check, emit, search_all, Budget, Failures, Found, Hardware, Options, Strategy};
use std::path::Path;

fn emitted(name: &str) -> String {
    schedule(name, |_| ())
}

fn fixture(name: &str) -> Pipeline {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fixtures/{name}.json"));
    Pipeline::from_json(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// What is found, if nothing fails inside.
fn found(pipeline: &Pipeline, options: &Options) -> Found {
    let found = search_all(pipeline, options).unwrap();
    assert_eq!(found.failures, Failures::default());
    found
}

fn schedule(name: &str, change: impl FnOnce(&mut Options)) -> String {
    let pipeline = fixture(name);
    let mut options = Options::new(Hardware::generic(2, 32)).with_strategy(Strategy::Greedy);
    change(&mut options);
    emit(&pipeline, &found(&pipeline, &options).schedules[0].directives)
}

macro_rules! golden {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { insta::assert_snapshot!(emitted(stringify!($name))); })*
    };
}

golden!(
    attention,
    bilateral_grid,
    blur,
    box_integral,
    conv2d,
    conv_epilogue,
    conv_layer,
    conv_nchw,
    conv_pool,
    depthwise_conv,
    fft,
    flow_derivatives,
    gradients,
    harris,
    hist_equalize,
    iir_blur,
    linear,
    local_contrast,
    lookup_levels,
    matmul,
    max_filter,
    mlp,
    nl_means,
    resize_lanczos,
    softmax,
    unsharp
);

/// Rows of floats are summed up in lanes where that is allowed.
#[test]
fn softmax_reassociated() {
    insta::assert_snapshot!(schedule("softmax", |options| options.reassociate = true));
}

/// Nothing in these walks along memory while vectors jump from row to row.
#[test]
fn dense_vectors_stay() {
    for name in ["blur", "matmul", "conv2d", "harris", "iir_blur"] {
        assert_eq!(schedule(name, |options| options.reassociate = true), emitted(name), "{name}");
    }
}

/// Rules that believed a measured cache of 512 KB made `max_filter` 2.5 times as slow on the machine that has it.
#[test]
fn rules_do_not_follow_the_size_of_the_private_cache() {
    for name in ["conv2d", "iir_blur", "local_contrast", "max_filter", "mlp"] {
        let halved = schedule(name, |options| options.hardware.private_cache_bytes /= 2);
        assert_eq!(halved, emitted(name), "{name}");
    }
}

/// The same with vectors of 64 bytes.
fn in_wide_vectors(name: &str) -> String {
    let mut pipeline = fixture(name);
    pipeline.target.vector_bytes = 64;
    let options = Options::new(Hardware::generic(2, 64)).with_strategy(Strategy::Greedy);
    emit(&pipeline, &found(&pipeline, &options).schedules[0].directives)
}

/// What is stored across rows shares lines between two places, also where a vector would fill one.
#[test]
fn slabs_of_transposed_funcs_stay_low_with_wide_vectors() {
    let wide = in_wide_vectors("resize_lanczos");
    assert!(wide.contains(".split(y, y_so, y_si, 8, "), "{wide}");
}

/// Whatever is tried of real pipelines: nothing fails inside.
#[test]
fn candidates_of_real_pipelines_do_not_panic() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let pipeline = fixture(path.file_stem().unwrap().to_str().unwrap());
        let options = Options::new(Hardware::generic(2, 32));
        let tried = found(
            &pipeline,
            &Options { budget: Some(Budget { candidates: Some(300), ..Budget::default() }), ..options },
        );
        check(&pipeline, &tried.schedules[0].directives).unwrap();
        for seed in 0..5 {
            found(&pipeline, &Options { seed, ..options.with_strategy(Strategy::Random) });
        }
    }
}
