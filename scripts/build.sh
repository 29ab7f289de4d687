#!/usr/bin/env bash
# build.sh PRESET [TARGET...] - configures build/PRESET if it is not, and builds; says nothing where nothing is to do.
#
# Output of the compiler appears when something fails, or if DSGD_VERBOSE is set. Exit code 1 if the build fails.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:?expected the name of a preset}
shift
targets=()
[ $# -eq 0 ] || targets=(--target "$@")

log=$(mktemp)
before=
trap 'rm -f "$log" ${before:+"$before"}' EXIT
# One build at a time, also from other containers: a second one waits, and then has nothing to do.
mkdir -p build || { printf 'build: cannot make the folder build: expected a place that can be written\n' >&2; exit 3; }
exec 9>>build/.lock
flock 9 2>/dev/null || true # a file system without locks
quietly()
{
    if [ -n "${DSGD_VERBOSE:-}" ]; then
        "$@"
    elif ! "$@" >"$log" 2>&1; then
        grep -v '^\[[0-9]*/[0-9]*\] [BLGR]' "$log" >&2 # without the progress of what went well
        return 1
    fi
}

start=$SECONDS
if [ ! -e "build/$preset/build.ninja" ]; then
    printf 'build: configures %s\n' "build/$preset"
    if ! quietly cmake --preset "$preset"; then
        printf "build: 'cmake --preset %s' failed, see above\n" "$preset" >&2
        exit 1
    fi
fi
journal=build/$preset/.ninja_log
if [ -e "$journal" ]; then before=$(mktemp) && cp -p "$journal" "$before"; fi
if ! quietly cmake --build --preset "$preset" "${targets[@]}"; then
    printf "build: 'cmake --build --preset %s' failed, see above\n" "$preset" >&2
    exit 1
fi
# Where only the file lists were checked again, ninja's journal stays as it was: nothing to do changes no file and no folder.
# Half a journal would only mean that ninja builds more than it must.
if [ -n "$before" ] && [ -z "${DSGD_VERBOSE:-}" ] && ! grep -q '^\[[0-9]*/[0-9]*\] [BLGR][a-z]* [^g]' "$log"; then
    cmp -s "$before" "$journal" || cp -p "$before" "$journal"
fi
compiled=$(grep -c 'Building C object' "$log" || true)
if [ "$compiled" -gt 0 ]; then
    printf 'build: %s: %d files compiled in %d s\n' "$preset" "$compiled" $((SECONDS - start))
fi
