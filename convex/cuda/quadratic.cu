/* quadratic.cu - gradients and metrics of a quadratic with known everything: convex/cpu/quadratic.c for devices. Formulas: convex/quadratic.c.
 *
 * A gradient is D between two products of reflections, each of which wants a sum over all coordinates of the vector so far. A pass does the
 * reflection before, whose sum is known, and makes the numbers of the next sum; a block takes a chunk of 4096 coordinates. Up to one chunk a
 * worker is one block in one launch, and the passes follow each other in it; else a pass is a launch and the sum of its chunks another.
 */
#include "convex/cuda/convex.h"
#include "convex/cuda/total.h"

enum { NONE = -1, ENERGY = -2, ALIGN = 256 };

/* One pass over z. */
struct pass {
    bool begin, stretch, end; /* z = x - w*; after the reflection z = D z; the last one, with the noise */
    int before, after;        /* reflections: whose sum is known, for which sum numbers are made; NONE; ENERGY: of 1/2 z^T D z */
};

/* Passes of a gradient: 2 R + 1, of an evaluation: R + 1. */
static __host__ __device__ __forceinline__ int passes_of(int rotations, bool gradient) { return (gradient ? 2 * rotations : rotations) + 1; }

static __host__ __device__ __forceinline__ struct pass pass_of(int which, int rotations, bool gradient)
{
    struct pass p;
    p.begin = which == 0;
    p.stretch = gradient && which == rotations;
    p.end = gradient && which == 2 * rotations;
    p.before = which == 0 ? NONE : which <= rotations ? which - 1 : 2 * rotations - which;
    p.after = which < rotations ? which : gradient ? (which < 2 * rotations ? 2 * rotations - 1 - which : (int)NONE) : (int)ENERGY;
    return p;
}

/* Coordinates `first` to `first + here` of a worker. T: float for a gradient, double for an evaluation; number: shared. */
template <class T>
static __device__ __forceinline__ void do_pass(const struct cuda_quadratic &p, const struct pass &pass, size_t first, size_t here, const T *x, T *z, double product,
                                               double *number)
{
    for (size_t k = threadIdx.x; k < here; k += CUDA_THREADS) {
        const size_t j = first + k;
        T v = pass.begin ? (T)((double)x[j] - p.optimum[j]) : z[j];
        if (pass.before >= 0) { v = (T)dsgd_quadratic_reflected((double)v, product, p.reflection[(size_t)pass.before * p.d + j]); }
        if (pass.stretch) { v = (T)(p.eigenvalue[j] * (double)v); }
        z[j] = v;
        if (pass.after >= 0) { number[k] = p.reflection[(size_t)pass.after * p.d + j] * (double)v; }
        if (pass.after == ENERGY) { number[k] = dsgd_quadratic_energy((double)v, p.eigenvalue[j]); }
    }
}

static __device__ __forceinline__ double scale_of(const struct cuda_quadratic &p, const struct cuda_noise &noise, size_t j)
{
    return p.profile ? p.profile[j] * noise.all : noise.alike;
}

/* Two coordinates a thread, of one draw; `first` is even, and after a barrier. */
static __device__ __forceinline__ void add_noise(const struct cuda_quadratic &p, const struct cuda_noise &noise, size_t first, size_t here, uint32_t step,
                                                 uint32_t worker, float *z)
{
    for (size_t k = 2 * (size_t)threadIdx.x; k < here; k += 2 * CUDA_THREADS) {
        const size_t j = first + k;
        if (noise.signs) {
            const struct dsgd_rng4 words = dsgd_rng_draw(noise.key, (uint32_t)(j / 128), step, worker, 0);
            z[j] += dsgd_quadratic_sign(&words, (uint32_t)(j % 128), scale_of(p, noise, j));
            if (k + 1 < here) { z[j + 1] += dsgd_quadratic_sign(&words, (uint32_t)(j % 128 + 1), scale_of(p, noise, j + 1)); }
        } else {
            double normal[2];
            dsgd_quadratic_normals(noise.key, (uint32_t)(j / 2), step, worker, normal);
            z[j] += (float)(scale_of(p, noise, j) * normal[0]);
            if (k + 1 < here) { z[j + 1] += (float)(scale_of(p, noise, j + 1) * normal[1]); }
        }
    }
}

static __device__ __forceinline__ void add_noise(const struct cuda_quadratic &, const struct cuda_noise &, size_t, size_t, uint32_t, uint32_t, double *) {}

