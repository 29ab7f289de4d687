#!/usr/bin/env bash
# sweep-progress.sh COST.tsv - "[k of n done, ETA m:ss]", after each run of a sweep.
#
# COST.tsv is what `dsgd sweep --cost` printed when the sweep began: path, state, estimated seconds. The time that is left
# is the estimate of what is left, scaled by how long what was done took, from the start of the first run on: a certified
# optimum comes before and only once.
set -euo pipefail
[ $# -eq 1 ] || { printf 'sweep-progress: %d arguments: expected COST.tsv\n' $# >&2; exit 2; }
cost=$1
[ -e "$cost" ] || exit 0

n=0 k=0 done_ms=0 left_ms=0 first='' first_ms=0
while IFS=$'\t' read -r path state seconds _; do
    case $state in 'to do' | 'done') n=$((n + 1)) ;; *) continue ;; esac
    ms=$((10#${seconds/./}))
    if [ -e "$path" ]; then
        k=$((k + 1))
        [ "$state" != "done" ] || continue
        done_ms=$((done_ms + ms))
        if [ -z "$first" ] || [ "$path" -ot "$first" ]; then first=$path first_ms=$ms; fi
    else
        left_ms=$((left_ms + ms))
    fi
done <"$cost"
now=$(date +%s)
begun=$(stat -c %Y "$cost")
whole=$((now - begun))
if [ -n "$first" ]; then
    from=$(($(stat -c %Y "$first") - first_ms / 1000))
    if [ $from -gt "$begun" ]; then begun=$from; fi
fi
elapsed=$((now - begun))
clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }
if [ $k -eq $n ]; then
    rest="in $(clock $whole)"
elif [ $done_ms -gt 0 ]; then
    rest="ETA $(clock $((elapsed * left_ms / done_ms)))"
else
    rest='ETA unknown'
fi
printf '[%d of %d done, %s]\n' $k $n "$rest"
