#!/usr/bin/env bash
# sweep-run.sh FOLDER COMMAND... - one run of a sweep, then "[k of n done, ETA m:ss]".
#
# FOLDER is that of scripts/sweep.sh: cost.tsv (what `dsgd sweep` printed when the sweep began: path, state, estimated seconds),
# begun, and finished, to which each run appends its number and the time. The time that is left is the estimate of what is left,
# scaled by how long what was done took, from the start of the first run on: a certified optimum comes before and only once.
set -euo pipefail
[ $# -ge 2 ] || { printf 'sweep-run: %d arguments: expected FOLDER COMMAND...\n' $# >&2; exit 2; }
work=$1
shift
"$@"
printf '%s %s\n' "${DSGD_SWEEP_RUN#run-}" "$(date +%s)" >>"$work/finished"
awk -v now="$(date +%s)" -F'[\t ]' '
    function clock(s) { return sprintf("%d:%02d", int(s / 60), int(s) % 60) }
    FILENAME ~ /begun$/ { begun = $1 }
    FILENAME ~ /finished$/ { if (!($1 in end)) { end[$1] = $2; if (!first || $2 < end[first]) first = $1 } }
    FILENAME ~ /cost.tsv$/ && FNR > 1 {
        split($0, cell, "\t")
        if (cell[2] !~ /^(to do|damaged|done)$/) next
        ++n
        if (n in end) { ++k; done += cell[3] }
        else if (cell[2] == "done") ++k
        else left += cell[3]
        if (n == first) first_s = cell[3]
    }
    END {
        from = end[first] - first_s > begun ? end[first] - first_s : begun
        rest = "ETA unknown"
        if (k == n) rest = "in " clock(now - begun)
        else if (done > 0) rest = "ETA " clock((now - from) * left / done)
        printf "[%d of %d done, %s]\n", k, n, rest
    }' "$work/begun" "$work/finished" "$work/cost.tsv"
