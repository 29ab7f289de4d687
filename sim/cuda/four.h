/* four.h - four consecutive elements at once: one access of 16 bytes where they lie on such an address, as the rows of all vectors begin. C++. */
#ifndef DSGD_SIM_CUDA_FOUR_H
#define DSGD_SIM_CUDA_FOUR_H

#include "sim/cuda/launch.h"

#if defined(__CUDACC__)
typedef uint4 cuda_sixteen;
/* By name: a plain assignment is often taken apart into four stores. */
static __device__ __forceinline__ void cuda_store_sixteen(cuda_sixteen *at, cuda_sixteen value) { __stwb(at, value); }
#else
struct __attribute__((may_alias, aligned(16))) cuda_sixteen { uint32_t x, y, z, w; };
static inline void cuda_store_sixteen(cuda_sixteen *at, cuda_sixteen value) { *at = value; }
#endif

template <class T> static __device__ __forceinline__ bool cuda_on_sixteen(const T *at) { return (reinterpret_cast<uintptr_t>(at) & 15) == 0; }

/** Elements at[0 .. here - 1] of 4 or 8 bytes, here <= 4; the rest of x stays. */
template <class T> static __device__ __forceinline__ void cuda_load4(const T *at, unsigned here, T x[4])
{
    if (here == 4 && cuda_on_sixteen(at)) {
GPU_UNROLL
        for (unsigned j = 0; j < sizeof(T) / 4; ++j) {
            const cuda_sixteen s = reinterpret_cast<const cuda_sixteen *>(at)[j];
            memcpy(reinterpret_cast<char *>(x) + 16 * j, &s, 16);
        }
        return;
    }
GPU_UNROLL
    for (unsigned j = 0; j < 4; ++j) {
        if (j < here) { x[j] = at[j]; }
    }
}

template <class T> static __device__ __forceinline__ void cuda_store4(T *at, unsigned here, const T x[4])
{
    if (here == 4 && cuda_on_sixteen(at)) {
GPU_UNROLL
        for (unsigned j = 0; j < sizeof(T) / 4; ++j) {
            uint32_t word[4];
            memcpy(word, reinterpret_cast<const char *>(x) + 16 * j, 16);
            cuda_store_sixteen(reinterpret_cast<cuda_sixteen *>(at) + j, {word[0], word[1], word[2], word[3]});
        }
        return;
    }
GPU_UNROLL
    for (unsigned j = 0; j < 4; ++j) {
        if (j < here) { at[j] = x[j]; }
    }
}

/** Blocks for n elements a row, `each` elements a thread. */
static inline dim3 cuda_grid_of(size_t n, size_t each, uint32_t rows) { return cuda_grid((n + each - 1) / each, rows); }

#endif
