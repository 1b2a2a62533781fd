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

# The generators of tests/nnc/generators.cpp.
build_generators() {
    local halide library
    halide=$(realpath "${HALIDE_ROOT:-$root/.deps/halide}")
    library=$halide/lib64
    [ -d "$library" ] || library=$halide/lib
    (ulimit -v 8000000 && g++ -std=c++17 -O0 -fno-rtti -I"$halide/include" "$root/tests/nnc/generators.cpp" -o "$work/generators" \
        -Wl,--whole-archive "$library/libHalide_GenGen.a" -Wl,--no-whole-archive -L"$library" -lHalide -Wl,-rpath,"$library" -ldl -lpthread)
}

# What contraction makes of an unlucky pipeline is no wrong output; an error is. The reference may need large buffers, or
# more memory than there is. Constraints prevail over estimates, and not over sizes that are asked for.
eval_of_awkward_pipelines() {
    build_generators
    local eval=(timeout 300 "$nnc" eval --time-budget 50ms --rounds 3 --threads 2 --json "$work/awkward.json")
    "${eval[@]}" --generator "$work/generators:residue" --schedulers none,unscheduled,Mullapudi2016,Srivastava2020 \
        --html "$work/awkward.html"
    "$python" "$root/tests/nnc/check_rows.py" "$work/awkward.json" residue/none=rounding residue/unscheduled=ok \
        residue/Mullapudi2016=rounding residue/Srivastava2020=rounding
    grep -q 'differs by rounding' "$work/awkward.html"
    "${eval[@]}" --generator "$work/generators:residue,error=5" --schedulers manual,none
    "$python" "$root/tests/nnc/check_rows.py" "$work/awkward.json" residue,error=5/manual=wrong_output \
        residue,error=5/none=rounding
    "${eval[@]}" --generator "$work/generators:large" --schedulers none
    "$python" "$root/tests/nnc/check_rows.py" "$work/awkward.json" 'large/none=ok by unscheduled with large_buffers'
    "${eval[@]}" --generator "$work/generators:large" --schedulers none --memory-limit 2GB
    "$python" "$root/tests/nnc/check_rows.py" "$work/awkward.json" 'large/none=ok by none'
    "${eval[@]}" --generator "$work/generators:constrained" --schedulers none
    "$python" "$root/tests/nnc/check_rows.py" "$work/awkward.json" constrained/none=ok
    "${eval[@]}" --generator "$work/generators:constrained" --schedulers none --size wide=128x70 --size output=9x7
    "$python" "$root/tests/nnc/check_rows.py" "$work/awkward.json" 'constrained @ 128x70/none=ok' 'constrained @ 9x7/none=error'
    timeout 300 "$nnc" verify --threads 2 --sizes 7 --generator "$work/generators:constrained" | tee "$work/constrained.txt"
    grep -q '^constrained: [1-9][0-9]* sizes equal, [1-9][0-9]* not applicable$' "$work/constrained.txt"
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

# Anything but a regular file of a sensible size is refused at once, whatever it is for.
only_files_are_read() {
    local path command
    rm -f "$work/fifo" "$work/sparse"
    mkfifo "$work/fifo"
    truncate -s 2G "$work/sparse"
    for path in "$work/fifo" "$work/sparse" /dev/zero /proc/kmsg; do
        for command in "explain --schedule $path" "predict --csv $path --target t --complexity n" "accuracy $path" \
            "run unsharp --image $path --out $work/out.png"; do
            # shellcheck disable=SC2086
            if (ulimit -v 4000000; timeout 20 "$nnc" $command) 2>"$work/error.txt"; then return 1; fi
            cat "$work/error.txt"
            grep -qE "$path: it is (a|larger)" "$work/error.txt"
        done
    done
}

# A record that is not whole is measured again, and said to be broken.
collect_measures_broken_records_again() {
    local collect=(timeout 200 "$nnc" collect --random 1 --seed 9100 --stages 1 --schedules 2 --sizes 1 --threads 2 --keep-disturbed
        --out "$work/broken")
    local record
    rm -rf "$work/broken"
    "${collect[@]}"
    record=$(echo "$work"/broken/*.json.gz)
    truncate -s -9 "$record"
    if "$nnc" collect --out "$work/broken" --export "$work/broken.gz" 2>"$work/error.txt"; then return 1; fi
    grep -q "$record" "$work/error.txt"
    "${collect[@]}" 2>"$work/error.txt"
    grep -q "$record.*again" "$work/error.txt"
    zcat "$record" | grep -q '"records"'
    "${collect[@]}" 2>&1 | grep -q 'measured before'
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
    timeout 900 "$nnc" verify --vary local_laplacian interpolate wavelet box_integral conv2d local_contrast fft bilateral_grid --sizes 33 --threads 2 |
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

# Calls a function with the words of each argument, all at once: what trains uses one core. Fails if one of them does.
side_by_side() {
    local run=$1 arguments jobs=() job
    for arguments in "${@:2}"; do
        # shellcheck disable=SC2086
        (set -e; "$run" $arguments) &
        jobs+=($!)
    done
    for job in "${jobs[@]}"; do
        wait "$job"
    done
}

# A small study of its own: measured once, judged, kept, chosen by.
study_small() {
    local study=(timeout 600 "$nnc" study mv fft --instances 24 --train 12 --data "$work/study")
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
    local study=("$nnc" study mc --instances 100 --train 50 --data "$work/resumed")
    rm -rf "$work/resumed"
    export NNC_MODELS=$work/models
    "${study[@]}" &
    # A header, and something measured.
    until [ "$(cat "$work"/resumed/*/*.csv 2>/dev/null | wc -l)" -gt 1 ]; do
        [ $SECONDS -lt 120 ] || { echo "nothing is measured"; return 1; }
        sleep 0.1
    done
    ends_with $! INT 130
    timeout 200 "${study[@]}" >/dev/null
    [ "$(cat "$work"/resumed/*/mc.boost_dense.csv | wc -l)" -eq 101 ]
}

# The data in the repository still give the accuracy that doc/study.md reports.
study_from_data() {
    export NNC_MODELS=$work/models
    local kernels
    from_data() { timeout 600 "$nnc" study "$@" --from-data --json "$work/from_data_$1.json" >/dev/null; }
    side_by_side from_data 'mm mv' 'mc mp'
    for kernels in mm mc; do
        "$python" "$root/tests/nnc/check_study.py" "$work/from_data_$kernels.json" --bars
    done
}

# A small calibration, which the plugin then uses if it is told to.
calibrate_small() {
    export NNC_MODELS=$work/calibrated
    rm -rf "$NNC_MODELS" "$work/calibration"
    local schedule=("$nnc" gen -- "$root/target/pipelines/halide_pipelines.generator" -g blur -o "$work" -e schedule target=host)
    "${schedule[@]}" autoscheduler.hardware=host
    grep -q 'is not calibrated' "$work/blur.schedule.h"
    timeout 500 "$nnc" calibrate --random 18 --schedules 4 --budget 200s --threads 2 --keep-disturbed \
        --out "$work/calibration" --json "$work/calibration.json" | tee "$work/calibrate.txt"
    grep -q 'as shipped' "$work/calibrate.txt"
    grep -q '"profile"' "$work/calibration.json"
    "${schedule[@]}" autoscheduler.hardware=host
    grep -q "model [0-9]*-bit.*json" "$work/blur.schedule.h"
    "$nnc" explain blur --scheduler-param Srivastava2020.hardware=host | grep -q "(model [0-9]*-bit.*json,"
}

# Schedules of other autoschedulers among the records, and Adams2019's cost model beside ours.
collect_others() {
    rm -rf "$work/others"
    timeout 200 "$nnc" collect --random 2 --seed 9000 --stages 1 --schedules 4 --others 2 --sizes 1 --timeout 20s --threads 2 \
        --keep-disturbed --out "$work/others"
    "$nnc" collect --out "$work/others" --export "$work/others.gz"
    zcat "$work/others.gz" >"$work/others.lines"
    grep -q '"Adams2019 seed=1".*"predicted_seconds":' "$work/others.lines"
    grep -q '"Mullapudi2016"' "$work/others.lines"
    "$nnc" accuracy "$work/others.gz" --brief --folds 2 --epochs 10 --json "$work/others.json" | tee "$work/others.txt"
    grep -q 'by Adams2019' "$work/others.txt"
    grep -q '"adams2019"' "$work/others.json"
}

# One build is timed at several sizes and with one thread, too, and described at each.
collect_at_several_sizes() {
    rm -rf "$work/sizes"
    timeout 200 "$nnc" collect matvec --random 0 --schedules 3 --sizes 2 --threads 2 --keep-disturbed --out "$work/sizes"
    zcat "$work"/sizes/*.gz | "$python" "$root/tests/nnc/check_sizes.py" 2 2
}

# Halide's profiler beside the predictions, for our schedule and the expert's.
profile_names_funcs() {
    timeout 200 "$nnc" profile interpolate --threads 2 --time-budget 1s --json "$work/profile.json" | tee "$work/profile.txt"
    grep -q '^Func  *measured' "$work/profile.txt"
    "$python" "$root/tests/nnc/check_profile.py" "$work/profile.json"
    timeout 200 "$nnc" profile blur --scheduler manual --threads 1 --time-budget 1s | grep -q '^blur_x .*ms'
}

# Judges on schedules of pipelines that nobody tuned for; the second run times nothing.
regret_is_kept() {
    local regret=(timeout 500 "$nnc" regret --random 1 --seed 20 --schedules 12 --threads 2 --keep-disturbed --out "$work/regret"
        --json "$work/regret.json")
    rm -rf "$work/regret"
    "${regret[@]}" | tee "$work/regret.txt"
    "$python" "$root/tests/nnc/check_regret.py" "$work/regret.json" 1
    cp "$work/regret.json" "$work/regret_first.json"
    "${regret[@]}" 2>"$work/again.txt" >/dev/null
    cmp "$work/regret.json" "$work/regret_first.json"
}

# The records in the repository give the shipped models, bit for bit.
models_from_records() {
    from_records() {
        timeout 900 "$nnc" accuracy "$root/eval/data/$1.gz" --only-save --save "$work/$1.json"
        cmp "$work/$1.json" "$root/scheduler/models/$1.json"
    }
    side_by_side from_records x86-64-avx512-sapphirerapids x86-64-avx512 x86-64-avx2
}

# Waits until a file holds a line like the pattern.
await_line() {
    local deadline=$((SECONDS + 60))
    until grep -q "$2" "$1" 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || { echo "no $2 in $1:"; cat "$1"; return 1; }
        sleep 0.1
    done
}

# Ends a process with a signal, which it must obey, and checks its exit code.
ends_with() {
    local pid=$1 signal=$2 code=$3 status=0
    kill "-$signal" "$pid"
    timeout 60 tail --pid="$pid" -f /dev/null || { kill -KILL "$pid"; echo "SIG$signal is ignored"; return 1; }
    wait "$pid" || status=$?
    [ "$status" -eq "$code" ] || { echo "SIG$signal: exit code $status"; return 1; }
}

# A generator that leaves a daemon behind, which holds its standard error open: limits and signals hold all the same.
eval_outlives_daemons() {
    local daemons=$work/daemons eval
    rm -rf "$daemons" "$work/daemon_cache"
    cat >"$work/daemon.generator" <<SCRIPT
#!/bin/sh
case "\$*" in
*nnc_names_please*) printf 'Error: Generator not found\n    hangs\n' >&2; exit 1 ;;
esac
setsid sleep 300 &
echo \$! >>"$daemons"
sleep 300
SCRIPT
    chmod +x "$work/daemon.generator"
    # shellcheck disable=SC2064
    trap "kill \$(cat '$daemons')" EXIT
    eval=("$nnc" eval --generator "$work/daemon.generator" --schedulers none --reference none --cache "$work/daemon_cache")
    timeout 60 "${eval[@]}" --timeout 1s --json "$work/daemon.json"
    grep -q '"timeout"' "$work/daemon.json"
    "${eval[@]}" --timeout 300s &
    until [ "$(wc -l <"$daemons")" -eq 2 ]; do sleep 0.1; done
    ends_with $! INT 130
}

# Silence ends after two seconds, and the command at the first signal.
long_commands_speak_and_obey() {
    local name
    "$nnc" accuracy "$root/eval/data/x86-64-avx2.gz" 2>"$work/accuracy.txt" &
    await_line "$work/accuracy.txt" '^training \[0/48\] NN+C'
    ends_with $! TERM 143
    "$python" -c 'import random
print("n,seconds")
[print(f"{n},{n * random.uniform(1, 2)}") for n in range(1, 4000)]' >"$work/times.csv"
    "$nnc" predict --csv "$work/times.csv" --target seconds --complexity n --train 3000 2>"$work/predict.txt" &
    await_line "$work/predict.txt" '^training \[0/8\]'
    ends_with $! INT 130
    # Programs that take their time.
    mkdir -p "$work/programs"
    printf '#!/bin/sh\nwhile read -r line; do sleep 0.2; echo spread=0 seconds=0.001 calls=3; done\n' >"$work/programs/mv_eigen"
    chmod +x "$work/programs/mv_eigen"
    for name in boost halide; do cp "$work/programs/mv_eigen" "$work/programs/mv_$name"; done
    rm -rf "$work/obeys"
    NNC_MODELS=$work/models "$nnc" study mv --programs "$work/programs" --data "$work/obeys" 2>"$work/obeys.txt" &
    await_line "$work/obeys.txt" '^measuring'
    ends_with $! TERM 143
}

# Another nnc, or what looks like one, has its turn: ours waits, says so, can be stopped, and goes on when the other is killed.
timing_takes_turns() {
    "$nnc" hardware >/dev/null
    flock --no-fork /tmp/nnc.floor sleep 300 &
    holder=$!
    trap 'kill -KILL $holder' EXIT
    while flock --nonblock /tmp/nnc.floor true; do sleep 0.1; done
    "$nnc" hardware 2>"$work/waits.txt" &
    await_line "$work/waits.txt" '^Waiting for another nnc'
    ends_with $! INT 130
    "$nnc" eval blur --schedulers none --no-cache --time-budget 1s 2>"$work/waits.txt" &
    await_line "$work/waits.txt" '^Waiting for another nnc'
    ends_with $! TERM 143
    "$nnc" hardware >"$work/waited.txt" 2>"$work/waits.txt" &
    await_line "$work/waits.txt" '^Waiting for another nnc'
    kill -KILL $holder
    trap - EXIT
    wait $!
    grep -q threads "$work/waited.txt"
}

# What others take of the processors meanwhile makes times doubtful: they are marked, and taken anew.
disturbed_times_are_not_kept() {
    local eval=(timeout 200 "$nnc" eval blur --schedulers none,Srivastava2020 --time-budget 2s --rounds 100 --spread 0
        --cache "$work/disturbed_cache" --json "$work/disturbed.json")
    "$python" -c 'while True: pass' &
    # shellcheck disable=SC2064
    trap "kill $!" EXIT
    "${eval[@]}" >"$work/disturbed.txt"
    "${eval[@]}" 2>"$work/again.txt"
    grep -q '"disturbed": true' "$work/disturbed.json"
    grep -q '^blur \*' "$work/disturbed.txt"
    grep -q '^timing .*disturbed' "$work/again.txt"
}

disturbed_records_are_not_kept() {
    local collect=(timeout 200 "$nnc" collect --random 1 --seed 9100 --stages 1 --schedules 2 --sizes 1 --threads 2
        --out "$work/disturbed")
    rm -rf "$work/disturbed"
    "$python" -c 'while True: pass' &
    # shellcheck disable=SC2064
    trap "kill $!" EXIT
    "${collect[@]}" 2>&1 | grep -q 'not kept.*disturbed'
    [ -z "$(ls "$work/disturbed")" ]
    "${collect[@]}" --keep-disturbed
    [ -n "$(ls "$work/disturbed")" ]
}

fail_on_has_exit_codes() {
    local eval=(timeout 200 "$nnc" eval blur --threads 2 --time-budget 1s) status
    "${eval[@]}" --link -lm --schedulers none,Srivastava2020 --fail-on error,slower=1.05
    # The last one is the subject.
    status=0
    "${eval[@]}" --schedulers Srivastava2020:strategy=greedy,none --fail-on slower=1.05 2>"$work/error.txt" || status=$?
    [ "$status" -eq 1 ]
    grep -q 'blur: none takes .* times as long as Srivastava2020:strategy=greedy' "$work/error.txt"
    "${eval[@]}" --schedulers none --timeout 10ms
    status=0
    "${eval[@]}" --schedulers none --timeout 10ms --fail-on error 2>"$work/error.txt" || status=$?
    [ "$status" -eq 1 ]
    grep -q 'blur, none: timeout' "$work/error.txt"
}

wrong_usage_exits_with_2() {
    local line status
    while read -r line; do
        status=0
        # shellcheck disable=SC2086
        "$nnc" $line >"$work/usage.txt" 2>&1 || status=$?
        [ "$status" -eq 2 ] || { echo "nnc $line: exit code $status"; cat "$work/usage.txt"; return 1; }
    done <<'LINES'
dump
dump blur harris
dump no_such_pipeline
explain
explain blur harris
explain blur --scheduler-param Adams2019.beam_size=1
explain blur --scheduler-param parallelism=8
eval blur --fail-on slower
eval blur --schedulers none --scheduler-param none.parallelism=8
LINES
}

# Prices are those of the model and the threads that the scheduler was told to use.
explain_prices_as_the_scheduler_does() {
    local params=() param
    for param in parallelism=8 model=analytic; do params+=(--scheduler-param "Srivastava2020.$param"); done
    "$nnc" explain blur "${params[@]}" --json >"$work/explain.json"
    "$nnc" gen -- "$generator" -g blur -o "$work" -e schedule target=host autoscheduler.parallelism=8 \
        autoscheduler.model=analytic autoscheduler.report="$work/report.json"
    "$python" -c 'import json, math, sys
told, report = (json.load(open(path)) for path in sys.argv[1:])
assert (told["threads"], told["model"]) == (8, "analytic") == (report["parallelism"], report["model"])
assert math.isclose(told["predicted_seconds"], report["predicted_seconds"], rel_tol=1e-6)' "$work/explain.json" "$work/report.json"
    # The report says how it was made; a list of directives does not.
    "$nnc" explain --schedule "$work/report.json" | head -n 1 | grep -q '8 threads (model analytic,'
    "$nnc" explain --schedule "$work/report.json" --threads 2 | head -n 1 | grep -q '2 threads (model analytic,'
    "$nnc" explain blur "${params[@]}" --schedule "$work/explain.json" | head -n 1 | grep -q '8 threads (model analytic,'
    "$nnc" explain blur --scheduler Mullapudi2016 --scheduler-param Mullapudi2016.parallelism=8 | head -n 1 | grep -q ' 8 threads'
    "$nnc" explain blur --scheduler-param Srivastava2020.model="$root/scheduler/models/x86-64-avx2.json" | head -n 1 |
        grep -q 'model x86-64-avx2.json,'
}

# The warm worker's builds compute the same; how long theirs and the generators' take is for a quiet machine to say.
worker_builds_the_same() {
    timeout 300 "$nnc" worker blur iir_blur fft --threads 2 --time-budget 200ms --json "$work/worker.json" || true
    "$python" -c 'import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
assert len(rows) == 6 and all(row["ratio"] for row in rows), rows' "$work/worker.json"
}

# What a killed worker was at is built by another one; a child that is killed, or whose time is up, costs one build.
workers_survive() {
    "$nnc" gen -- "$generator" -g blur -o "$work" -e schedule target=host autoscheduler.strategy=root \
        autoscheduler.hlpipe="$work/blur.hlpipe"
    "$python" "$root/tests/nnc/check_worker.py" "$root/target/release" "$work"
}

if [ $# -gt 0 ]; then
    "$1"
else
    run_shell_tests "$work" eval_small eval_reports_a_timeout eval_of_awkward_pipelines gen_honours_hl_autoscheduler \
        schedules_name_their_model bad_hl_autoscheduler_is_an_error explain_shows_loops_and_bounds explain_reads_schedules_of_others \
        levels_are_looked_up_side_by_side only_files_are_read collect_measures_broken_records_again \
        output_may_be_cut_off run_sharpens_a_photograph verify_all_pipelines verify_other_parameters verify_reassociated study_small study_resumes \
        study_from_data calibrate_small collect_others collect_at_several_sizes profile_names_funcs regret_is_kept models_from_records eval_outlives_daemons \
        long_commands_speak_and_obey timing_takes_turns disturbed_times_are_not_kept disturbed_records_are_not_kept fail_on_has_exit_codes \
        wrong_usage_exits_with_2 explain_prices_as_the_scheduler_does worker_builds_the_same workers_survive
fi
