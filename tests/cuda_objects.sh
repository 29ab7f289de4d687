#!/usr/bin/env bash
# cuda_objects.sh [all] - what nvcc makes of the kernels: no product and sum in one rounding, no atomic on floats, no register in memory; and
# element-wise kernels write sixteen bytes at once.
#
# The files of the hot kernels, or all. Kernels that search among any number of rows keep them in memory by design and are named below.
# NVCC: the compiler; without one there is nothing to look at, and the script says so.
set -euo pipefail
cd "$DSGD_SOURCE"
nvcc=${NVCC:-}
for place in "${CUDA_HOME:-}" "${CUDA_PATH:-}" /usr/local/cuda /opt/cuda; do
    [ -n "$nvcc" ] || [ ! -x "$place/bin/nvcc" ] || nvcc=$place/bin/nvcc
done
[ -n "$nvcc" ] || nvcc=$(command -v nvcc || true)
if [ -z "$nvcc" ]; then
    printf 'cuda_objects: no nvcc here, so there are no objects to look at\n'
    exit 0
fi
ptxas=$(dirname "$(readlink -f "$nvcc")")/ptxas
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
files=(sim/cuda/vec.cu sim/cuda/sketch_write.cu sim/cuda/sketch_read.cu sim/cuda/select.cu sim/cuda/fold.cu sim/cuda/level.cu)
[ "${1:-}" != all ] || files=(sim/cuda/*.cu convex/cuda/*.cu)
printf '#define DSGD_CUDA_BUILD "none"\n' >"$scratch/dsgd_cuda_build.h"

# PTX for the oldest device, and what its objects for two devices keep in memory.
look() # FILE
{
    local name
    name=$(tr / _ <<<"${1%.cu}")
    "$nvcc" -std=c++17 -O3 -fmad=false -arch=compute_80 -ptx -I. -I"$scratch" -o "$scratch/$name.ptx" "$1" || return 1
    for arch in 80 90; do "$ptxas" -arch="sm_$arch" -v "$scratch/$name.ptx" -o /dev/null 2>"$scratch/$name.$arch" || return 1; done
}

findings=0
kernels=0
finding() { printf 'cuda_objects: %s\n' "$1"; findings=$((findings + 1)); }
judge() # PTX
{
    local name kernel stack stores loads
    name=$(basename "$1" .ptx)
    ! grep -E '^\s*(fma|mad)[a-z.]*\.f(32|64)' "$1" >"$scratch/found" || finding "$name: a product and a sum in one rounding: $(head -1 "$scratch/found")"
    ! grep -E '(^|[^a-z])(atom|red)\.[a-z.]*f(16|32|64)' "$1" >"$scratch/found" || finding "$name: an atomic on floats: $(head -1 "$scratch/found")"
    case $name in
    sim_cuda_vec | planted)
        while read -r kernel; do finding "$name: $kernel writes no sixteen bytes at once"; done < <(awk '
            /\.entry/ { kernel = $0; sub(/.*\.entry /, "", kernel); sub(/\(.*/, "", kernel) }
            /st\.global/ { writes[kernel] = 1 }
            /st\.global[.a-z]*\.(v4\.[a-z]32|v2\.[a-z]64)/ { wide[kernel] = 1 }
            END { for (k in writes) { if (!(k in wide)) { print k } } }' "$1")
        ;;
    esac
    for arch in 80 90; do
        # "Function properties for NAME", then a line with stack and spills.
        while read -r kernel stack stores loads; do
            kernels=$((kernels + 1))
            if [ "$stores" -ne 0 ] || [ "$loads" -ne 0 ]; then finding "$name, sm_$arch: $kernel spills $stores and $loads bytes"; fi
            case $kernel in
            *middle_kernel* | *Lj0E*) continue ;; # medians of any number of rows: Lj0E is the template's 0
            esac
            [ "$stack" -eq 0 ] || finding "$name, sm_$arch: $kernel keeps $stack bytes on a stack"
        done < <(awk '/Function properties for/ { kernel = $NF } /bytes stack frame/ { print kernel, $1, $5, $9 }' "$scratch/$name.$arch")
    done
}

# What must be found is: one fused product, one float atomic, two kernels that write four bytes, one array that is indexed by data, on two devices.
cat >"$scratch/planted.cu" <<'END'
__global__ void fused(float *x) { x[threadIdx.x] = __fmaf_rn(x[0], x[1], x[2]); }
__global__ void atomic(float *x) { atomicAdd(x, 1.0f); }
__global__ void stack(float *x)
{
    float own[40];
    for (int j = 0; j < 40; ++j) { own[j] = x[j]; }
    for (int j = 0; j < 40; ++j) { own[(int)x[j]] *= x[40 + j]; }
    x[threadIdx.x] = own[(int)x[99]];
}
END
(cd "$scratch" && look planted.cu)
judge "$scratch/planted.ptx" >"$scratch/planted"
[ "$findings" -eq 6 ] || { printf 'cuda_objects: %d findings of the 6 planted ones\n' "$findings"; exit 1; }
rm "$scratch/planted.ptx"
findings=0
kernels=0

failed=0
for file in "${files[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do wait -n || failed=1; done
    look "$file" &
done
while [ "$(jobs -rp | wc -l)" -gt 0 ]; do wait -n || failed=1; done
for ptx in "$scratch"/*.ptx; do judge "$ptx"; done
[ "$failed" -eq 0 ] || finding 'a file does not compile'
[ "$kernels" -ge 20 ] || finding "$kernels kernels seen: expected twenty and more"
printf 'cuda_objects: %d kernels in %d files, for two devices\n' "$kernels" "${#files[@]}"
[ "$findings" -eq 0 ]
