#!/usr/bin/env bash
# levels.sh - the tests of operations and kernels with each instruction set that build and processor have, and wrong names of one.
# Builds with one alone (sanitizers) have had these tests already.
set -u
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
names=$("$DSGD" --version | sed -n 's/^Kernels: \(.*\) (.*/\1/p' | tr -d ,)
[ -n "$names" ] || fail "dsgd --version names no kernels"
read -r used others <<<"$names"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# Tests that call functions of the kernels by name are linked with each set's own (tests/CMakeLists.txt).
internal='select sketch_choose ternary codec_values codec_vectors codec_indices'
for isa in $names; do
    for test in ops_vec ops_sparse ops_group ops_fold ops_fold_long ops_threads ops_sketch ops_lowrank ops_model ops_codec draws problem_kernels; do
        DSGD_ISA=$isa "$DSGD_BUILD/tests/test_$test" >"$log" 2>&1 || { tail -5 "$log"; fail "$test with $isa"; }
    done
    if [ -x "$DSGD_BUILD/tests/test_deep_sequences" ]; then # with oneDNN
        DSGD_ISA=$isa "$DSGD_BUILD/tests/test_deep_sequences" >"$log" 2>&1 || { tail -5 "$log"; fail "deep_sequences with $isa"; }
    fi
    for test in $internal; do
        if [ -z "$others" ] || [ "$isa" = x86-64 ]; then continue; fi # the tests themselves
        "$DSGD_BUILD/tests/test_${test}_${isa#x86-64-}" >"$log" 2>&1 || { tail -5 "$log"; fail "$test with $isa"; }
    done
    [ "$(DSGD_ISA=$isa "$DSGD" --version | sed -n 's/^Kernels: \([^, ]*\).*/\1/p')" = "$isa" ] || fail "DSGD_ISA=$isa is not used"
done
out=$(cd "$(dirname "$log")" && printf 'problem = quadratic\nstep { constant = 0.1 }\nsteps = 2\n' >"$log.conf" && DSGD_ISA=v9 "$DSGD" run "$log.conf" -o "$log.h5" 2>&1)
[ $? = 2 ] || fail "DSGD_ISA=v9: expected exit code 2"
rm -f "$log.conf" "$log.h5"
grep -q "^dsgd: DSGD_ISA = v9: expected an instruction set" <<<"$out" || fail "DSGD_ISA=v9: $out"
echo "levels: $used and ${others:-no other}"
[ "$failures" = 0 ] || exit 1
