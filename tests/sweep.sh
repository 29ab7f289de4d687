#!/usr/bin/env bash
# sweep.sh - a grid of runs: expanded, checked, its cost told before it starts; interrupted and repeated it makes exactly what
# is missing, with the same bits.
# shellcheck disable=SC2015 # fail always succeeds
set -u
# shellcheck source=tests/sweep_tree.sh
. "$(dirname "$0")/sweep_tree.sh"
dsgd=./dsgd
eight 5000

# the list: one line per run, impossible combinations with their reason in the results, repeated ones once
$dsgd sweep experiments/eight.sweep --list >list 2>err || fail "list: exit code $?: $(cat err)"
[ "$(wc -l <list)" -eq 8 ] && [ "$(sort -u list | wc -l)" -eq 8 ] || fail "expected 8 lines: $(cat list)"
grep -qx 'dsgd run experiments/quadratic.conf --set algorithm=terngrad --set seed=2' list || fail "list: $(cat list)"
grep -q '8 runs, 0 done, 2 impossible' err || fail "summary: $(cat err)"
[ ! -e results ] || fail "--list writes: $(find results)"
$dsgd sweep experiments/eight.sweep --make >rules 2>err || fail "make: exit code $?: $(cat err)"
skipped=$(echo results/quadratic/eight-????????.skipped.tsv)
[ "$(grep -c 'local_topk.*chooses its own coordinates' "$skipped")" -eq 2 ] || fail "skipped: $(cat "$skipped")"
if grep -q 'local_topk.*merged' list; then fail 'an impossible combination is listed'; fi
$dsgd sweep experiments/eight.sweep --list --set seed=7 --set label="it's \$x" >list 2>err || fail "--set: $(cat err)"
[ "$(wc -l <list)" -eq 4 ] && grep -q "seed=7 --set 'label=it'\\\\''s \$x'" list || fail "overridden seed: $(cat list)"
if grep -q 'seed=1' list; then fail 'the overridden values are listed too'; fi
printf 'runs a { config = quadratic.conf\n algorithm = {sgd, local_topk}\n local_topk { k = {1, 2} } }\n' >experiments/same.sweep
$dsgd sweep experiments/same.sweep --list >list 2>err
[ "$(wc -l <list)" -eq 3 ] && grep -q '1 combinations are the same' err || fail "same runs: $(cat list err)"
printf 'runs a { config = quadratic.conf }\nruns b { config = quadratic.conf\n seed = {1, 2} }\n' >experiments/two.sweep
$dsgd sweep experiments/two.sweep --make >list 2>/dev/null
[ "$(grep -c '^run-[0-9]*:' list)" -eq 2 ] || fail "a run of two blocks: $(cat list)"
$dsgd sweep experiments/two.sweep --paths >list 2>/dev/null
$dsgd sweep experiments/two.sweep --paths --block b >list-b 2>/dev/null
[ "$(wc -l <list)" -eq 2 ] && cmp -s list list-b || fail "a run of two blocks: $(cat list list-b)"
# what is done keeps its number and is left out by --missing; a sweep stands for its results, or says what is missing
$dsgd run experiments/quadratic.conf --quiet --set seed=1
$dsgd sweep experiments/two.sweep --make --missing >list 2>err
[ "$(grep '^run-[0-9]*:' list)" = run-2: ] && grep -q '2 runs, 1 done' err || fail "--make --missing: $(cat list err)"
[ "$($dsgd sweep experiments/two.sweep --list --missing --quiet)" = 'dsgd run experiments/quadratic.conf --set seed=2' ] || fail '--list --missing'
$dsgd sweep experiments/two.sweep --paths --missing --quiet >list && [ "$(wc -l <list)" -eq 1 ] || fail "--paths --missing: $(cat list)"
$dsgd show experiments/two.sweep >out 2>err; [ $? -eq 2 ] && grep -qF "1 of 2 results are missing, the first $(cat list)" err || fail "show of a sweep with a missing run: $(cat out err)"
$dsgd show --each experiments/two.sweep --block a >out 2>err || fail "show --block: $(cat err)"
$dsgd run experiments/quadratic.conf --quiet --set seed=2
$dsgd curve experiments/two.sweep >one 2>err || fail "curve of a sweep: $(cat err)"
mapfile -t files < <($dsgd sweep experiments/two.sweep --paths --quiet)
$dsgd curve "${files[@]}" >files 2>err && cmp -s one files || fail "curve of a sweep differs from that of its results: $(cat err)"
$dsgd table experiments/two.sweep >out 2>err || fail "table of a sweep: $(cat err)"
$dsgd sweep experiments/two.sweep 2>err >out && grep -q '2 runs, 2 done, nothing to do' err || fail "all done: $(cat err)"
sed 's/emulation = merged/emulation = faithful/' experiments/eight.sweep >experiments/new && mv experiments/new experiments/eight.sweep
$dsgd sweep experiments/eight.sweep --make >list 2>/dev/null
[ ! -e "$skipped" ] || fail 'skipped combinations that are possible now are still recorded'
eight 10000

