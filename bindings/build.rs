//! Binds `HalideRuntime.h` (always) and the C++ shim over `libHalide` (feature `compiler`).

use std::env;
use std::path::{Path, PathBuf};

/// Folder that holds `include/Halide.h`: `HALIDE_ROOT`, or the wheel that `tools/setup.sh` unpacked.
fn halide_root() -> PathBuf {
    println!("cargo:rerun-if-env-changed=HALIDE_ROOT");
    let root = match env::var_os("HALIDE_ROOT") {
        Some(root) => PathBuf::from(root),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deps/halide"),
    };
    let header = root.join("include/HalideRuntime.h");
    assert!(
        header.exists(),
        "{} not found: run tools/setup.sh, or point HALIDE_ROOT at a Halide installation",
        header.display()
    );
    println!("cargo:rerun-if-changed={}", header.display());
    root
}

fn bind(builder: bindgen::Builder, file: &str) {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(file);
    builder
        .layout_tests(false)
        .generate()
        .expect("bindgen reads the header")
        .write_to_file(out)
        .expect("OUT_DIR is writable");
}

fn bind_runtime(root: &Path) {
    let header = root.join("include/HalideRuntime.h");
    let builder = bindgen::Builder::default()
        .header(header.to_string_lossy())
        .allowlist_type("halide_(buffer|dimension|type|filter|device_interface|scalar).*")
        .allowlist_var("halide_(argument_kind|type)_.*")
        .prepend_enum_name(false)
        .derive_default(true);
    bind(builder, "runtime.rs");
}

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
    let sources =
        ["access", "apply", "estimates", "extract", "inputs", "operations", "program", "request", "schedule_state"];
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
    println!("cargo:rustc-link-search=native={}", library_folder(root).display());
    println!("cargo:rustc-link-lib=dylib=Halide");

    let builder = bindgen::Builder::default()
        .header("cpp/shim.h")
        .allowlist_item("(hs|HS)_.*")
        .default_enum_style(bindgen::EnumVariation::ModuleConsts);
    bind(builder, "shim.rs");
}

fn main() {
    let root = halide_root();
    bind_runtime(&root);
    if env::var_os("CARGO_FEATURE_COMPILER").is_some() {
        build_shim(&root);
    }
}
