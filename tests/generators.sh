# Sourced by the test scripts that run the generators with the plugin: tests/SCRIPT.sh PLUGIN GENERATORS WORK_FOLDER
plugin=$1 generators=$2 work=$3
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
halide=$(realpath "${HALIDE_ROOT:-$root/.deps/halide}")
library=$halide/lib64
[ -d "$library" ] || library=$halide/lib
export LD_LIBRARY_PATH=$library${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
rm -rf "$work"
# A schedule that does not lower must not take the machine down.
ulimit -v 8000000

# generate NAME FOLDER ARGS...: writes to FOLDER in the work folder
generate() {
    mkdir -p "$work/$2"
    timeout 120 "$generators" -g "$1" -n "$1" -o "$work/$2" target=host "${@:3}" >"$work/$2/$1.log" 2>&1
}

# last_line NAME FOLDER: of what `generate` said
last_line() {
    grep . "$work/$2/$1.log" | tail -n 1
}
