#!/usr/bin/env bash
# The end-to-end tests, on what `make build` built: tests/run.sh [SUITE...]
#
# A suite prints `ok NAME`, `not ok NAME: REASON` or `skip NAME: REASON` for each test.
# The last line here is `N passed, N failed`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
work=target/tests
plugin=target/release/libautoschedule_srivastava2020.so
mkdir -p "$work"
# CMake and Ninja, as in the Makefile.
export PATH=$root/.deps/venv/bin:$PATH

python() {
    local halide=${HALIDE_ROOT:-$root/.deps/halide} interpreter=.deps/venv/bin/python
    # The module and the plugin must use the same libHalide.
    if ! PYTHONPATH=$(dirname "$(realpath "$halide")") "$interpreter" -c 'import halide' 2>/dev/null; then
        echo "skip python: $halide is no Python package for $("$interpreter" --version)"
        return
    fi
    PYTHONPATH=$(dirname "$(realpath "$halide")") "$interpreter" tests/python/test_plugin.py "$plugin"
}

cpp() {
    cmake -S tests/cpp_load_plugin -B "$work/cpp_load_plugin" -G Ninja >"$work/cpp.log"
    cmake --build "$work/cpp_load_plugin" >>"$work/cpp.log" || { cat "$work/cpp.log"; return 1; }
    "$work/cpp_load_plugin/load_plugin_test" "$plugin"
}

loader() { tests/loader.sh; }

# The other Halide that is supported, with the same plugin file.
halide19() {
    local status=0
    export HALIDE_ROOT=$root/.deps/halide19/halide
    if [ ! -e "$HALIDE_ROOT" ]; then
        echo "skip halide19: make halide19"
        return
    fi
    python || status=1
    CARGO_TARGET=$root/target/halide19 tests/cmake_consumer.sh || status=1
    return $status
}

nnc() { tests/nnc.sh; }

fuzz() { tests/fuzz.sh; }

cmake_consumer() { tests/cmake_consumer.sh; }

study_programs() { tests/study_programs.sh; }

schedule_roundtrip() {
    tests/schedule_roundtrip.sh "$plugin" target/pipelines/halide_pipelines.generator "$work/schedule_roundtrip"
}

experts() {
    tests/experts.sh "$plugin" target/pipelines/halide_pipelines.generator "$work/experts"
}

passed=0
failed=0
run_suite() {
    local suite=$1 log=$work/$1.out status=0 suite_failed
    echo "--- $suite"
    SECONDS=0
    # A shell of its own, so that `set -e` holds in the suite.
    timeout 2700 "$0" --suite "$suite" 2>&1 | tee "$log" || status=$?
    passed=$((passed + $(grep -c '^ok ' "$log" || true)))
    suite_failed=$(grep -c '^not ok ' "$log" || true)
    if [ "$status" -ne 0 ] && [ "$suite_failed" -eq 0 ]; then
        echo "not ok $suite: ended with status $status"
        suite_failed=1
    fi
    failed=$((failed + suite_failed))
    echo "--- $suite took $SECONDS s"
}

if [ "${1:-}" = --suite ]; then
    "$2"
    exit
fi
if [ $# -eq 0 ]; then
    set -- python cpp loader halide19 schedule_roundtrip experts nnc cmake_consumer study_programs fuzz
fi
for suite in "$@"; do
    run_suite "$suite"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
