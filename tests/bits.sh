#!/usr/bin/env bash
# bits.sh [--pin] - every pinned run has the pinned digest: one definition of every number (docs/reproducibility.md).
#
# tests/bits/pinned.txt has a line for each run: digest of trace, ledger, oracle and model, a configuration of tests/bits, settings. Each
# begins with an empty cache of optima, so that these are computed too. All runs once more with 1, 2, 3 and 7 threads (8 workers: blocks of
# 8, 4, 3 and 2; 5 workers: of 5, 3, 2 and 1), on the guard, with each instruction set of the kernels, and with the variants of C's library for older processors.
# --pin writes the digests of this build: only with a rise of DSGD_RESULTS_VERSION, which stands in the file's first line.
# DSGD: the program, which may have words before it.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
pinned=$source/tests/bits/pinned.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
read -ra program <<<"$DSGD"
version=$(awk '$2 == "DSGD_RESULTS_VERSION" { print $3 }' "$source/sim/run_config.h")
failures=0

# digest CONF SETTING... : of a run in this shell's circumstances
digest()
{
    local conf=$1 sets=() setting
    shift
    for setting in "$@"; do sets+=(--set "$setting"); done
    rm -rf "$work/cache" "$work/run.h5"
    DSGD_CACHE=$work/cache "${program[@]}" run "$source/tests/bits/$conf.conf" -q -o "$work/run.h5" "${sets[@]}" "${extra[@]}" || return 1
    "${program[@]}" digest "$work/run.h5" | cut -d' ' -f1
}

# check WORDS EXTRA... : all lines of the list with these words of the command line
check()
{
    local what=$1 expected conf settings got runs=0
    shift
    extra=("$@")
    while read -r expected conf settings; do
        [ "$expected" != '#' ] || continue
        # shellcheck disable=SC2086 # settings are words
        got=$(digest "$conf" $settings) || got='no result'
        runs=$((runs + 1))
        if [ "$got" != "$expected" ]; then
            printf 'FAILED: %s, %s %s: %s, pinned %s\n' "$what" "$conf" "$settings" "$got" "$expected"
            failures=$((failures + 1))
        fi
    done <"$pinned"
    [ "$runs" -gt 30 ] || { echo "FAILED: $what: $runs runs in $pinned"; failures=$((failures + 1)); }
    echo "$what: $runs runs"
}

if [ "${1:-}" = --pin ]; then
    extra=()
    { read -r _ && while read -r _ conf settings; do echo "$conf $settings"; done; } <"$pinned" >"$work/list"
    echo "# results version $version: SHA-256 of a run, configuration in tests/bits, settings; made by tests/bits.sh --pin" >"$work/new"
    while read -r conf settings; do
        # shellcheck disable=SC2086 # settings are words
        got=$(digest "$conf" $settings) || { echo "bits: no run of $conf $settings; $pinned stays as it is"; exit 1; }
        echo "$got $conf $settings" >>"$work/new"
    done <"$work/list"
    cp "$work/new" "$pinned"
    exit 0
fi
[ "$(head -1 "$pinned" | cut -d' ' -f4)" = "$version:" ] || { echo "FAILED: $pinned is of another results version than $version"; exit 1; }
if [ "${1:-}" = --once ]; then # another build
    check "${2:-this build}"
    exit $((failures > 0))
fi
export DSGD_LANE_WORK=1 # small problems too shall use their threads
for threads in 1 2 3 7; do check "$threads threads" --threads "$threads"; done
check guard --set backend=guard
for isa in $("${program[@]}" --version | sed -n 's/^Kernels: \(.*\) (.*/\1/p' | tr -d ,); do DSGD_ISA=$isa check "$isa"; done
OMP_STACKSIZE=128k check "stacks of 128 KiB" --threads 3
export GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-AVX2_Usable,-AVX2,-FMA4
check "C library without fused multiply-add"
echo "$failures failures"
exit $((failures > 0))
