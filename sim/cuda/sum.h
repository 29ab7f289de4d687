/* sum.h - one number for each group of each row, in the one order of sums (sim/kernel/sum.h). C++.
 *
 * A warp takes a chunk of 4096 coordinates of one group: lane l adds numbers l, l + 32, ..., and the lanes are folded 16, 8, 4, 2, 1. Chunk
 * sums are summed in the same way, by a block a group; a block's warps take 4096 of them each. So there are two launches, one where no
 * group is longer than a chunk, for any number of groups and rows. Maxima go the same way, for which no order matters.
 *
 * An operation O names what is reduced:
 *   value, number              type of an element, type of a sum
 *   context begin(row, group)  what its elements need to know
 *   number add(sum, element, context)   number join(a, b)
 *   void finish(row, group, n, sum)     writes the result
 *   const value *row(i)
 * and `zero`, the sum of nothing.
 */
#ifndef DSGD_SIM_CUDA_SUM_H
#define DSGD_SIM_CUDA_SUM_H

#include "sim/cuda/groups.h"

enum { SUM_WARPS = CUDA_THREADS / GPU_WARP, SUM_AHEAD = 16 /* one vector of a few million numbers has a dozen warps a processor */ };

/** lane[l] joined with lane[l + half], half = 16, 8, 4, 2, 1; the result is lane 0's. */
template <class O> static __device__ __forceinline__ typename O::number sum_fold(const O &o, typename O::number mine)
{
GPU_UNROLL
    for (unsigned half = DSGD_SUM_LANES / 2; half > 0; half /= 2) { mine = o.join(mine, __shfl_down_sync(GPU_ALL_LANES, mine, half)); }
    return mine;
}

template <class O> static __global__ void sum_chunks_kernel(size_t all, struct group_list g, O o, typename O::number *partial)
{
    const size_t mine = (size_t)blockIdx.x * SUM_WARPS + threadIdx.x / GPU_WARP;
    if (mine >= all) { return; } /* whole warps */
    const size_t lane = threadIdx.x % GPU_WARP, row = group_list::quotient(mine, g.chunks), c = mine - row * g.chunks, group = g.of_chunk(c);
    const size_t begin = g.begin(group), n = g.end(group) - begin, first = (c - g.first_chunk(group)) * DSGD_SUM_CHUNK;
    const size_t here = first >= n ? 0 : n - first < DSGD_SUM_CHUNK ? n - first : (size_t)DSGD_SUM_CHUNK;
    const typename O::value *const v = o.row(row) + begin + first;
    const auto context = o.begin(row, group);
    typename O::number sum = o.zero();
    size_t j = lane;
    for (; j + (SUM_AHEAD - 1) * DSGD_SUM_LANES < here; j += SUM_AHEAD * DSGD_SUM_LANES) { /* loads that do not wait for sums */
        typename O::value x[SUM_AHEAD];
GPU_UNROLL
        for (unsigned a = 0; a < SUM_AHEAD; ++a) { x[a] = v[j + a * DSGD_SUM_LANES]; }
GPU_UNROLL
        for (unsigned a = 0; a < SUM_AHEAD; ++a) { sum = o.add(sum, x[a], context); }
    }
    for (; j < here; j += DSGD_SUM_LANES) { sum = o.add(sum, v[j], context); }
    sum = sum_fold(o, sum);
    __syncwarp(); /* the context may lie where the result goes */
    if (lane != 0) { return; }
    if (g.chunks_of(group) == 1) {
        o.finish(row, group, n, sum);
    } else {
        partial[mine] = sum;
    }
}

/* The sum of n numbers by a warp, n <= DSGD_SUM_CHUNK; lane 0 has it. */
template <class O> static __device__ __forceinline__ typename O::number sum_numbers(const O &o, const typename O::number *x, size_t n)
{
    typename O::number sum = o.zero();
    for (size_t j = threadIdx.x % GPU_WARP; j < n; j += DSGD_SUM_LANES) { sum = o.join(sum, x[j]); }
    return sum_fold(o, sum);
}

template <class O> static __global__ void sum_ends_kernel(struct group_list g, O o, const typename O::number *partial)
{
    enum { MOST = 2048 }; /* times 4096^2 coordinates of a group: more than any memory */
    GPU_SHARED(typename O::number, next, [MOST]);
    const size_t row = group_list::quotient(blockIdx.x, g.count), group = blockIdx.x - row * g.count;
    const size_t chunks = g.chunks_of(group), n = g.end(group) - g.begin(group), parts = (chunks + DSGD_SUM_CHUNK - 1) / DSGD_SUM_CHUNK;
    if (chunks == 1) { return; } /* has been finished */
    const unsigned warp = threadIdx.x / GPU_WARP;
    partial += row * g.chunks + g.first_chunk(group);
    for (size_t p = warp; p < parts; p += SUM_WARPS) {
        const size_t first = p * DSGD_SUM_CHUNK;
        const typename O::number sum = sum_numbers(o, partial + first, chunks - first < DSGD_SUM_CHUNK ? chunks - first : (size_t)DSGD_SUM_CHUNK);
        if (threadIdx.x % GPU_WARP == 0) { next[p] = sum; }
    }
    __syncthreads();
    if (warp > 0) { return; }
    const typename O::number sum = parts == 1 ? next[0] : sum_numbers(o, next, parts);
    if (threadIdx.x == 0) { o.finish(row, group, n, sum); }
}

/** How many sums of chunks sum_groups_in keeps. */
static inline size_t sum_partial(uint32_t rows, const struct group_list &g) { return g.short_ones ? 0 : rows * g.chunks; }

/** `rows` rows of all groups. partial [sum_partial(rows, g)]. */
template <class O> static void sum_groups_in(int device, uint32_t rows, const struct group_list &g, const O &o, typename O::number *partial)
{
    const size_t all = rows * g.chunks;
    if (all == 0) { return; }
    cudaStream_t stream = cuda_stream(device);
    GPU_LAUNCH((sum_chunks_kernel<O>), (unsigned)((all + SUM_WARPS - 1) / SUM_WARPS), CUDA_THREADS, 0, stream, all, g, o, partial);
    if (!g.short_ones) { GPU_LAUNCH((sum_ends_kernel<O>), (unsigned)(rows * g.count), CUDA_THREADS, 0, stream, g, o, partial); }
    cuda_keep(device, cudaPeekAtLastError());
}

/** The same with the device's scratch. */
template <class O> static void sum_groups(int device, uint32_t rows, const struct group_list &g, const O &o)
{
    const size_t kept = sum_partial(rows, g);
    typename O::number *const partial = kept > 0 ? static_cast<typename O::number *>(cuda_scratch(device, kept * sizeof *partial)) : NULL;
    if (kept == 0 || partial) { sum_groups_in(device, rows, g, o, partial); }
}

/** What sums of floats or doubles have in common. */
struct sum_of_doubles {
    typedef double number;
    __device__ __forceinline__ double zero() const { return 0.0; }
    __device__ __forceinline__ double join(double a, double b) const { return a + b; }
};

#endif
