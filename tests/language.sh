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

for conf in transformer.conf lstm.conf; do
    every_algorithm "$conf"
    same "$conf"
    same "$conf" workers=1 batch=5 algorithm=sgd sampling=epoch steps=6
    same "$conf" algorithm=sketched_sgd steps=5

    # ended halfway, it goes on to the same digest
    long=("$DSGD" run "$conf" --set steps=600 --set log.per_decade=0 --set log.every=300 --threads 2 -q)
    rm -f ./*.h5*
    "${long[@]}" -o whole.h5 2>err || fail "$conf, long: $(cat err)"
    "${long[@]}" --snapshot 0.05 -o part.h5 2>err &
    run=$!
    for _ in $(seq 600); do
        [ -e part.h5.tmp ] || [ -e part.h5 ] && break
        sleep 0.02
    done
    kill -9 $run 2>/dev/null
    wait $run 2>/dev/null
    [ ! -e part.h5 ] || echo 'language: the long run was over before it could be ended'
    "${long[@]}" -o part.h5 2>err || fail "$conf, a run that goes on: $(cat err)"
    [ "$(digest part.h5)" = "$(digest whole.h5)" ] || fail "$conf, resumed: $("$DSGD" diff whole.h5 part.h5)"
    "$DSGD" show whole.h5 | grep -q 'computed by' || fail "$conf: dsgd show does not say whose arithmetic it is"
done

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

# a key is chosen on the validation pairs
"$DSGD" tune transformer.conf --key step.constant --from 0.1 --factor 2 --points 2 --seeds 1 --most 3 --set steps=3 -o tuned.conf >out 2>err || true
cat out err | grep -q 'by mean valid_loss' || fail "tune: $(cat out err)"

[ $failures -eq 0 ] && echo 'language: all checks passed'
exit $((failures > 0))
