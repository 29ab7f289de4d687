#!/usr/bin/env bash
# cuda_refusals.sh - whatever keeps a run from a GPU is one sentence and exit code 2, and leaves no file behind; `dsgd devices` says it with 0.
set -euo pipefail
cd "$DSGD_SOURCE"
export DSGD_CUDA_LIBRARY=$DSGD_BUILD/emulated/libdsgd_cuda.so
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
printf 'problem = quadratic\nquadratic { d = 3000 kappa = 10 sigma = 1 }\nsteps = 3\n' >"$scratch/run.conf"
cd "$scratch"

fail() { printf 'cuda_refusals: %s\n' "$1" >&2; exit 1; }
refused() # BACKEND PATTERN
{
    local code=0
    "$DSGD" run run.conf --set "backend=$1" -o run.h5 >out 2>err || code=$?
    [ "$code" -eq 2 ] || fail "backend = $1: exit code $code, expected 2: $(cat err)"
    [ "$(wc -l <err)" -eq 1 ] || fail "backend = $1: expected one line: $(cat err)"
    grep -q -- "$2" err || fail "backend = $1: expected '$2': $(cat err)"
    ! compgen -G 'run.h5*' >/dev/null || fail "backend = $1: left a file behind"
}

for text in gpu cuda: cuda:0,0 cuda:a 'cuda:1,' cuda:99999 cudas 'cuda: 0'; do refused "$text" "^dsgd: backend = $text: expected cpu, guard, cuda"; done
EMU_DEVICES=2 refused cuda:2 'backend = cuda:2: expected a device from 0 to 1'
EMU_DEVICES=2 refused cuda:0,7 'backend = cuda:7: expected a device from 0 to 1'
EMU_DEVICES=0 refused cuda 'no CUDA device (driver 0.0, runtime 13.0: no CUDA-capable device is detected); use backend = cpu'
EMU_CAPABILITY=7.5 refused cuda 'has compute capability 7.5: expected at least 8.0'
EMU_MEMORY=60000 refused cuda 'backend = cuda:0: the run would hold [0-9.]* MiB there and 0.1 MiB are free'
DSGD_CUDA_LIBRARY=/nonexistent/lib.so refused cuda 'no library at DSGD_CUDA_LIBRARY (/nonexistent/lib.so: '
printf 'const char *const dsgd_cuda_library[20] = {"0123456789abcdef0123"};\n' >other.c
cc -shared -fPIC -o other.so other.c
DSGD_CUDA_LIBRARY=$scratch/other.so refused cuda 'the CUDA library is of build 0123456789abcdef: expected '

# The same run is possible when nothing is in the way.
EMU_DEVICES=2 "$DSGD" run run.conf --set backend=cuda:1,0 --quiet -o run.h5 || fail 'backend = cuda:1,0 does not run'
# What there is.
EMU_DEVICES=2 "$DSGD" devices >out || fail 'dsgd devices'
grep -q '^cuda:1 .*compute capability 9.0' out || fail "dsgd devices: expected cuda:1: $(cat out)"
grep -q '^cpu .*cores, kernels' out || fail "dsgd devices: expected the CPU: $(cat out)"
EMU_DEVICES=2 "$DSGD" devices --json | grep -q '"backend": "cuda:1"' || fail 'dsgd devices --json: expected cuda:1'
code=0
"$DSGD" devices cuda >out 2>err || code=$?
[ "$code" -eq 2 ] || fail "dsgd devices cuda: exit code $code, expected 2"
grep -q 'cuda: expected no argument' err || fail "dsgd devices cuda: $(cat err)"
EMU_DEVICES=0 "$DSGD" devices >out || fail 'dsgd devices without a device'
grep -q '^cuda  *no device (driver 0.0' out || fail "dsgd devices: expected no device: $(cat out)"
DSGD_CUDA_LIBRARY=/nonexistent/lib.so "$DSGD" devices >out || fail 'dsgd devices without a library'
grep -q '^cuda .*no library at' out || fail "dsgd devices: expected no library: $(cat out)"
