#!/usr/bin/env bash
# methods.sh - choosing a step size and comparing methods: the held-out split never shows the test examples, the grid grows at
# both ends, diverged runs, interruption, one row per method, no mixing of data, and the whole comparison from one command.
# shellcheck disable=SC2015 # fail always succeeds
set -u
# shellcheck source=tests/sweep_tree.sh
. "$(dirname "$0")/sweep_tree.sh"
export DSGD_CACHE=$PWD/optima DSGD_DATA=$PWD/data
dsgd=./dsgd

# told FILE FRAGMENT...: each of them stands in the file
told()
{
    local file=$1 fragment
    shift
    for fragment in "$@"; do grep -qF -- "$fragment" "$file" || fail "no '$fragment' in $file: $(cat "$file")"; done
}
# refuse FRAGMENT... -- ARGUMENT...: exit code 2 and a sentence with all fragments; nothing on standard output
refuse()
{
    local fragments=()
    while [ "$1" != -- ]; do fragments+=("$1"); shift; done
    shift
    $dsgd "$@" >out 2>err
    local code=$?
    [ $code -eq 2 ] || fail "dsgd $*: exit code $code, expected 2: $(cat err)"
    [ ! -s out ] || fail "dsgd $*: $(cat out)"
    told err "${fragments[@]}"
}
best() { sed -n 's/^# --set step.constant=//p' "$1"; }
values() { sed -n -E 's/^# ([0-9][^ ]*) .*/\1/p' "$1" | tr '\n' ' '; }

cat >small.conf <<'CONF'
dataset = synthetic
synthetic { n = 600 n_test = 100 features = 20 classes = 3 separability = 3 }
problem = softmax
workers = 2
batch = 2
steps = 40
log { per_decade = 0 optimum = false }
CONF

# --- the held-out split -------------------------------------------------------------------------------------------------

# 600 training images with one label for the first 500 and the others for the last 100: only a split at 500 sees one class
mkdir -p data/mnist
perl -e '
    for my $set (["train", 600], ["t10k", 60]) {
        my ($name, $n) = @$set;
        open my $images, ">:raw", "data/mnist/$name-images-idx3-ubyte" or die;
        open my $labels, ">:raw", "data/mnist/$name-labels-idx1-ubyte" or die;
        print $images pack("N4", 0x803, $n, 2, 2);
        print $labels pack("N2", 0x801, $n);
        for my $i (0 .. $n - 1) {
            print $labels chr($i < 500 ? 0 : 1);
            print $images chr($i % 256) x 4;
        }
    }'
# a bias decides: after training on class 0 alone every held-out example of class 1 is an error
run=(run small.conf --quiet --set dataset=mnist --set sgd.momentum=0 --set steps=200)
$dsgd "${run[@]}" --set mnist.split=tuning -o tuning.h5 2>err || fail "split = tuning: $(cat err)"
$dsgd "${run[@]}" -o full.h5 2>err || fail "split = full: $(cat err)"
error() { $dsgd show --json "$1" | perl -0ne 'print $1 if /"test_error_percent": ([0-9.]+)/'; }
[ "$(error tuning.h5)" = 100.0 ] || fail "test error on held-out examples of a class without training: $(error tuning.h5)"
$dsgd show --json tuning.h5 >tuning.json
$dsgd show --json full.h5 >full.json
told tuning.json 'tuning split (100 held out)'
if grep -q 'tuning split' full.json; then fail 'the full set calls itself a tuning split'; fi
sum() { perl -0ne 'print $1 if /"dataset_sha256": "([0-9a-f]{64})"/' "$1"; }
[ -n "$(sum tuning.json)" ] && [ "$(sum tuning.json)" != "$(sum full.json)" ] || fail "sums of the splits: $(sum tuning.json) $(sum full.json)"
refuse 'full.h5' 'tuning.h5' 'expected one dataset' -- table full.h5 tuning.h5
refuse 'full.h5' 'tuning.h5' 'expected one dataset' -- show full.h5 tuning.h5
# optima do not mix, and the test files are not even opened
$dsgd optimum small.conf --set dataset=mnist --quiet && $dsgd optimum small.conf --set dataset=mnist --set mnist.split=tuning --quiet ||
    fail 'optima of the splits'
