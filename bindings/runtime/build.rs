//! Binds `HalideRuntime.h`.

#[path = "../halide_root.rs"]
mod halide_root;

use halide_root::{bind, halide_root};

fn main() {
    let builder = bindgen::Builder::default()
        .header(halide_root().join("include/HalideRuntime.h").to_string_lossy())
        .allowlist_type("halide_(buffer|dimension|type|filter|device_interface|scalar).*")
        .allowlist_var("halide_(argument_kind|type)_.*")
        .prepend_enum_name(false)
        .derive_default(true);
    bind(builder, "runtime.rs");
}
