#!/usr/bin/env bash
# compare-digests.sh OLD NEW [STEPS] - do two builds of dsgd compute the same runs, bit for bit?
#
# Every algorithm that OLD lists, with every word of every choice and switch (with and without momentum where there is one), on a
# quadratic and on ten classes of synthetic images, and every configuration in experiments/: STEPS steps (default 60) each, digests of
# trace, ledger, oracle and model compared. A setting that both refuse counts as equal if the sentences are. Prints what differs and
# exits 1 then. A build's program finds its own library only if that is not moved: OLD may be "env LD_LIBRARY_PATH=DIR DIR/dsgd".
set -euo pipefail

[ $# -ge 2 ] || { echo 'compare-digests: expected OLD NEW [STEPS]' >&2; exit 2; }
old=$1 new=$2 steps=${3:-60}
here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DSGD_CACHE=$work/cache OMP_WAIT_POLICY=passive
differ=0 same=0 runs=0

# digest PROGRAM ARGUMENTS... : the digest, or the sentence of the refusal
digest()
{
    local program=$1
    shift
    rm -f "$work/run.h5"
    # shellcheck disable=SC2086 # a program may have words before it
    if $program run -q "$@" -o "$work/run.h5" >"$work/out" 2>&1; then
        # shellcheck disable=SC2086 # a program may have words before it
        $program digest "$work/run.h5" | cut -d' ' -f1
    else
        tail -1 "$work/out"
    fi
}

compare()
{
    local a b
    a=$(digest "$old" "$@")
    b=$(digest "$new" "$@")
    if [ "$a" = "$b" ]; then
        same=$((same + 1))
        if [[ $a =~ ^[0-9a-f]{64}$ ]]; then runs=$((runs + 1)); fi
    else
        differ=$((differ + 1))
        printf 'differs: %s\n  old %s\n  new %s\n' "$*" "$a" "$b"
    fi
}

printf 'problem = quadratic\nquadratic { d = 203 kappa = 10 }\nworkers = 5\nseed = 3\nlog { per_decade = 4 }\nstep { constant = 0.01 }\n' >"$work/quadratic.conf"
printf 'dataset = synthetic\nproblem = softmax\nsoftmax { l2 = 0.001 }\nworkers = 5\nbatch = 3\nlog { per_decade = 4 }\naverage = uniform\n' >"$work/softmax.conf"

# shellcheck disable=SC2086 # a program may have words before it
for algorithm in $($old list algorithms | awk '/^  [a-z]/ { print $1 }'); do
    # shellcheck disable=SC2086 # a program may have words before it
    $old list "$algorithm" >"$work/list"
    momentum=$(awk '$1 == "momentum" && $2 == "=" { print 1; exit }' "$work/list")
    words=$(awk -v a="$algorithm" '/^  [a-z_]+ += .*\|/ { key = $1; sub(/^  [a-z_]+ += +[^ ]+ +/, ""); n = split($0, w, / *\| */)
        for (j = 1; j <= n; ++j) { print a "." key "=" w[j] } }' "$work/list")
    for word in none $words; do
        for m in 0 ${momentum:+0.9}; do
            for problem in quadratic softmax; do
                set -- "$work/$problem.conf" --set steps="$steps" --set algorithm="$algorithm"
                [ "$word" = none ] || set -- "$@" --set "$word"
                [ "$m" = 0 ] || set -- "$@" --set "$algorithm.momentum=$m"
                compare "$@"
            done
        done
    done
    compare "$work/quadratic.conf" --set steps="$steps" --set algorithm="$algorithm" --set emulation=merged
    compare "$work/softmax.conf" --set steps="$steps" --set algorithm="$algorithm" --set server_momentum=0.9 --set weight_decay=0.01
    compare "$work/softmax.conf" --set steps="$steps" --set algorithm="$algorithm" --set weight_decay=0.01 --set weight_decay_mode=decoupled \
        --set server_momentum=0.5 --set server_nesterov=true
done
while IFS= read -r conf; do
    compare "$conf" --set steps="$steps" ${DSGD_DATA:+--data "$DSGD_DATA"}
done < <(find "$here/experiments" -name '*.conf' | sort)
echo "$same settings agree ($runs digests, the rest equal refusals), $differ differ"
[ $differ -eq 0 ]
