/* wire.cu - lengths of codes without their bytes, and values as 16 bits carry them. Definitions: sim/kernel/rice.h, sim/kernel/half.h. */
#include "sim/cuda/launch.h"
#include "sim/cuda/wire.h"
#include "sim/kernel/half.h"
#include "sim/kernel/rice.h"

/* One block a row counts how long the set is; grid.x blocks share the gaps of a row. An integer sum has no order. */
static __global__ void weigh_kernel(uint32_t rows, struct dsgd_array set, uint64_t limit, unsigned long long *out)
{
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const uint32_t n = *cuda_length(set, row);
        const uint32_t *const index = cuda_row<const uint32_t>(set, row);
        if (blockIdx.x == 0 && threadIdx.x == 0) { out[2 * (size_t)row] = n; }
        if (n == 0 || n >= limit) { continue; } /* the same for the whole block */
        const unsigned r = dsgd_rice_parameter(n, limit);
        unsigned long long sum = 0;
        for (size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x; j < n; j += (size_t)gridDim.x * CUDA_THREADS) {
            sum += (j == 0 ? index[0] : index[j] - index[j - 1] - 1) >> r;
        }
        for (unsigned half = GPU_WARP / 2; half > 0; half /= 2) { sum += __shfl_down_sync(GPU_ALL_LANES, sum, half); }
        if (threadIdx.x % GPU_WARP == 0 && sum > 0) { atomicAdd(&out[2 * (size_t)row + 1], sum); }
    }
}

static void weigh(const struct cuda_turn *t, struct dsgd_array set, size_t limit, uint64_t *out)
{
    enum { BLOCKS_MAX = 64 };
    dim3 grid = cuda_grid(set.count, t->rows);
    if (grid.x > BLOCKS_MAX) { grid.x = BLOCKS_MAX; }
    cuda_keep(t->device, cudaMemsetAsync(out, 0, (size_t)t->rows * 2 * sizeof *out, cuda_stream(t)));
    GPU_LAUNCH(weigh_kernel, grid, CUDA_THREADS, 0, cuda_stream(t), t->rows, set, (uint64_t)limit, reinterpret_cast<unsigned long long *>(out));
    cuda_launched(t);
}

static __global__ void round_kernel(uint32_t rows, struct dsgd_array v, bool bfloat, struct dsgd_array out)
{
    const size_t i = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (i >= v.count) { return; }
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const float x = cuda_row<const float>(v, row)[i];
        cuda_row<float>(out, row)[i] = bfloat ? dsgd_from_bf16(dsgd_to_bf16(x)) : dsgd_from_f16(dsgd_to_f16(x));
    }
}

static void round_values(const struct cuda_turn *t, struct dsgd_array v, bool bfloat, struct dsgd_array out)
{
    if (v.count == 0) { return; }
    GPU_LAUNCH(round_kernel, cuda_grid(v.count, t->rows), CUDA_THREADS, 0, cuda_stream(t), t->rows, v, bfloat, out);
    cuda_launched(t);
}

extern const struct cuda_wire cuda_wire_table;
const struct cuda_wire cuda_wire_table = {weigh, round_values};
