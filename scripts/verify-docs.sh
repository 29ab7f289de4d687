#!/usr/bin/env bash
# verify-docs.sh DSGD ROWS PAGE COPY [OPTIONS OF dsgd verify] - the table of docs/theory.md between its markers
# (<!-- verify: table --> ... <!-- end -->) from stored rows, and a copy of all rows.
set -euo pipefail
if [ $# -lt 4 ]; then
    printf 'verify-docs: %d arguments: expected DSGD ROWS PAGE COPY [OPTIONS]\n' $# >&2
    exit 2
fi
dsgd=$1 rows=$2 page=$3 copy=$4
shift 4
scratch=$(mktemp)
trap 'rm -f "$scratch"' EXIT
skip=no
while IFS= read -r line; do
    if [ "$line" = '<!-- end -->' ]; then skip=no; fi
    [ $skip = yes ] || printf '%s\n' "$line"
    if [ "$line" = '<!-- verify: table -->' ]; then
        printf '\n'
        "$dsgd" verify "$@" --quiet --markdown
        printf '\n'
        skip=yes
    fi
done <"$page" >"$scratch"
cmp -s "$scratch" "$page" || cp "$scratch" "$page"
cmp -s "$rows" "$copy" || cp "$rows" "$copy"
