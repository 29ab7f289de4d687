/* scan.cu - exclusive sums of integers in two levels. Interface: scan.h. */
#include "sim/cuda/scan.h"

/* Sums within each tile; tile[b] = all of it. */
static __global__ void tiles_kernel(size_t n, uint32_t *data, uint32_t *tile)
{
    GPU_SHARED(uint32_t, partial, [COMPACT_WARPS]);
    const size_t first = (size_t)blockIdx.x * SCAN_TILE + threadIdx.x * SCAN_EACH;
    uint32_t x[SCAN_EACH], sum = 0, all;
GPU_UNROLL
    for (unsigned j = 0; j < SCAN_EACH; ++j) {
        x[j] = first + j < n ? data[first + j] : 0;
        sum += x[j];
    }
    uint32_t before = compact_before(sum, partial, &all);
GPU_UNROLL
    for (unsigned j = 0; j < SCAN_EACH; ++j) {
        if (first + j < n) { data[first + j] = before; }
        before += x[j];
    }
    if (threadIdx.x == 0) { tile[blockIdx.x] = all; }
}

static __global__ void sums_kernel(size_t tiles, uint32_t *tile)
{
    GPU_SHARED(uint32_t, partial, [COMPACT_SCAN / GPU_WARP]);
    uint32_t before = 0;
    for (size_t first = 0; first < tiles; first += COMPACT_SCAN) {
        const size_t j = first + threadIdx.x;
        uint32_t sum;
        const uint32_t place = before + compact_before(j < tiles ? tile[j] : 0, partial, &sum);
        if (j < tiles) { tile[j] = place; }
        before += sum;
    }
}

static __global__ void add_kernel(size_t n, uint32_t *data, const uint32_t *tile)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (j < n) { data[j] += tile[j / SCAN_TILE]; }
}

void scan_exclusive(int device, size_t n, uint32_t *data, uint32_t *work)
{
    const size_t tiles = (n + SCAN_TILE - 1) / SCAN_TILE;
    cudaStream_t stream = cuda_stream(device);
    if (tiles == 0) { return; }
    GPU_LAUNCH(tiles_kernel, (unsigned)tiles, CUDA_THREADS, 0, stream, n, data, work);
    if (tiles > 1) {
        GPU_LAUNCH(sums_kernel, 1, COMPACT_SCAN, 0, stream, tiles, work);
        GPU_LAUNCH(add_kernel, (unsigned)((n + CUDA_THREADS - 1) / CUDA_THREADS), CUDA_THREADS, 0, stream, n, data, work);
    }
    cuda_keep(device, cudaPeekAtLastError());
}
