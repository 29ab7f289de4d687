#!/usr/bin/env bash
# emulated.sh CONFIG [--set KEY=VALUE ...] - the digests of one run on the CPU, on one and on three emulated CUDA devices; exit code 1 if they
# differ. Without a configuration: a setting of every algorithm and variant on four problems, d <= 300, ten steps.
#
# DSGD: the program. DSGD_BUILD: the build's folder, where the emulated library lies. DSGD_EMULATED: another library.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${DSGD_BUILD:-build/release}
dsgd=${DSGD:-$build/dsgd}
library=${DSGD_EMULATED:-$build/emulated/libdsgd_cuda.so}
[ -e "$library" ] || { printf 'emulated: no %s: expected the emulated CUDA library, which a build of the tests makes\n' "$library" >&2; exit 2; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The digest on one backend. Orders of blocks, warps and lanes differ between the two emulated runs.
digest()
{
    local backend=$1 order=$2
    shift 2
    DSGD_CUDA_LIBRARY=$library EMU_DEVICES=3 EMU_ORDER=$order "$dsgd" run "$@" --set "backend=$backend" --set log.every=5 --restart --quiet -o "$scratch/run.h5" || return 1
    "$dsgd" digest "$scratch/run.h5" | cut -d' ' -f1
    rm -f "$scratch"/run.h5*
}

# Compares; says what it compared.
compare()
{
    local name=$1 cpu one three
    shift
    cpu=$(digest cpu forward "$@") && one=$(digest cuda 11 "$@") && three=$(digest cuda:0,1,2 12 "$@") || return 1
    if [ "$cpu" = "$one" ] && [ "$cpu" = "$three" ]; then
        printf '%s  %s: cpu, one and three emulated devices\n' "$cpu" "$name"
    else
        printf 'emulated: %s: the digests differ\ncpu   %s\none   %s\nthree %s\n' "$name" "$cpu" "$one" "$three" >&2
        return 1
    fi
}

if [ $# -gt 0 ]; then
    compare "$1" "$@"
    exit
fi

export DSGD_RESULTS=$scratch
common=(--set workers=5 --set steps=10 --set log.oracle=true --set average=uniform --set seed=3 --set step_size=constant --set step.constant=0.05)
mapfile -t settings < <(grep -v "^#" tests/gpu/runs.txt)
problems=("problem=quadratic quadratic.d=300" "problem=logistic dataset=synthetic synthetic.n=300 synthetic.n_test=100 synthetic.features=60" "problem=svm dataset=synthetic synthetic.n=300 synthetic.n_test=100 synthetic.features=60" "problem=softmax dataset=synthetic synthetic.n=300 synthetic.n_test=100 synthetic.features=25")
printf 'problem = quadratic\nquadratic { d = 300 kappa = 10 sigma = 1 }\n' >"$scratch/run.conf"
failed=0
for p in "${!problems[@]}"; do
    for s in "${!settings[@]}"; do
        # every setting on the first problem; on the others one after the other takes its turn, all of them in the long set
        [ "$p" -eq 0 ] || [ "${DSGD_EMULATED_ALL:-0}" = 1 ] || [ $((s % 3)) -eq $((p - 1)) ] || continue
        set=()
        for word in ${problems[p]} ${settings[s]}; do set+=(--set "$word"); done
        compare "${problems[p]} ${settings[s]}" "$scratch/run.conf" "${common[@]}" "${set[@]}" || failed=1
    done
done
# A deep model, whose gradients are staged: the library's bits on the host.
if "$dsgd" list problems | grep -q '^  mlp '; then
    for words in "algorithm=local_topk local_topk.k=20" "algorithm=sketched_sgd sketched_sgd.variant=topk sketched_sgd.cols=60 sketched_sgd.k=10 server_momentum=0.9"; do
        set=(--set problem=mlp --set mlp.hidden=8 --set mlp.dropout=0.2 --set dataset=synthetic --set synthetic.n=120 --set synthetic.n_test=30 --set synthetic.features=12)
        for word in $words; do set+=(--set "$word"); done
        compare "problem=mlp $words" "$scratch/run.conf" "${common[@]}" "${set[@]}" || failed=1
    done
fi
exit "$failed"
