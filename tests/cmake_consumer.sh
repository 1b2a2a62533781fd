#!/usr/bin/env bash
# Builds tests/cmake_consumer in both ways in which a project can take the plugin, and
# runs what it built. Cargo's folder is CARGO_TARGET (default: target).
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
halide=${HALIDE_ROOT:-$root/.deps/halide}
work=$root/target/tests
cargo_target=${CARGO_TARGET:-$root/target}
. "$root/tests/shell_tests.sh"

# Not Halide_ROOT: Debian's CMake looks for packages in lib/ alone, and would go on to the
# venv's own entry for Halide, which wants Python's headers.
halide_package=$(compgen -G "$halide/lib*/cmake/Halide" | head -n 1 || true)
if [ -z "$halide_package" ]; then
    echo "skip cmake_consumer: $halide has no CMake package"
    exit 0
fi

build_and_run() {
    local build=$1
    shift
    # Fresh each time: what is tested is the configuration too.
    rm -rf "$build"
    cmake -S "$root/tests/cmake_consumer" -B "$build" -G Ninja -DHalide_DIR="$halide_package" "$@"
    (ulimit -v 6000000 && cmake --build "$build" && timeout 120 "$build/consumer")
    grep -q 'get_func(' "$build/sharpen.schedule.h"
    # Nothing changed, so nothing may be built: the generator would be the slow part.
    if cmake --build "$build" --verbose | grep -F -- '-g sharpen'; then
        echo "a second build runs the generator again"
        return 1
    fi
}

cmake_consumer_as_subdirectory() {
    build_and_run "$work/consumer_subdirectory" \
        -DPLUGIN_SOURCE="$root" -DSrivastava2020_CARGO_TARGET_DIR="$cargo_target"
}

cmake_consumer_as_package() {
    local build=$work/package prefix=$work/prefix
    rm -rf "$build" "$prefix"
    cmake -S "$root" -B "$build" -G Ninja -DHALIDE_ROOT="$halide" \
        -DSrivastava2020_CARGO_TARGET_DIR="$cargo_target" -DSrivastava2020_BUILD_PIPELINES=OFF
    cmake --build "$build"
    cmake --install "$build" --prefix "$prefix"
    build_and_run "$work/consumer_package" -DSrivastava2020_ROOT="$prefix"
    # What was not installed for the project's Halide is refused, in words.
    mv "$prefix"/lib/libsrivastava2020_halide*.so "$prefix/lib/libsrivastava2020_halide17.2.1.so"
    if cmake -S "$root/tests/cmake_consumer" -B "$work/consumer_refused" -G Ninja -DHalide_DIR="$halide_package" \
        -DSrivastava2020_ROOT="$prefix" 2>&1 | tee "$work/refused.txt"; then return 1; fi
    tr -s '\n ' ' ' <"$work/refused.txt" | grep -q 'was built for Halide 17.2.1, but this project uses Halide'
}

if [ $# -gt 0 ]; then
    "$1"
else
    run_shell_tests "$work" cmake_consumer_as_subdirectory cmake_consumer_as_package
fi
