// Shared by the build scripts: where Halide is, and bindgen's common settings.

use std::env;
use std::path::{Path, PathBuf};

/// Folder that holds `include/Halide.h`: `HALIDE_ROOT`, or the wheel that `tools/setup.sh` unpacked.
pub fn halide_root() -> PathBuf {
    println!("cargo:rerun-if-env-changed=HALIDE_ROOT");
    let root = match env::var_os("HALIDE_ROOT") {
        Some(root) => PathBuf::from(root),
        None => workspace().join(".deps/halide"),
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

/// The folder that holds `.deps`, or else the package itself, for the error message.
fn workspace() -> &'static Path {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.ancestors().find(|folder| folder.join(".deps").exists()).unwrap_or(package)
}

/// Writes bindings to a file in `OUT_DIR`.
pub fn bind(builder: bindgen::Builder, file: &str) {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join(file);
    builder
        .layout_tests(false)
        .generate()
        .expect("bindgen reads the header")
        .write_to_file(out)
        .expect("OUT_DIR is writable");
}
