# Sourced by the test scripts whose tests are shell functions.

# run_shell_tests LOG_FOLDER TEST...
#
# Runs `$0 TEST` for each and prints `ok TEST (N s)` or `not ok TEST: REASON`. Each is a shell
# of its own, since `set -e` has no effect in a function that is a condition. Fails if a
# test failed.
run_shell_tests() {
    local folder=$1 failed=0 test log
    mkdir -p "$folder"
    for test in "${@:2}"; do
        log=$folder/$test.log
        SECONDS=0
        if "$0" "$test" >"$log" 2>&1; then
            echo "ok $test ($SECONDS s)"
        else
            echo "not ok $test: see $log, which ends with"
            tail -n 20 "$log"
            failed=1
        fi
    done
    return $failed
}
