#!/bin/sh
# Behaves as a Halide generator's command line does, as far as nnc can tell, without Halide: what it "compiles" is
# pipeline.c beside it. With manual=true each of its generators misbehaves in its own way.
set -e
here=$(dirname "$0")
for arg in "$@"; do
    case $previous in
        -g) name=$arg ;;
        -o) out=$arg ;;
    esac
    [ "$arg" = manual=true ] && manual=yes
    case $arg in target=*) target=${arg#target=} ;; esac
    previous=$arg
done
build() {
    echo "Creating initial loop nests..." >&2
    echo "output[x] = input[x] + 1" > "$out/pipeline.stmt"
    ${CC:-cc} -O1 -fPIC -I "$HALIDE_INCLUDE" "$@" -c "$here/pipeline.c" -o "$out/pipeline.o"
}
# What it computes, it computes through floats.
build_floats() {
    build "$@"
    echo "float32 sum" >> "$out/pipeline.stmt"
}
case $name$manual-$target in
    roundsyes-*strict_float*) build_floats -DBEHAVIOUR=0 ;;
    roundsyes-*) build_floats -DBEHAVIOUR=4 ;;
    strayyes-*) build_floats -DBEHAVIOUR=4 ;;
    unsureyes-*strict_float*)
        echo "Unhandled exception: Error: Cannot be strict" >&2
        exit 1 ;;
    unsureyes-*) build_floats -DBEHAVIOUR=4 ;;
    shakyyes-*strict_float*)
        [ -e "$REPAIRED" ] || kill -KILL $$
        build_floats -DBEHAVIOUR=0 ;;
    shakyyes-*) build_floats -DBEHAVIOUR=4 ;;
    rounds-*|stray-*|unsure-*|shaky-*) build_floats -DBEHAVIOUR=0 ;;
    large-*large_buffers*|largeyes-*) build -DBEHAVIOUR=0 ;;
    large-*)
        echo "Unhandled exception: Error: Total size for allocation f is constant but exceeds 2^31 - 1." >&2
        exit 1 ;;
    constrained*) build -DBEHAVIOUR=5 ;;
    plainyes-*)
        echo "Unhandled exception: Error: Generator plain has no GeneratorParam named: manual" >&2
        exit 1 ;;
    failsyes-*)
        printf 'Unhandled exception: Error: Cannot schedule f\n\n' >&2
        exit 1 ;;
    hangsyes-*) exec sleep 600 ;;
    hogsyes-*) exec tail /dev/zero ;;
    crashesyes-*) kill -SEGV $$ ;;
    killedyes-*) kill -KILL $$ ;;
    shoutsyes-*)
        printf 'Unhandled exception: Error: \033[31mloud\033[0m \033]0;title\007and \r\bclear\n' >&2
        exit 1 ;;
    differsyes-*) build -DBEHAVIOUR=1 ;;
    diesyes-*) build -DBEHAVIOUR=2 ;;
    complainsyes-*) build -DBEHAVIOUR=3 ;;
    fine*|plain-*|fails-*|hangs-*|hogs-*|crashes-*|killed-*|shouts-*|differs-*|dies-*|complains-*) build -DBEHAVIOUR=0 ;;
    *)
        printf 'Unhandled exception: Error: Generator not found: %s\nDid you mean:\n' "$name" >&2
        printf '    %s\n' fine plain fails hangs hogs crashes killed shouts differs dies complains \
            rounds stray unsure shaky large constrained >&2
        exit 1 ;;
esac
