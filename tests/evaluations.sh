#!/usr/bin/env bash
# evaluations.sh - log.evaluate_every: which rows have metrics, and that nothing else changes: not the model, not the words, not after a kill.
# eval.examples where a problem can and where it cannot. `backend` in the hash of a run only where it can change bits.
# shellcheck disable=SC2015 # fail returns 0
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
steps() { "$DSGD" export -t "$2" "$1" | awk -F'\t' '/^#/ { next } !at { for (j = 1; j <= NF; ++j) { if ($j == "step") { at = j } } next } { printf "%s ", $at }'; }
cat >run.conf <<'CONF'
problem = quadratic
algorithm = local_topk
local_topk { k = 3 }
workers = 3
steps = 100
step { constant = 0.01 }
log { per_decade = 0 every = 10 }
CONF

"$DSGD" run run.conf -q -o all.h5 || fail 'a run with all metrics'
"$DSGD" run run.conf --set log.evaluate_every=25 -q -o some.h5 || fail 'a run with some'
[ "$(steps all.h5 trace)" = '0 10 20 30 40 50 60 70 80 90 100 ' ] || fail "all rows: $(steps all.h5 trace)"
for table in ledger oracle time; do
    [ "$(steps some.h5 $table)" = "$(steps all.h5 $table)" ] || fail "$table has other rows: $(steps some.h5 $table)"
done
[ "$(steps some.h5 trace)" = '0 30 60 90 100 ' ] || fail "rows that are 25 steps apart, and the last: $(steps some.h5 trace)"
lines() { "$DSGD" export -t trace "$1" | grep -E "^(0|30|60|90|100)"$'\t'; }
[ -n "$(lines all.h5)" ] && [ "$(lines all.h5)" = "$(lines some.h5)" ] || fail 'metrics of a row depend on whether those before it had some'
for table in ledger oracle; do
    cmp -s <("$DSGD" export -t $table all.h5) <("$DSGD" export -t $table some.h5) || fail "$table differs"
done

# points of a curve are those with metrics; the words at them are those of their steps
words() { "$DSGD" curve --tsv --x=values "$1" | awk -F'\t' '$4 ~ /^(30|60|90|100)$/ { print $4, $3 }'; }
[ "$(words all.h5 | wc -l)" = 4 ] && [ "$(words all.h5)" = "$(words some.h5)" ] || fail "words at the points: $(words some.h5 | tr '\n' ';')"
"$DSGD" run run.conf --set log.evaluate_every=25 --dry-run >dry 2>&1 || fail "dry run: $(cat dry)"

# a diverged run ends with metrics, wherever it ends
"$DSGD" run run.conf --set log.evaluate_every=1000 --set algorithm=sgd --set step.constant=1e200 -q -o diverged.h5 2>err || fail "diverged: $(cat err)"
last=$(steps diverged.h5 ledger) && [ "${last% }" != 0 ] && [ "$(steps diverged.h5 trace | awk '{ print $NF }')" = "$(awk '{ print $NF }' <<<"$last")" ] ||
    fail "the row where a run diverged has no metrics: $(steps diverged.h5 trace)"

# killed and run again, more than once
long=("$DSGD" run run.conf --set steps=400000 --set log.every=1000 --set log.evaluate_every=30000 -q)
"${long[@]}" -o whole.h5 || fail 'a long run'
for _ in 1 2 3; do
    "${long[@]}" --snapshot 0.02 -o part.h5 2>err & pid=$!
    sleep 0.2
    kill -KILL $pid 2>/dev/null
    wait $pid 2>/dev/null
done
"${long[@]}" -o part.h5 || fail 'a run that goes on'
[ "$("$DSGD" digest part.h5 | cut -d' ' -f1)" = "$("$DSGD" digest whole.h5 | cut -d' ' -f1)" ] || fail "resumed: $("$DSGD" diff whole.h5 part.h5)"

# eval.examples
"$DSGD" run run.conf --set eval.examples=7 -q -o x.h5 2>err
[ $? -eq 2 ] && grep -q 'eval.examples = 7: expected 0 with problem = quadratic, whose objective is over all examples' err || fail "eval.examples: $(cat err)"
if "$DSGD" list problems | grep -q '^  mlp '; then
    made=(--set problem=mlp --set dataset=synthetic --set synthetic.n=90 --set synthetic.n_test=30 --set synthetic.features=6 --set steps=20)
    for n in 0 90 40; do "$DSGD" run run.conf "${made[@]}" --set eval.examples=$n -q -o e$n.h5 2>err || fail "eval.examples=$n: $(cat err)"; done
    column() { "$DSGD" export -t trace "$1" | awk -F'\t' -v name="$2" '/^#/ { next } !at { for (j = 1; j <= NF; ++j) { if ($j == name) { at = j } } next } { printf "%s ", $at }'; }
    [ "$(column e0.h5 objective)" = "$(column e90.h5 objective)" ] || fail 'all of 90 examples and eval.examples = 90 differ'
    [ "$(column e0.h5 objective)" != "$(column e40.h5 objective)" ] && [ "$(column e0.h5 test_loss)" = "$(column e40.h5 test_loss)" ] ||
        fail 'eval.examples = 40 changes the test loss, or does not change the objective'
    # bits of a library belong to the device that it runs on
    "$DSGD" run run.conf "${made[@]}" -q && "$DSGD" run run.conf "${made[@]}" --set backend=guard -q || fail 'a deep model on the guard'
    [ "$(find results -name '*.h5' | wc -l)" = 2 ] || fail "one result for two devices: $(find results -name '*.h5')"
    rm -r results
fi

# others are the same anywhere: complete is complete, a snapshot of one device goes on on another
"$DSGD" run run.conf -q && "$DSGD" run run.conf --set backend=guard 2>err >out || fail 'the guard'
[ "$(find results -name '*.h5' | wc -l)" = 1 ] && grep -q 'already complete' out err || fail "two results for one run on two devices: $(find results -name '*.h5')"
"${long[@]}" --snapshot 0.02 -o moved.h5 2>err & pid=$!
sleep 0.3
kill -TERM $pid 2>/dev/null
wait $pid 2>/dev/null
"${long[@]}" --set backend=guard -o moved.h5 2>err || fail "a snapshot does not go on on the guard: $(cat err)"
[ "$("$DSGD" digest moved.h5 | cut -d' ' -f1)" = "$("$DSGD" digest whole.h5 | cut -d' ' -f1)" ] || fail 'a run on two devices has another digest'
"$DSGD" run run.conf --set seed=2 --set backend=guard -q -o two.h5 || fail 'seed 2 on the guard'
"$DSGD" curve all.h5 two.h5 2>err | grep -q '^# runs: 2$' || fail "seeds on two devices are no curve: $(cat err)"

[ $failures -eq 0 ] && echo 'evaluations: all checks passed'
exit $((failures > 0))
