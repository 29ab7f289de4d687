/* fold.cu - sums over workers: a thread has its coordinates' sums in registers and adds all rows to them in ascending order, so a sum is
 * read and written once, and has the one order of every device. Loads of several rows are under way at once.
 */
#include "sim/cuda/fold_parts.h"
#include "sim/cuda/four.h"
#include "sim/cuda/groups.h"
#include "sim/kernel/number.h"

#include <math.h>

enum {
    BYTE = 8,          /* coordinates that a thread takes of planes */
    LONG = 1 << 16,    /* coordinates from which four a thread are enough threads */
    AHEAD = 8, AHEAD_ALONE = 16, AHEAD_BITS = 4
};

/* ---- floats ---- */

/* A first sum starts as 0, so that -0 becomes 0. */
struct sum_of {
    typedef double number;
    __device__ __forceinline__ static double none() { return 0.0; }
    __device__ __forceinline__ static double add(double sum, float x) { return sum + (double)x; }
};
/* A NaN replaces everything and only a NaN replaces it. */
struct max_of {
    typedef float number;
    __device__ __forceinline__ static float none() { return -INFINITY; }
    __device__ __forceinline__ static float add(float most, float x) { return (x > most) | (x != x) ? x : most; }
};

template <class O> static __global__ void rows_kernel(uint32_t rows, bool first, struct dsgd_array a, struct dsgd_array out)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= out.count) { return; }
    typename O::number *const to = cuda_row<typename O::number>(out, 0) + i, sum = first ? O::none() : *to;
    const float *x = cuda_row<const float>(a, 0) + i;
    uint32_t row = 0;
    for (; row + AHEAD_ALONE <= rows; row += AHEAD_ALONE) {
        float y[AHEAD_ALONE];
GPU_UNROLL
        for (int j = 0; j < AHEAD_ALONE; ++j, x += a.stride) { y[j] = *x; }
GPU_UNROLL
        for (int j = 0; j < AHEAD_ALONE; ++j) { sum = O::add(sum, y[j]); }
    }
    for (; row < rows; ++row, x += a.stride) { sum = O::add(sum, *x); }
    *to = sum;
}

template <class O> static __global__ void rows_of_four_kernel(uint32_t rows, bool first, struct dsgd_array a, struct dsgd_array out)
{
    const size_t i = 4 * ((size_t)blockIdx.x * CUDA_THREADS + threadIdx.x);
    if (i >= out.count) { return; }
    const unsigned here = out.count - i < 4 ? (unsigned)(out.count - i) : 4;
    typename O::number *const to = cuda_row<typename O::number>(out, 0) + i, sum[4] = {O::none(), O::none(), O::none(), O::none()};
    const float *x = cuda_row<const float>(a, 0) + i;
    if (!first) { cuda_load4(to, here, sum); }
    uint32_t row = 0;
    for (; row + AHEAD <= rows; row += AHEAD) {
        float y[AHEAD][4] = {};
GPU_UNROLL
        for (int j = 0; j < AHEAD; ++j, x += a.stride) { cuda_load4(x, here, y[j]); }
GPU_UNROLL
        for (int j = 0; j < AHEAD; ++j) {
GPU_UNROLL
            for (int k = 0; k < 4; ++k) { sum[k] = O::add(sum[k], y[j][k]); }
        }
    }
    for (; row < rows; ++row, x += a.stride) {
        float y[4] = {};
        cuda_load4(x, here, y);
GPU_UNROLL
        for (int k = 0; k < 4; ++k) { sum[k] = O::add(sum[k], y[k]); }
    }
    cuda_store4(to, here, sum);
}

