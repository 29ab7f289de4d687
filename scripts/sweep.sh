#!/usr/bin/env bash
# sweep.sh DSGD JOBS [OPTIONS OF make] sweep-runs - the missing runs of a sweep, JOBS at a time.
#
# From the environment: SWEEP (FILE.sweep), SET (settings of all runs), RUN_OPTIONS (of each dsgd run), DSGD_UNPACKED. Prints what is to do
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

# Where nothing is to do nothing is written, not even a folder.
private_tidy build/sweeps
cost=$("${sweep[@]}" --jobs "$jobs" -- "${SWEEP:-}")
mapfile -t missing < <(awk -F'\t' 'NR > 1 && ($2 == "to do" || $2 == "damaged") { print $1 }' <<<"$cost")
n=$(awk -F'\t' 'NR > 1 && $2 ~ /^(to do|damaged|done)$/' <<<"$cost" | wc -l)
[ ${#missing[@]} -gt 0 ] || exit 0
private_folder build/sweeps
printf 'makes %d of %d runs: %s' ${#missing[@]} "$n" "${missing[0]}"
[ ${#missing[@]} -le 1 ] || printf ', %s' "${missing[@]:1:7}"
[ ${#missing[@]} -le 8 ] || printf ', ...'
printf '\n'
"${sweep[@]}" --quiet --make --missing --command "scripts/sweep-run.sh $work $run" -- "${SWEEP:-}" >"$work/rules.mk"
{ printf '%s\n' "$cost" >"$work/cost.tsv" && date +%s >"$work/begun"; } 2>/dev/null ||
    { printf 'sweep: cannot write into %s: expected room for the list of runs\n' "$work" >&2; exit 3; }
# Each run reads the data: they stay unpacked from one to the next, unless the user says where, or nowhere (DSGD_UNPACKED=).
[ ${#missing[@]} -le 1 ] || export DSGD_UNPACKED="${DSGD_UNPACKED-results/unpacked}"
"${MAKE:-make}" --no-print-directory -f "$work/rules.mk" "$@"
