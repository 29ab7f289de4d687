/* sum.h - sums by warps and blocks in the one order (sim/kernel/sum.h). C++.
 *
 * A lane of a warp is a lane of a chunk. Where the numbers of a chunk cost something, a block makes them, each thread for itself, and one of its
 * warps adds them up. Sums of chunks go the same way, by one warp.
 */
#ifndef DSGD_CONVEX_CUDA_SUM_H
#define DSGD_CONVEX_CUDA_SUM_H

#include "sim/cuda/launch.h"
#include "sim/kernel/sum.h"

static_assert((int)DSGD_SUM_LANES == (int)GPU_WARP, "a lane of a chunk is a lane of a warp");

static __device__ __forceinline__ unsigned convex_lane() { return threadIdx.x % GPU_WARP; }

/** The lanes of a chunk folded 16, 8, 4, 2, 1; every lane gets the sum. */
template <class T> static __device__ __forceinline__ T convex_fold(T mine)
{
GPU_UNROLL
    for (unsigned half = DSGD_SUM_LANES / 2; half > 0; half /= 2) { mine += __shfl_down_sync(GPU_ALL_LANES, mine, half); }
    return __shfl_sync(GPU_ALL_LANES, mine, 0);
}

/** The sum of sums of chunks, of which some are skipped because they are 0. Chunks ascend; all lanes say the same. */
template <class T> struct convex_total;

/* In float there is one level above the chunks (convex/cpu/bytes.h). */
template <> struct convex_total<float> {
    float sum = 0.0f;
    __device__ __forceinline__ void add(size_t chunk, float value)
    {
        if (chunk % DSGD_SUM_LANES == convex_lane()) { sum += value; }
    }
    __device__ __forceinline__ float end(size_t) { return convex_fold(sum); }
};

/* In double struct dsgd_sum, its lanes over those of the warp. */
template <> struct convex_total<double> {
    double sum[DSGD_SUM_LEVELS] = {0.0, 0.0, 0.0};
    unsigned count[DSGD_SUM_LEVELS] = {0, 0, 0};
    size_t chunks = 0;

    __device__ __forceinline__ void put(double value)
    {
GPU_UNROLL
        for (int level = 0; level < DSGD_SUM_LEVELS; ++level) {
            if (count[level]++ % DSGD_SUM_LANES == convex_lane()) { sum[level] += value; }
            if (count[level] < DSGD_SUM_CHUNK || level + 1 == DSGD_SUM_LEVELS) { return; }
            value = convex_fold(sum[level]);
            sum[level] = 0.0;
            count[level] = 0;
        }
    }
    __device__ __forceinline__ void skip(size_t to)
    {
        for (size_t room; to > chunks && to - chunks >= (room = DSGD_SUM_CHUNK - count[0]); chunks += room) {
            count[0] = DSGD_SUM_CHUNK - 1;
            put(0.0); /* fills the level */
        }
        count[0] += (unsigned)(to - chunks);
        chunks = to;
    }
    __device__ __forceinline__ void add(size_t chunk, double value)
    {
        skip(chunk);
        put(value);
        ++chunks;
    }
    __device__ __forceinline__ double end(size_t all)
    {
        double whole = 0.0;
        skip(all);
GPU_UNROLL
        for (int level = 0; level < DSGD_SUM_LEVELS; ++level) {
            if (level > 0 && count[level] == 0) { break; } /* nothing above */
            if (level > 0 && count[level - 1] > 0 && count[level]++ % DSGD_SUM_LANES == convex_lane()) { sum[level] += whole; }
            whole = convex_fold(sum[level]);
        }
        return whole;
    }
};

/** The sum of n <= DSGD_SUM_CHUNK numbers by a warp. */
static __device__ __forceinline__ double convex_chunk(const double *number, size_t n)
{
    double sum = 0.0;
    for (unsigned i = convex_lane(); i < n; i += DSGD_SUM_LANES) { sum += number[i]; }
    return convex_fold(sum);
}

/** The sum of the sums of chunks, by a warp. */
static __device__ __forceinline__ double convex_parts(const double *part, size_t chunks)
{
    if (chunks <= DSGD_SUM_CHUNK) { return convex_chunk(part, chunks); }
    convex_total<double> total;
    size_t group = 0;
    for (; group * DSGD_SUM_CHUNK < chunks; ++group) {
        const size_t first = group * DSGD_SUM_CHUNK;
        total.add(group, convex_chunk(part + first, chunks - first < DSGD_SUM_CHUNK ? chunks - first : (size_t)DSGD_SUM_CHUNK));
    }
    return total.end(group);
}

#endif
