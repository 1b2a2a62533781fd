#!/usr/bin/env bash
# The plugin in processes that it does not fit: it loads and says why it is no use, in
# words.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$root/target/release
plugin=$folder/libautoschedule_srivastava2020.so
work=$root/target/tests/loader
. "$root/tests/shell_tests.sh"

# makes a libHalide.so in folder $1 of $2, and the program `open` that is linked with it
with_halide() {
    mkdir -p "$1"
    g++ -shared -fPIC -Wl,-soname,libHalide.so -o "$1/libHalide.so" "$2"
    gcc -o "$1/open" "$root/tests/loader/open.c" -Wl,--no-as-needed -L"$1" -lHalide "-Wl,-rpath,$1"
}

# refuses OPEN PLUGIN WORDS...: loading succeeds, and standard error is one line with the words
refuses() {
    local output word
    output=$("$1" "$2" 2>&1)
    echo "$output"
    [ "$(wc -l <<<"$output")" -eq 1 ]
    for word in 'Srivastava2020: not loaded' "${@:3}"; do
        grep -qF -- "$word" <<<"$output"
    done
    if grep -q 'undefined symbol' <<<"$output"; then return 1; fi
}

another_halide_is_named() {
    with_halide "$work/other" "$root/tests/loader/other_halide.cpp"
    refuses "$work/other/open" "$plugin" "$work/other/libHalide.so is another Halide" 'built for Halide ' HALIDE_ROOT
    # Its headers, where they are, say which.
    with_halide "$work/versioned/lib" "$root/tests/loader/other_halide.cpp"
    mkdir -p "$work/versioned/include"
    printf '#define HALIDE_VERSION_%s\n' 'MAJOR 17' 'MINOR 2' 'PATCH 1' >"$work/versioned/include/HalideRuntime.h"
    refuses "$work/versioned/lib/open" "$plugin" 'is Halide 17.2.1'
}

no_halide_is_named() {
    gcc -o "$work/open" "$root/tests/loader/open.c"
    refuses "$work/open" "$plugin" 'no shared libHalide.so'
}

a_missing_build_is_named() {
    with_halide "$work/alone" "$root/tests/loader/other_halide.cpp"
    cp "$plugin" "$work/alone"
    refuses "$work/alone/open" "$work/alone/$(basename "$plugin")" 'libsrivastava2020_halide*.so'
}

# Halide 19 itself, where its build of the autoscheduler is not beside the plugin.
halide19_without_its_build() {
    local module=$root/.deps/halide19
    [ -d "$module" ] || return 0
    mkdir -p "$work/only21"
    ln -sf "$plugin" "$folder/libsrivastava2020_halide.so" "$work/only21"
    PYTHONPATH=$module "$root/.deps/venv/bin/python" - "$work/only21/$(basename "$plugin")" 2>&1 <<'PYTHON' | tee "$work/halide19.txt"
import sys
import halide as hl

hl.load_plugin(sys.argv[1])
f, x = hl.Func("f"), hl.Var("x")
f[x] = x
f.set_estimates([hl.Range(0, 64)])
try:
    hl.Pipeline([f]).apply_autoscheduler(hl.get_host_target(), hl.AutoschedulerParams("Srivastava2020", {}))
except hl.HalideError as error:
    print(error)
PYTHON
    grep -q 'not loaded: .*libHalide.so is Halide 19.0.0, and the plugin was built for Halide 21' "$work/halide19.txt"
    grep -q "Unknown autoscheduler name 'Srivastava2020'" "$work/halide19.txt"
}

if [ $# -gt 0 ]; then
    "$1"
else
    rm -rf "$work"
    run_shell_tests "$work" another_halide_is_named no_halide_is_named a_missing_build_is_named halide19_without_its_build
fi
