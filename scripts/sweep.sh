#!/usr/bin/env bash
# sweep.sh DSGD JOBS [OPTIONS OF make] sweep-runs - the missing runs of a sweep, JOBS at a time.
#
# From the environment: SWEEP (FILE.sweep), SET (settings of all runs), RUN_OPTIONS (of each dsgd run). Prints what is to do
# and what it costs; what that is says `dsgd sweep`, which looks at the results. Then make executes its rules.
set -euo pipefail
[ $# -ge 3 ] || { printf 'sweep: %d arguments: expected DSGD JOBS [OPTIONS] sweep-runs\n' $# >&2; exit 2; }
# shellcheck source=scripts/private.sh
. "$(dirname "$0")/private.sh"
dsgd=$1 jobs=$2
shift 2
run="\"$dsgd\" run --threads 1 --wait ${RUN_OPTIONS:-}"
sweep=("$dsgd" sweep --settings "${SET:-}" --threads 1)

if private_dry; then
    if [ -x "$dsgd" ]; then "${sweep[@]}" --quiet --list --missing --command "$run" -- "${SWEEP:-}" || true; fi
    exit 0
fi

private_folder build/sweeps
"${sweep[@]}" --jobs "$jobs" -- "${SWEEP:-}" >"$work/cost.tsv"
mapfile -t missing < <(awk -F'\t' 'NR > 1 && ($2 == "to do" || $2 == "damaged") { print $1 }' "$work/cost.tsv")
n=$(awk -F'\t' 'NR > 1 && $2 ~ /^(to do|damaged|done)$/' "$work/cost.tsv" | wc -l)
[ ${#missing[@]} -gt 0 ] || exit 0
printf 'makes %d of %d runs: %s' ${#missing[@]} "$n" "${missing[0]}"
[ ${#missing[@]} -le 1 ] || printf ', %s' "${missing[@]:1:7}"
[ ${#missing[@]} -le 8 ] || printf ', ...'
printf '\n'
"${sweep[@]}" --quiet --make --missing --command "scripts/sweep-run.sh $work $run" -- "${SWEEP:-}" >"$work/rules.mk"
date +%s >"$work/begun"
"${MAKE:-make}" --no-print-directory -f "$work/rules.mk" "$@"
