#!/usr/bin/env bash
# run_tests.sh PRESET... - builds each preset and runs its tests with ctest, goes on after a failure, sums up at the end.
#
# Exit code 0 if every build and every test passed, else 1. Tests that run at once: DSGD_TEST_JOBS, default all cores.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- release asan-ubsan tsan
unset OMP_NUM_THREADS # tests choose their own numbers of threads
# Tests run in the build folder: a relative path to the data would point elsewhere.
case ${DSGD_DATA:-/} in
/*) ;;
*) export DSGD_DATA=$PWD/$DSGD_DATA ;;
esac

jobs=${DSGD_TEST_JOBS:-$(nproc)}
summary=()
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for preset in "$@"; do
    printf '== %s\n' "$preset"
    if ! scripts/build.sh "$preset"; then
        summary+=("$preset: does not build")
        failed=1
        continue
    fi
    status=0
    ctest --preset "$preset" -j "$jobs" --no-tests=error 2>&1 | tee "$log" || status=$?
    line=$(grep -E '^[0-9]+% tests passed' "$log" || echo "ctest ended with exit code $status")
    skipped=$(grep -c '\*\*\*Skipped' "$log" || true)
    [ "$skipped" -eq 0 ] || line+=", $skipped skipped"
    summary+=("$preset: $line")
    [ "$status" -eq 0 ] || failed=1
done
printf '== Summary\n'
printf '%s\n' "${summary[@]}"
exit $failed
