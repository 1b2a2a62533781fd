//! Binds and builds the C++ shim over `libHalide`.

#[path = "halide_root.rs"]
mod halide_root;

use halide_root::{bind, halide_root};
use std::path::{Path, PathBuf};

/// The folder of `libHalide.so` inside a Halide installation.
fn library_folder(root: &Path) -> PathBuf {
    let candidates = ["lib64", "lib"].map(|folder| root.join(folder));
    candidates
        .iter()
        .find(|folder| folder.join("libHalide.so").exists())
        .unwrap_or_else(|| panic!("no lib64/libHalide.so or lib/libHalide.so below {}", root.display()))
        .clone()
}

fn build_shim(root: &Path) {
    let sources = [
        "access",
        "apply",
        "comparisons",
        "compiler",
        "distinct",
        "estimates",
        "extract",
        "inputs",
        "inside",
        "loads",
        "operations",
        "program",
        "read_schedule",
        "request",
        "schedule_state",
        "tree_size",
        "trusted",
    ];
    println!("cargo:rerun-if-changed=cpp");
    cc::Build::new()
        .cpp(true)
        .std("c++17")
        .opt_level(1)
        .debug(false)
        .include(root.join("include"))
        // Halide.h itself is not free of warnings.
        .flag("-Wno-unused-parameter")
        .files(sources.map(|name| format!("cpp/{name}.cpp")))
        .compile("halide_shim");
    // Whoever uses the shim links libHalide itself: a tool that shares a build with the plugin must not.
    println!("cargo:libdir={}", library_folder(root).display());

    let builder = bindgen::Builder::default()
        .header("cpp/shim.h")
        .allowlist_item("(hs|HS)_.*")
        .default_enum_style(bindgen::EnumVariation::ModuleConsts);
    bind(builder, "shim.rs");
}

fn main() {
    build_shim(&halide_root());
}
