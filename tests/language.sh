#!/usr/bin/env bash
# language.sh - models of sequences from configuration to result, with several algorithms: the same digest for any number of threads, on the guard and after
# a kill; what does not fit is refused with a sentence. On the generated language.
# shellcheck disable=SC2015 # fail returns 0
set -u
# shellcheck source=tests/deep_case.sh
. "$DSGD_SOURCE/tests/deep_case.sh"
needs transformer

cat >transformer.conf <<'CONF'
dataset = grammar
grammar { n = 300 n_validation = 40 n_test = 40 }
problem = transformer
transformer { dimension = 16 feedforward = 24 heads = 2 dropout = 0.1 label_smoothing = 0.1 l2 = 0.0001 sentences = 7 decode = 8 }
algorithm = local_topk
workers = 3
batch = 2
steps = 12
step { constant = 0.1 }
log { per_decade = 1 }
CONF
cat >lstm.conf <<'CONF'
include("transformer.conf")
problem = lstm
lstm { dimension = 16 dropout = 0.1 tokens = 60 sentences = 0 decode = 8 beam = 2 alpha = 0.6 }
CONF

kills=${DSGD_KILLS:-1}
for conf in transformer.conf lstm.conf; do
    every_algorithm "$conf"
    same "$conf"
    same "$conf" workers=1 batch=5 algorithm=sgd sampling=epoch steps=6
    same "$conf" algorithm=sketched_sgd steps=5

    # ended once (DSGD_KILLS: more, language_kills, label slow) by a kill or a signal, which writes a snapshot, it goes on to the same digest
    long=("$DSGD" run "$conf" --set steps=$((600 * kills)) --set log.per_decade=0 --set log.every=$((300 * kills)) --threads 2 -q)
    rm -f ./*.h5*
    "${long[@]}" -o whole.h5 2>err || fail "$conf, long: $(cat err)"
    for ((j = 0; j < kills; ++j)); do
        before=$(stat -c %Y.%i part.h5.tmp 2>err)
        "${long[@]}" --snapshot 0.05 -o part.h5 2>err &
        run=$!
        for _ in $(seq 600); do # until it has written a snapshot of its own
            [ "$(stat -c %Y.%i part.h5.tmp 2>/dev/null)" = "$before" ] && [ ! -e part.h5 ] || break
            sleep 0.02
        done
        kill "-$([ $((j % 2)) = 0 ] && echo KILL || echo TERM)" $run 2>/dev/null
        wait $run 2>/dev/null
    done
    [ ! -e part.h5 ] || echo 'language: the long run was over before it could be ended'
    "${long[@]}" -o part.h5 2>err || fail "$conf, a run that goes on: $(cat err)"
    [ "$(digest part.h5)" = "$(digest whole.h5)" ] || fail "$conf, resumed: $("$DSGD" diff whole.h5 part.h5)"
    "$DSGD" show whole.h5 | grep -q 'computed by' || fail "$conf: dsgd show does not say whose arithmetic it is"
    "$DSGD" show whole.h5 | grep -q '^  also  .*bleu [0-9]' || fail "$conf: dsgd show does not say BLEU"
done

# table --column: mean and standard deviation of what the last rows say, 8 digits
for seed in 1 2 3; do "$DSGD" run transformer.conf --set seed=$seed -q -o "seed$seed.h5" 2>err || fail "seed $seed: $(cat err)"; done
"$DSGD" show --json seed?.h5 | awk '/"valid_loss":/ { n++; x = $2 + 0; s += x; q += x * x } END { m = s / n; printf "%.17g %.17g\n", m, sqrt((q - n * m * m) / (n - 1)) }' >want
"$DSGD" table --tsv --column valid_loss --column bleu seed?.h5 >table.tsv 2>err || fail "table: $(cat err)"
# a sum of squares less a square loses digits: 1e-6 of a deviation that is some 1e-3 of the mean
awk -F '\t' 'NR == FNR { split($0, want, " "); next } FNR == 1 { for (c = 1; c <= NF; ++c) { at[$c] = c } }
    FNR == 2 { m = $at["valid_loss"] / want[1] - 1; s = $at["valid_loss_deviation"] / want[2] - 1; ok = m * m < 1e-14 && s * s < 1e-10 && $at["bleu"] >= 0 }
    END { exit !ok }' want table.tsv || fail "table --column: $(cat table.tsv), expected $(cat want)"
"$DSGD" table --column bleu seed?.h5 | grep -q 'test accuracy %  *bleu  *seeds' || fail "table --column: $("$DSGD" table --column bleu seed?.h5)"
"$DSGD" table --column blue seed?.h5 >out 2>err
[ $? -eq 2 ] && grep -q -- '--column=blue: seed1.h5 has no such quantity in /trace; dsgd list transformer names those' err || fail "table --column=blue: $(cat err)"

# refuse WORDS SETTING...: exit code 2 and the sentence
refuse()
{
    local words=$1 set=() text
    for text in "${@:2}"; do set+=(--set "$text"); done
    "$DSGD" run transformer.conf "${set[@]}" -q -o x.h5 2>err
    [ $? -eq 2 ] && grep -qF -- "$words" err || fail "${*:2}: $(cat err)"
    [ ! -e x.h5 ] || fail "${*:2}: left a result"
}
refuse 'transformer.heads = 3: expected a divisor of transformer.dimension = 16' transformer.heads=3
refuse 'lstm.dimension = 15: expected an even number with lstm.encoder = both' problem=lstm lstm.dimension=15
refuse 'batches without a limit' transformer.sentences=0
refuse 'expected more tokens, or shorter sentences' transformer.tokens=5
refuse 'transformer' dataset=synthetic
refuse 'strongly convex' step_size=theory

# the recipes of experiments/language, small: each can be run, each sweep has its runs
small=(--set dataset=grammar --set grammar.n=300 --set grammar.n_validation=40 --set grammar.n_test=40 --set steps=2 --set step.warmup=1 --set log.every=2
    --set log.evaluate_every=2 --set eval.examples=1 --set sketched_sgd.k=50 --set true_topk.k=50 --set local_topk.k=50 --set random_k.k=50)
for recipe in "$DSGD_SOURCE"/experiments/language/*.conf; do
    model=transformer
    [[ $recipe != *lstm* ]] || model=lstm
    "$DSGD" run "$recipe" "${small[@]}" --set $model.layers=1 --set $model.dimension=16 --set $model.decode=2 -q -o "$(basename "$recipe").h5" 2>err ||
        fail "$recipe: $(cat err)"
done
for sweep in "$DSGD_SOURCE"/experiments/language/*.sweep; do
    "$DSGD" sweep --set dataset=grammar --quiet --list -- "$sweep" >list 2>err && [ "$(wc -l <list)" -ge 18 ] || fail "$sweep: $(wc -l <list) runs; $(cat err)"
done

# a key is chosen on the validation pairs
"$DSGD" tune transformer.conf --key step.constant --from 0.1 --factor 2 --points 2 --seeds 1 --most 3 --set steps=3 -o tuned.conf >out 2>err || true
cat out err | grep -q 'by mean valid_loss' || fail "tune: $(cat out err)"

[ $failures -eq 0 ] && echo 'language: all checks passed'
exit $((failures > 0))