[ "$(find optima -name 'optimum-*' | wc -l)" -eq 2 ] || fail "two splits, optima: $(ls optima)"
for name in images-idx3 labels-idx1; do mv data/mnist/t10k-$name-ubyte .; echo broken >data/mnist/t10k-$name-ubyte; done
$dsgd "${run[@]}" --set mnist.split=tuning -o again.h5 2>err || fail "split = tuning with broken test files: $(cat err)"
$dsgd diff tuning.h5 again.h5 >out 2>&1 || fail "the split depends on the test files: $(cat out)"
refuse t10k -- "${run[@]}" -o no.h5
for name in images-idx3 labels-idx1; do mv t10k-$name-ubyte data/mnist/; done
refuse 'synthetic.split = tuning: 5 training examples' -- run small.conf --set synthetic.split=tuning --set synthetic.n=5 -o no.h5
refuse 'synthetic.split' 'full|tuning' -- run small.conf --set synthetic.split=half -o no.h5
$dsgd list mnist | grep -q 'full | tuning' || fail 'list mnist: no split'

# --- the grid -----------------------------------------------------------------------------------------------------------

tune="$dsgd tune small.conf --metric test_loss" # smooth: no chance minimum far from the least one
$tune -o all.conf >out 2>err || fail "tune: $(cat err)"
told out 'seeds (101, 102, 103)' 'tuning split (100 held out)' '<- best'
value=$(best all.conf)
# from below, from above and from one value at the best one: the same answer, and neighbours on both sides
for from in 0.0125 1.6 "$value"; do
    $tune --from "$from" --points 1 -o grown.conf >out 2>err || fail "tune --from $from: $(cat err)"
    ends=$(values grown.conf)
    case " $ends" in *" $value "*) ;; *) fail "tune --from $from did not reach $value: $ends" ;; esac
    [ "${ends%% *}" != "$(best grown.conf)" ] && [ "$(echo "$ends" | awk '{ print $NF }')" != "$(best grown.conf)" ] ||
        fail "tune --from $from: the best value $(best grown.conf) is an end of $ends"
done
# the mean is that of the results' last rows
perl -ne 'next unless /^# ([0-9]\S*) +(\S+) +(.*?)(?:  <-.*)?$/; my ($m, @v) = ($2, split " ", $3); my $s = 0; $s += $_ for @v;
    die "mean $m of @v\n" unless @v == 3 && abs($s / 3 - $m) <= 1e-5 * $m' all.conf || fail 'means of the table'
path=$($dsgd path small.conf --set synthetic.split=tuning --set "step.constant=$value" --set seed=101)
[ -e "$path" ] || fail "no result $path"
shown=$($dsgd export "$path" | awk 'NR == 1 { for (i = 1; i <= NF; ++i) if ($i == "test_loss") at = i } END { print $at }')
grep "^# $value " all.conf | awk -v e="$shown" '{ exit !(e > 0 && ($4 - e) ^ 2 < 1e-10) }' || fail "seed 101: $shown, $(cat all.conf)"
# again: nothing is made, not a byte changes
cp all.conf before.conf
$tune -o all.conf >out 2>err && [ ! -s err ] || fail "tune again: $(cat err)"
grep -q '^0 runs made' out && [ ! all.conf -nt before.conf ] || fail "tune again: $(tail -n 1 out)"
# the file is a piece of a configuration, and --set takes its line
printf 'include("small.conf")\ninclude("all.conf")\n' >use.conf
[ "$($dsgd run use.conf --quiet -o use.h5 && $dsgd digest use.h5 | cut -d' ' -f1)" = \
    "$($dsgd run small.conf --set "$(sed -n 's/^# --set //p' all.conf)" --quiet -o set.h5 && $dsgd digest set.h5 | cut -d' ' -f1)" ] || fail 'include and --set differ'