# a label is no part of the name of a result: tables, curves and summaries of a sweep have the present one, for all runs alike
printf 'runs a { config = quadratic.conf\n seed = {1, 2, 3} }\n' >experiments/named.sweep
for seed in 1 2; do $dsgd run experiments/quadratic.conf --quiet --set seed=$seed 2>/dev/null; done
cp experiments/quadratic.conf kept.conf
echo 'label = "new name"' >>experiments/quadratic.conf
$dsgd run experiments/quadratic.conf --quiet --set seed=3
$dsgd sweep experiments/named.sweep 2>&1 >/dev/null | grep -q '3 runs, 3 done, nothing to do' || fail 'another label makes a run anew'
for name in 'new name' 'third | name' sgd; do # without a label: after the algorithm
    settings="label=\"$name\""
    [ "$name" != 'new name' ] || settings=
    [ "$name" != sgd ] || cp kept.conf experiments/quadratic.conf
    [ "$name" != sgd ] || settings=
    $dsgd table --settings "$settings" --tsv experiments/named.sweep >out 2>err && [ "$(wc -l <out)" -eq 2 ] && grep -q "^$name	" out || fail "table, label $name: $(cat out err)"
    $dsgd curve --settings "$settings" experiments/named.sweep >out 2>err && [ "$(grep '^# label' out)" = "# label: $name" ] || fail "curve, label $name: $(cat out err)"
    $dsgd show --each --settings "$settings" experiments/named.sweep >out 2>err && [ "$(grep -c "^$name " out)" -eq 3 ] || fail "show, label $name: $(cat out err)"
done
$dsgd show --each "$($dsgd path experiments/quadratic.conf --set seed=3)" | grep -q ' new name: ' || fail 'a result lost its own label'

# what cannot be meant: exit code 2 and a sentence with file, line or key
# refuse TEXT FRAGMENT...: this sweep, and what the sentence must contain
refuse()
{
    local text=$1 fragment
    shift
    printf '%b' "$text" >experiments/bad.sweep
    $dsgd sweep experiments/bad.sweep >out 2>err
    local code=$?
    [ $code -eq 2 ] || fail "sweep '$text': exit code $code, expected 2"
    [ "$(wc -l <err)" -eq 1 ] || fail "sweep '$text': expected one line: $(cat err)"
    for fragment in "$@"; do grep -qF -- "$fragment" err || fail "sweep '$text': no '$fragment' in: $(cat err)"; done
}
refuse 'runs a { config = quadratic.conf\n wrokers = {1, 2} }\n' 'bad.sweep:2' wrokers workers
refuse 'runs a { config = quadratic.conf\n sgd { momentun = 0.5 } }\n' 'bad.sweep:2' sgd.momentun sgd.momentum
refuse 'runs a { config = quadratic.conf\n seed = 1, 2 }\n' 'bad.sweep:2' 'key = {value, ...}'
refuse 'runs a { config = quadratic.conf\n algorithm = sdg }\n' bad.sweep 'runs a' 'algorithm = sdg' local_topk
refuse 'runs a { config = quadratic.conf\n workers = {4, 0} }\n' 'workers = 0'
refuse 'runs a { config = gone.conf }\n' experiments/gone.conf
refuse 'runs a { seed = 1 }\n' config
refuse 'runs { config = quadratic.conf }\n' 'bad.sweep:1' title
refuse 'runs a { config = quadratic.conf }\nruns a { config = quadratic.conf }\n' 'bad.sweep:2' 'in line 1 already'
refuse '# nothing\n' empty
refuse 'runs a { config = quadratic.conf\n problem = logistic }\n' --data
$dsgd sweep experiments/gone.sweep 2>err; [ $? -eq 2 ] && grep -q gone.sweep err || fail "no sweep: $(cat err)"
sweep sweep SWEEP= >out 2>&1; [ $? -eq 2 ] && grep -q 'SWEEP=' out || fail "make without SWEEP: $(cat out)"
rm -rf results build

