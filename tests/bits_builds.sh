#!/usr/bin/env bash
# bits_builds.sh - the pinned digests (bits.sh) from other compilers and instruction sets: gcc for x86-64-v2 and for this processor,
# clang for x86-64-v3. Builds three times, a minute or two each.
set -euo pipefail
source=${DSGD_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
clang=$(command -v clang || command -v clang-14 || true)
if ! command -v gcc >/dev/null || [ -z "$clang" ]; then
    echo 'bits_builds: expected gcc and clang'
    [ -z "${CI:-}" ] || exit 1
    exit 77
fi
[ "$(uname -m)" = x86_64 ] || { echo 'bits_builds: names of x86-64 processors'; exit 77; }
failures=0
while read -r compiler march; do
    build=$work/$compiler-$march
    if ! { cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DDSGD_MARCH="$march" \
            -DCMAKE_C_COMPILER="$(command -v "$compiler" || echo "$clang")" && cmake --build "$build" --target dsgd; } >"$work/log" 2>&1; then
        tail -20 "$work/log"
        exit 1
    fi
    DSGD=$build/dsgd bash "$source/tests/bits.sh" --once "$compiler $march" || failures=$((failures + 1))
done <<'LIST'
gcc x86-64-v2
gcc native
clang x86-64-v3
LIST
exit $((failures > 0))
