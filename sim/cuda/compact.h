/* compact.h - the places of bits that are set, in ascending order, one behind the other. C++.
 *
 * Bits lie in words of 32. A block counts those of a tile of words, one block a row turns counts into first places, and the blocks of the
 * tiles then write. In a warp one word after the other has all lanes, one a bit: neighbours write to neighbouring places.
 *
 * What is compacted, F:
 *   uint32_t word(row, w)          bits of 32 w ..
 *   emit(row, i, place)            bit i is the place-th
 *   done(row, w)                   after the word's bits were emitted
 *   total(row, n)                  n bits are set
 */
#ifndef DSGD_SIM_CUDA_COMPACT_H
#define DSGD_SIM_CUDA_COMPACT_H

#include "sim/cuda/launch.h"

enum { COMPACT_TILE = CUDA_THREADS, COMPACT_WORD = 32, COMPACT_WARPS = CUDA_THREADS / GPU_WARP, COMPACT_SCAN = 1024 };

static inline size_t compact_tiles(size_t words) { return (words + COMPACT_TILE - 1) / COMPACT_TILE; }
/** uint32_t of working memory. */
static inline size_t compact_room(size_t words, uint32_t rows) { return compact_tiles(words) * rows + 1; }

/** Sums of the lanes up to this one. */
static __device__ __forceinline__ uint32_t compact_sums(uint32_t value)
{
    const unsigned lane = threadIdx.x % GPU_WARP;
GPU_UNROLL
    for (unsigned distance = 1; distance < GPU_WARP; distance *= 2) {
        const uint32_t below = __shfl_up_sync(GPU_ALL_LANES, value, distance);
        value += lane >= distance ? below : 0;
    }
    return value;
}

/** The sum of the threads before this one; *total: of all. partial [warps], shared. Ends with a barrier. */
static __device__ __forceinline__ uint32_t compact_before(uint32_t value, uint32_t *partial, uint32_t *total)
{
    const unsigned lane = threadIdx.x % GPU_WARP, warp = threadIdx.x / GPU_WARP, warps = blockDim.x / GPU_WARP;
    const uint32_t sums = compact_sums(value);
    if (lane == GPU_WARP - 1) { partial[warp] = sums; }
    __syncthreads();
    if (warp == 0) {
        const uint32_t all = compact_sums(lane < warps ? partial[lane] : 0);
        if (lane < warps) { partial[lane] = all; }
    }
    __syncthreads();
    const uint32_t before = warp > 0 ? partial[warp - 1] : 0;
    *total = partial[warps - 1];
    __syncthreads();
    return before + sums - value;
}

template <class F> static __global__ void compact_count_kernel(uint32_t rows, size_t words, F f, uint32_t *tile)
{
    GPU_SHARED(uint32_t, partial, [COMPACT_WARPS]);
    const size_t w = (size_t)blockIdx.x * COMPACT_TILE + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const unsigned mine = w < words ? (unsigned)__popc(f.word(row, w)) : 0, sum = __reduce_add_sync(GPU_ALL_LANES, mine);
        if (threadIdx.x % GPU_WARP == 0) { partial[threadIdx.x / GPU_WARP] = sum; }
        __syncthreads();
        if (threadIdx.x == 0) {
            uint32_t all = 0;
            for (unsigned j = 0; j < COMPACT_WARPS; ++j) { all += partial[j]; }
            tile[(size_t)row * gridDim.x + blockIdx.x] = all;
        }
        __syncthreads();
    }
}

template <class F> static __global__ void compact_places_kernel(uint32_t rows, size_t tiles, F f, uint32_t *tile)
{
    GPU_SHARED(uint32_t, partial, [COMPACT_SCAN / GPU_WARP]);
    for (uint32_t row = blockIdx.x; row < rows; row += gridDim.x) {
        uint32_t before = 0, *const own = tile + (size_t)row * tiles;
        for (size_t first = 0; first < tiles; first += COMPACT_SCAN) {
            const size_t j = first + threadIdx.x;
            uint32_t sum;
            const uint32_t place = before + compact_before(j < tiles ? own[j] : 0, partial, &sum);
            if (j < tiles) { own[j] = place; }
            before += sum;
        }
        if (threadIdx.x == 0) { f.total(row, before); }
    }
}

template <class F> static __global__ void compact_emit_kernel(uint32_t rows, size_t words, F f, const uint32_t *tile)
{
    GPU_SHARED(uint32_t, partial, [COMPACT_WARPS]);
    const size_t w = (size_t)blockIdx.x * COMPACT_TILE + threadIdx.x;
    const unsigned lane = threadIdx.x % GPU_WARP;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const uint32_t word = w < words ? f.word(row, w) : 0;
        uint32_t sum;
        const uint32_t place = tile[(size_t)row * gridDim.x + blockIdx.x] + compact_before((uint32_t)__popc(word), partial, &sum);
        for (unsigned left = __ballot_sync(GPU_ALL_LANES, word != 0); left != 0; left &= left - 1) { /* alike in all lanes */
            const int k = __ffs((int)left) - 1;
            const uint32_t bits = __shfl_sync(GPU_ALL_LANES, word, k), first = __shfl_sync(GPU_ALL_LANES, place, k);
            if (bits >> lane & 1) { f.emit(row, (w - lane + (unsigned)k) * COMPACT_WORD + lane, first + (uint32_t)__popc(bits & ((UINT32_C(1) << lane) - 1))); }
        }
        if (word != 0) { f.done(row, w); }
    }
}

/** tile [compact_room(words, rows)]. */
template <class F> static void compact(const struct cuda_turn *t, size_t words, const F &f, uint32_t *tile)
{
    const size_t tiles = compact_tiles(words);
    const dim3 grid = cuda_grid(words, t->rows);
    cudaStream_t stream = cuda_stream(t);
    if (tiles > 0) { GPU_LAUNCH((compact_count_kernel<F>), grid, CUDA_THREADS, 0, stream, t->rows, words, f, tile); }
    GPU_LAUNCH((compact_places_kernel<F>), grid.y, COMPACT_SCAN, 0, stream, t->rows, tiles, f, tile);
    if (tiles > 0) { GPU_LAUNCH((compact_emit_kernel<F>), grid, CUDA_THREADS, 0, stream, t->rows, words, f, tile); }
    cuda_launched(t);
}

#endif
