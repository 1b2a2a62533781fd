#!/usr/bin/env bash
# Every pipeline's emitted schedule, compiled and applied to a fresh build of its generator, must give the same lowered
# code as the plugin did: tests/schedule_roundtrip.sh PLUGIN GENERATORS WORK_FOLDER
set -euo pipefail
plugin=$1 generators=$2 work=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/schedule_roundtrip
halide=$(realpath "${HALIDE_ROOT:-$here/../../.deps/halide}")
library=$halide/lib64
[ -d "$library" ] || library=$halide/lib
export LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
rm -rf "$work"
mkdir -p "$work/applied" "$work/emitted"
# A schedule that does not lower must not take the machine down.
ulimit -v 8000000

names=$("$generators" --list)
generate() { # NAME FOLDER ARGS...: writes FOLDER/NAME.{stmt,schedule.h}
    local name=$1 folder=$2
    shift 2
    timeout 120 "$generators" -g "$name" -n "$name" -o "$folder" -e stmt,schedule target=host "$@" >"$folder/$name.log" 2>&1
}

for name in $names; do
    generate "$name" "$work/applied" -p "$plugin" autoscheduler=Srivastava2020 autoscheduler.parallelism=2 ||
        { echo "not ok roundtrip_$name: $(tail -n 1 "$work/applied/$name.log")"; continue; }
    echo "#include \"applied/$name.schedule.h\"" >>"$work/emitted_includes.inc"
    echo "SCHEDULE($name)" >>"$work/emitted_names.inc"
done

g++ -std=c++17 -O0 -shared -fPIC -I"$halide/include" -I"$work" "$here/emitted.cpp" -L"$library" -lHalide -o "$work/libemitted.so"

for name in $(sed -n 's/SCHEDULE(\(.*\))/\1/p' "$work/emitted_names.inc"); do
    if ! generate "$name" "$work/emitted" -p "$plugin,$work/libemitted.so" autoscheduler=Emitted autoscheduler.pipeline="$name"; then
        echo "not ok roundtrip_$name: $(tail -n 1 "$work/emitted/$name.log")"
    elif ! diff "$work/applied/$name.stmt" "$work/emitted/$name.stmt" >"$work/$name.diff"; then
        echo "not ok roundtrip_$name: the lowered code differs, see $work/$name.diff"
    else
        echo "ok roundtrip_$name"
    fi
done
