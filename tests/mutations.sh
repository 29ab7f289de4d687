#!/bin/bash
# Plants the faults of tests/mutations/table.txt, one at a time, in a copy of the tree, and runs the quick programs of the labels
# unit and contract until one fails (test_contract takes minutes and looks for other faults). Exit 1 if a fault survives, 2 if
# one no longer applies or the copy fails without a fault. Arguments: names of faults (default: all); --check: only whether all apply. The conformance suite
# runs first, it is the quickest.
set -euo pipefail

source_folder=${DSGD_SOURCE:-$(cd "$(dirname "$0")/.." && pwd)}
table=$source_folder/tests/mutations/table.txt apply=$source_folder/tests/mutations/apply.pl
if [ "${1:-}" = --check ]; then exec perl "$apply" "$table" --check "$source_folder"; fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DSGD_CACHE=$work/cache TMPDIR=$work

if [ -n "${DSGD_SANITIZE:-}" ]; then
    echo "the faults are planted in a build without sanitizers"
    exit 77
fi

mkdir "$work/tree" "$work/scratch" "$work/cache"
cd "$source_folder"
tar -cf - --exclude=./build --exclude=./results --exclude=./shared --exclude=./.git . | tar -xf - -C "$work/tree"
tree=$work/tree build=$work/build

# -O1 compiles twice as fast as -O3, one instruction set three times as fast as all; tests do not relink when only the library changes.
cmake -S "$tree" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DDSGD_MARCH=x86-64-v3 -DDSGD_WERROR=OFF -DCMAKE_C_FLAGS_DEBUG=-O1 \
    -DDSGD_INSIDE_SHARED=ON -DCMAKE_LINK_DEPENDS_NO_SHARED=ON > "$work/log" 2>&1 || { cat "$work/log"; exit 2; }
mapfile -t programs < <(cd "$tree/tests" && printf '%s\n' conformance/conform_*.c | sed 's/.*\///; s/\.c$//'
    names=$(sed -n 's/^ *dsgd_test(\([a-z0-9_]*\) \(unit\|contract\))$/\1/p' "$tree/tests/CMakeLists.txt" | grep -v '^contract$')
    grep -v '^identities' <<< "$names"
    grep '^identities' <<< "$names") # the slowest
targets=("${programs[@]/#/test_}")
ninja -C "$build" "${targets[@]}" > "$work/log" 2>&1 || { tail -n 40 "$work/log"; exit 2; }

# Name of the first program that fails; empty if all pass. A program that hangs has failed.
first_failure()
{
    local program
    for program in "${programs[@]}"; do
        if ! timeout 120 "$build/tests/test_$program" > /dev/null 2>&1; then
            echo "$program"
            return
        fi
    done
}

failing=$(first_failure)
if [ -n "$failing" ]; then
    echo "test_$failing fails without a fault"
    exit 2
fi

planted=0 survived=0 stale=0
while IFS=$'\t' read -r name file meaning; do
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then continue; fi
    planted=$((planted + 1))
    cp -p "$tree/$file" "$work/original"
    if ! perl "$apply" "$table" "$name" "$tree"; then
        stale=$((stale + 1))
        continue
    fi
    if ! ninja -C "$build" "${targets[@]}" > "$work/log" 2>&1; then
        printf 'STALE    %-32s does not compile\n' "$name"
        grep -m 3 'error' "$work/log" || true
        stale=$((stale + 1))
    else
        killer=$(first_failure)
        if [ -n "$killer" ]; then
            printf 'killed   %-32s by %s\n' "$name" "$killer"
        else
            printf 'SURVIVED %-32s %s: %s\n' "$name" "$file" "$meaning"
            survived=$((survived + 1))
        fi
    fi
    cp "$work/original" "$tree/$file" # without -p: newer than the object of the fault
done < <(perl "$apply" "$table" "" "$tree")

printf '%d faults planted, %d survived, %d do not apply\n' "$planted" "$survived" "$stale"
if [ "$stale" -gt 0 ]; then exit 2; fi
[ "$survived" -eq 0 ]
