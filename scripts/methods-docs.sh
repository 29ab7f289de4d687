#!/usr/bin/env bash
# methods-docs.sh STEM PAGE NAME... - the tables of docs/methods.md from what `make methods` left in STEM.md and STEM/*.tuned.conf,
# between their markers:
#
#   <!-- methods: table --> ... <!-- end -->   accuracy and compression
#   <!-- methods: rates --> ... <!-- end -->   the chosen step sizes and the grids in which they stand
set -euo pipefail
if [ $# -lt 3 ]; then
    printf 'methods-docs: %d arguments: expected STEM PAGE NAME...\n' $# >&2
    exit 2
fi
stem=$1 page=$2
shift 2

rates()
{
    printf '| Method | Step constant | Held-out error %% | Grid | Next lower | Next higher |\n|---|--:|--:|---|--:|--:|\n'
    local name
    for name in "$@"; do
        NAME=$name perl -ne '
            if (/^# ([0-9]\S*) +(\S+) .*?(<- best)?\s*$/) { push @value, $1; push @mean, $2 eq "inf" ? "diverged" : sprintf "%.2f", 100 * $2; $best = $#value if $3; }
            END { printf "| `%s` | %s | %s | %s to %s | %s | %s |\n", $ENV{NAME}, $value[$best], $mean[$best], $value[0], $value[-1], $mean[$best - 1], $mean[$best + 1]; }
        ' "$stem/$name.tuned.conf"
    done
}

# shellcheck source=scripts/replace.sh
. "$(dirname "$0")/replace.sh"
scratch=$(mktemp)
replace_scratch=$scratch
skip=no
while IFS= read -r line; do
    if [ "$line" = '<!-- end -->' ]; then skip=no; fi
    [ $skip = yes ] || printf '%s\n' "$line"
    case $line in
    '<!-- methods: table -->') printf '\n'; sed '/^<!-- end sha256=/d' "$stem.md"
        # shellcheck disable=SC2016 # the backquotes are Markdown's
        printf '\nTuned for each method: `step.constant` alone, on the held-out images (next table). Not tuned: every other key.\n\n'; skip=yes ;;
    '<!-- methods: rates -->') printf '\n'; rates "$@"; printf '\n'; skip=yes ;;
    esac
done <"$page" >"$scratch"
replace "$page" <"$scratch"