# diverged runs are infinite and never chosen; a grid of them alone grows downwards
quadratic() { $dsgd tune quadratic.conf --set steps=200 --set quadratic.d=10 --metric objective --seeds 7,8 "$@"; }
cp experiments/convex/quadratic.conf .
quadratic --from 1e6 --factor 100 --points 2 -o down.conf >out 2>err || fail "tune of diverged runs: $(cat err)"
told down.conf ' inf'
awk -v v="$(best down.conf)" 'BEGIN { exit !(v > 0 && v < 1e4) }' || fail "a diverged value was chosen: $(cat down.conf)"
grep -q "results/quadratic" <(find results -name 'quadratic-T200-s7-*') || fail 'no results of seed 7'
# equal values: the smaller one; with 0 steps of difference everywhere the grid grows to its limit and says so
refuse 'step.constant = ' 'the best of 6 values' 'an end of the grid' '--most' -- \
    tune quadratic.conf --set quadratic.d=10 --metric objective --seeds 7 --from 1e30 --factor 1.1 --points 3 --most 6 --quiet
# another key, of an algorithm
$tune --set algorithm=local_topk --set local_topk.momentum=0.5 --key local_topk.k --from 4 --factor 2 --points 3 --metric objective \
    --seeds 1,2 -o k.conf >out 2>err || fail "tune local_topk.k: $(cat err)"
told k.conf 'local_topk {' '    k = '

# interrupted, killed and repeated: the same file as without
rm -rf results
slow=(tune small.conf --set steps=60000 --set synthetic.n=100 --seeds '1,2' --points 3 --factor 4)
set -m
interrupts=0
for ((turn = 0; turn < 3; ++turn)); do
    $dsgd "${slow[@]}" -o slow.conf >log 2>&1 & pid=$!
    sleep 0.4
    if [ $turn -eq 1 ]; then kill -KILL $pid; else kill -INT $pid; fi
    wait $pid
    code=$?
    [ $code -eq 0 ] && break
    if [ $code -eq 130 ]; then interrupts=$((interrupts + 1)); cp log interrupted.log; fi
    [ ! -e slow.conf ] || fail 'an interrupted tune wrote its answer'
done 2>/dev/null
set +m
if [ $interrupts -gt 0 ]; then told interrupted.log 'the same command goes on'; fi
$dsgd "${slow[@]}" -o slow.conf >out 2>err || fail "tune after interrupts: $(cat err)"
cp -R results interrupted
rm -rf results
$dsgd "${slow[@]}" -o whole.conf >out 2>err || fail "tune: $(cat err)"
cmp -s slow.conf whole.conf || fail "after $interrupts interrupts: $(diff slow.conf whole.conf)"
[ "$(cd interrupted && "$DSGD" digest synthetic/*.h5)" = "$(cd results && "$DSGD" digest synthetic/*.h5)" ] || fail 'bits after interrupts'
# other files in the data folder: their results have other names, and nothing of the others is counted or touched
rm -rf results
other=(tune small.conf --set dataset=mnist --seeds 1 --points 3 --metric objective)
$dsgd "${other[@]}" >out 2>err || fail "tune on files: $(cat err)"
runs=$(find results/mnist -name '*.h5' | sort)
printf '\377' | dd of=data/mnist/train-images-idx3-ubyte bs=1 seek=20 conv=notrunc 2>/dev/null
$dsgd "${other[@]}" >out 2>err && grep -q ', 0 were there$' out || fail "tune on other files: $(cat out err)"
find results/mnist -name '*.h5' | sort | comm -23 <(echo "$runs") - | grep -q . && fail 'results of the other files are gone'
[ "$(find results/mnist -name '*.h5' | wc -l)" -ge $((2 * $(wc -l <<<"$runs"))) ] || fail "results of two data: $(ls results/mnist)"

