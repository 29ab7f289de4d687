/* total.h - the sum of any numbers in the one order (sim/kernel/sum.h), in two launches: chunks, and their sums. C++. */
#ifndef DSGD_CONVEX_CUDA_TOTAL_H
#define DSGD_CONVEX_CUDA_TOTAL_H

#include "convex/cuda/sum.h"

static inline size_t convex_chunks(size_t n) { return (n + DSGD_SUM_CHUNK - 1) / DSGD_SUM_CHUNK; }

/** part[chunk] = sum of the numbers of the chunk. */
template <class F> static __global__ void convex_chunks_kernel(size_t n, F number, double *part)
{
    GPU_SHARED(double, mine, [DSGD_SUM_CHUNK]);
    const size_t first = (size_t)blockIdx.x * DSGD_SUM_CHUNK, here = n - first < DSGD_SUM_CHUNK ? n - first : (size_t)DSGD_SUM_CHUNK;
    for (size_t i = threadIdx.x; i < here; i += CUDA_THREADS) { mine[i] = number(first + i); }
    __syncthreads();
    if (threadIdx.x >= GPU_WARP) { return; }
    const double sum = convex_chunk(mine, here);
    if (threadIdx.x == 0) { part[blockIdx.x] = sum; }
}

/** out[row] = the sum of part[row], a warp a row. */
static __global__ void convex_ends_kernel(size_t chunks, const double *part, double *out)
{
    const double sum = convex_parts(part + blockIdx.x * chunks, chunks);
    if (threadIdx.x == 0) { out[blockIdx.x] = sum; }
}

/** *out = the sum of number(i), i < n; part: convex_chunks(n) doubles of working memory. */
template <class F> static void convex_sum(cudaStream_t stream, size_t n, const F &number, double *part, double *out)
{
    const size_t chunks = convex_chunks(n);
    if (n > 0) { GPU_LAUNCH((convex_chunks_kernel<F>), (unsigned)chunks, CUDA_THREADS, 0, stream, n, number, part); }
    GPU_LAUNCH((convex_ends_kernel), 1, GPU_WARP, 0, stream, chunks, part, out);
}

#endif
