#!/usr/bin/env bash
# Every expert schedule, read as directives, accepted by the checker and applied to an unscheduled build of its generator,
# must give the same lowered code as the expert's own build: tests/experts.sh PLUGIN GENERATORS WORK_FOLDER
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/generators.sh"

# What has no directive or is refused, by pipeline: doc/scheduling.md says why.
declare -A inexpressible=(
    [local_laplacian]="a copy for some of its readers"
)

# The parameters that a schedule needs beyond the defaults, by pipeline.
declare -A parameters=(
    # The reduction runs over channels first: sums of floats in another order than written.
    [conv_layer]="autoscheduler.reassociate=true"
)

expert() { # NAME
    local name=$1
    # Halide numbers names anew when it serialises: in a process of its own.
    generate "$name" expert -e hlpipe manual=true
    generate "$name" expert -e stmt manual=true
    local apply=(-e "stmt,schedule" -p "$plugin" autoscheduler=Srivastava2020
        autoscheduler.schedule="$work/expert/$name.hlpipe" ${parameters[$name]:-})
    if [ -n "${inexpressible[$name]:-}" ]; then
        if generate "$name" read "${apply[@]}"; then
            echo "the schedule can be expressed by now" && return 1
        fi
        grep -q "${inexpressible[$name]}" "$work/read/$name.log" || { last_line "$name" read && return 1; }
        return 0
    fi
    generate "$name" read "${apply[@]}" || { last_line "$name" read && return 1; }
    "$root/.deps/venv/bin/python" "$root/tests/experts/same_code.py" "$work/expert/$name.stmt" "$work/read/$name.stmt"
}

for source in $(grep -l 'GeneratorParam<bool> manual' "$root"/halide_pipelines/*.cpp); do
    name=$(basename "$source" .cpp)
    if reason=$(expert "$name"); then
        echo "ok expert_$name"
    else
        echo "not ok expert_$name: $reason"
    fi
done
