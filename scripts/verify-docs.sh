#!/usr/bin/env bash
# verify-docs.sh DSGD ROWS PAGE COPY [OPTIONS OF dsgd verify] - the table of docs/theory.md between its markers
# (<!-- verify: table --> ... <!-- end -->) from stored rows, and a copy of all rows. Each file is replaced whole or not at all.
set -euo pipefail
refuse() { printf 'verify-docs: %s\n' "$*" >&2; exit 2; }
[ $# -ge 4 ] || refuse "$# arguments: expected DSGD ROWS PAGE COPY [OPTIONS]"
dsgd=$1 rows=$2
shift 2
begin='<!-- verify: table -->' end='<!-- end -->'
[ -f "$1" ] || refuse "$1: expected a page with the lines $begin and $end"
page=$(realpath -- "$1") copy=$(realpath -m -- "$2")
shift 2
awk -v begin="$begin" -v end="$end" '$0 == begin { ++n } $0 == end && n == 1 && !m { m = 1 } END { exit !(n == 1 && m) }' <"$page" ||
    refuse "$page: expected the line $begin once, and $end after it"
[ "$(head -c 13 -- "$rows")" = $'id\tstatement\t' ] || refuse "$rows: expected the rows that dsgd verify -o writes"
[ ! -e "$copy" ] || [ "$(head -c 13 -- "$copy")" = $'id\tstatement\t' ] || refuse "$copy: expected an earlier copy of such rows"

# shellcheck source=scripts/replace.sh
. "$(dirname "$0")/replace.sh"
table=$("$dsgd" verify "$@" --quiet --markdown)
skip=no
page_with_table()
{
    while IFS= read -r line || [ -n "$line" ]; do
        if [ "$line" = "$end" ]; then skip=no; fi
        [ $skip = yes ] || printf '%s\n' "$line"
        if [ "$line" = "$begin" ]; then
            printf '\n%s\n\n' "$table"
            skip=yes
        fi
    done <"$page"
}
text=$(page_with_table && printf .) # a failed read must not become half a page
replace "$page" <<<"${text%$'\n.'}"
replace "$copy" <"$rows"
