#!/usr/bin/env bash
# For each pipeline: the schedule that the plugin prints compiles, and applied to a
# fresh build of the generator gives the code that the plugin's own schedule gives.
# Prints `ok NAME` or `not ok NAME: REASON` for each.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
halide=${HALIDE_ROOT:-$root/.deps/halide}
generator=$root/target/pipelines/halide_pipelines.generator
plugin=$root/target/release/libautoschedule_srivastava2020.so
work=$root/target/tests/round_trip
rm -rf "$work"
mkdir -p "$work/again"
cd "$work"
ulimit -v 6000000

# generate PIPELINE FOLDER OUTPUTS ARG...
generate() {
    timeout 120 "$generator" -g "$1" -f "$1" -n "$1" -o "$2" -e "$3" target=host "${@:4}"
}

pipelines=()
failed=0
for pipeline in $("$generator" --list); do
    if reason=$(generate "$pipeline" . stmt,schedule -p "$plugin" \
        autoscheduler=Srivastava2020 autoscheduler.parallelism=2 2>&1); then
        pipelines+=("$pipeline")
    else
        echo "not ok round_trip_$pipeline: $reason"
        failed=1
    fi
done

printf '#include "%s.schedule.h"\n' "${pipelines[@]}" >schedules.inc
printf '#define SCHEDULES%s\n' "$(printf ' SCHEDULE(%s)' "${pipelines[@]}")" >>schedules.inc
"${CXX:-g++}" -std=c++17 -O0 -fPIC -shared -I. -isystem "$halide/include" \
    "$root/tests/round_trip/round_trip.cpp" -o libround_trip.so \
    -L"$halide/lib64" -L"$halide/lib" -lHalide

for pipeline in "${pipelines[@]}"; do
    if reason=$(generate "$pipeline" again stmt -p ./libround_trip.so \
        autoscheduler=RoundTrip autoscheduler.pipeline="$pipeline" 2>&1 &&
        "$root/.deps/venv/bin/python" "$root/tests/round_trip/same_code.py" \
            "again/$pipeline.stmt" "$pipeline.stmt"); then
        echo "ok round_trip_$pipeline"
    else
        echo "not ok round_trip_$pipeline: $reason"
        failed=1
    fi
done
exit $failed
