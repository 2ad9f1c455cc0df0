#!/bin/sh
# SPDX-License-Identifier: EUPL-1.2
# Runs the test programs named on the command line, two at a time, and ends with the counts of all of them in cmocka's
# own form. What a program printed is shown where a test of it failed. TEST_UNDER: a command before each program, such as
# a checker's. Run from the top of the repository.
set -u
jobs=${TEST_JOBS:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
export WORK_DIR="$work"
cat >"$work/one" <<'ONE'
#!/bin/sh
name=$(echo "$1" | tr / _)
timeout "${TEST_TIMEOUT:-280}" ${TEST_UNDER:-} "$1" >"$WORK_DIR/$name.out" 2>&1
code=$?
run=$(sed -n 's/^\[==========\] .*: \([0-9]*\) test(s) run\..*/\1/p; s/^\[==========\] \([0-9]*\) test(s) run\..*/\1/p' "$WORK_DIR/$name.out" | tail -n 1)
passed=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test(s)\..*/\1/p' "$WORK_DIR/$name.out" | tail -n 1)
if [ "$code" -ne 0 ] || [ "${run:-x}" != "${passed:-y}" ]; then
    echo "$1 exited $code" >>"$WORK_DIR/failed"
    echo "FAILED ${1##*/}: exit $code; what it printed last:"
    tail -n 60 "$WORK_DIR/$name.out"
else
    echo "ok ${1##*/}: $passed test(s)"
fi
echo "${run:-0} ${passed:-0}" >"$WORK_DIR/$name.count"
ONE
chmod +x "$work/one"
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 "$work/one"
total=$(cat "$work"/*.count | awk '{run += $1; passed += $2} END {print run + 0, passed + 0}')
run=${total% *}
passed=${total#* }
if [ -s "$work/failed" ]; then
    cat "$work/failed"
    echo "[==========] $run test(s) run."
    echo "[  PASSED  ] $passed test(s)."
    echo "[  FAILED  ] $((run - passed)) test(s), $(wc -l <"$work/failed") program(s)."
    exit 1
fi
if [ "$run" -eq 0 ]; then
    echo "No test was run." >&2
    exit 1
fi
echo "[==========] $run test(s) run."
echo "[  PASSED  ] $passed test(s)."
