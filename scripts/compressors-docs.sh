#!/usr/bin/env bash
# compressors-docs.sh TABLE PAGE - the table of what every compressor leaves (dsgd verify --map compressors) as Markdown in PAGE, between the lines
# <!-- verify: compressors --> and <!-- end -->: a line for each method, a column for each vector.
set -euo pipefail
refuse() { printf 'compressors-docs: %s\n' "$*" >&2; exit 2; }
[ $# -eq 2 ] || refuse "$# arguments: expected TABLE PAGE"
begin='<!-- verify: compressors -->' end='<!-- end -->'
grep -qxF -- "$begin" <"$2" || refuse "$2: expected a page with the lines $begin and $end"
[[ $(head -n 1 -- "$1") == '# map compressors,'* ]] || refuse "$1: expected what dsgd verify --map compressors writes"
# shellcheck source=scripts/replace.sh
. "$(dirname "$0")/replace.sh"
table=$(awk -F '\t' '
    /^# what compressors leave/ { about = substr($0, 3) }
    /^#/ { next }
    {
        keys = $2
        gsub($1 "\\.", "", keys)
        method = "`" $1 (keys == "" ? "" : " " keys) "`"
        if (!(method in seen)) { order[++methods] = method; seen[method] = 1 }
        if (!($3 in column)) { shape[++shapes] = $3; column[$3] = 1 }
        value[method, $3] = $5 == $6 ? sprintf("%.3g", $4) : sprintf("%.3g [%.3g, %.3g]", $4, $5, $6)
    }
    END {
        print about "\n"
        printf "| method |"; for (s = 1; s <= shapes; ++s) printf " %s |", shape[s]
        printf "\n|---|"; for (s = 1; s <= shapes; ++s) printf "--:|"
        print ""
        for (m = 1; m <= methods; ++m) {
            printf "| %s |", order[m]
            for (s = 1; s <= shapes; ++s) printf " %s |", value[order[m], shape[s]]
            print ""
        }
    }' "$1")
scratch=$(mktemp)
replace_scratch=$scratch
skip=no
while IFS= read -r line; do
    if [ "$line" = "$end" ]; then skip=no; fi
    [ $skip = yes ] || printf '%s\n' "$line"
    if [ "$line" = "$begin" ]; then
        printf '\n%s\n\n' "$table"
        skip=yes
    fi
done <"$2" >"$scratch"
replace "$2" <"$scratch"
