#!/usr/bin/env bash
# shellcheck disable=SC2317 # functions that steps call
#
# gpu.sh [PACKED] - everything a machine with a GPU is for, in one call of under eight minutes: most valuable first, results written as they come.
#
# Before, where the build is: tests/gpu/pack.sh PACKED. There: bash PACKED/gpu.sh PACKED. Results: $OUT/results.txt and a log a step (OUT: gpu-out).
# A step that fails or is too slow does not stop the others; each has its limit. The last lines name what failed.
packed=$(cd "${1:-$(dirname "$0")}" && pwd) || exit 2
out=${OUT:-gpu-out}
mkdir -p "$out" || exit 3
out=$(cd "$out" && pwd)
results=$out/results.txt
started=$(date +%s)
ALL=470 # seconds of all steps together
: >"$results"

# Our programs, and they alone, with the packed libraries.
ours() { LD_LIBRARY_PATH=$packed/lib DSGD_CUDA_LIBRARY=$packed/lib/libdsgd_cuda.so DSGD_DATA=$packed/data "$@"; }
dsgd() { ours "$packed/bin/dsgd" "$@"; }

step() # LIMIT NAME FUNCTION ARGUMENT...
{
    local limit=$1 name=$2 code left=$((ALL - $(date +%s) + started))
    shift 2
    if [ "$left" -lt 5 ]; then
        printf '== %s: not run, the time is over\n' "$name" | tee -a "$results"
        return
    fi
    [ "$limit" -le "$left" ] || limit=$left
    printf '== %s (at %d s)\n' "$name" $(($(date +%s) - started)) | tee -a "$results"
    timeout "$limit" bash -c '"$@"' step "$@" >"$out/$name.log" 2>&1
    code=$?
    tail -n 40 "$out/$name.log" | tee -a "$results"
    printf '== %s: exit %d\n' "$name" "$code" | tee -a "$results"
}

machine()
{
    nvidia-smi
    nvcc --version | tail -2
    ldd --version | head -1
    nproc
    dsgd devices
}

parity() { ours "$packed/bin/test_$1"; }

# Digests of whole runs against those made on the CPU: lines FROM to TO of the list.
runs() # FROM TO
{
    local failed=0 good=0 digest expected words set word
    while read -r expected words; do
        set=()
        for word in $words; do set+=(--set "$word"); done
        dsgd run "$packed/run.conf" "${set[@]}" --set backend=cuda --restart --quiet -o "$out/run.h5"
        digest=$(dsgd digest "$out/run.h5" | cut -d' ' -f1)
        if [ "$digest" = "$expected" ]; then
            good=$((good + 1))
        else
            printf 'differs: %s\n  expected %s\n  got      %s\n' "$words" "$expected" "$digest"
            failed=$((failed + 1))
        fi
        rm -f "$out"/run.h5*
    done < <(sed -n "$1,$2p" "$packed/runs.txt")
    printf '%d runs have the digest of the CPU, %d do not\n' "$good" "$failed"
    [ "$failed" -eq 0 ]
}

# Figure 5's setting in short on the CPU and the GPU in one call: what a small problem costs there.
mnist()
{
    local backend
    for backend in cpu cuda; do
        dsgd run "$packed/run.conf" --set dataset=mnist --set problem=logistic --set algorithm=sketched_sgd --set steps=3000 --set "backend=$backend" --restart -o "$out/mnist-$backend.h5"
    done
    for backend in cpu cuda; do dsgd digest "$out/mnist-$backend.h5"; done
}

# csvec on the same card, where PyTorch and csvec are installed: medians of nine, beside the bench's sketch-block-large and unsketch-block-large.
csvec()
{
    python3 - <<'END'
try:
    import statistics, time, torch, csvec
except ImportError as missing:
    print("csvec: not measured,", missing)
    raise SystemExit(0)
d, c, r, k = 6573120, 500032, 5, 50000
vector = torch.randn(d, device="cuda") ** 3
sketch = csvec.CSVec(d=d, c=c, r=r, device="cuda", numBlocks=20)
def median(work):
    seconds = []
    for _ in range(9):
        torch.cuda.synchronize()
        start = time.perf_counter()
        work()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)
print(torch.cuda.get_device_name(0))
print("accumulateVec  %.3f ms" % (1e3 * median(lambda: sketch.accumulateVec(vector))))
print("unSketch(k)    %.3f ms" % (1e3 * median(lambda: sketch.unSketch(k=k))))
END
}

sanitizer() { ours compute-sanitizer --tool "$1" --error-exitcode 9 "$packed/bin/test_ops_sparse"; }

export packed out
export -f ours dsgd machine parity runs mnist csvec sanitizer

step 20 machine machine
# Parity first: if this fails nothing else matters.
for suite in ops_vec ops_sparse ops_group ops_fold ops_sketch ops_lowrank ops_model ops_codec votes problem_kernels; do
    step 30 "parity-$suite" parity "$suite"
done
step 90 runs runs 1 "$(wc -l <"$packed/runs.txt")"
for again in 1 2; do step 20 "again-$again" runs 1 8; done # the same digests each time
# The table, with the device's own ceilings.
step 60 bench-kernels dsgd bench kernels --backend cuda -n 7
step 60 bench-rounds dsgd bench round --backend cuda -n 5 --only sketched,local_topk,true_topk,sgd-4,signsgd,terngrad
step 60 bench-large dsgd bench kernels --backend cuda -n 5 --dimension 90000000 --only sketch-block,unsketch-block,topk,momentum
step 60 mnist mnist
step 60 csvec csvec
# The device's own checkers (some virtual machines refuse them: the step says so and the rest goes on).
for tool in memcheck racecheck initcheck synccheck; do step 40 "sanitizer-$tool" sanitizer "$tool"; done
printf 'done after %d s\n' $(($(date +%s) - started)) | tee -a "$results"
grep -E '^== .*: exit [1-9]' "$results" # what failed, last on the screen
exit 0
