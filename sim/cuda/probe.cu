/* probe.cu - what the observer measures: means of vectors over workers, squared norms, errors. */
#include "sim/cuda/probe.h"
#include "sim/cuda/sum.h"

enum { AHEAD = 4 };

/* Rows in ascending order, each divided by itself. */
template <class T> static __global__ void add_kernel(uint32_t rows, bool first, double divisor, struct dsgd_array v, struct dsgd_array out)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= out.count) { return; }
    double *const to = cuda_row<double>(out, 0) + i, sum = first ? 0.0 : *to;
    const T *x = cuda_row<const T>(v, 0) + i;
    uint32_t row = 0;
    for (; row + AHEAD <= rows; row += AHEAD) {
        T y[AHEAD];
GPU_UNROLL
        for (int j = 0; j < AHEAD; ++j, x += v.stride) { y[j] = *x; }
GPU_UNROLL
        for (int j = 0; j < AHEAD; ++j) { sum += (double)y[j] / divisor; }
    }
    for (; row < rows; ++row, x += v.stride) { sum += (double)*x / divisor; }
    *to = sum;
}

/* Squared norms of rows, one behind the other. */
template <class T> struct squares_one : sum_of_doubles {
    typedef T value;
    struct dsgd_array v;
    double *out;
    squares_one(const struct dsgd_array &v_, double *out_) : v(v_), out(out_) {}
    __device__ const T *row(size_t i) const { return cuda_row<const T>(v, i); }
    __device__ bool begin(size_t, size_t) const { return true; }
    __device__ double add(double sum, T x, bool) const { return sum + (double)x * (double)x; }
    __device__ void finish(size_t row, size_t, size_t, double sum) const { out[row] = sum; }
};

template <class T> static void add(const struct cuda_turn *t, const struct dsgd_array &v, bool first, double divisor, const struct dsgd_array &sum,
                                   const struct dsgd_array &norms)
{
    if (sum.count > 0) { GPU_LAUNCH((add_kernel<T>), cuda_grid(sum.count, 1), CUDA_THREADS, 0, cuda_stream(t), t->rows, first, divisor, v, sum); }
    cuda_launched(t);
    if (norms.at) { sum_groups(t->device, t->rows, group_list_whole(sum.count), squares_one<T>(v, static_cast<double *>(norms.at))); }
}

void probe_add(const struct cuda_turn *t, bool wide, struct dsgd_array v, bool first, double divisor, struct dsgd_array sum, struct dsgd_array norms)
{
    if (wide) {
        add<double>(t, v, first, divisor, sum, norms);
    } else {
        add<float>(t, v, first, divisor, sum, norms);
    }
}

static __global__ void divide_kernel(double divisor, struct dsgd_array v)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i < v.count) { cuda_row<double>(v, 0)[i] /= divisor; }
}

void probe_divide(const struct cuda_turn *t, double divisor, struct dsgd_array v)
{
    if (v.count == 0) { return; }
    GPU_LAUNCH(divide_kernel, cuda_grid(v.count, 1), CUDA_THREADS, 0, cuda_stream(t), divisor, v);
    cuda_launched(t);
}

void probe_norm2(const struct cuda_turn *t, struct dsgd_array v, struct dsgd_array out)
{
    sum_groups(t->device, 1, group_list_whole(v.count), squares_one<double>(v, static_cast<double *>(out.at)));
}

/* out = p - gain * value; without values a copy. */
static __global__ void error_kernel(struct dsgd_array p, double gain, bool dense, struct dsgd_array value, struct dsgd_array out)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= out.count) { return; }
    const double p_i = cuda_row<const double>(p, 0)[i];
    cuda_row<double>(out, 0)[i] = dense ? p_i - gain * (double)cuda_row<const float>(value, 0)[i] : p_i;
}

static __global__ void error_some_kernel(double gain, struct dsgd_array at, struct dsgd_array value, struct dsgd_array out)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (j >= *cuda_length(at, 0)) { return; }
    cuda_row<double>(out, 0)[cuda_row<const uint32_t>(at, 0)[j]] -= gain * (double)cuda_row<const float>(value, 0)[j];
}

void probe_error(const struct cuda_turn *t, struct dsgd_array p, double gain, bool sparse, struct dsgd_array at, struct dsgd_array value, struct dsgd_array out)
{
    cudaStream_t stream = cuda_stream(t);
    if (out.count == 0) { return; }
    GPU_LAUNCH(error_kernel, cuda_grid(out.count, 1), CUDA_THREADS, 0, stream, p, gain, !sparse, value, out);
    if (sparse && at.count > 0) { GPU_LAUNCH(error_some_kernel, cuda_grid(at.count, 1), CUDA_THREADS, 0, stream, gain, at, value, out); }
    cuda_launched(t);
}
