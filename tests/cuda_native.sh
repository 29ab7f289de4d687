#!/usr/bin/env bash
# cuda_native.sh - `dsgd list NAME` says which operations run on a GPU: every operation's name is known to the list, and the two kinds are told apart.
set -euo pipefail
cd "$DSGD_SOURCE"
fail() { printf 'cuda_native: %s\n' "$1" >&2; exit 1; }
names=$(grep -rhoE '(dsgd_op_ready\([a-z]+|ready\(r), "[a-z_0-9]+"' sim/ops_*.c | sed 's/.*"\(.*\)"/\1/' | sort -u)
[ "$(wc -l <<<"$names")" -ge 60 ] || fail 'fewer than sixty operations: how do they announce themselves?'
for name in $names host_op; do grep -q "OP($name)" sim/cuda/native.c || fail "sim/cuda/native.c lacks $name"; done
for algorithm in sgd sketched_sgd local_topk true_topk threshold signsgd terngrad random_k; do
    "$DSGD" list "$algorithm" | grep -qE 'on CUDA: ([0-9]+) of \1 operations are native \(' || fail "$algorithm: expected all operations to be native"
done
"$DSGD" list sketched_sgd --set sketched_sgd.variant=topk | grep -qE 'on CUDA: ([0-9]+) of \1 operations are native' || fail 'sketched_sgd, topk: expected all operations to be native'
"$DSGD" list powersgd -d 1000 --rows 10 | grep -q 'staged through the CPU: .*lowrank_times' || fail 'powersgd: expected lowrank_times to be staged'