# the certified optimum is no business of a choice by another column, unless the configuration asks for it
rm -rf results optima
sed 's/ optimum = false//' small.conf >plain.conf
$dsgd tune plain.conf --metric test_loss --seeds 1 --points 3 >out 2>err || fail "tune: $(cat err)"
[ ! -e optima ] || fail "tune computes an optimum that it does not use: $(ls optima)"
$dsgd tune plain.conf --metric test_loss --seeds 1 --points 3 --set log.optimum=true >out 2>err || fail "tune: $(cat err)"
[ -e optima ] || fail 'tune leaves out an optimum that was asked for'

# what cannot be meant
refuse '--metric accuracy' test_error -- tune small.conf --metric accuracy
refuse '--key seed_hash' -- tune small.conf --key seed_hash
refuse 'step.constnat' 'step.constant' -- tune small.conf --key step.constnat
refuse '--seeds 1,1' -- tune small.conf --seeds 1,1
refuse '--seeds 1,,2' -- tune small.conf --seeds 1,,2
refuse '--seeds -1' -- tune small.conf --seeds=-1
refuse '--factor 1' -- tune small.conf --factor 1
refuse '--points 30' '--most 24' -- tune small.conf --points 30
refuse '--values 1,,2' -- tune small.conf --values 1,,2
# values as they are given, and for programs
$dsgd tune quadratic.conf --set steps=50 --metric objective --seeds 7 --values 0.0001,0.05,0.02 --json --quiet >out 2>err || fail "tune --values: $(cat err)"
grep -q '"best": "0.05"' out && [ "$(grep -c '"value": ' out)" -eq 3 ] || fail "tune --values --json: $(cat out)"
# a plateau where steps are too small to change anything: the grid grows to both sides until it finds the way out
$dsgd tune small.conf --set steps=2 --seeds 101 --from 1e-6 --factor 10 --points 3 --json --quiet >out 2>err || fail "tune on a plateau: $(cat err)"
awk -F'"' '/"best"/ { exit !($4 > 1e-4 && $4 < 1e6) }' out || fail "tune on a plateau: $(cat out)"
refuse gone.conf -- tune gone.conf
cp small.conf kept.conf
refuse 'small.conf was not written by this version of dsgd' -- tune small.conf --points 1 --seeds 1 -o small.conf
cmp -s small.conf kept.conf || fail 'tune -o CONFIG replaced the configuration'

# --- the table ----------------------------------------------------------------------------------------------------------

rm -rf results
for seed in 1 2 3; do
    $dsgd run small.conf --quiet --set seed=$seed --set label='plain one' -o a$seed.h5
    $dsgd run small.conf --quiet --set seed=$seed --set algorithm=local_topk --set local_topk.k=3 --set label=topk -o b$seed.h5
done
$dsgd run small.conf --quiet --set seed=1 --set batch=4 --set label='plain one' -o c1.h5
$dsgd table a?.h5 b?.h5 c1.h5 >out 2>err || fail "table: $(cat err)"
[ "$(wc -l <out)" -eq 5 ] || fail "table of three methods: $(cat out)"
told out 'softmax on synthetic data' 'plain one batch=4' 'local_topk k=3' 'sgd batch=4'
$dsgd table --tsv a?.h5 b?.h5 c1.h5 >table.tsv 2>err || fail "table --tsv: $(cat err)"
mean=$(for seed in 1 2 3; do error a$seed.h5; echo; done | awk '{ s += 100 - $1; q += (100 - $1) ^ 2 } END { m = s / 3; printf "%.5f %.5f", m, sqrt((q - 3 * m * m) / 2) }')
awk -F'\t' -v want="$mean" '$1 == "plain one" { split(want, w, " "); exit !($5 == 3 && $7 - w[1] < 1e-4 && w[1] - $7 < 1e-4 && $8 - w[2] < 1e-3 && w[2] - $8 < 1e-3) }' table.tsv ||
    fail "mean and deviation: expected $mean: $(cat table.tsv)"
