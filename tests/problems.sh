#!/usr/bin/env bash
# problems.sh - every problem with a dataset on dataset = synthetic, from configuration to result: no files anywhere, one
# optimum for all seeds, the same digest for any number of threads, and what a problem lacks is refused with a sentence. A problem that is
# new to the registry is tried like the others: it needs an optimum, or stands below among those without.
# shellcheck disable=SC2015,SC2016 # fail returns 0; perl gets its own dollars
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

# The problems of the registry that learn from a dataset; without a certified optimum; with a key for the class.
problems=() without_optimum=' sigmoid mlp ' of_a_class=()
for name in $("$DSGD" list problems | sed -n 's/^  \([a-z][a-z0-9_]*\) .*/\1/p'); do
    case $name in quadratic | lenet | resnet9 | transformer | lstm) continue ;; esac # makes its own data; want images: deep.sh; pairs: language.sh
    problems+=("$name")
    "$DSGD" list "$name" | grep -q '^  digit ' && of_a_class+=("$name")
done
[ ${#problems[@]} -ge 5 ] && [ ${#of_a_class[@]} -ge 3 ] || fail "list problems: ${problems[*]}; with digit: ${of_a_class[*]}"
has_optimum() { case $without_optimum in *" $1 "*) return 1 ;; esac }

# column FILE NAME first|last: a number of /trace
column()
{
    "$DSGD" export "$1" | awk -v name="$2" -v which="$3" '
        NR == 1 { for (i = 1; i <= NF; ++i) if ($i == name) at = i }
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
    DSGD_LANE_WORK=1 "$DSGD" run small.conf "${set[@]}" --threads 2 -o two.h5 --quiet 2>err || { fail "run $*: $(cat err)"; return; }
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

for name in "${problems[@]}"; do
    problem "$name"
    ! has_optimum "$name" || certified "$name"
done
problem one_vs_rest one_vs_rest.loss=hinge && certified one_vs_rest one_vs_rest.loss=hinge
problem sigmoid
[ "$(column one.h5 gap last)" = NaN ] || fail "sigmoid: a gap to an unknown minimum: $(column one.h5 gap last)"
awk -v n="$(column one.h5 grad_norm2 last)" 'BEGIN { exit !(n ~ /^[0-9]/ && n > 0) }' || fail "sigmoid: no grad_norm2"

# the same numbers as floats and as sparse rows: the same digest, on any number of threads and on the guard
for problem in "${problems[@]}"; do
    problem "$problem" synthetic.rare=0.5 synthetic.form=sparse
    ! has_optimum "$problem" || certified "$problem" synthetic.rare=0.5 synthetic.form=sparse
    "$DSGD" show one.h5 | grep -q 'rare 0.5, sparse floats' || fail "$problem: show does not say that rows are sparse"
    set=(--set problem="$problem" --set synthetic.rare=0.5 --quiet)
    rm -f guard.h5 floats.h5
    "$DSGD" run small.conf "${set[@]}" --set synthetic.form=sparse --set backend=guard -o guard.h5 2>err || fail "$problem, sparse, guard: $(cat err)"
    "$DSGD" run small.conf "${set[@]}" --set synthetic.form=floats -o floats.h5 2>err || fail "$problem, floats: $(cat err)"
    for other in guard floats; do
        [ "$("$DSGD" digest $other.h5 | cut -d' ' -f1)" = "$("$DSGD" digest one.h5 | cut -d' ' -f1)" ] || fail "$problem: sparse rows, $other: another digest"
    done
done
"$DSGD" run small.conf --set problem=softmax --set synthetic.form=dense -o x.h5 2>err
[ $? -eq 2 ] && grep -q 'bytes|floats|sparse' err || fail "synthetic.form = dense: $(cat err)"

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
"$DSGD" run "$DSGD_SOURCE/experiments/convex/synthetic.conf" --set steps=50 -o example.h5 --quiet 2>err || fail "synthetic.conf: $(cat err)"
"$DSGD" run "$DSGD_SOURCE/experiments/convex/softmax.conf" --set dataset=synthetic --set steps=20 -o softmax.h5 --quiet 2>err ||
    fail "softmax.conf: $(cat err)"
"$DSGD" list | grep -q '^  synthetic ' || fail 'list: no synthetic'
"$DSGD" list synthetic >out && grep -q separability out || fail 'list synthetic'
[ "$(sed -n '1s/:.*//p; 2p' out | tr '\n' ' ')" = 'synthetic datasets/synthetic.c ' ] || fail "list synthetic, title and reference: $(head -n 2 out)"

# A class without training examples: refused for the problems that need it, with the classes that are there; the test set may
# lack any (dsgd data says so). labels FOLDER TRAIN TEST: perl expressions of example i
labels()
{
    mkdir -p "$1/mnist"
    perl -e '
        my ($folder, @rule) = @ARGV;
        for my $set (["train", 600, $rule[0]], ["t10k", 90, $rule[1]]) {
            my ($name, $n, $rule) = @$set;
            open my $images, ">:raw", "$folder/mnist/$name-images-idx3-ubyte" or die;
            open my $labels, ">:raw", "$folder/mnist/$name-labels-idx1-ubyte" or die;
            print $images pack("N4", 0x803, $n, 2, 2);
            print $labels pack("N2", 0x801, $n);
            for my $i (0 .. $n - 1) { print $labels chr(eval $rule); print $images chr($i * 7 % 256) x 4; }
        }' "$1" "$2" "$3"
}
mnist=(run small.conf --quiet --set dataset=mnist --set local_topk.k=2 --set log.optimum=false)
# without CODE FOLDER WORDS SETTING...
without()
{
    local expected=$1 folder=$2 words=$3 set=() text code
    for text in "${@:4}"; do set+=(--set "$text"); done
    rm -f class.h5
    "$DSGD" "${mnist[@]}" --data "$folder" "${set[@]}" -o class.h5 >out 2>err
    code=$?
    [ $code -eq "$expected" ] || fail "$*: exit code $code, expected $expected: $(cat err)"
    [ "$expected" -eq 0 ] || { [ "$(wc -l <err)" -eq 1 ] && grep -qF -- "$words" err && [ ! -e class.h5 ]; } || fail "$*: no '$words' in: $(cat err)"
}
labels letters '1 + $i % 26' '1 + $i % 26'
labels alone 3 3
labels gap '(0, 2, 3, 4, 7)[$i % 5]' '$i % 2 ? 2 : 7'
labels untested '$i % 4' '1 + $i % 3'
for problem in "${of_a_class[@]}"; do
    without 2 letters "$problem.digit = 0: the training set of mnist holds no example of class 0; expected one of 1 to 26" problem="$problem"
    without 0 letters '' problem="$problem" "$problem.digit=26"
    without 2 letters "expected a class of mnist, 0 to 26" problem="$problem" "$problem.digit=27"
    without 2 alone "$problem.digit = 1: the training set of mnist holds no example of class 1; expected one of 3" problem="$problem" "$problem.digit=1"
    without 2 alone "$problem.digit = 3: the training set of mnist holds examples of class 3 alone; expected two classes" problem="$problem" "$problem.digit=3"
    without 2 gap "holds no example of class 5; expected one of 0, 2 to 4, 7" problem="$problem" "$problem.digit=5"
    without 0 untested '' problem="$problem"
done
without 2 letters 'holds no example of class 0; expected examples of each class, there are those of 1 to 26' problem=one_vs_rest
without 2 gap 'holds no example of class 1, 5, 6; expected examples of each class' problem=one_vs_rest
without 0 untested '' problem=one_vs_rest
without 0 letters '' problem=softmax
# the classes that a tuning split holds out are not in its training set
labels late '$i < 500 ? $i % 2 : 2' '$i % 3'
without 0 late '' problem=logistic logistic.digit=2
without 2 late 'no example of class 2; expected one of 0, 1' problem=logistic logistic.digit=2 mnist.split=tuning
"$DSGD" data --data gap >out
grep -q 'no training example of class 1, 5, 6' out && grep -q 'no test example of class 0, 1, 3 to 6' out || fail "data: $(cat out)"
"$DSGD" data --data untested --json >out
grep -q '"classes_missing_train": ""' out && grep -q '"classes_missing_test": "0"' out || fail "data --json: $(cat out)"

[ $failures -eq 0 ] && echo 'problems: all checks passed'
exit $((failures > 0))
