/* vec.cu - element-wise operations: what a coordinate becomes stands in sim/kernel/vec.h, the same for every device. Compiled without
 * contraction (-fmad=false): a product and a sum round separately, as in C with -ffp-contract=off. One launch serves all rows; a thread takes
 * four consecutive coordinates, which are one access of 16 bytes where all four are there (four.h).
 */
#include "sim/cuda/four.h"
#include "sim/cuda/vec.h"
#include "sim/kernel/vec.h"

/* Calls f(row, i, here) for coordinates i .. i + here - 1 of each row, i a multiple of 4, here <= 4. */
template <class F> static __global__ void each_kernel(size_t n, uint32_t rows, F f)
{
    const size_t i = 4 * ((size_t)blockIdx.x * CUDA_THREADS + threadIdx.x);
    if (i >= n) { return; }
    const unsigned here = n - i < 4 ? (unsigned)(n - i) : 4;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) { f(row, i, here); }
}

template <class F> static void each(const struct cuda_turn *t, size_t n, const F &f)
{
    if (n == 0) { return; }
    GPU_LAUNCH((each_kernel<F>), cuda_grid_of(n, 4, t->rows), CUDA_THREADS, 0, cuda_stream(t), n, t->rows, f);
    cuda_launched(t);
}

template <class T> static __device__ __forceinline__ void load(const struct dsgd_array &from, uint32_t row, size_t i, unsigned here, T x[4])
{
    cuda_load4(cuda_row<const T>(from, row) + i, here, x);
}
template <class T> static __device__ __forceinline__ void store(const struct dsgd_array &to, uint32_t row, size_t i, unsigned here, const T x[4])
{
    cuda_store4(cuda_row<T>(to, row) + i, here, x);
}

/* y = one(x), one coordinate like another. */
template <class Y, class X, class F> struct of_one {
    F one;
    struct dsgd_array x, y;
    __device__ void operator()(uint32_t row, size_t i, unsigned here) const
    {
        X from[4] = {};
        Y to[4];
        load(x, row, i, here, from);
GPU_UNROLL
        for (unsigned j = 0; j < 4; ++j) { to[j] = one(from[j]); }
        store(y, row, i, here, to);
    }
};

/* y = one(a, b); y may be one of them. */
template <class Y, class A, class B, class F> struct of_two {
    F one;
    struct dsgd_array a, b, y;
    __device__ void operator()(uint32_t row, size_t i, unsigned here) const
    {
        A first[4] = {};
        B second[4] = {};
        Y to[4];
        load(a, row, i, here, first);
        load(b, row, i, here, second);
GPU_UNROLL
        for (unsigned j = 0; j < 4; ++j) { to[j] = one(first[j], second[j]); }
        store(y, row, i, here, to);
    }
};

template <class Y, class X, class F> static void each_of_one(const struct cuda_turn *t, const F &one, const struct dsgd_array &x, const struct dsgd_array &y)
{
    each(t, y.count, of_one<Y, X, F>{one, x, y});
}
template <class Y, class A, class B, class F>
static void each_of_two(const struct cuda_turn *t, const F &one, const struct dsgd_array &a, const struct dsgd_array &b, const struct dsgd_array &y)
{
    each(t, y.count, of_two<Y, A, B, F>{one, a, b, y});
}

/* One struct an operation: its numbers, and what it does. */
struct clear_four {
    struct dsgd_array v;
    __device__ void operator()(uint32_t row, size_t i, unsigned here) const
    {
        const float zero[4] = {0.0f, 0.0f, 0.0f, 0.0f};
        store(v, row, i, here, zero);
    }
};
static void clear(const struct cuda_turn *t, struct dsgd_array v) { each(t, v.count, clear_four{v}); }

struct copy_one { /* bits: a NaN keeps them */
    __device__ uint32_t operator()(uint32_t x) const { return x; }
};
static void copy(const struct cuda_turn *t, struct dsgd_array from, struct dsgd_array to) { each_of_one<uint32_t, uint32_t>(t, copy_one{}, from, to); }

struct subtract_one {
    __device__ float operator()(float a, float b) const { return a - b; }
};
static void subtract(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array b, struct dsgd_array out)
{
    each_of_two<float, float, float>(t, subtract_one{}, a, b, out);
}

