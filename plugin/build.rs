//! Links libHalide, and notes down which one it is.

use std::env;
use std::path::PathBuf;

use halide_abi::{fingerprint, version, BuiltFor};

/// A missing version is no reason to fail: it is for messages.
fn describe(libhalide: &std::path::Path) -> BuiltFor {
    BuiltFor {
        version: version(libhalide).unwrap_or_else(|| "of unknown version".to_owned()),
        fingerprint: fingerprint(libhalide).unwrap_or_else(|error| panic!("{}: {error}", libhalide.display())),
    }
}

fn main() {
    let folder = PathBuf::from(env::var_os("DEP_HALIDE_LIBDIR").expect("halide-sys says where libHalide is"));
    let libhalide = folder.join("libHalide.so");
    println!("cargo:rerun-if-changed={}", libhalide.display());
    println!("cargo:rustc-link-search=native={}", folder.display());
    println!("cargo:rustc-link-lib=dylib=Halide");
    if env::var("PROFILE").as_deref() == Ok("debug") {
        // Unit tests run where they were built. Released plugins are opened beside the libHalide that is loaded already.
        println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.display());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    std::fs::write(out.join("built_for"), describe(&libhalide).to_string()).expect("OUT_DIR is writable");
}
