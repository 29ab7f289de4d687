#!/usr/bin/env bash
# pack.sh OUTPUT - packs what tests/gpu.sh needs on a machine with a GPU and nothing else: programs, the CUDA library, the libraries they need,
# MNIST where it is at hand (DSGD_DATA), and the digests of whole runs, made here on the CPU.
#
# The target needs a C library at least as new as this machine's; the driver's libraries are its own. DSGD_BUILD: the build's folder.
set -euo pipefail
cd "$(dirname "$0")/../.."
output=${1:?expected the folder to pack into}
build=${DSGD_BUILD:-build/release}
[ -e "$build/libdsgd_cuda.so" ] || { printf 'pack: no %s/libdsgd_cuda.so: expected a build where nvcc is found\n' "$build" >&2; exit 2; }
mkdir -p "$output/bin" "$output/lib"

suites=(ops_vec ops_sparse ops_group ops_fold ops_sketch ops_lowrank ops_model ops_codec votes problem_kernels)
programs=("$build/dsgd")
for suite in "${suites[@]}"; do programs+=("$build/tests/test_$suite"); done
for program in "${programs[@]}"; do
    cp -L "$program" "$output/bin/"
    ldd "$program" | awk '$2 == "=>" && $3 ~ /^\// { print $1, $3 }' | while read -r name path; do
        case $name in
        libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libresolv.so.* | ld-linux* | libcuda.so.*) continue ;;
        esac
        [ -e "$output/lib/$name" ] || cp -L "$path" "$output/lib/$name"
    done
done
cp "$build/libdsgd_cuda.so" "$output/lib/"
chmod u+w "$output"/lib/* "$output"/bin/*
strip "$output"/bin/* "$output"/lib/*
cp tests/gpu.sh "$output/"

# Whole runs: their words, and the digest on the CPU.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf 'problem = quadratic\nquadratic { d = 300 kappa = 10 sigma = 1 }\n' >"$scratch/run.conf"
cp "$scratch/run.conf" "$output/run.conf"
common="workers=5 steps=40 log.every=10 average=uniform seed=3 step_size=constant step.constant=0.05"
: >"$output/runs.txt"
expect() # WORD...
{
    local set=() word
    for word; do set+=(--set "$word"); done
    "$build/dsgd" run "$output/run.conf" "${set[@]}" --restart --quiet -o "$scratch/run.h5"
    printf '%s %s\n' "$("$build/dsgd" digest "$scratch/run.h5" | cut -d' ' -f1)" "$*" >>"$output/runs.txt"
    rm -f "$scratch"/run.h5*
}
synthetic="dataset=synthetic synthetic.n=3000 synthetic.n_test=500 synthetic.features=200"
while read -r words; do
    for problem in "problem=quadratic quadratic.d=300" "problem=logistic $synthetic" "problem=svm $synthetic" "problem=softmax $synthetic synthetic.features=60"; do
        # shellcheck disable=SC2086 # words
        expect $common $problem $words
    done
done < <(grep -v '^#' tests/gpu/runs.txt)
for algorithm in "sketched_sgd sketched_sgd.variant=topk sketched_sgd.rows=5 sketched_sgd.cols=10048 sketched_sgd.k=1000 sketched_sgd.candidates=4" "local_topk local_topk.k=1000" signsgd terngrad; do
    # shellcheck disable=SC2086 # words are meant
    expect problem=quadratic quadratic.d=300007 workers=16 steps=10 step_size=constant step.constant=0.01 algorithm=$algorithm
done
if [ -n "${DSGD_DATA:-}" ] && [ -d "$DSGD_DATA/mnist" ]; then
    mkdir -p "$output/data"
    cp -rL "$DSGD_DATA/mnist" "$output/data/"
    for problem in logistic svm softmax; do
        for algorithm in sgd "sketched_sgd sketched_sgd.variant=topk" signsgd terngrad; do
            # shellcheck disable=SC2086 # words are meant
            expect dataset=mnist problem=$problem workers=4 steps=300 step_size=constant step.constant=0.01 algorithm=$algorithm
        done
    done
fi
needed=$(objdump -T "$output"/bin/* "$output"/lib/* 2>/dev/null | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -1)
tar -C "$(dirname "$output")" -czf "$output.tar.gz" "$(basename "$output")"
printf 'pack: %s MiB, %d runs; needs %s; %s.tar.gz: %s MiB\n' "$(du -sm "$output" | cut -f1)" "$(wc -l <"$output/runs.txt")" "$needed" "$output" "$(du -sm "$output.tar.gz" | cut -f1)"
