#!/usr/bin/env bash
# language_learns.sh - the generated language is learnt: a Transformer and LSTMs with plain SGD, and with Sketched-SGD and true top-k what they lose. Validation losses
# in nats per token after 1200 steps, with the recipes of experiments/language. Bounds: twice the largest of seeds 1, 2, 3 at least, since another instruction
# set rounds otherwise and is another seed.
set -u
# shellcheck source=tests/deep_case.sh
. "$DSGD_SOURCE/tests/deep_case.sh"
needs transformer

# below BOUND RECIPE SETTING...: its validation loss, also in `loss`
below()
{
    local bound=$1 recipe=$2 set=() text
    local model=${recipe#grammar_}
    for text in "${@:3}"; do set+=(--set "$text"); done
    "$DSGD" run "$DSGD_SOURCE/experiments/language/$recipe.conf" --set "${model%%_*}.decode=0" --set log.every=1200 "${set[@]}" --threads 1 -q -o "$recipe-$#.h5" 2>err ||
        fail "$recipe: $(cat err)"
    loss=$("$DSGD" show --json "$recipe-$#.h5" | awk '/"valid_loss":/ { print $2 + 0 }')
    awk -v x="$loss" -v most="$bound" 'BEGIN { exit !(x > 0 && x < most) }' || fail "$recipe $*: validation loss $loss, expected below $bound"
}

below 0.05 grammar_transformer
below 0.11 grammar_transformer_true_topk
below 0.07 grammar_transformer_sketched
one_row=$loss
# the paper's advice, |S| near P k: three rows for the same words do worse
below 1 grammar_transformer_sketched sketched_sgd.rows=3 sketched_sgd.cols=3328 sketched_sgd.candidates=4
awk -v three="$loss" -v one="$one_row" 'BEGIN { exit !(three > 1.5 * one) }' || fail "three rows of a third: $loss, one: $one_row"
below 0.1 grammar_lstm
below 0.2 grammar_lstm_sketched

[ $failures -eq 0 ] && echo 'language_learns: all checks passed'
exit $((failures > 0))
