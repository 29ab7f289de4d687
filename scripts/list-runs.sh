#!/usr/bin/env bash
# list-runs.sh DSGD DATASET all|quick - the runs of figure 5 as a fragment for make, on stdout.
#
# A result's name contains the hash of its configuration, so `dsgd path` has to be asked. The rules depend on nothing
# but the certified optimum (once, before two runs compute it at the same time): a changed configuration is another name.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -eq 3 ] || { printf 'list-runs: %d arguments: expected DSGD DATASET all|quick\n' $# >&2; exit 2; }
dsgd=$1 dataset=$2 extent=$3

grid=(100 215 464 1000 2154 4642 10000) # T of the SVM, three a decade
case $extent in
all) grid+=(21544 46416 100000) last=100000 seeds=5 ;;
quick) last=10000 seeds=3 ;;
*) printf 'list-runs: argument %s: expected all or quick\n' "$extent" >&2; exit 2 ;;
esac

# rule PROBLEM CONF SETTINGS...
rule()
{
    local problem=$1 conf=$2 setting settings=()
    shift 2
    for setting in "$@"; do settings+=(--set "$setting"); done
    local path
    path=$("$dsgd" path "$conf" "${settings[@]}")
    printf '%s: | results/optimum/%s-%s.txt\n\t$(FIGURE5_RUN) %s %s\nFIGURE5_%s += %s\n' \
        "$path" "$dataset" "$problem" "$conf" "${settings[*]}" "$problem" "$path"
}

printf '# written by scripts/list-runs.sh: runs of figure 5 on %s, %s\n' "$dataset" "$extent"
for curve in vanilla heavymix topk; do
    for ((seed = 1; seed <= seeds; ++seed)); do
        rule logistic "experiments/logistic_$curve.conf" "dataset=$dataset" "steps=$last" "seed=$seed"
    done
done
for curve in vanilla heavymix topk; do
    for steps in "${grid[@]}"; do
        for ((seed = 1; seed <= seeds; ++seed)); do
            rule svm "experiments/svm_$curve.conf" "dataset=$dataset" "steps=$steps" "seed=$seed"
        done
    done
done
