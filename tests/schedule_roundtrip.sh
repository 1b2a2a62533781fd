#!/usr/bin/env bash
# Every pipeline's emitted schedule, compiled and applied to a fresh build of its generator, must give the same lowered
# code as the plugin did: tests/schedule_roundtrip.sh PLUGIN GENERATORS WORK_FOLDER
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/generators.sh"

names=$("$generators" --list)
for name in $names; do
    generate "$name" applied -e stmt,schedule -p "$plugin" autoscheduler=Srivastava2020 autoscheduler.parallelism=2 ||
        { echo "not ok roundtrip_$name: $(last_line "$name" applied)"; continue; }
    echo "#include \"applied/$name.schedule.h\"" >>"$work/emitted_includes.inc"
    echo "SCHEDULE($name)" >>"$work/emitted_names.inc"
done

g++ -std=c++17 -O0 -shared -fPIC -I"$halide/include" -I"$work" "$root/tests/schedule_roundtrip/emitted.cpp" -L"$library" -lHalide -o "$work/libemitted.so"

for name in $(sed -n 's/SCHEDULE(\(.*\))/\1/p' "$work/emitted_names.inc"); do
    if ! generate "$name" emitted -e stmt -p "$plugin,$work/libemitted.so" autoscheduler=Emitted autoscheduler.pipeline="$name"; then
        echo "not ok roundtrip_$name: $(last_line "$name" emitted)"
    elif ! diff "$work/applied/$name.stmt" "$work/emitted/$name.stmt" >"$work/$name.diff"; then
        echo "not ok roundtrip_$name: the lowered code differs, see $work/$name.diff"
    else
        echo "ok roundtrip_$name"
    fi
done
