/* planes.h - planes of bits in words of 32 coordinates, and counters that are planes. C++.
 *
 * A plane of n signs is ceil(n/8) bytes on an address of a word; its last word may have no room behind it, so it goes byte by byte.
 */
#ifndef DSGD_SIM_CUDA_PLANES_H
#define DSGD_SIM_CUDA_PLANES_H

#include "sim/cuda/launch.h"

enum { PLANE_WORD = 32 };

static __host__ __device__ __forceinline__ size_t plane_words(size_t n) { return (n + PLANE_WORD - 1) / PLANE_WORD; }

/** Planes of counters up to `most`. */
static __host__ __device__ __forceinline__ unsigned planes_for(uint32_t most)
{
    unsigned planes = 0;
    for (; most > 0; most >>= 1) { ++planes; }
    return planes;
}

/** Bits of coordinates 32 w .. of a plane of n. */
static __device__ __forceinline__ uint32_t plane_load(const uint8_t *plane, size_t w, size_t n)
{
    if ((w + 1) * PLANE_WORD <= n) { return reinterpret_cast<const uint32_t *>(plane)[w]; }
    uint32_t word = 0;
    for (size_t b = 0; (4 * w + b) * 8 < n && b < 4; ++b) { word |= (uint32_t)plane[4 * w + b] << 8 * b; }
    return word;
}

/** Bits past n are dropped. */
static __device__ __forceinline__ void plane_store(uint8_t *plane, size_t w, size_t n, uint32_t word)
{
    if ((w + 1) * PLANE_WORD <= n) {
        reinterpret_cast<uint32_t *>(plane)[w] = word;
        return;
    }
    word &= (UINT32_C(1) << (n - w * PLANE_WORD)) - 1;
    for (size_t b = 0; (4 * w + b) * 8 < n; ++b) { plane[4 * w + b] = (uint8_t)(word >> 8 * b); }
}

#endif
