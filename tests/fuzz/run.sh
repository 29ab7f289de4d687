#!/usr/bin/env bash
# run.sh - runs the fuzzers: tests/fuzz/run.sh [SECONDS [NAME...]], after scripts/build.sh fuzz.
# Each starts from its corpus; what it finds lies in build/fuzz/NAME: work/ (inputs that reach something new) and found/ (inputs
# that break something, with the output beside them). Leaks are not reported: libConfuse has its own when it refuses a text.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-600}
shift || true
build=${DSGD_FUZZ_BUILD:-build/fuzz}
[ $# -gt 0 ] || set -- idx config snapshot codec
for name in "$@"; do
    mkdir -p "$build/$name/work" "$build/$name/found"
    limits=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -artifact_prefix="$build/$name/found/")
    # libhdf5 breaks at damaged files every few thousand inputs: go on, and look through found/ afterwards
    [ "$name" != snapshot ] || limits+=(-fork=1 -ignore_crashes=1 -ignore_ooms=1 -ignore_timeouts=1)
    [ "$name" != config ] || limits+=(-max_len=2048)
    [ "$name" != idx ] || limits+=(-max_len=1024)
    [ "$name" != codec ] || limits+=(-max_len=512)
    echo "fuzz_$name: $seconds s"
    ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 DSGD_CACHE=$build/optima nice -n 19 \
        "$build/tests/fuzz_$name" "${limits[@]}" "$build/$name/work" "tests/fuzz/corpus/$name" >"$build/$name/log" 2>&1 ||
        echo "fuzz_$name: exit code $?, see $build/$name/log"
    tail -n 2 "$build/$name/log"
done
