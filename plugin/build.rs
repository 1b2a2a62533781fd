//! Lets the plugin find libHalide beside itself, where Halide's own plugins find it.

fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-rpath,$ORIGIN");
}
