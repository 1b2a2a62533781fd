#!/usr/bin/env bash
# Random pipelines: no schedule may change a result. A long run is `nnc fuzz --count 5000 --seed N`.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
nnc=$root/target/release/nnc
work=$root/target/tests/fuzz
. "$root/tests/shell_tests.sh"

# As many as two cores do in two minutes; at most as many as are known to fit, wherever it runs.
random_pipelines_keep_their_results() {
    timeout 600 "$nnc" fuzz --count 120 --budget 120s --threads 2 --json "$work/fuzz.json"
}

# Pipelines of the sizes that people have take longer: some run for a second before they are scheduled.
random_workloads_keep_their_results() {
    timeout 600 "$nnc" fuzz --generator "$root/target/pipelines/halide_pipelines.generator:random_workload" --count 60 \
        --budget 60s --threads 2 --memory-limit 6GB --json "$work/workloads.json"
}

# Pipelines that went wrong once, and such as took more than a minute to compile.
mended_pipelines_keep_their_results() {
    local plain="--quirks none --threads 2 --count 1"
    for seed in 68 5034 5057; do
        timeout 120 "$nnc" fuzz $plain --seed "$seed"
    done
    for seed in 20198 21054; do
        timeout 200 "$nnc" fuzz $plain --seed "$seed" --stages 1..8
    done
    for seed in 600765 600810; do
        timeout 120 "$nnc" fuzz $plain --seed "$seed" --stages 7
    done
    for seed in 2420017 2520663; do
        timeout 120 "$nnc" fuzz $plain --seed "$seed" --stages 2..8
    done
    for seed in 4100243 4100707 4101805; do
        timeout 60 "$nnc" fuzz --threads 2 --count 1 --seed "$seed" --stages 2..8
    done
    # An epilogue between a convolution and its output: too late for the panels that the convolution reads.
    timeout 120 "$nnc" fuzz --generator "$root/target/pipelines/halide_pipelines.generator:random_workload" --threads 2 --count 1 \
        --seed 225 --stages 1
}

# Random schedules reach what the search never chooses; of long pipelines some take minutes to compile.
random_schedules_keep_results() {
    timeout 300 "$nnc" fuzz --count 60 --seed 100000 --stages 1..8 --budget 40s --threads 2 --json "$work/random.json" \
        --scheduler-param Srivastava2020.strategy=random --scheduler-param Srivastava2020.seed=7
}

if [ $# -gt 0 ]; then
    "$1"
else
    run_shell_tests "$work" random_pipelines_keep_their_results random_workloads_keep_their_results \
        mended_pipelines_keep_their_results random_schedules_keep_results
fi
