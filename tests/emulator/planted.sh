#!/usr/bin/env bash
# planted.sh PLAIN CHECKED - every planted error is reported (exit code 99 and a sentence), and what is right is not.
set -euo pipefail
plain=${1:?expected the plain program} checked=${2:?expected the checked program}
bad=0
cases=0
expect() # PROGRAM CASE CODE WORDS
{
    local text code=0 order
    for order in forward reverse 3; do
        text=$(EMU_DEVICES=2 EMU_ORDER=$order "$1" "$2" 2>&1) || code=$?
        if [ "$code" -ne "$3" ] || ! grep -q "$4" <<<"$text"; then
            printf 'planted: %s, order %s: exit code %d: %s; expected %d and "%s"\n' "$2" "$order" "$code" "$text" "$3" "$4"
            bad=1
        fi
    done
    cases=$((cases + 1))
}
expect "$checked" no_barrier 99 'shared memory .* \(without order\|nobody has written\)'
expect "$checked" no_syncwarp 99 'shared memory .* \(without order\|nobody has written\)'
expect "$checked" with_syncwarp 0 'nothing reported'
expect "$checked" past_end 99 'past the end'
expect "$checked" past_shared_end 99 'shared memory: outside the arrays'
expect "$checked" uninitialised 99 'nobody has written'
expect "$checked" host_pointer 99 'read of host memory'
expect "$checked" sums_plainly 99 'global memory .* without order'
expect "$checked" counts_plainly 99 'global memory .* without order'
expect "$checked" counts 0 'nothing reported'
expect "$checked" blocks_meet 99 'global memory .* without order'
expect "$checked" grid_sync 0 'nothing reported'
expect "$checked" no_grid_sync 99 'global memory .* without order'
expect "$checked" no_peer_access 99 'without peer access'
expect "$checked" no_event 99 'without order: in stream [12] after work of stream [12]'
expect "$checked" early_event 99 'without order: in stream [12] after work of stream [12]'
expect "$checked" written_while_read 99 'without order: in stream [12] after work of stream [12]'
expect "$checked" copy_without_event 99 'without order: in stream [12] after work of stream [12]'
expect "$checked" event 0 'nothing reported'
expect "$checked" host_waits 0 'nothing reported'
expect "$checked" readers_together 0 'nothing reported'
expect "$checked" graph_again 0 'nothing reported'
expect "$plain" graph_of_another_shape 99 'update was not performed'
expect "$plain" pageable_in_a_graph 99 'from pageable memory'
expect "$plain" allocates_in_a_graph 99 'cudaMalloc while a stream is captured'
expect "$plain" waits_in_a_graph 99 'cudaStreamSynchronize while the stream is captured'
expect "$plain" half_a_barrier 99 'different __syncthreads'
expect "$plain" lost_lanes 99 'lanes that are done'
expect "$plain" waits_for_nobody 99 'nobody can go on'
expect "$plain" too_many_threads 99 'invalid configuration'
expect "$plain" past_end 99 'past the end'
expect "$plain" host_reads_device 99 'host code: dereferences a device pointer'
expect "$plain" use_after_free 99 'freed memory'
expect "$plain" freed_without_a_wait 99 'nobody has waited'
expect "$plain" no_peer_access 99 'without peer access'
expect "$plain" no_wait 99 'stale'
if printf '#include "sim/cuda/gpu.h"\n__global__ void f(float *x) { atomicAdd(x, 1.0f); }\n' |
    "${CXX:-g++}" -std=c++17 -I"$DSGD_SOURCE" -I"$DSGD_SOURCE/tests/emulator" -fsyntax-only -x c++ - 2>/dev/null; then
    printf 'planted: a float atomic compiles\n'
    bad=1
fi
printf 'planted: %d cases, 8 of them right\n' "$cases"
exit "$bad"
