/* map.h - element by element with one number for each group: four consecutive coordinates a thread, one launch for all rows. C++.
 *
 * An operation F names what becomes of a coordinate:
 *   from, to                   types of what is read and written
 *   load(row, i, here, x)  store(row, i, here, y)   coordinates i .. i + here - 1, i a multiple of 4, here <= 4
 *   unit(row, group)           what the coordinates of a group share
 *   words(row, item)           random words, or nothing
 *   to one(unit, x, word)
 */
#ifndef DSGD_SIM_CUDA_MAP_H
#define DSGD_SIM_CUDA_MAP_H

#include "sim/cuda/four.h"
#include "sim/cuda/groups.h"

template <class F> static __global__ void map_kernel(uint32_t rows, struct group_list g, F f)
{
    const size_t i = 4 * ((size_t)blockIdx.x * CUDA_THREADS + threadIdx.x);
    if (i >= g.n) { return; }
    const unsigned here = g.n - i < 4 ? (unsigned)(g.n - i) : 4;
    const size_t first = g.of(i), end = g.end(first);
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        typename F::from x[4];
        typename F::to y[4];
        f.load(row, i, here, x);
        const struct dsgd_rng4 words = f.words(row, (uint32_t)(i / 4));
        size_t group = first, stop = end;
        auto unit = f.unit(row, group);
GPU_UNROLL
        for (unsigned j = 0; j < 4; ++j) {
            if (j >= here) { break; }
            if (i + j >= stop) {
                do { stop = g.end(++group); } while (i + j >= stop); /* some are empty */
                unit = f.unit(row, group);
            }
            y[j] = f.one(unit, x[j], words.word[j]);
        }
        f.store(row, i, here, y);
    }
}

template <class F> static void map_groups(const struct cuda_turn *t, const struct group_list &g, const F &f)
{
    if (g.n == 0) { return; }
    GPU_LAUNCH((map_kernel<F>), cuda_grid_of(g.n, 4, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, g, f);
    cuda_launched(t);
}

template <class F> static void map_groups(const struct cuda_turn *t, const struct dsgd_groups *groups, const F &f)
{
    struct group_list g;
    if (group_list_of(t->device, groups, &g)) { map_groups(t, g, f); }
}

/** What reads an array of A, writes one of B and draws nothing. */
template <class A, class B> struct map_of {
    typedef A from;
    typedef B to;
    struct dsgd_array in, out;
    __device__ __forceinline__ void load(uint32_t row, size_t i, unsigned here, A x[4]) const { cuda_load4(cuda_row<const A>(in, row) + i, here, x); }
    __device__ __forceinline__ void store(uint32_t row, size_t i, unsigned here, const B y[4]) const { cuda_store4(cuda_row<B>(out, row) + i, here, y); }
    __device__ __forceinline__ struct dsgd_rng4 words(uint32_t, uint32_t) const { return {{0, 0, 0, 0}}; }
};

/** The same from a plane of signs. */
struct map_minus { bool minus; };
template <class B> struct map_of<struct map_minus, B> {
    typedef struct map_minus from;
    typedef B to;
    struct dsgd_array in, out;
    __device__ __forceinline__ void load(uint32_t row, size_t i, unsigned here, struct map_minus x[4]) const
    {
        const unsigned bits = cuda_row<const uint8_t>(in, row)[i / 8] >> i % 8;
GPU_UNROLL
        for (unsigned j = 0; j < 4; ++j) { x[j].minus = j < here && (bits >> j & 1) != 0; }
    }
    __device__ __forceinline__ void store(uint32_t row, size_t i, unsigned here, const B y[4]) const { cuda_store4(cuda_row<B>(out, row) + i, here, y); }
    __device__ __forceinline__ struct dsgd_rng4 words(uint32_t, uint32_t) const { return {{0, 0, 0, 0}}; }
};

#endif
