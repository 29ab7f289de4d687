#!/usr/bin/env bash
# deep.sh - deep models from configuration to result, with every kind of algorithm: the same digest for any number of threads, on
# the guard and after a kill; what does not fit is refused with a sentence. On generated rows and pictures, and on MNIST where it is at hand.
# shellcheck disable=SC2015 # fail returns 0
set -u
# shellcheck source=tests/deep_case.sh
. "$DSGD_SOURCE/tests/deep_case.sh"
library() { "$DSGD" show "$1" | grep 'computed by'; }
needs lenet

cat >rows.conf <<'CONF'
dataset = synthetic
synthetic { n = 500 n_test = 100 features = 30 classes = 4 separability = 4 }
problem = mlp
mlp { hidden = 32 dropout = 0.2 label_smoothing = 0.1 l2 = 0.001 }
algorithm = local_topk
workers = 3
batch = 5
steps = 60
step { constant = 0.1 }
CONF

every_algorithm rows.conf
same rows.conf
"$DSGD" show t1.h5 | grep -q '^  computed by    oneDNN [0-9]' || fail "show does not say whose bits they are: $("$DSGD" show t1.h5)"
"$DSGD" run rows.conf -o said.h5 >out 2>err || fail "run: $(cat err)"
grep -q 'mlp is computed by oneDNN' err || fail "the log does not say whose bits they are: $(cat err)"

# ended three times (DSGD_KILLS: more, deep_kills, label slow) by a signal, which writes a snapshot, or by a kill, and run again
kills=${DSGD_KILLS:-3}
long=("$DSGD" run rows.conf --set steps=$((10000 * kills)) --set algorithm=local_topk --set server_momentum=0.9 --set sampling=epoch -q)
"${long[@]}" -o whole.h5 || fail 'a long run'
for ((j = 0; j < kills; ++j)); do
    "${long[@]}" --snapshot 0.05 -o part.h5 2>err & pid=$!
    sleep "0.$((RANDOM % 10 + 20))"
    kill "-$([ $((j % 2)) = 0 ] && echo TERM || echo KILL)" $pid 2>/dev/null
    wait $pid 2>/dev/null
done
if [ -e part.h5.tmp ]; then # bits of a half by each of two instruction sets are nobody's
    for other in ONEDNN_MAX_CPU_ISA=SSE41 DSGD_ISA=base; do
        env "$other" "$DSGD" run rows.conf --set steps=1 -q -o "$other.h5" || fail "run with $other"
        [ "$(library "$other.h5")" != "$(library whole.h5)" ] || continue # this processor or this build has no other
        env "$other" "${long[@]}" -o part.h5 2>err
        [ $? -eq 2 ] && grep -q 'is computed by oneDNN .*, and this would be oneDNN .*: expected the same' err || fail "resumed with $other: $(cat err)"
    done
fi
[ ! -e part.h5 ] || echo 'deep: the long run was over before it could be ended'
"${long[@]}" -o part.h5 || fail 'a run that goes on'
[ "$(digest part.h5)" = "$(digest whole.h5)" ] || fail "resumed: $("$DSGD" diff whole.h5 part.h5)"
same rows.conf batch=130 workers=1 steps=20 # three blocks
same rows.conf batch=200 workers=2 steps=6 # four blocks each: lanes share the threads
same rows.conf algorithm=sketched_sgd steps=20

# batch norm over all images of a step: three blocks of two workers' images
images=(problem=resnet9 resnet9.width=2 dataset=images images.size=32 images.channels=3 images.n=140 images.n_test=20 algorithm=sgd workers=2 batch=70 steps=3)
settings=()
for text in "${images[@]}"; do settings+=(--set "$text"); done
same rows.conf "${images[@]}" resnet9.batch_norm=batch emulation=merged resnet9.augment=cifar

"$DSGD" run rows.conf --set problem=lenet -q -o x.h5 2>err
[ $? -eq 2 ] && grep -q 'lenet: rows of 30 numbers in synthetic, expected images' err || fail "lenet on rows: $(cat err)"
"$DSGD" run rows.conf --set step_size=theory -q -o x.h5 2>err
[ $? -eq 2 ] && grep -q 'strongly convex' err || fail "theory steps: $(cat err)"

"$DSGD" run rows.conf "${settings[@]}" --set resnet9.batch_norm=batch -q -o x.h5 2>err
[ $? -eq 2 ] && grep -q 'resnet9.batch_norm = batch: one gradient of all workers. examples, not possible with emulation = faithful; expected' err ||
    fail "statistics of a step with messages of each worker: $(cat err)"

# the recipes for a few steps: on generated pictures in all ways, and on MNIST, where it is at hand
few=(steps=6 step.peak_at=2 eval.examples=500 log.per_decade=1)
for recipe in "$DSGD_SOURCE"/experiments/deep/lenet{,_sketched}.conf; do
    same "$recipe" "${few[@]}" dataset=images images.n=500 images.n_test=100
    if [ -f "${DSGD_DATA:-$DSGD_SOURCE/data}/mnist/train-images-idx3-ubyte.gz" ]; then
        settings=()
        for text in "${few[@]}"; do settings+=(--set "$text"); done
        "$DSGD" run "$recipe" "${settings[@]}" -q -o mnist.h5 2>err || fail "$recipe on MNIST: $(cat err)"
    else
        echo "deep: no MNIST in DSGD_DATA, $recipe is not tried on it"
    fi
done

[ $failures -eq 0 ] && echo 'deep: all checks passed'
exit $((failures > 0))
