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
    previous=$arg
done
build() {
    echo "Creating initial loop nests..." >&2
    echo "output[x] = input[x] + 1" > "$out/pipeline.stmt"
    ${CC:-cc} -O1 -fPIC -I "$HALIDE_INCLUDE" "$@" -c "$here/pipeline.c" -o "$out/pipeline.o"
}
case $name$manual in
    plainyes)
        echo "Unhandled exception: Error: Generator plain has no GeneratorParam named: manual" >&2
        exit 1 ;;
    failsyes)
        printf 'Unhandled exception: Error: Cannot schedule f\n\n' >&2
        exit 1 ;;
    hangsyes) exec sleep 600 ;;
    hogsyes) exec tail /dev/zero ;;
    crashesyes) kill -SEGV $$ ;;
    killedyes) kill -KILL $$ ;;
    shoutsyes)
        printf 'Unhandled exception: Error: \033[31mloud\033[0m \033]0;title\007and \r\bclear\n' >&2
        exit 1 ;;
    differsyes) build -DBEHAVIOUR=1 ;;
    diesyes) build -DBEHAVIOUR=2 ;;
    complainsyes) build -DBEHAVIOUR=3 ;;
    fine*|plain|fails|hangs|hogs|crashes|killed|shouts|differs|dies|complains) build -DBEHAVIOUR=0 ;;
    *)
        printf 'Unhandled exception: Error: Generator not found: %s\nDid you mean:\n' "$name" >&2
        printf '    %s\n' fine plain fails hangs hogs crashes killed shouts differs dies complains >&2
        exit 1 ;;
esac
