//! Links libHalide.

use std::env;
use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(env::var_os("DEP_HALIDE_LIBDIR").expect("halide-sys says where libHalide is"));
    println!("cargo:rustc-link-search=native={}", folder.display());
    println!("cargo:rustc-link-lib=dylib=Halide");
    // Where it was built. Elsewhere `nnc` says where libHalide is.
    println!("cargo:rustc-link-arg=-Wl,-rpath,{}", folder.display());
}
