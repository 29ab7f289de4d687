/* sketch_some.cu - chosen coordinates added to tables, and their cells cleared.
 *
 * A cell adds its coordinates in ascending order. Those that fall on one cell of a row make a chain, in any order (an exchange of the chain's
 * head); each then looks for the next higher number in its chain, and the lowest adds them one after the other. Most chains have one
 * coordinate, and no thread waits for another.
 */
#include "sim/cuda/sketch_parts.h"
#include "sim/kernel/number.h"

enum { NOBODY = 0 /* numbers begin at 1 */ };

/* Of each row, row of the sketch and number: [rows * s.rows * most]. */
struct chains {
    uint32_t *head;  /* [rows * s.rows * s.cols] of each cell */
    uint32_t *cell;  /* with its sign */
    uint32_t *link, *next;
    uint8_t *lowest;
    size_t most, cells;
};

/* y counts rows of the sketch of all rows. */
static __device__ __forceinline__ uint32_t number_of() { return blockIdx.x * CUDA_THREADS + threadIdx.x; }

static __global__ void link_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array at, struct chains c)
{
    const uint32_t j = number_of();
    for (uint32_t y = blockIdx.y; y < rows * s.rows; y += gridDim.y) {
        const uint32_t row = y / s.rows;
        if (j >= *cuda_length(at, row)) { continue; }
        const uint32_t cell = sketch_cell(s, y % s.rows, cuda_row<const uint32_t>(at, row)[j]);
        c.cell[y * c.most + j] = cell;
        c.link[y * c.most + j] = atomicExch(&c.head[y * c.cells + (cell & 0x7fffffffu)], j + 1);
    }
}

static __global__ void order_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array at, struct chains c)
{
    const uint32_t j = number_of();
    for (uint32_t y = blockIdx.y; y < rows * s.rows; y += gridDim.y) {
        if (j >= *cuda_length(at, y / s.rows)) { continue; }
        const uint32_t *const link = c.link + y * c.most;
        uint32_t next = NOBODY;
        bool lowest = true;
        for (uint32_t other = c.head[y * c.cells + (c.cell[y * c.most + j] & 0x7fffffffu)]; other != NOBODY; other = link[other - 1]) {
            lowest = lowest && other >= j + 1;
            if (other > j + 1 && (next == NOBODY || other < next)) { next = other; }
        }
        c.next[y * c.most + j] = next;
        c.lowest[y * c.most + j] = lowest;
    }
}

static __global__ void add_kernel(uint32_t rows, struct sketch_view s, float factor, struct dsgd_array at, struct dsgd_array value, struct dsgd_array table,
                                  struct chains c)
{
    const uint32_t j = number_of();
    for (uint32_t y = blockIdx.y; y < rows * s.rows; y += gridDim.y) {
        const uint32_t row = y / s.rows;
        if (j >= *cuda_length(at, row) || !c.lowest[y * c.most + j]) { continue; }
        const float *const x = cuda_row<const float>(value, row);
        float *const to = cuda_row<float>(table, row) + (size_t)(y % s.rows) * s.cols + (c.cell[y * c.most + j] & 0x7fffffffu);
        float sum = *to;
        for (uint32_t other = j + 1; other != NOBODY; other = c.next[y * c.most + other - 1]) {
            sum += factor * dsgd_flip(x[other - 1], c.cell[y * c.most + other - 1]);
        }
        *to = sum;
    }
}

void sketch_add_some(const struct cuda_turn *t, struct sketch_view s, float factor, struct dsgd_array at, struct dsgd_array value, struct dsgd_array table)
{
    const size_t all = (size_t)t->rows * s.rows, heads = all * s.cols, numbers = all * at.count;
    if (at.count == 0) { return; }
    uint32_t *const head = static_cast<uint32_t *>(cuda_scratch(t->device, (heads + 3 * numbers) * sizeof *head + numbers));
    if (!head) { return; }
    const struct chains c = {head, head + heads, head + heads + numbers, head + heads + 2 * numbers, reinterpret_cast<uint8_t *>(head + heads + 3 * numbers),
                             at.count, s.cols};
    const dim3 grid = cuda_grid(at.count, cuda_rows(all));
    cudaStream_t stream = cuda_stream(t);
    cuda_keep(t->device, cudaMemsetAsync(head, NOBODY, heads * sizeof *head, stream));
    GPU_LAUNCH(link_kernel, grid, CUDA_THREADS, 0, stream, t->rows, s, at, c);
    GPU_LAUNCH(order_kernel, grid, CUDA_THREADS, 0, stream, t->rows, s, at, c);
    GPU_LAUNCH(add_kernel, grid, CUDA_THREADS, 0, stream, t->rows, s, factor, at, value, table, c);
    cuda_launched(t);
}

static __global__ void clear_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array at, struct dsgd_array table)
{
    const uint32_t j = number_of();
    for (uint32_t y = blockIdx.y; y < rows * s.rows; y += gridDim.y) {
        const uint32_t row = y / s.rows;
        if (j >= *cuda_length(at, row)) { continue; }
        const uint32_t cell = sketch_cell(s, y % s.rows, cuda_row<const uint32_t>(at, row)[j]) & 0x7fffffffu;
        /* several may clear one cell: an exchange, so that they may */
        atomicExch(reinterpret_cast<uint32_t *>(cuda_row<float>(table, row)) + (size_t)(y % s.rows) * s.cols + cell, 0u);
    }
}

void sketch_clear_some(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array at, struct dsgd_array table)
{
    const size_t all = (size_t)t->rows * s.rows;
    if (at.count == 0) { return; }
    GPU_LAUNCH(clear_kernel, cuda_grid(at.count, cuda_rows(all)), CUDA_THREADS, 0, cuda_stream(t), t->rows, s, at, table);
    cuda_launched(t);
}
