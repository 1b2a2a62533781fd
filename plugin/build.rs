//! Links libHalide, which the plugin finds beside itself, where Halide's own plugins find it.

use std::env;

fn main() {
    let folder = env::var("DEP_HALIDE_LIBDIR").expect("halide-sys says where libHalide is");
    println!("cargo:rustc-link-search=native={folder}");
    println!("cargo:rustc-link-lib=dylib=Halide");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,$ORIGIN");
    if env::var("PROFILE").as_deref() == Ok("debug") {
        // Unit tests run where they were built. Released plugins carry no path of the machine that built them.
        println!("cargo:rustc-link-arg=-Wl,-rpath,{folder}");
    }
}
