//! Emitted schedules of real pipelines. The fixtures are what the shim extracts: the `pipeline` of the plugin's report.

use scheduler::ir::Pipeline;
use scheduler::{emit, search, Hardware, Options, Strategy};
use std::path::Path;

fn emitted(name: &str) -> String {
    schedule(name, false)
}

fn schedule(name: &str, reassociate: bool) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fixtures/{name}.json"));
    let pipeline = Pipeline::from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
    let options = Options { reassociate, ..Options::new(Hardware::generic(2, 32)).with_strategy(Strategy::Greedy) };
    emit(&pipeline, &search(&pipeline, &options).unwrap().directives)
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
    resize_lanczos,
    softmax,
    unsharp
);

/// Rows of floats are summed up in lanes where that is allowed.
#[test]
fn softmax_reassociated() {
    insta::assert_snapshot!(schedule("softmax", true));
}

/// Nothing in these walks along memory while vectors jump from row to row.
#[test]
fn dense_vectors_stay() {
    for name in ["blur", "matmul", "conv2d", "harris", "iir_blur"] {
        assert_eq!(schedule(name, true), emitted(name), "{name}");
    }
}
