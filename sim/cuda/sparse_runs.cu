/* sparse_runs.cu - runs of consecutive coordinates: a thread an element of the packed vector, whose run is found by bisection. */
#include "sim/cuda/constant.h"
#include "sim/cuda/launch.h"
#include "sim/cuda/sparse_parts.h"

/* Runs as kernels take them: on the device, ascending. */
struct run_list {
    size_t n, total;
    const struct dsgd_stretch *run;

    /* How many runs have a place, or an offset, of at most `i`. */
    template <size_t dsgd_stretch::*what> __device__ __forceinline__ size_t up_to(size_t i) const
    {
        size_t low = 0;
        for (size_t high = n; low < high;) {
            const size_t middle = low + (high - low) / 2;
            if (run[middle].*what <= i) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
    /* The run of element i of the packed vector. */
    __device__ __forceinline__ struct dsgd_stretch of_place(size_t i) const { return run[up_to<&dsgd_stretch::place>(i) - 1]; }
};

static bool run_list_of(int device, const struct dsgd_runs *runs, struct run_list *out)
{
    out->n = runs->n;
    out->total = runs->total;
    out->run = runs->n > 0 ? static_cast<const struct dsgd_stretch *>(cuda_constant(device, runs->run, runs->n * sizeof *runs->run)) : NULL;
    return runs->n == 0 || out->run;
}

/* Calls f(row, i, coordinate) for each element of the packed vector. */
template <class F> static __global__ void packed_kernel(uint32_t rows, struct run_list runs, F f)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= runs.total) { return; }
    const struct dsgd_stretch run = runs.of_place(i);
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) { f(row, i, run.offset + (i - run.place)); }
}

template <class F> static void packed(const struct cuda_turn *t, const struct dsgd_runs *runs, const F &f)
{
    struct run_list list;
    if (!run_list_of(t->device, runs, &list) || list.total == 0) { return; }
    GPU_LAUNCH((packed_kernel<F>), cuda_grid(list.total, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, list, f);
    cuda_launched(t);
}

struct pack_one {
    struct dsgd_array v, packed;
    __device__ void operator()(uint32_t row, size_t i, size_t at) const { cuda_row<float>(packed, row)[i] = cuda_row<const float>(v, row)[at]; }
};
void sparse_pack(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array v, struct dsgd_array out) { packed(t, runs, pack_one{v, out}); }

struct unpack_one {
    struct dsgd_array packed, v;
    __device__ void operator()(uint32_t row, size_t i, size_t at) const { cuda_row<float>(v, row)[at] = cuda_row<const float>(packed, row)[i]; }
};
void sparse_unpack(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array from, struct dsgd_array v) { packed(t, runs, unpack_one{from, v}); }

struct clear_one {
    struct dsgd_array v;
    __device__ void operator()(uint32_t row, size_t, size_t at) const { cuda_row<float>(v, row)[at] = 0.0f; }
};
void sparse_clear_runs(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array v) { packed(t, runs, clear_one{v}); }

static __global__ void unpack_places_kernel(uint32_t rows, struct run_list runs, struct dsgd_array places)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        if (j >= *cuda_length(places, row)) { continue; }
        uint32_t *const index = cuda_row<uint32_t>(places, row) + j;
        const struct dsgd_stretch run = runs.of_place(*index);
        *index = (uint32_t)(*index - run.place + run.offset);
    }
}

void sparse_unpack_places(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array places)
{
    struct run_list list;
    if (places.count == 0 || !run_list_of(t->device, runs, &list) || list.n == 0) { return; }
    GPU_LAUNCH(unpack_places_kernel, cuda_grid(places.count, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, list, places);
    cuda_launched(t);
}

/* How many of an ascending list are below `least`. */
static __device__ __forceinline__ size_t below(const uint32_t *index, size_t n, size_t least)
{
    size_t low = 0;
    for (size_t high = n; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (index[middle] < least) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Every element finds its own place: behind what comes before it of its own kind, and of the other kind. */
static __global__ void merge_kernel(uint32_t rows, struct dsgd_array at, struct dsgd_array value, struct run_list runs, struct dsgd_array packed,
                                    struct dsgd_array at_all, struct dsgd_array value_all)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const uint32_t *const index = cuda_row<const uint32_t>(at, row), k = *cuda_length(at, row);
        uint32_t *const to = cuda_row<uint32_t>(at_all, row);
        float *const out = cuda_row<float>(value_all, row);
        if (j < k) {
            const size_t before = runs.up_to<&dsgd_stretch::offset>(index[j]), place = j + (before < runs.n ? runs.run[before].place : runs.total);
            to[place] = index[j];
            out[place] = cuda_row<const float>(value, row)[j];
        }
        if (j >= at.count && j - at.count < runs.total) {
            const size_t i = j - at.count;
            const struct dsgd_stretch run = runs.of_place(i);
            const size_t place = i + below(index, k, run.offset);
            to[place] = (uint32_t)(run.offset + (i - run.place));
            out[place] = cuda_row<const float>(packed, row)[i];
        }
        if (j == 0) { *cuda_length(at_all, row) = (uint32_t)(k + runs.total); }
    }
}

void sparse_merge_runs(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, const struct dsgd_runs *runs, struct dsgd_array packed,
                       struct dsgd_array at_all, struct dsgd_array value_all)
{
    struct run_list list;
    if (!run_list_of(t->device, runs, &list)) { return; }
    GPU_LAUNCH(merge_kernel, cuda_grid(at.count + list.total, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, at, value, list, packed, at_all, value_all);
    cuda_launched(t);
}