/* A vector of one chunk: all passes. *sum: the last sum of an evaluation. */
template <class T>
static __global__ void whole_kernel(struct cuda_turn t, struct cuda_quadratic p, struct cuda_noise noise, bool gradient, struct dsgd_array x, struct dsgd_array z,
                                    double *sum)
{
    GPU_SHARED(double, number, [DSGD_SUM_CHUNK]);
    GPU_SHARED(double, product, [1]);
    const int rotations = (int)p.rotations, passes = passes_of(rotations, gradient);
    for (uint32_t row = blockIdx.x; row < t.rows; row += gridDim.x) {
        T *const mine = cuda_row<T>(z, row);
        for (int which = 0; which < passes; ++which) {
            const struct pass pass = pass_of(which, rotations, gradient);
            do_pass<T>(p, pass, 0, p.d, cuda_row<const T>(x, row), mine, which > 0 ? product[0] : 0.0, number);
            __syncthreads();
            if (pass.after != NONE && threadIdx.x < GPU_WARP) {
                const double all = convex_chunk(number, p.d);
                if (threadIdx.x == 0) { product[0] = all; }
            }
            __syncthreads();
        }
        if (noise.any) { add_noise(p, noise, 0, p.d, t.step, cuda_worker(t, row), mine); }
        if (!gradient && threadIdx.x == 0) { *sum = product[0]; }
    }
}

/* One pass over vectors of several chunks: part [rows][chunks] of the numbers. */
template <class T>
static __global__ void pass_kernel(struct cuda_turn t, struct cuda_quadratic p, struct cuda_noise noise, struct pass pass, struct dsgd_array x, struct dsgd_array z,
                                   const double *sum, double *part)
{
    GPU_SHARED(double, number, [DSGD_SUM_CHUNK]);
    const size_t first = (size_t)blockIdx.x * DSGD_SUM_CHUNK, here = p.d - first < DSGD_SUM_CHUNK ? p.d - first : (size_t)DSGD_SUM_CHUNK;
    for (uint32_t row = blockIdx.y; row < t.rows; row += gridDim.y) {
        T *const mine = cuda_row<T>(z, row);
        do_pass<T>(p, pass, first, here, cuda_row<const T>(x, row), mine, pass.before >= 0 ? sum[row] : 0.0, number);
        __syncthreads();
        if (pass.after != NONE && threadIdx.x < GPU_WARP) {
            const double all = convex_chunk(number, here);
            if (threadIdx.x == 0) { part[(size_t)row * gridDim.x + blockIdx.x] = all; }
        }
        if (pass.end && noise.any) { add_noise(p, noise, first, here, t.step, cuda_worker(t, row), mine); }
        __syncthreads();
    }
}

/* work: a sum a row, then the chunks of all rows. */
template <class T>
static void run(const struct cuda_turn *t, const struct cuda_quadratic *p, const struct cuda_noise *noise, bool gradient, struct dsgd_array x, struct dsgd_array z,
                double *work)
{
    const size_t chunks = convex_chunks(p->d);
    const int rotations = (int)p->rotations, passes = passes_of(rotations, gradient);
    cudaStream_t stream = cuda_stream(t);
    if (chunks == 1) {
        GPU_LAUNCH((whole_kernel<T>), t->rows, CUDA_THREADS, 0, stream, *t, *p, *noise, gradient, x, z, work);
        return;
    }
    for (int which = 0; which < passes; ++which) {
        const struct pass pass = pass_of(which, rotations, gradient);
        GPU_LAUNCH((pass_kernel<T>), dim3((unsigned)chunks, cuda_grid(1, t->rows).y), CUDA_THREADS, 0, stream, *t, *p, *noise, pass, x, z, work, work + t->rows);
        if (pass.after != NONE) { GPU_LAUNCH((convex_ends_kernel), t->rows, GPU_WARP, 0, stream, chunks, work + t->rows, work); }
    }
}

void convex_quadratic_gradients(const struct cuda_turn *t, const struct cuda_quadratic *p, const struct cuda_noise *noise, struct dsgd_array x, double *work,
                                struct dsgd_array grad)
{
    run<float>(t, p, noise, true, x, grad, work);
    cuda_launched(t);
}

struct distance_number {
    const double *x, *optimum;
    __device__ double operator()(size_t j) const
    {
        const double apart = x[j] - optimum[j];
        return apart * apart;
    }
};

const struct cuda_quadratic_metrics *convex_quadratic_metrics(const struct cuda_turn *t, const struct cuda_quadratic *p, struct dsgd_array x)
{
    const size_t z_bytes = (p->d * sizeof(double) + ALIGN - 1) / ALIGN * ALIGN;
    char *const memory = static_cast<char *>(cuda_scratch(t->device, ALIGN + z_bytes + cuda_quadratic_work(p->d, 1) * sizeof(double)));
    if (!memory) { return NULL; }
    struct cuda_quadratic_metrics *const out = reinterpret_cast<struct cuda_quadratic_metrics *>(memory);
    double *const work = reinterpret_cast<double *>(memory + ALIGN + z_bytes);
    struct dsgd_array z = x;
    struct cuda_turn one = *t;
    struct cuda_noise none = {};
    z.at = memory + ALIGN;
    one.rows = 1;
    cudaStream_t stream = cuda_stream(t);
    run<double>(&one, p, &none, false, x, z, work);
    cuda_keep(t->device, cudaMemcpyAsync(&out->objective, work, sizeof *work, cudaMemcpyDeviceToDevice, stream));
    convex_sum(stream, p->d, distance_number{static_cast<const double *>(x.at), p->optimum}, work + 1, &out->distance2);
    cuda_launched(t);
    return out;
}
