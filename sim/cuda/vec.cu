/* vec.cu - element-wise operations: what a coordinate becomes stands in sim/kernel/vec.h, the same for every device. Compiled without
 * contraction (-fmad=false): a product and a sum round separately, as in C with -ffp-contract=off. One launch serves all rows.
 */
#include "sim/cuda/launch.h"
#include "sim/cuda/vec.h"
#include "sim/kernel/vec.h"

/* Calls f(row, i) for each coordinate of each row. */
template <class F> static __global__ void each_kernel(size_t n, uint32_t rows, F f)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= n) { return; }
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) { f(row, i); }
}

template <class F> static void each(const struct cuda_turn *t, size_t n, const F &f)
{
    if (n == 0) { return; }
    GPU_LAUNCH((each_kernel<F>), cuda_grid(n, t->rows), CUDA_THREADS, 0, cuda_stream(t), n, t->rows, f);
    cuda_launched(t);
}

/* One struct an operation: its arrays and numbers, and what it does. */
struct clear_one {
    struct dsgd_array v;
    __device__ void operator()(uint32_t row, size_t i) const { cuda_row<float>(v, row)[i] = 0.0f; }
};
static void clear(const struct cuda_turn *t, struct dsgd_array v) { each(t, v.count, clear_one{v}); }

struct copy_one {
    struct dsgd_array from, to;
    __device__ void operator()(uint32_t row, size_t i) const { cuda_row<uint32_t>(to, row)[i] = cuda_row<const uint32_t>(from, row)[i]; }
};
static void copy(const struct cuda_turn *t, struct dsgd_array from, struct dsgd_array to) { each(t, to.count, copy_one{from, to}); }

struct subtract_one {
    struct dsgd_array a, b, out;
    __device__ void operator()(uint32_t row, size_t i) const
    {
        cuda_row<float>(out, row)[i] = cuda_row<const float>(a, row)[i] - cuda_row<const float>(b, row)[i];
    }
};
static void subtract(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array b, struct dsgd_array out)
{
    each(t, out.count, subtract_one{a, b, out});
}

struct scale_one {
    double factor;
    struct dsgd_array x, out;
    __device__ void operator()(uint32_t row, size_t i) const { cuda_row<float>(out, row)[i] = dsgd_one_scale(factor, cuda_row<const float>(x, row)[i]); }
};
static void scale(const struct cuda_turn *t, double factor, struct dsgd_array x, struct dsgd_array out) { each(t, out.count, scale_one{factor, x, out}); }

struct add_scaled_one {
    float eta;
    struct dsgd_array g, v;
    __device__ void operator()(uint32_t row, size_t i) const
    {
        float *const v_i = cuda_row<float>(v, row) + i;
        *v_i = dsgd_one_add_scaled(eta, cuda_row<const float>(g, row)[i], *v_i);
    }
};
static void add_scaled(const struct cuda_turn *t, float eta, struct dsgd_array g, struct dsgd_array v) { each(t, v.count, add_scaled_one{eta, g, v}); }

struct scale_add_one {
    float m;
    struct dsgd_array u, g;
    __device__ void operator()(uint32_t row, size_t i) const
    {
        float *const u_i = cuda_row<float>(u, row) + i;
        *u_i = dsgd_one_scale_add(m, *u_i, cuda_row<const float>(g, row)[i]);
    }
};
static void scale_add(const struct cuda_turn *t, float m, struct dsgd_array u, struct dsgd_array g) { each(t, u.count, scale_add_one{m, u, g}); }

struct moving_average_one {
    float b, rest;
    struct dsgd_array u, g;
    __device__ void operator()(uint32_t row, size_t i) const
    {
        float *const u_i = cuda_row<float>(u, row) + i;
        *u_i = dsgd_one_moving_average(b, rest, *u_i, cuda_row<const float>(g, row)[i]);
    }
};
static void moving_average(const struct cuda_turn *t, float b, struct dsgd_array u, struct dsgd_array g)
{
    each(t, u.count, moving_average_one{b, 1.0f - b, u, g});
}

struct momentum_one {
    float m, eta;
    struct dsgd_array g, u, v;
    bool nesterov;
    __device__ void operator()(uint32_t row, size_t i) const
    {
        float *const u_i = cuda_row<float>(u, row) + i, *const v_i = cuda_row<float>(v, row) + i;
        const float g_i = cuda_row<const float>(g, row)[i];
        const float next = nesterov ? dsgd_one_nesterov(m, *u_i, g_i) : dsgd_one_scale_add(m, *u_i, g_i);
        *u_i = next;
        *v_i = dsgd_one_add_scaled(eta, nesterov ? next + g_i : next, *v_i);
    }
};
static void momentum(const struct cuda_turn *t, float m, float eta, struct dsgd_array g, struct dsgd_array u, struct dsgd_array v)
{
    each(t, u.count, momentum_one{m, eta, g, u, v, false});
}
static void nesterov(const struct cuda_turn *t, float m, float eta, struct dsgd_array g, struct dsgd_array u, struct dsgd_array v)
{
    each(t, u.count, momentum_one{m, eta, g, u, v, true});
}

struct axpy_one {
    double a;
    struct dsgd_array x, y;
    __device__ void operator()(uint32_t row, size_t i) const
    {
        float *const y_i = cuda_row<float>(y, row) + i;
        *y_i = dsgd_one_axpy(a, cuda_row<const double>(x, row)[i], *y_i);
    }
};
static void axpy(const struct cuda_turn *t, double a, struct dsgd_array x, struct dsgd_array y) { each(t, y.count, axpy_one{a, x, y}); }

struct error_add_one {
    double eta;
    struct dsgd_array g, a;
    __device__ void operator()(uint32_t row, size_t i) const
    {
        double *const a_i = cuda_row<double>(a, row) + i;
        *a_i = dsgd_one_error_add(eta, cuda_row<const float>(g, row)[i], *a_i);
    }
};
static void error_add(const struct cuda_turn *t, double eta, struct dsgd_array g, struct dsgd_array a) { each(t, a.count, error_add_one{eta, g, a}); }

struct narrow_one {
    double factor;
    struct dsgd_array a, out;
    __device__ void operator()(uint32_t row, size_t i) const { cuda_row<float>(out, row)[i] = dsgd_one_narrow(factor, cuda_row<const double>(a, row)[i]); }
};
static void mean(const struct cuda_turn *t, double factor, struct dsgd_array sum, struct dsgd_array out) { each(t, out.count, narrow_one{factor, sum, out}); }

struct round_one {
    struct dsgd_array a, out;
    __device__ void operator()(uint32_t row, size_t i) const { cuda_row<float>(out, row)[i] = (float)cuda_row<const double>(a, row)[i]; }
};
static void round_all(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array out) { each(t, out.count, round_one{a, out}); }

struct where_positive_one {
    double factor;
    struct dsgd_array a, otherwise, out;
    __device__ void operator()(uint32_t row, size_t i) const
    {
        cuda_row<float>(out, row)[i] = dsgd_one_where_positive(factor, cuda_row<const double>(a, row)[i], cuda_row<const float>(otherwise, row)[i]);
    }
};
static void where_positive(const struct cuda_turn *t, double factor, struct dsgd_array a, struct dsgd_array otherwise, struct dsgd_array out)
{
    each(t, out.count, where_positive_one{factor, a, otherwise, out});
}

extern const struct cuda_vec cuda_vec_table;
const struct cuda_vec cuda_vec_table = {clear, copy, subtract, scale, add_scaled, scale_add, moving_average, momentum, nesterov, axpy, error_add,
                                        round_all, mean, where_positive};
