#!/usr/bin/env bash
# The programs of the study answer requests with times, having checked their results, and
# bad requests with errors: tests/study_programs.sh [TEST]. STUDY_PROGRAMS=FOLDER says
# where they are, when not in target/study.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
programs=${STUDY_PROGRAMS:-$root/target/study}
work=$root/target/tests/study_programs
. "$root/tests/shell_tests.sh"

# A program that is not there because its library is not installed is no failure.
needs() {
    [ -x "$programs/$1" ] || echo "$1 is not built" >&2
    [ -x "$programs/$1" ]
}

# answers PATTERN REQUESTS PROGRAM [VARIANT]: each request, one a line, gets an answer of one
# line that matches.
answers() {
    local pattern=$1 requests=$2 output
    needs "$3" || return 0
    output=$(timeout 60 "$programs/$3" "${@:4}" <<<"$requests")
    echo "$*:" "$output"
    [ "$(wc -l <<<"$requests")" -eq "$(wc -l <<<"$output")" ]
    ! grep -vE "^$pattern" <<<"$output"
}

# check_kernel KERNEL GOOD BAD: the requests, for the kernel with every library.
check_kernel() {
    local library variant
    local time='seconds=[0-9.]+e[-+][0-9]+ spread=[0-9.]+ calls=[0-9]+'
    for library in eigen boost; do
        for variant in dense sparse; do
            answers "$time" "$2" "$1_$library" "$variant"
            answers 'error=.' "$3" "$1_$library" "$variant"
        done
    done
    answers "$time" "$2" "$1_halide"
    answers 'error=.' "$3" "$1_halide"
}

matmul() {
    check_kernel mm 'm=1 n=1 k=1
m=1 n=40 k=7 d1=0.5 d2=0.001 seed=7
m=33 n=65 k=17 d1=0.25 d2=0.5 threads=1' 'm=1 n=1
m=0 n=1 k=1
m=1 n=1 k=1 d1=2'
}

matvec() {
    check_kernel mv 'm=1 n=1
m=70 n=1 d=0.5
m=33 n=65 d=0.01 threads=1' 'm=1
m=1 n=1 threads=0
m=one n=1'
}

convolution() {
    check_kernel mc 'm=3 n=3 r=3
m=7 n=7 r=7 d=0.01
m=33 n=65 r=5 d=0.5 threads=1' 'm=4 n=4 r=4
m=3 n=3 r=5
m=9 n=9'
}

max_pool() {
    check_kernel mp 'm=2 n=2 r=2 s=1
m=5 n=5 r=5 s=2 d=0.01
m=33 n=66 r=3 s=2 d=0.5 threads=1
m=33 n=65 r=4 s=1 d=0.5' 'm=2 n=2 r=3 s=1
m=2 n=2 r=2 s=3
m=2 n=2 r=2'
}

# Schedules: the corners of the spaces, a tail, fewer threads after more, autoschedulers.
schedules() {
    local all=$(nproc)
    local time='seconds=[0-9.]+e[-+][0-9]+ spread=[0-9.]+ calls=[0-9]+ compile_seconds='
    answers "$time" "n=2 s1=1024 s2=2 s3=1 s4=1
n=1024 s1=1024 s2=1024 s3=1024 s4=1024 threads=$all
n=100 s1=16 s2=64 s3=32 s4=16 threads=1 seed=7
n=64 scheduler=Mullapudi2016 threads=$all" blur_halide
    answers 'error=.' 'n=64 s1=2 s2=128 s3=2 s4=2
n=64 s1=2 s2=8 s3=16 s4=2
n=64 s1=2 s2=8 s3=8 s4=3
n=64 s1=2 s2=8 s3=8
n=64 scheduler=None' blur_halide
    answers "$time" "n=16 s1=2 s2=8 s3=1 s4=2 s5=1024 s6=1024 threads=$all
n=32 s1=16 s2=4 s3=2 s4=32 s5=2 s6=4 threads=1
n=128 s1=32 s2=8 s3=1 s4=64 s5=1 s6=1 seed=7" fft_halide
    answers 'error=.' 'n=24 s1=2 s2=2 s3=1 s4=8 s5=1 s6=1
n=16 s1=32 s2=2 s3=1 s4=16 s5=1 s6=1
n=16 s1=8 s2=2 s3=2 s4=8 s5=1 s6=1
n=16 s1=8 s2=2 s3=2 s4=16 s5=2 s6=1
n=128 s1=8 s2=2 s3=2 s4=16 s5=1 s6=32' fft_halide
}

# The end of the requests ends a program; a bad command line does, with a message.
command_line() {
    local program
    for program in "$programs"/*; do
        timeout 10 "$program" --help | grep -q Request
        if timeout 10 "$program" nonsense </dev/null 2>"$work/usage.txt"; then
            echo "$program accepts any variant"
            return 1
        fi
        grep -q usage "$work/usage.txt"
    done
}

if [ ! -d "$programs" ]; then
    echo "skip study_programs: no $programs; cmake -S study -B target/cmake-study builds it"
elif [ $# -eq 0 ]; then
    run_shell_tests "$work" matmul matvec convolution max_pool schedules command_line
else
    "$1"
fi