struct scale_one {
    double factor;
    __device__ float operator()(float x) const { return dsgd_one_scale(factor, x); }
};
static void scale(const struct cuda_turn *t, double factor, struct dsgd_array x, struct dsgd_array out)
{
    each_of_one<float, float>(t, scale_one{factor}, x, out);
}

struct add_scaled_one {
    float eta;
    __device__ float operator()(float g, float v) const { return dsgd_one_add_scaled(eta, g, v); }
};
static void add_scaled(const struct cuda_turn *t, float eta, struct dsgd_array g, struct dsgd_array v)
{
    each_of_two<float, float, float>(t, add_scaled_one{eta}, g, v, v);
}

struct scale_add_one {
    float m;
    __device__ float operator()(float u, float g) const { return dsgd_one_scale_add(m, u, g); }
};
static void scale_add(const struct cuda_turn *t, float m, struct dsgd_array u, struct dsgd_array g)
{
    each_of_two<float, float, float>(t, scale_add_one{m}, u, g, u);
}

struct moving_average_one {
    float b, rest;
    __device__ float operator()(float u, float g) const { return dsgd_one_moving_average(b, rest, u, g); }
};
static void moving_average(const struct cuda_turn *t, float b, struct dsgd_array u, struct dsgd_array g)
{
    each_of_two<float, float, float>(t, moving_average_one{b, 1.0f - b}, u, g, u);
}

struct momentum_four {
    float m, eta;
    struct dsgd_array g, u, v;
    bool nesterov;
    __device__ void operator()(uint32_t row, size_t i, unsigned here) const
    {
        float g_i[4] = {}, u_i[4] = {}, v_i[4] = {};
        load(g, row, i, here, g_i);
        load(u, row, i, here, u_i);
        load(v, row, i, here, v_i);
GPU_UNROLL
        for (unsigned j = 0; j < 4; ++j) {
            u_i[j] = nesterov ? dsgd_one_nesterov(m, u_i[j], g_i[j]) : dsgd_one_scale_add(m, u_i[j], g_i[j]);
            v_i[j] = dsgd_one_add_scaled(eta, nesterov ? u_i[j] + g_i[j] : u_i[j], v_i[j]);
        }
        store(u, row, i, here, u_i);
        store(v, row, i, here, v_i);
    }
};
static void momentum(const struct cuda_turn *t, float m, float eta, struct dsgd_array g, struct dsgd_array u, struct dsgd_array v)
{
    each(t, u.count, momentum_four{m, eta, g, u, v, false});
}
static void nesterov(const struct cuda_turn *t, float m, float eta, struct dsgd_array g, struct dsgd_array u, struct dsgd_array v)
{
    each(t, u.count, momentum_four{m, eta, g, u, v, true});
}

struct axpy_one {
    double a;
    __device__ float operator()(double x, float y) const { return dsgd_one_axpy(a, x, y); }
};
static void axpy(const struct cuda_turn *t, double a, struct dsgd_array x, struct dsgd_array y) { each_of_two<float, double, float>(t, axpy_one{a}, x, y, y); }

struct error_add_one {
    double eta;
    __device__ double operator()(float g, double a) const { return dsgd_one_error_add(eta, g, a); }
};
static void error_add(const struct cuda_turn *t, double eta, struct dsgd_array g, struct dsgd_array a)
{
    each_of_two<double, float, double>(t, error_add_one{eta}, g, a, a);
}

struct narrow_one {
    double factor;
    __device__ float operator()(double a) const { return dsgd_one_narrow(factor, a); }
};
static void mean(const struct cuda_turn *t, double factor, struct dsgd_array sum, struct dsgd_array out)
{
    each_of_one<float, double>(t, narrow_one{factor}, sum, out);
}

struct round_one {
    __device__ float operator()(double a) const { return (float)a; }
};
static void round_all(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array out) { each_of_one<float, double>(t, round_one{}, a, out); }

struct where_positive_one {
    double factor;
    __device__ float operator()(double a, float otherwise) const { return dsgd_one_where_positive(factor, a, otherwise); }
};
static void where_positive(const struct cuda_turn *t, double factor, struct dsgd_array a, struct dsgd_array otherwise, struct dsgd_array out)
{
    each_of_two<float, double, float>(t, where_positive_one{factor}, a, otherwise, out);
}

extern const struct cuda_vec cuda_vec_table;
const struct cuda_vec cuda_vec_table = {clear, copy, subtract, scale, add_scaled, scale_add, moving_average, momentum, nesterov, axpy, error_add,
                                        round_all, mean, where_positive};
