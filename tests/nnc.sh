#!/usr/bin/env bash
# The tool, from its command line.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
nnc=$root/target/release/nnc
generator=$root/target/pipelines/halide_pipelines.generator
python=$root/.deps/venv/bin/python
work=$root/target/tests/nnc
. "$root/tests/shell_tests.sh"

# A small comparison, all of whose rows must have completed with the right output.
eval_small() {
    timeout 300 "$nnc" eval blur hist_equalize --schedulers none,unscheduled,Srivastava2020 \
        --time-budget 1s --threads 2 --json "$work/eval.json" --html "$work/eval.html"
    "$python" "$root/tests/nnc/check_report.py" "$work/eval.json" 2 3
    grep -q '<svg' "$work/eval.html"
}

# A scheduler that cannot finish in time is a row of the table, not the end of the run.
eval_reports_a_timeout() {
    timeout 300 "$nnc" eval blur local_laplacian --schedulers Srivastava2020,Adams2019 \
        --timeout 1s --time-budget 1s --json "$work/timeout.json"
    grep -q '"timeout"' "$work/timeout.json"
}

gen_honours_hl_autoscheduler() {
    HL_AUTOSCHEDULER=Srivastava2020,parallelism=2 "$nnc" gen -- \
        "$generator" -g blur -o "$work" -e schedule target=host
    grep -q 'get_func(' "$work/blur.schedule.h"
}

bad_hl_autoscheduler_is_an_error() {
    local value
    for value in Nobody2020 Srivastava2020,parallelism Srivastava2020,beam=3 /no/such/plugin.so; do
        if HL_AUTOSCHEDULER=$value "$nnc" gen -- \
            "$generator" -g blur -o "$work" -e schedule target=host 2>"$work/error.txt"; then
            echo "HL_AUTOSCHEDULER=$value is accepted"
            return 1
        fi
        cat "$work/error.txt"
        if grep -qE 'panicked|terminate called' "$work/error.txt"; then return 1; fi
    done
}

run_sharpens_a_photograph() {
    "$python" -c 'import imageio' || return 0
    "$python" "$root/tests/nnc/photograph.py" make "$work/in.png"
    timeout 120 "$nnc" run unsharp --image "$work/in.png" --out "$work/out.png"
    "$python" "$root/tests/nnc/photograph.py" compare "$work/in.png" "$work/out.png"
}

# Bit for bit under strict_float, at the estimates, at 1, 7 and 33, and one off the estimates, in every dimension.
verify_all_pipelines() { timeout 850 "$nnc" verify --threads 2; }

if [ $# -gt 0 ]; then
    "$1"
else
    run_shell_tests "$work" eval_small eval_reports_a_timeout gen_honours_hl_autoscheduler \
        bad_hl_autoscheduler_is_an_error run_sharpens_a_photograph verify_all_pipelines
fi