template <class O> static void fold_rows(const struct cuda_turn *t, bool first, const struct dsgd_array &a, const struct dsgd_array &out)
{
    if (out.count == 0 || t->rows == 0) { return; }
    if (out.count < LONG) {
        GPU_LAUNCH((rows_kernel<O>), cuda_grid(out.count, 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, first, a, out);
    } else {
        GPU_LAUNCH((rows_of_four_kernel<O>), cuda_grid_of(out.count, 4, 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, first, a, out);
    }
    cuda_launched(t);
}

static void sum(const struct cuda_turn *t, bool first, struct dsgd_array a, struct dsgd_array out) { fold_rows<sum_of>(t, first, a, out); }
static void max(const struct cuda_turn *t, bool first, struct dsgd_array a, struct dsgd_array out) { fold_rows<max_of>(t, first, a, out); }

/* ---- planes times scales ---- */

/* The byte of eight coordinates, and the number of one of them. */
struct signs_of {
    unsigned minus;
    __device__ __forceinline__ void load(const uint8_t *row, size_t, size_t at) { minus = row[at]; }
    __device__ __forceinline__ double times(double unit, unsigned j) const { return minus >> j & 1 ? -unit : unit; }
};
/* The product with 0 is made: it is NaN where a worker has diverged, which must show. */
struct ternary_of {
    unsigned nonzero, negative;
    __device__ __forceinline__ void load(const uint8_t *row, size_t plane, size_t at)
    {
        nonzero = row[at];
        negative = row[plane + at];
    }
    __device__ __forceinline__ int number(unsigned j) const { return (int)(nonzero >> j & 1) - 2 * (int)(negative >> j & 1); }
    __device__ __forceinline__ double times(double unit, unsigned j) const { return unit * (nonzero >> j & 1 ? (negative >> j & 1 ? -1.0 : 1.0) : 0.0); }
};

template <class P> static __global__ void planes_scaled_kernel(uint32_t rows, bool first, struct group_list g, struct dsgd_array a, struct dsgd_array scale,
                                                               struct dsgd_array out)
{
    const size_t at = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x, i = BYTE * at, bytes = (g.n + BYTE - 1) / BYTE;
    if (i >= g.n) { return; }
    const unsigned here = g.n - i < BYTE ? (unsigned)(g.n - i) : (unsigned)BYTE;
    const size_t group = g.of(i);
    double *const to = cuda_row<double>(out, 0) + i;
    if (g.end(group) < i + here) { /* several groups: one coordinate after the other */
        for (unsigned j = 0; j < here; ++j) {
            const float *unit = cuda_row<const float>(scale, 0) + g.of(i + j);
            double sum = first ? 0.0 : to[j];
            for (uint32_t row = 0; row < rows; ++row, unit += scale.stride) {
                P bits;
                bits.load(cuda_row<const uint8_t>(a, row), bytes, at);
                sum += bits.times((double)*unit, j);
            }
            to[j] = sum;
        }
        return;
    }
    const float *unit = cuda_row<const float>(scale, 0) + group;
    double sum[BYTE] = {};
    if (!first) {
        cuda_load4(to, here < 4 ? here : 4, sum);
        if (here > 4) { cuda_load4(to + 4, here - 4, sum + 4); }
    }
    uint32_t row = 0;
    for (; row + AHEAD_BITS <= rows; row += AHEAD_BITS) {
        P bits[AHEAD_BITS];
        double u[AHEAD_BITS];
GPU_UNROLL
        for (int k = 0; k < AHEAD_BITS; ++k, unit += scale.stride) {
            bits[k].load(cuda_row<const uint8_t>(a, row + k), bytes, at);
            u[k] = (double)*unit;
        }
GPU_UNROLL
        for (int k = 0; k < AHEAD_BITS; ++k) {
GPU_UNROLL
            for (unsigned j = 0; j < BYTE; ++j) { sum[j] += bits[k].times(u[k], j); }
        }
    }
    for (; row < rows; ++row, unit += scale.stride) {
        P bits;
        bits.load(cuda_row<const uint8_t>(a, row), bytes, at);
GPU_UNROLL
        for (unsigned j = 0; j < BYTE; ++j) { sum[j] += bits.times((double)*unit, j); }
    }
    cuda_store4(to, here < 4 ? here : 4, sum);
    if (here > 4) { cuda_store4(to + 4, here - 4, sum + 4); }
}

template <class P> static void planes_scaled(const struct cuda_turn *t, bool first, const struct dsgd_array &a, const struct dsgd_groups *groups,
                                             const struct dsgd_array &scale, const struct dsgd_array &out)
{
    struct group_list g;
    if (!group_list_of(t->device, groups, &g) || g.n == 0) { return; }
    GPU_LAUNCH((planes_scaled_kernel<P>), cuda_grid_of(g.n, BYTE, 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, first, g, a, scale, out);
    cuda_launched(t);
}

static void signs_scaled(const struct cuda_turn *t, bool first, struct dsgd_array a, const struct dsgd_groups *g, struct dsgd_array scale,
                         struct dsgd_array out)
{
    planes_scaled<signs_of>(t, first, a, g, scale, out);
}

static void ternary_scaled(const struct cuda_turn *t, bool first, struct dsgd_array a, const struct dsgd_groups *g, struct dsgd_array scale,
                         struct dsgd_array out)
{
    planes_scaled<ternary_of>(t, first, a, g, scale, out);
}

static __global__ void ternary_kernel(uint32_t rows, bool first, struct dsgd_array a, struct dsgd_array out)
{
    const size_t n = out.count, at = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x, i = BYTE * at, bytes = (n + BYTE - 1) / BYTE;
    if (i >= n) { return; }
    const unsigned here = n - i < BYTE ? (unsigned)(n - i) : (unsigned)BYTE;
    int32_t *const to = cuda_row<int32_t>(out, 0) + i, sum[BYTE] = {};
    if (!first) {
        cuda_load4(to, here < 4 ? here : 4, sum);
        if (here > 4) { cuda_load4(to + 4, here - 4, sum + 4); }
    }
    uint32_t row = 0;
    for (; row + AHEAD_BITS <= rows; row += AHEAD_BITS) {
        ternary_of bits[AHEAD_BITS];
GPU_UNROLL
        for (int k = 0; k < AHEAD_BITS; ++k) { bits[k].load(cuda_row<const uint8_t>(a, row + k), bytes, at); }
GPU_UNROLL
        for (int k = 0; k < AHEAD_BITS; ++k) {
GPU_UNROLL
            for (unsigned j = 0; j < BYTE; ++j) { sum[j] += bits[k].number(j); }
        }
    }
    for (; row < rows; ++row) {
        ternary_of bits;
        bits.load(cuda_row<const uint8_t>(a, row), bytes, at);
GPU_UNROLL
        for (unsigned j = 0; j < BYTE; ++j) { sum[j] += bits.number(j); }
    }
    cuda_store4(to, here < 4 ? here : 4, sum);
    if (here > 4) { cuda_store4(to + 4, here - 4, sum + 4); }
}

static void ternary(const struct cuda_turn *t, bool first, struct dsgd_array a, struct dsgd_array out)
{
    if (out.count == 0) { return; }
    GPU_LAUNCH(ternary_kernel, cuda_grid_of(out.count, BYTE, 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, first, a, out);
    cuda_launched(t);
}

/* ---- levels ---- */

/* Quotients are made once for a row's group and not for each coordinate. */
static __global__ void level_units_kernel(uint32_t rows, size_t groups, struct dsgd_array norm, uint32_t m, double *unit)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (j >= groups) { return; }
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) { unit[row * groups + j] = dsgd_level_unit(cuda_row<const float>(norm, row)[j], m); }
}

static __global__ void levels_kernel(uint32_t rows, bool first, struct group_list g, struct dsgd_array a, const double *unit, struct dsgd_array out)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= g.n) { return; }
    double *const to = cuda_row<double>(out, 0) + i, sum = first ? 0.0 : *to;
    const int32_t *level = cuda_row<const int32_t>(a, 0) + i;
    uint32_t row = 0;
    unit += g.of(i);
    for (; row + AHEAD <= rows; row += AHEAD) {
        int32_t l[AHEAD];
        double u[AHEAD];
GPU_UNROLL
        for (int j = 0; j < AHEAD; ++j, level += a.stride, unit += g.count) {
            l[j] = *level;
            u[j] = *unit;
        }
GPU_UNROLL
        for (int j = 0; j < AHEAD; ++j) { sum += (double)dsgd_level_value(l[j], u[j]); }
    }
    for (; row < rows; ++row, level += a.stride, unit += g.count) { sum += (double)dsgd_level_value(*level, *unit); }
    *to = sum;
}

static void levels_scaled(const struct cuda_turn *t, bool first, struct dsgd_array a, const struct dsgd_groups *groups, struct dsgd_array norm, uint32_t m,
                          struct dsgd_array out)
{
    struct group_list g;
    if (!group_list_of(t->device, groups, &g) || g.n == 0) { return; }
    double *const unit = static_cast<double *>(cuda_scratch(t->device, (t->rows * g.count + 1) * sizeof *unit));
    if (!unit) { return; }
    GPU_LAUNCH(level_units_kernel, cuda_grid(g.count, t->rows > 0 ? t->rows : 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, g.count, norm, m, unit);
    GPU_LAUNCH(levels_kernel, cuda_grid(g.n, 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, first, g, a, unit, out);
    cuda_launched(t);
}

extern const struct cuda_fold cuda_fold_table;
const struct cuda_fold cuda_fold_table = {sum, max, fold_votes_bytes, fold_signs, signs_scaled, ternary, ternary_scaled, levels_scaled, fold_sparse};
