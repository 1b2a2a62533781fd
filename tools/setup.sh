#!/usr/bin/env bash
# Installs what the build needs and is missing. Quick when nothing is.
#
# Debian packages: a C++ compiler, libclang (for bindgen), Python's venv; Eigen
# and Boost (for the study).
# Into .deps/venv: CMake, Ninja, NumPy and the Halide wheel, at the versions of
# tools/requirements.txt. `.deps/halide` becomes a link to the wheel's folder.
#
# setup.sh halide19   also Halide 19, into .deps/halide19 (tools/requirements-halide19.txt).
#
# HALIDE_ROOT=FOLDER  use the Halide in FOLDER (include/ and lib64/ or lib/)
#                     instead of the wheel.
# PYTHON=FILE         the Python that makes the venv (default: python3).
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deps=$root/.deps
venv=$deps/venv
requirements=$root/tools/requirements.txt
stamp=$deps/installed

say() { echo "setup: $*" >&2; }
fail() { say "error: $*"; exit 1; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

has_libclang() {
    if [ -n "${LIBCLANG_PATH:-}" ]; then return 0; fi
    # bindgen needs the library and the compiler's own headers (stddef.h).
    compgen -G '/usr/lib/llvm-*/lib/libclang*.so*' >/dev/null &&
        compgen -G '/usr/lib/llvm-*/lib/clang/*/include/stddef.h' >/dev/null
}

has_venv() { "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null; }

missing_packages() {
    command -v g++ >/dev/null || echo g++
    has_libclang || echo libclang-dev
    [ -x "$venv/bin/python" ] || has_venv || echo python3-venv
    [ -e /usr/include/eigen3/Eigen/Core ] || echo libeigen3-dev
    [ -e /usr/include/boost/numeric/ublas/matrix.hpp ] || echo libboost-dev
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    if [ ${#packages[@]} -eq 0 ]; then return; fi
    command -v apt-get >/dev/null ||
        fail "missing: ${packages[*]} (Debian's names). There is no apt-get here; install them by hand."
    [ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
        fail "missing: ${packages[*]}. This is not root and there is no sudo; as root: apt-get install ${packages[*]}"
    say "installing ${packages[*]}"
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}")
    # Stale or absent package lists make the first attempt fail.
    as_root "${install[@]}" >/dev/null 2>&1 || {
        as_root apt-get update -qq
        as_root "${install[@]}" >/dev/null
    }
    mapfile -t packages < <(missing_packages)
    [ ${#packages[@]} -eq 0 ] || fail "still missing after the installation: ${packages[*]}"
}

check_rust() {
    command -v cargo >/dev/null || fail "cargo not found; install Rust from https://rustup.rs"
}

check_halide_root() {
    local folder=$1 library
    [ -f "$folder/include/Halide.h" ] || fail "HALIDE_ROOT=$folder has no include/Halide.h"
    for library in "$folder"/lib64/libHalide.so "$folder"/lib/libHalide.so; do
        if [ -f "$library" ]; then return; fi
    done
    fail "HALIDE_ROOT=$folder has no lib64/libHalide.so or lib/libHalide.so"
}

wanted_requirements() {
    if [ -n "${HALIDE_ROOT:-}" ]; then
        sed '/^# Left out when HALIDE_ROOT/,$d' "$requirements"
    else
        cat "$requirements"
    fi
}

# Whether the venv was completed from these requirements, at this place: a venv
# does not survive a move of the repository, since its scripts hold its path.
has_installed() {
    [ -x "$venv/bin/cmake" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$venv"$'\n'"$1" ]
}

make_venv() {
    local wanted
    wanted=$(wanted_requirements)
    # A venv with the wheel also does where HALIDE_ROOT makes the wheel unnecessary.
    if has_installed "$wanted" || { [ -n "${HALIDE_ROOT:-}" ] && has_installed "$(cat "$requirements")"; }; then
        return
    fi
    say "making .deps/venv"
    rm -rf "$stamp" "$venv"
    mkdir -p "$deps"
    "${PYTHON:-python3}" -m venv "$venv" || fail "${PYTHON:-python3} -m venv failed"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r /dev/stdin <<<"$wanted" ||
        fail "pip could not install tools/requirements.txt (Halide's wheels are for CPython on x86-64 and arm64 Linux)"
    printf '%s\n' "$venv" "$wanted" >"$stamp"
}

link_halide() {
    local target
    if [ -n "${HALIDE_ROOT:-}" ]; then
        check_halide_root "$HALIDE_ROOT"
        return
    fi
    target=$(cd "$deps" && echo venv/lib/python3*/site-packages/halide)
    [ -f "$deps/$target/include/Halide.h" ] || fail "the Halide wheel in .deps/venv is incomplete; remove .deps and run again"
    if [ "$(readlink "$deps/halide" 2>/dev/null)" != "$target" ]; then
        ln -sfnT "$target" "$deps/halide"
    fi
}

# Beside the venv: one Python finds one Halide.
add_halide19() {
    local folder=$deps/halide19 requirement=$root/tools/requirements-halide19.txt
    if cmp -s "$requirement" "$folder/installed"; then return; fi
    say "fetching Halide 19"
    rm -rf "$folder"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --target "$folder" -r "$requirement" ||
        fail "pip could not install tools/requirements-halide19.txt"
    cp "$requirement" "$folder/installed"
}

check_rust
install_packages
make_venv
link_halide
case ${1:-} in
    '') ;;
    halide19) add_halide19 ;;
    *) fail "unknown argument '$1'" ;;
esac