# uninterrupted
estimated=$($dsgd sweep experiments/eight.sweep 2>/dev/null | awk -F'\t' '{ s += $4 } END { print s }')
sweep sweep -j2 >log 2>&1 || fail "sweep: exit code $?: $(cat log)"
grep -q '^cost: about .* with 2 at a time' log || fail "no cost before the start: $(cat log)"
[ "$(sed -n '/^cost/,$p' log | grep -c '  complete  ')" -eq 8 ] || fail "the cost is not told first: $(cat log)"
grep -q '^\[8 of 8 done' log || fail "no progress: $(cat log)"
grep -q '^makes 8 of 8 runs: results/quadratic/quadratic-T10000-s1-' log || fail "what is made is not said: $(cat log)"
[ -z "$(ls build/sweeps)" ] || fail "left: $(find build/sweeps)"
stored=$(cat results/quadratic/*.h5 | wc -c)
[ $((estimated * 4)) -gt $((stored * 3)) ] && [ $((estimated * 3)) -lt $((stored * 4)) ] || fail "disk: $estimated bytes told, $stored there"
mkdir ../whole && mv results ../whole/

# interrupted like Ctrl-C, a few times, and repeated
set -m # so that make is the first of a group of processes and is not told to ignore the interrupt
interrupts=0
for target in 1 3 5; do # results that are there when the interrupt comes
    sweep sweep -j2 RUN_OPTIONS='--snapshot 0.1' >log 2>&1 & pid=$!
    there=()
    while [ ${#there[@]} -lt $target ] && kill -0 $pid; do sleep 0.02; shopt -s nullglob; there=(results/*/*.h5); shopt -u nullglob; done
    if kill -INT -- -$pid; then interrupts=$((interrupts + 1)); fi
    wait $pid && break
    while pgrep -g $pid >/dev/null; do sleep 0.05; done
done 2>/dev/null
set +m
[ $interrupts -eq 3 ] || fail 'the sweep was over before it could be interrupted'
made=$(find results -name '*.h5' | wc -l)
[ "$made" -ge 5 ] && [ "$made" -lt 8 ] || fail 'nothing was left to repeat'
touch before
sleep 0.05
sweep sweep -j2 >log 2>&1 || fail "repeated: exit code $?: $(cat log)"
again=$(find results -name '*.h5' -newer before | wc -l)
[ "$again" -eq $((8 - made)) ] || fail "repeated: $again runs made, $((8 - made)) were missing"
[ -z "$(find results -name '*.h5.*')" ] || fail "left: $(find results -name '*.h5.*')"
[ "$(digests ../whole)" = "$(digests .)" ] || fail "digests differ after $interrupts interrupts"
[ "$(grep -c local_topk "$skipped")" -eq 2 ] || fail 'skipped combinations are not recorded'
echo "interrupted $interrupts times with $made of 8 done, $again made then: same digests"

# repeated once more: nothing to do, no file changed
find . -type f -printf '%p %s %T@\n' | grep -v '^./log ' | sort >../before
sweep sweep -j2 >log 2>&1 || fail "third: exit code $?: $(cat log)"
find . -type f -printf '%p %s %T@\n' | grep -v '^./log ' | sort | cmp -s - ../before || fail 'nothing to do, but files changed'
grep -q '8 runs, 8 done' log && [ "$(wc -l <log)" -eq 1 ] || fail "third: $(cat log)"

# the list of runs is what a scheduler needs: missing ones are made, others are there already
rm -f "$(find results -name '*terngrad*' -o -name '*-s1-*.h5' | head -n 1)"
sweep -s list-runs >list 2>err || fail "list-runs: $(cat err)"
[ "$(wc -l <list)" -eq 8 ] || fail "list-runs: $(cat list)"
if command -v parallel >/dev/null; then
    parallel --will-cite -j2 --joblog joblog <list >out 2>&1 || fail "parallel: $(cat out)"
else
    bash -e list >out 2>&1 || fail "list as a script: $(cat out)"
fi
[ "$(grep -c 'already complete' out)" -eq 7 ] || fail "list-runs: $(cat out)"
[ "$(digests ../whole)" = "$(digests .)" ] || fail 'digests differ'

# the array recipe of docs/sweeps.md: a number outside the list fails loudly, others run their line
recipe=$(perl -0ne "print \$1 if /--wrap='(.*?)'\n/s" "$DSGD_SOURCE/docs/sweeps.md")
sweep -s list-runs >runs.txt 2>err
SLURM_ARRAY_TASK_ID=8 bash -c "$recipe" >out 2>err && grep -q 'already complete' out || fail "array, line 8: $(cat out err)"
for number in 9 0 '' x; do
    SLURM_ARRAY_TASK_ID=$number bash -c "$recipe" >out 2>err && fail "array, line '$number' of 8: $(cat out err)"
    [ -s err ] || fail "array, line '$number': nothing said"
done

[ $failures -eq 0 ] && echo 'sweep: all checks passed'
exit $((failures > 0))
