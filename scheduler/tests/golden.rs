//! Emitted schedules of real pipelines. The fixtures are what the shim extracts: the `pipeline` of the plugin's report.

use scheduler::ir::Pipeline;
use scheduler::{emit, search, Hardware, Options, Strategy};
use std::path::Path;

fn emitted(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fixtures/{name}.json"));
    let pipeline = Pipeline::from_json(&std::fs::read_to_string(path).unwrap()).unwrap();
    let options = Options::new(Hardware::generic(2, 32)).with_strategy(Strategy::Greedy);
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
    conv_nchw,
    conv_pool,
    fft,
    harris,
    hist_equalize,
    iir_blur,
    linear,
    local_contrast,
    matmul,
    mlp,
    resize_lanczos,
    softmax,
    unsharp
);
