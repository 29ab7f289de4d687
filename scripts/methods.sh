#!/usr/bin/env bash
# methods.sh DSGD JOBS JOBS_FLAG STEM SEEDS NAME... - the comparison of methods, each with the step size in STEM/NAME.tuned.conf:
# one sweep over methods and seeds, then STEM.tsv, STEM.md and STEM.txt of its results. SET as for scripts/sweep.sh.
#
# METHODS_FOLDER: where NAME.conf lies (experiments/methods). METHODS_STEPS=given: with the step sizes of these files. METHODS_CURVE=yes: also
# STEM-curve.tsv, the courses for pictures. METHODS_COLUMNS="NAME...": more columns of /trace in the tables.
set -euo pipefail
[ $# -ge 6 ] || { printf 'methods: %d arguments: expected DSGD JOBS JOBS_FLAG STEM SEEDS NAME...\n' $# >&2; exit 2; }
# shellcheck source=scripts/private.sh
. "$(dirname "$0")/private.sh"
dsgd=$1 jobs=$2 flag=$3 stem=$4 seeds=$5
shift 5
if private_dry; then exit 0; fi

private_folder build/methods
folder=${METHODS_FOLDER:-experiments/methods}
for name in "$@"; do
    if [ "${METHODS_STEPS:-tuned}" = given ]; then
        printf 'runs %s {\n    config = ../../../%s/%s.conf\n    seed = {%s}\n}\n' "$name" "$folder" "$name" "${seeds// /, }"
        continue
    fi
    value=$(sed -n 's/^# --set step.constant=//p' "$stem/$name.tuned.conf")
    [[ $value =~ ^[0-9.e+-]+$ ]] || { printf 'methods: %s/%s.tuned.conf: expected a line # --set step.constant=NUMBER\n' "$stem" "$name" >&2; exit 2; }
    momentum=$(sed -n 's/^# --set \(server_momentum\)=\([0-9.]*\)$/    \1 = \2\n/p' "$stem/$name.tuned.conf") # where it was chosen too
    printf 'runs %s {\n    config = ../../../%s/%s.conf\n    step { constant = %s }\n%s    seed = {%s}\n}\n' \
        "$name" "$folder" "$name" "$value" "${momentum:+$momentum$'\n'}" "${seeds// /, }"
done >"$work/methods.sweep"
SWEEP=$work/methods.sweep scripts/sweep.sh "$dsgd" "$jobs" ${flag:+"$flag"} sweep-runs
columns=()
for name in ${METHODS_COLUMNS:-}; do columns+=(--column "$name"); done
for form in tsv markdown text; do
    case $form in tsv) options=(--tsv -o "$stem.tsv") ;; markdown) options=(--markdown -o "$stem.md") ;; text) options=(-o "$stem.txt") ;; esac
    "$dsgd" table "${options[@]}" ${columns[@]+"${columns[@]}"} --settings "${SET:-}" "$work/methods.sweep"
done
if [ "${METHODS_CURVE:-no}" = yes ]; then "$dsgd" curve -o "$stem-curve.tsv" --settings "${SET:-}" "$work/methods.sweep"; fi
