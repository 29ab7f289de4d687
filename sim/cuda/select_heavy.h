/* select_heavy.h - HEAVYMIX's choice from a source of keys (select_keys.h): the k largest as far as they are heavy, then the fill. C++. */
#ifndef DSGD_SIM_CUDA_SELECT_HEAVY_H
#define DSGD_SIM_CUDA_SELECT_HEAVY_H

#include "sim/cuda/draw.h"
#include "sim/cuda/select_keys.h"
#include "sim/kernel/heavy.h"

/** A source whose keys are wanted from the threshold on, and are emitted to a list. The k largest that are heavy are the heavy ones, or the k
 *  largest of them: H is the top of the order. */
template <class S> struct select_heavy_source : S {
    struct dsgd_array norm2;
    size_t k;
    uint32_t *index, *length;
    size_t stride;
    select_heavy_source(const S &s, const struct dsgd_array &norm2_, size_t k_, uint32_t *index_, uint32_t *length_)
        : S(s), norm2(norm2_), k(k_), index(index_), length(length_), stride(k_) {}
    __device__ int32_t least(uint32_t row) const { return dsgd_heavy_key(*cuda_row<const double>(norm2, row), k); }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const { index[row * stride + place] = (uint32_t)i; }
    __device__ void emit_known(uint32_t row, size_t i, int32_t, uint32_t place) const { emit(row, i, place); }
    __device__ void total(uint32_t row, uint32_t n) const { length[row] = n; }
};

static __global__ void select_heavy_copy_kernel(uint32_t rows, const uint32_t *index, const uint32_t *length, size_t stride, struct dsgd_array heavy)
{
    const uint32_t j = blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        if (j < length[row]) { cuda_row<uint32_t>(heavy, row)[j] = index[row * stride + j]; }
        if (j == 0) { *cuda_length(heavy, row) = length[row]; }
    }
}

static inline size_t select_heavy_bytes(size_t n, size_t k, uint32_t rows)
{
    const size_t choice = select_bytes(n, k, rows), fill = draw_bytes(n, k, rows);
    return (rows * (k + 1) * sizeof(uint32_t) + 255) / 256 * 256 + (choice > fill ? choice : fill);
}

/** k >= 1; heavy may be NULL; work: select_heavy_bytes(s.most, k, rows). */
template <class S>
static void select_heavy(const struct cuda_turn *t, const S &s, struct dsgd_array norm2, size_t k, struct dsgd_rng_key key, struct dsgd_array out,
                         const struct dsgd_array *heavy, void *work)
{
    uint32_t *const index = static_cast<uint32_t *>(work), *const length = index + t->rows * k;
    void *const rest = static_cast<char *>(work) + (t->rows * (k + 1) * sizeof *index + 255) / 256 * 256;
    select_largest(t, select_heavy_source<S>(s, norm2, k, index, length), (uint32_t)k, rest);
    if (heavy) { GPU_LAUNCH(select_heavy_copy_kernel, cuda_grid(k, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, index, length, k, *heavy); }
    draw_fill(t, s.most, (uint32_t)k, key, index, k, length, out, rest);
}

#endif
