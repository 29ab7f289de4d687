#!/usr/bin/env bash
# deep_paper.sh - ResNet-9 of full width with the paper's sketch: d, and what its own messages come to, 17.5 times fewer values and 35 times in half
# precision (supplement, section E), with few images a worker: messages do not depend on them. The recipes of experiments/cifar10 can be run.
# shellcheck disable=SC2015 # fail returns 0
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failures=0
fail() { printf 'FAILED: %s\n' "$*"; failures=$((failures + 1)); }
"$DSGD" list problems | grep -q '^  resnet9 ' || exit 77

made=(--set dataset=images --set images.size=32 --set images.channels=3 --set images.n=300 --set images.n_test=50)
few=("${made[@]}" --set batch=2 --set steps=2 --set step.peak_at=0.01 --set log.every=0 --set eval.examples=50)
sketch=(--set algorithm=sketched_sgd --set sketched_sgd.variant=topk --set sketched_sgd.rows=3 --set sketched_sgd.cols=100032 --set sketched_sgd.k=50000
    --set sketched_sgd.candidates=8)
for values in fp32:17.5 fp16:35; do
    "$DSGD" run "$DSGD_SOURCE/experiments/cifar10/paper.conf" "${few[@]}" "${sketch[@]}" --set "sketched_sgd.values=${values%:*}" -q -o "${values%:*}.h5" 2>err ||
        fail "$values: $(cat err)"
    "$DSGD" show "${values%:*}.h5" >shown || fail "show ${values%:*}.h5"
    grep -q '^  parameters     d = 6573120$' shown || fail "d: $(grep parameters shown)"
    # 2 d / (r c + P k + k) = 17.527; words of a message that both steps sent, not of a formula
    awk -v want="${values#*:}" '/^  compression/ { found = $2 >= want && $2 < want * 1.01 } END { exit !found }' shown || fail "$values: $(grep compression shown)"
done

for recipe in "$DSGD_SOURCE"/experiments/cifar10/resnet9*.conf; do
    "$DSGD" run "$recipe" "${few[@]}" --set resnet9.width=4 --set sketched_sgd.k=100 --set local_topk.k=100 --set random_k.k=100 -q -o "$(basename "$recipe").h5" 2>err ||
        fail "$recipe: $(cat err)"
done
for sweep in "$DSGD_SOURCE"/experiments/cifar10/*.sweep; do
    "$DSGD" sweep "${made[@]}" --set dataset=images --quiet --list -- "$sweep" >list 2>err && [ "$(wc -l <list)" -ge 27 ] || fail "$sweep: $(wc -l <list) runs; $(cat err)"
done

[ $failures -eq 0 ] && echo 'deep_paper: all checks passed'
exit $((failures > 0))
