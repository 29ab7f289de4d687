#!/usr/bin/env bash
# memory.sh - peak memory of runs at d = 203,530: what the run prints is what the kernel says, and stays within limits.
# 60 MB: no worker keeps anything, merged or because its method has no memory; then the oracle must not make it keep a copy.
# 600 MB: 256 workers' v and u (2 x 208 MB) or a_i in doubles (417 MB), and room for gradients, sketches and libraries.
set -u
[ -z "${DSGD_SANITIZE:-}" ] || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
cat >q.conf <<'CONF'
problem = quadratic
quadratic { d = 203530 }
algorithm = sketched_sgd
sketched_sgd { rows = 5  cols = 20000  k = 1000 }
random_k { k = 1000  memory = false }
terngrad { share = false }
local_topk { k = 1000 }
workers = 256
steps = 1
step { constant = 0.01 }
CONF
failures=0
# peak LIMIT_MB OPTIONS...: the limit in 10^6 bytes
peak()
{
    local limit=$1 mib
    shift
    if ! "$DSGD" run q.conf -o out.h5 --restart "$@" >log 2>err; then
        echo "FAILED $*: $(cat err)"
        failures=$((failures + 1))
        return
    fi
    mib=$(sed -n 's/.*peak memory \([0-9.]*\) MiB.*/\1/p' log)
    if awk -v mib="${mib:-1e9}" -v limit="$limit" 'BEGIN { exit !(mib > 10 && mib * 1.048576 <= limit) }'; then
        echo "$mib MiB, at most $limit MB: $*"
    else
        echo "FAILED $*: peak ${mib:-not printed} MiB, at most $limit MB"
        failures=$((failures + 1))
    fi
}
faithful='--set log.oracle=true'
# shellcheck disable=SC2086 # options are words
{
    peak 600 $faithful --set algorithm=local_topk --set local_topk.momentum=0.9
    peak 600 $faithful
    peak 600 $faithful --set sketched_sgd.variant=topk --set sketched_sgd.momentum=0.9
    peak 60 $faithful --set algorithm=qsgd
    peak 60 $faithful --set algorithm=terngrad
    peak 60 $faithful --set algorithm=random_k
    peak 60 $faithful --set algorithm=random_k --set random_k.scale=unbiased
    peak 60 --set emulation=merged
    peak 60 --set emulation=merged --set sketched_sgd.variant=topk --set sketched_sgd.momentum=0.9
}
if [ "${1:-}" = large ]; then
    peak 60 --set emulation=merged --set workers=10000
    peak 60 --set emulation=merged --set workers=10000 --set sketched_sgd.variant=topk
fi
[ $failures -eq 0 ]
