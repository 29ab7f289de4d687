/* sparse.cu - chosen coordinates: a thread a coordinate, as many threads as a set has room for. Lengths are read here, on the device. */
#include "sim/cuda/launch.h"
#include "sim/cuda/sparse_parts.h"

/* Calls f(row, j) for the coordinates of each row's set. */
template <class F> static __global__ void some_kernel(uint32_t rows, struct dsgd_array at, F f)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        if (j < *cuda_length(at, row)) { f(row, j); }
    }
}

template <class F> static void some(const struct cuda_turn *t, const struct dsgd_array &at, const F &f)
{
    if (at.count == 0) { return; }
    GPU_LAUNCH((some_kernel<F>), cuda_grid(at.count, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, at, f);
    cuda_launched(t);
}

struct move_one {
    struct dsgd_array from, to;
    __device__ void operator()(uint32_t row, size_t j) const { cuda_row<uint32_t>(to, row)[j] = cuda_row<const uint32_t>(from, row)[j]; }
};
void sparse_move(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array from, struct dsgd_array to) { some(t, at, move_one{from, to}); }

/* to[j] = from[at_j]. Where a result lies in what is read it is made elsewhere first: threads have no order. */
struct gather_one {
    struct dsgd_array at, from, to;
    __device__ void operator()(uint32_t row, size_t j) const
    {
        cuda_row<uint32_t>(to, row)[j] = cuda_row<const uint32_t>(from, row)[cuda_row<const uint32_t>(at, row)[j]];
    }
};
static void gather(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array from, struct dsgd_array to)
{
    struct dsgd_array made = to;
    if (from.at == to.at) {
        made.stride = at.count;
        made.at = cuda_scratch(t->device, (t->rows * at.count + 1) * sizeof(uint32_t));
        if (!made.at) { return; }
    }
    some(t, at, gather_one{at, from, made});
    if (made.at != to.at) { sparse_move(t, at, made, to); }
}

struct gather_f64_one {
    struct dsgd_array at, from, to;
    __device__ void operator()(uint32_t row, size_t j) const
    {
        cuda_row<float>(to, row)[j] = (float)cuda_row<const double>(from, row)[cuda_row<const uint32_t>(at, row)[j]];
    }
};
static void gather_f64(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array a, struct dsgd_array out) { some(t, at, gather_f64_one{at, a, out}); }

struct scatter_one {
    struct dsgd_array at, x, v;
    __device__ void operator()(uint32_t row, size_t j) const
    {
        cuda_row<float>(v, row)[cuda_row<const uint32_t>(at, row)[j]] = cuda_row<const float>(x, row)[j];
    }
};
static void scatter(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array x, struct dsgd_array v) { some(t, at, scatter_one{at, x, v}); }

struct scatter_subtract_one {
    struct dsgd_array at, x, a;
    __device__ void operator()(uint32_t row, size_t j) const
    {
        cuda_row<double>(a, row)[cuda_row<const uint32_t>(at, row)[j]] -= (double)cuda_row<const float>(x, row)[j];
    }
};
static void scatter_subtract(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array x, struct dsgd_array a)
{
    some(t, at, scatter_subtract_one{at, x, a});
}

struct scatter_clear_one {
    struct dsgd_array at, v;
    __device__ void operator()(uint32_t row, size_t j) const { cuda_row<float>(v, row)[cuda_row<const uint32_t>(at, row)[j]] = 0.0f; }
};
static void scatter_clear(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array v) { some(t, at, scatter_clear_one{at, v}); }

/* ---- whole sets ---- */

static __global__ void lengths_kernel(uint32_t rows, struct dsgd_array from, struct dsgd_array to)
{
    const size_t row = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (row < rows) { *cuda_length(to, row) = *cuda_length(from, row); }
}

static void lengths(const struct cuda_turn *t, const struct dsgd_array &from, const struct dsgd_array &to)
{
    if (from.length == to.length) { return; }
    GPU_LAUNCH(lengths_kernel, cuda_grid(t->rows, 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, from, to);
    cuda_launched(t);
}

static void copy_set(const struct cuda_turn *t, struct dsgd_array from, struct dsgd_array to)
{
    if (from.at != to.at) { sparse_move(t, from, from, to); }
    lengths(t, from, to);
}

static void subset(const struct cuda_turn *t, struct dsgd_array of, struct dsgd_array places, struct dsgd_array out)
{
    gather(t, places, of, out);
    lengths(t, places, out);
}

extern const struct cuda_sparse cuda_sparse_table;
const struct cuda_sparse cuda_sparse_table = {gather, gather_f64, scatter, scatter_subtract, scatter_clear, copy_set, subset, sparse_intersect, sparse_take,
                                              sparse_pack, sparse_unpack, sparse_clear_runs, sparse_unpack_places, sparse_merge_runs};
