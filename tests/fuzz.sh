#!/usr/bin/env bash
# Random pipelines: no schedule may change a result. A long run is `nnc fuzz --count 5000 --seed N`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
nnc=$root/target/release/nnc
work=$root/target/tests/fuzz
. "$root/tests/shell_tests.sh"

# As many as two cores do in four minutes; at most as many as are known to fit, wherever it runs.
random_pipelines_keep_their_results() {
    timeout 600 "$nnc" fuzz --count 120 --budget 240s --threads 2 --json "$work/fuzz.json"
}

if [ $# -gt 0 ]; then
    "$1"
else
    run_shell_tests "$work" random_pipelines_keep_their_results
fi