# by hand: d = 63; SGD 1; local top-k: 3 values up
awk -F'\t' '$1 == "plain one" { exit !($9 == 1 && $12 == 1 && $10 == 1 && $14 == 1) }' table.tsv || fail "SGD compresses: $(cat table.tsv)"
awk -F'\t' '$1 == "topk" { exit !($10 == 63 / 3) }' table.tsv || fail "local top-k sends 3 of 63 values: $(cat table.tsv)"
[ "$($dsgd table --markdown a?.h5 b?.h5 | grep -c '^|')" -eq 4 ] || fail 'table --markdown'
$dsgd run small.conf --quiet --set step.constant=1e38 --set label=far -o far.h5
$dsgd table far.h5 a1.h5 >out 2>err && told out '1 of 1 diverged' || fail "table of a diverged run: $(cat out err)"
refuse 'same configuration and seed' -- table a1.h5 a1.h5
$dsgd run quadratic.conf --quiet --set steps=5 -o q.h5
refuse 'a1.h5' 'q.h5' -- table a1.h5 q.h5
refuse 'no FILE' -- table
$dsgd run small.conf --quiet --set steps=100000000 --snapshot 0.1 -o long.h5 2>/dev/null & pid=$!
for _ in $(seq 400); do [ -e long.h5.tmp ] && break; sleep 0.05; done
kill -TERM $pid
wait $pid 2>/dev/null
refuse 'long.h5.tmp' 'unfinished' -- table long.h5.tmp

# --- the whole comparison -----------------------------------------------------------------------------------------------

for file in experiments/methods/*.conf; do
    name=$(basename "$file" .conf)
    [ "$name" = common ] || grep -qw "$name" <(sed -n '/default,METHODS,/,/)$/p' experiments/methods/methods.mk) || fail "$name is not in experiments/methods/methods.mk"
    [ "$name" = common ] || $dsgd path "$file" >out 2>err || fail "$file: $(cat err)"
done
methods()
{
    make --no-print-directory -f Makefile.experiments DSGD=./dsgd DATASET=synthetic QUICK=1 METHODS='sgd local_topk signsgd' \
        SET='synthetic.n=600 synthetic.features=20 synthetic.separability=4' -j2 methods >"${1:-log}" 2>&1
}
rm -rf results
methods || fail "make methods: $(cat log)"
table=$(echo results/methods-synthetic-quick-*.tsv)
[ "$(wc -l <"$table")" -eq 4 ] || fail "make methods: $(cat log)"
find results -type f -exec sha256sum {} + | sort >before
methods || fail "make methods again: $(cat log)"
if grep -q 'complete\|^makes' log; then fail "make methods again makes something: $(cat log)"; fi
find results -type f -exec sha256sum {} + | sort | diff before - >out || fail "make methods again changes files: $(cat out)"
rm "$(find results/synthetic -name 'signsgd*-s1-*.h5')"
methods || fail "make methods with a result missing: $(cat log)"
[ "$(grep -c complete log)" -eq 1 ] && grep -q '^makes 1 of 3 runs: ' log || fail "one result was missing: $(cat log)"
find results -type f -name '*.tsv' -exec sha256sum {} + | sort >after
grep -qFf after before || fail 'another table'
# three at once share the work: each tunes and makes the same runs, and waits for what another one makes
rm -rf results
for i in 1 2 3; do (code=0; methods log$i || code=$?; echo $code >code$i) & done
wait
[ "$(cat code1 code2 code3 | tr '\n' ' ')" = '0 0 0 ' ] || fail "three make methods at once: $(cat code1 code2 code3 log1 log2 log3)"
find results -type f -name '*.tsv' -exec sha256sum {} + | sort | cmp -s - after || fail 'three at once: another table'

[ $failures -eq 0 ] && echo 'methods: all checks passed'
exit $((failures > 0))
