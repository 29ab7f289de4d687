#!/usr/bin/env bash
# refuse.sh - what the contract forbids does not compile: tests/refuse/no_*.c must not, tests/refuse/ok*.c must.
#
# The first line of each file says what it is. $CC: the compiler (cc). A no_*.c counts as refused only where an error lies in that
# file itself: a header that does not compile would refuse everything, and ok*.c say that it does.
set -euo pipefail
cd "${DSGD_SOURCE:-$(dirname "$0")/..}"
cc=${CC:-cc}
read -ra compiler <<<"$cc" # may hold options, or name a cache in front
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
failed=0

# compiles FILE: no linking, no warnings beyond the language's own errors; messages go to $scratch
compiles()
{
    "${compiler[@]}" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -pedantic-errors -Werror -Wno-unused-variable -fsyntax-only -I. "$1" >"$scratch" 2>&1
}
# places: the files in which the compiler's errors lie
places() { sed -nE 's/^([^ :]+):[0-9]+(:[0-9]+)?: (fatal )?error:.*/\1/p' "$scratch"; }
# what FILE: its first line
what() { sed -n '1s,^/\* \(.*\) \*/$,\1,p' "$1"; }

accepted=0
for file in tests/refuse/ok*.c; do
    if compiles "$file"; then
        accepted=$((accepted + 1))
        printf 'compiles: %s\n' "$(what "$file")"
    else
        printf '%s: does not compile, expected that it does:\n' "$file" >&2
        cat "$scratch" >&2
        failed=1
    fi
done
refused=0
for file in tests/refuse/no_*.c; do
    if compiles "$file"; then
        printf '%s: compiles, expected that it does not: %s\n' "$file" "$(what "$file")" >&2
        failed=1
    elif [ "$(places | sort -u)" != "$file" ]; then
        printf '%s: refused for another reason:\n' "$file" >&2
        cat "$scratch" >&2
        failed=1
    else
        refused=$((refused + 1))
        printf 'does not compile: %s\n' "$(what "$file")"
    fi
done
if [ $accepted -lt 1 ] || [ $refused -lt 9 ]; then
    printf 'refuse: %d files compile and %d do not: expected at least 1 and 9\n' $accepted $refused >&2
    failed=1
fi
exit $failed
