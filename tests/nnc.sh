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

# The model that is shipped for the target's vectors, unless the user wants another, and the analytic cost where none is.
schedules_name_their_model() {
    local names target
    names=(x86-64-linux-avx2-fma:x86-64-avx2 x86-64-linux-avx512_skylake:x86-64-avx512 x86-64-linux-sse41:'analytic (uncalibrated, no model is shipped for this target)'
        x86-64-linux-avx512_sapphirerapids:x86-64-avx512-sapphirerapids)
    for target in "${names[@]}"; do
        "$nnc" gen -- "$generator" -g blur -o "$work" -e schedule target="${target%:*}"
        grep -q "model ${target#*:}, target" "$work/blur.schedule.h"
    done
    "$nnc" gen -- "$generator" -g blur -o "$work" -e schedule target=x86-64-linux-avx2-fma autoscheduler.model=analytic
    grep -q 'model analytic, target' "$work/blur.schedule.h"
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

# The loops, what bounds the stages, and a schedule from a file in place of our own.
explain_shows_loops_and_bounds() {
    "$nnc" explain blur --threads 2 >"$work/explain.txt"
    grep -q '^ *parallel ' "$work/explain.txt"
    grep -q '^ output .*DRAM' "$work/explain.txt"
    "$nnc" explain blur --threads 2 --json >"$work/explain.json"
    "$nnc" explain blur --threads 2 --schedule "$work/explain.json" >"$work/explain_again.txt"
    cmp "$work/explain.txt" "$work/explain_again.txt"
    # What the plugin's report predicts.
    "$nnc" gen -- "$generator" -g blur -o "$work" -e schedule target=host autoscheduler.parallelism=2 \
        autoscheduler.report="$work/report.json"
    "$python" -c 'import json, math, sys
told, reported = (json.load(open(path))["predicted_seconds"] for path in sys.argv[1:])
sys.exit(not math.isclose(told, reported, rel_tol=1e-6))' "$work/explain.json" "$work/report.json"
    if "$nnc" explain matmul --schedule "$work/explain.json" 2>"$work/error.txt"; then return 1; fi
    grep -q 'does not fit' "$work/error.txt"
}

# Schedules that an expert and another autoscheduler gave the Funcs.
explain_reads_schedules_of_others() {
    "$nnc" explain blur --threads 2 --scheduler manual >"$work/explain.txt"
    grep -q '^ *store blur_x' "$work/explain.txt"
    "$nnc" explain blur --threads 2 --scheduler Mullapudi2016 >"$work/explain.txt"
    grep -q '^ *parallel ' "$work/explain.txt"
}

# A table of eight levels is looked up a row at a time, also where vectors hold more values, and a pixel's two levels at once.
levels_are_looked_up_side_by_side() {
    "$nnc" explain local_laplacian --threads 2 --target x86-64-linux-avx-avx2-avx512-avx512_skylake-f16c-fma-sse41 >"$work/explain.txt"
    grep -q 'vectorized z_vi in 8:' "$work/explain.txt"
    grep -A5 'produce laplacians_0:' "$work/explain.txt" | grep -q 'unrolled x_ui in 2:'
}

# Nobody reads on: no error, and nothing to say about it.
output_may_be_cut_off() {
    "$nnc" explain blur --threads 2 2>"$work/error.txt" | true
    if grep -q panicked "$work/error.txt"; then return 1; fi
}

run_sharpens_a_photograph() {
    "$python" -c 'import imageio' || return 0
    "$python" "$root/tests/nnc/photograph.py" make "$work/in.png"
    timeout 120 "$nnc" run unsharp --image "$work/in.png" --out "$work/out.png"
    "$python" "$root/tests/nnc/photograph.py" compare "$work/in.png" "$work/out.png"
}

# Bit for bit under strict_float, at the estimates, at 1, 7 and 33, and one off the estimates, in every dimension.
verify_all_pipelines() { timeout 2400 "$nnc" verify --threads 2; }

# Pipelines with other levels, radii and taps than their defaults: everything from one level on can be scheduled.
verify_other_parameters() {
    timeout 900 "$nnc" verify --vary local_laplacian interpolate wavelet box_integral conv2d local_contrast fft --sizes 33 --threads 2 |
        tee "$work/vary.txt"
    grep -q '^local_laplacian,pyramid_levels=2: .*equal' "$work/vary.txt"
}

# Floats added in another order: within the tolerance at the same sizes, and sums along rows are in lanes.
verify_reassociated() {
    local reassociated=Srivastava2020:reassociate=true
    timeout 600 "$nnc" verify softmax layer_norm matvec attention hist_equalize --scheduler "$reassociated" --threads 2
    HL_AUTOSCHEDULER=Srivastava2020,reassociate=true "$nnc" gen -- \
        "$generator" -g layer_norm -o "$work" -e schedule target=host
    grep -q 'rfactor(' "$work/layer_norm.schedule.h"
}

# A small study of its own: measured once, judged, kept, chosen by.
study_small() {
    local study=(timeout 300 "$nnc" study mv fft --instances 24 --train 12 --data "$work/study")
    rm -rf "$work/study" "$work/models"
    export NNC_MODELS=$work/models
    "${study[@]}" --json "$work/study.json" --html "$work/study.html" | tee "$work/study.txt"
    grep -q 'mv.eigen_sparse' "$work/study.txt"
    grep -q '<svg' "$work/study.html"
    "$python" "$root/tests/nnc/check_study.py" "$work/study.json" mv.eigen_dense mv.boost_sparse mv.halide fft.halide
    "${study[@]}" 2>&1 | tee "$work/again.txt"
    if grep -q '^measuring' "$work/again.txt"; then return 1; fi
    "$nnc" models choose mv m=300 n=200 d=0.1 threads=1 | tee "$work/choice.txt"
    grep -q '1.00x' "$work/choice.txt"
    if "$nnc" models choose mv m=300 2>"$work/error.txt"; then return 1; fi
    grep -q 'n is needed' "$work/error.txt"
}

# What an interrupted study measured is there when it goes on.
study_resumes() {
    local study=("$nnc" study mc --instances 100 --train 50 --data "$work/resumed") status=0 rows
    rm -rf "$work/resumed"
    export NNC_MODELS=$work/models
    timeout --signal=INT 3 "${study[@]}" || status=$?
    [ "$status" -eq 130 ] || [ "$status" -eq 124 ]
    rows=$(cat "$work"/resumed/*/*.csv | wc -l)
    [ "$rows" -gt 1 ]
    timeout 200 "${study[@]}" >/dev/null
    [ "$(cat "$work"/resumed/*/mc.boost_dense.csv | wc -l)" -eq 101 ]
}

# The data in the repository still give the accuracy that doc/study.md reports.
study_from_data() {
    export NNC_MODELS=$work/models
    timeout 300 "$nnc" study mm mv mc mp --from-data --json "$work/from_data.json" >/dev/null
    "$python" "$root/tests/nnc/check_study.py" "$work/from_data.json" --bars
}

# A small calibration, which the plugin then uses if it is told to.
calibrate_small() {
    export NNC_MODELS=$work/calibrated
    rm -rf "$NNC_MODELS" "$work/calibration"
    local schedule=("$nnc" gen -- "$root/target/pipelines/halide_pipelines.generator" -g blur -o "$work" -e schedule target=host)
    "${schedule[@]}" autoscheduler.hardware=host
    grep -q 'is not calibrated' "$work/blur.schedule.h"
    timeout 500 "$nnc" calibrate --random 18 --schedules 4 --budget 200s --threads 2 --out "$work/calibration" \
        --json "$work/calibration.json" | tee "$work/calibrate.txt"
    grep -q 'as shipped' "$work/calibrate.txt"
    grep -q '"profile"' "$work/calibration.json"
    "${schedule[@]}" autoscheduler.hardware=host
    grep -q "model [0-9]*-bit.*json" "$work/blur.schedule.h"
}

# Schedules of other autoschedulers among the records, and Adams2019's cost model beside ours.
collect_others() {
    rm -rf "$work/others"
    timeout 200 "$nnc" collect --random 2 --seed 9000 --stages 1 --schedules 4 --others 2 --timeout 20s --threads 2 \
        --out "$work/others"
    "$nnc" collect --out "$work/others" --export "$work/others.gz"
    zcat "$work/others.gz" >"$work/others.lines"
    grep -q '"Adams2019 seed=1".*"predicted_seconds":' "$work/others.lines"
    grep -q '"Mullapudi2016"' "$work/others.lines"
    "$nnc" accuracy "$work/others.gz" --brief --folds 2 --epochs 10 --json "$work/others.json" | tee "$work/others.txt"
    grep -q 'by Adams2019' "$work/others.txt"
    grep -q '"adams2019"' "$work/others.json"
}

# The records in the repository give the shipped models, bit for bit.
models_from_records() {
    for name in x86-64-avx512-sapphirerapids x86-64-avx512 x86-64-avx2; do
        timeout 900 "$nnc" accuracy "$root/eval/data/$name.gz" --only-save --save "$work/$name.json"
        cmp "$work/$name.json" "$root/scheduler/models/$name.json"
    done
}

if [ $# -gt 0 ]; then
    "$1"
else
    run_shell_tests "$work" eval_small eval_reports_a_timeout gen_honours_hl_autoscheduler \
        schedules_name_their_model bad_hl_autoscheduler_is_an_error explain_shows_loops_and_bounds explain_reads_schedules_of_others \
        levels_are_looked_up_side_by_side \
        output_may_be_cut_off run_sharpens_a_photograph verify_all_pipelines verify_other_parameters verify_reassociated study_small study_resumes \
        study_from_data calibrate_small collect_others models_from_records
fi
