/* sketch_read.cu - estimates, and the choices of the largest and of HEAVYMIX from a table. No vector of estimates is written for a choice: keys
 * are made where they are looked at (select_keys.h), twice for most tables, and once more for what is chosen.
 */
#include "sim/cuda/select_heavy.h"
#include "sim/cuda/sketch_read.h"

template <unsigned R> static __global__ void estimate_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array table, struct dsgd_array out)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= s.n) { return; }
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        cuda_row<float>(out, row)[i] = dsgd_order_value(sketch_median<R>(s, cuda_row<const float>(table, row), i));
    }
}

struct estimate_all {
    const struct cuda_turn *t;
    struct sketch_view s;
    struct dsgd_array table, out;
    template <unsigned R> void run() const
    {
        GPU_LAUNCH((estimate_kernel<R>), cuda_grid(s.n, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, s, table, out);
    }
};

void sketch_estimate(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array out)
{
    if (s.n == 0) { return; }
    sketch_for_rows(s.rows, estimate_all{t, s, table, out});
    cuda_launched(t);
}

/* ---- choices ---- */

/* Magnitudes of estimates as a source of keys. */
template <unsigned R> struct of_sketch {
    size_t most;
    struct sketch_view s;
    struct dsgd_array table;
    __device__ uint32_t n(uint32_t) const { return (uint32_t)s.n; }
    __device__ float value(uint32_t row, size_t i) const { return dsgd_order_value(sketch_median<R>(s, cuda_row<const float>(table, row), i)); }
    __device__ int32_t key(uint32_t row, size_t i) const { return dsgd_magnitude_key(value(row, i)); }
    __device__ int32_t least(uint32_t) const { return 0; }
};

template <unsigned R> struct with_values : of_sketch<R> {
    struct dsgd_array out, values;
    bool wanted;
    with_values(const of_sketch<R> &s, const struct dsgd_array &out_, const struct dsgd_array *values_)
        : of_sketch<R>(s), out(out_), values(values_ ? *values_ : out_), wanted(values_ != NULL) {}
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const
    {
        cuda_row<uint32_t>(out, row)[place] = (uint32_t)i;
        if (wanted) { cuda_row<float>(values, row)[place] = of_sketch<R>::value(row, i); }
    }
    __device__ void emit_known(uint32_t row, size_t i, int32_t, uint32_t place) const { emit(row, i, place); }
    __device__ void total(uint32_t row, uint32_t n) const { *cuda_length(out, row) = n; }
};

struct choose_largest {
    const struct cuda_turn *t;
    struct sketch_view s;
    struct dsgd_array table, out;
    const struct dsgd_array *value;
    size_t k;
    void *work;
    template <unsigned R> void run() const { select_largest(t, with_values<R>(of_sketch<R>{s.n, s, table}, out, value), (uint32_t)k, work); }
};

struct choose_heavy {
    const struct cuda_turn *t;
    struct sketch_view s;
    struct dsgd_array table, norm2, out;
    const struct dsgd_array *heavy;
    struct dsgd_rng_key key;
    size_t k;
    void *work;
    template <unsigned R> void run() const { select_heavy(t, of_sketch<R>{s.n, s, table}, norm2, k, key, out, heavy, work); }
};

static __global__ void none_kernel(uint32_t rows, struct dsgd_array out)
{
    for (uint32_t row = blockIdx.x * CUDA_THREADS + threadIdx.x; row < rows; row += gridDim.x * CUDA_THREADS) { *cuda_length(out, row) = 0; }
}

static void none(const struct cuda_turn *t, struct dsgd_array out)
{
    GPU_LAUNCH(none_kernel, (t->rows + CUDA_THREADS - 1) / CUDA_THREADS, CUDA_THREADS, 0, cuda_stream(t), t->rows, out);
    cuda_launched(t);
}

void sketch_topk(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, size_t k, struct dsgd_array out, const struct dsgd_array *value)
{
    if (k == 0) {
        none(t, out);
        return;
    }
    const size_t bytes = select_bytes(s.n, k, t->rows);
    void *const work = bytes > 0 ? cuda_scratch(t->device, bytes) : NULL;
    if (bytes > 0 && !work) { return; }
    sketch_for_rows(s.rows, choose_largest{t, s, table, out, value, k, work});
    cuda_launched(t);
}

void sketch_heavymix(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array table, struct dsgd_array norm2, size_t k, struct dsgd_rng_key key,
                     struct dsgd_array out, const struct dsgd_array *heavy)
{
    if (k == 0) {
        none(t, out);
        if (heavy) { none(t, *heavy); }
        return;
    }
    void *const work = cuda_scratch(t->device, select_heavy_bytes(s.n, k, t->rows));
    if (work) { sketch_for_rows(s.rows, choose_heavy{t, s, table, norm2, out, heavy, key, k, work}); }
    cuda_launched(t);
}
