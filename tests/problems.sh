#!/usr/bin/env bash
# problems.sh - every problem with a dataset on dataset = synthetic, from configuration to result: no files anywhere, one
# optimum for all seeds, the same digest for any number of threads, and what a problem lacks is refused with a sentence.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
export DSGD_CACHE=$work/optima DSGD_DATA=$work/no-data
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }

cat >small.conf <<'CONF'
dataset = synthetic
synthetic { n = 500 n_test = 200 features = 30 classes = 4 separability = 4 }
algorithm = local_topk
workers = 3
batch = 2
steps = 200
step { constant = 0.1 }
CONF

# column FILE NAME first|last: a number of /trace
column()
{
    "$DSGD" export "$1" | awk -v name="$2" -v which="$3" '
        /^# step/ { sub(/^# /, ""); for (i = 1; i <= NF; ++i) if ($i == name) at = i }
        /^[0-9]/ { value = $at; if (which == "first") { print value; exit } }
        END { if (which == "last") print value }'
}

# problem NAME SETTING...: two runs, digests, falling objective
problem()
{
    local name=$1 set=() text
    for text in "problem=$1" "${@:2}"; do set+=(--set "$text"); done
    rm -f one.h5 two.h5
    "$DSGD" run small.conf "${set[@]}" --threads 1 -o one.h5 --quiet 2>err || { fail "run $*: $(cat err)"; return; }
    "$DSGD" run small.conf "${set[@]}" --threads 2 -o two.h5 --quiet 2>err || { fail "run $*: $(cat err)"; return; }
    [ "$("$DSGD" digest one.h5 | cut -d' ' -f1)" = "$("$DSGD" digest two.h5 | cut -d' ' -f1)" ] || fail "$*: 1 and 2 threads, two digests"
    awk -v a="$(column one.h5 objective first)" -v b="$(column one.h5 objective last)" 'BEGIN { exit !(a != "" && b < a) }' ||
        fail "$*: objective $(column one.h5 objective first) to $(column one.h5 objective last), expected it to fall"
    "$DSGD" list problems | grep -q "^  $name " || fail "list problems: no $name"
    "$DSGD" show one.h5 | grep -q 'synthetic data (4 classes' || fail "$*: show does not say which data"
}

# certified NAME SETTING...: the gap is a number at the end of the last problem's run, and dsgd optimum says so
certified()
{
    local set=() text
    for text in "problem=$1" "${@:2}"; do set+=(--set "$text"); done
    awk -v gap="$(column one.h5 gap last)" 'BEGIN { exit !(gap ~ /^[0-9]/ && gap >= 0) }' || fail "$*: gap $(column one.h5 gap last)"
    "$DSGD" optimum small.conf "${set[@]}" >out 2>err || fail "optimum $*: $(cat err)"
    grep -q 'at most' out || fail "optimum $*: $(cat out)"
}

problem logistic && certified logistic
problem svm && certified svm
problem softmax && certified softmax
problem one_vs_rest && certified one_vs_rest
problem one_vs_rest one_vs_rest.loss=hinge && certified one_vs_rest one_vs_rest.loss=hinge
problem sigmoid
[ "$(column one.h5 gap last)" = NaN ] || fail "sigmoid: a gap to an unknown minimum: $(column one.h5 gap last)"
awk -v n="$(column one.h5 grad_norm2 last)" 'BEGIN { exit !(n ~ /^[0-9]/ && n > 0) }' || fail "sigmoid: no grad_norm2"

# what the non-convex problem lacks
"$DSGD" optimum small.conf --set problem=sigmoid >out 2>err
[ $? -eq 2 ] && grep -q 'sigmoid has no certified optimum' err && ! grep -q 'l2' err || fail "optimum of sigmoid: $(cat out err)"
"$DSGD" run small.conf --set problem=sigmoid --set step_size=theory -o theory.h5 >out 2>err
[ $? -eq 2 ] && grep -q 'sigmoid' err && grep -q 'strongly convex' err || fail "theory steps for sigmoid: $(cat out err)"
[ ! -e theory.h5 ] || fail 'a refused run left a result'
"$DSGD" run small.conf --set problem=one_vs_rest --set one_vs_rest.loss=squared -o x.h5 2>err
[ $? -eq 2 ] && grep -q 'logistic|hinge' err || fail "one_vs_rest.loss = squared: $(cat err)"
"$DSGD" run small.conf --set problem=softmax --set synthetic.n=3 -o x.h5 2>err
[ $? -eq 2 ] && grep -q 'synthetic.n = 3' err || fail "synthetic.n = 3: $(cat err)"

# the run's seed does not change the data: one optimum for all seeds, another for another dataset seed
rm -rf optima
for seed in 1 2; do "$DSGD" run small.conf --set problem=softmax --set seed=$seed -o seed$seed.h5 --quiet 2>err || fail "seed $seed: $(cat err)"; done
[ "$(find optima -name 'optimum-*' | wc -l)" -eq 1 ] || fail "two seeds, $(find optima -name 'optimum-*' | wc -l) optima"
"$DSGD" run small.conf --set problem=softmax --set synthetic.seed=2 -o other.h5 --quiet 2>err || fail "synthetic.seed=2: $(cat err)"
[ "$(find optima -name 'optimum-*' | wc -l)" -eq 2 ] || fail 'another dataset, the same optimum'
[ "$(column seed1.h5 test_error last)" != '' ] || fail 'no test_error'

# theory step sizes where they hold, and the example that needs no files
"$DSGD" run small.conf --set algorithm=sgd --set problem=softmax --set step_size=theory --set step.constant=8 --set average=theory \
    -o t.h5 --quiet 2>err || fail "theory steps for softmax: $(cat err)"
"$DSGD" run "$DSGD_SOURCE/experiments/synthetic.conf" --set steps=50 -o example.h5 --quiet 2>err || fail "synthetic.conf: $(cat err)"
"$DSGD" run "$DSGD_SOURCE/experiments/softmax.conf" --set dataset=synthetic --set steps=20 -o softmax.h5 --quiet 2>err ||
    fail "softmax.conf: $(cat err)"
"$DSGD" list | grep -q '^  synthetic ' || fail 'list: no synthetic'
"$DSGD" list synthetic | grep -q separability || fail 'list synthetic'

[ $failures -eq 0 ] && echo 'problems: all checks passed'
exit $((failures > 0))
