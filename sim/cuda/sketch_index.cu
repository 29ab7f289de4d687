/* sketch_index.cu - fresh hash functions, and the lists of what falls on each place of a row, ascending.
 *
 * Units are counted by place (integer atomics, whose order does not matter), the counts become beginnings, units are put down in any order, and
 * each finds its rank among those of its list. Lists are short where a table is worth its size: units / places, 13 at the paper's.
 */
#include "sim/cuda/scan.h"
#include "sim/cuda/sketch_parts.h"

static __global__ void coefficients_kernel(struct sketch_view s, struct dsgd_rng_key key, uint32_t step)
{
    const uint32_t each = s.of_blocks ? DSGD_BLOCK_FUNCTIONS * DSGD_BLOCK_COEFFICIENTS : DSGD_TEXTBOOK_COEFFICIENTS;
    uint64_t *const out = s.of_blocks ? &s.block_row[0].function[0][0] : &s.textbook_row[0].bucket[0]; /* rows without gaps, in this order */
    for (uint32_t item = threadIdx.x; item < s.rows * each; item += CUDA_THREADS) { out[item] = dsgd_sketch_coefficient(key, item, step); }
}

/* The place of a unit in a row, of blocks by what count_kernel has kept. */
static __device__ __forceinline__ size_t place_of(const struct sketch_view &s, uint32_t row, size_t unit, uint32_t *sign)
{
    if (s.of_blocks) { return row * s.places + s.cell[row * s.units + unit].segment; }
    const uint32_t cell = dsgd_textbook_cell(&s.textbook_row[row], s.cols, unit);
    *sign = cell & 0x80000000u;
    return row * s.places + (cell & 0x7fffffffu);
}

static __global__ void count_kernel(struct sketch_view s)
{
    const size_t unit = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    const uint32_t row = blockIdx.y;
    uint32_t sign = 0;
    if (unit >= s.units) { return; }
    if (s.of_blocks) {
        const struct dsgd_block_cell at = dsgd_block_cell(&s.block_row[row], (uint32_t)s.places, unit);
        s.cell[row * s.units + unit] = {(uint32_t)unit, at.segment, at.lanes, 0, at.signs};
        atomicAdd(&s.first[row * s.places + at.segment], 1u);
    } else {
        atomicAdd(&s.first[place_of(s, row, unit, &sign)], 1u);
    }
}

static __global__ void put_kernel(struct sketch_view s, uint32_t *filled, uint32_t *list)
{
    const size_t unit = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    const uint32_t row = blockIdx.y;
    uint32_t sign = 0;
    if (unit >= s.units) { return; }
    const size_t place = place_of(s, row, unit, &sign);
    list[s.first[place] + atomicAdd(&filled[place], 1u)] = (uint32_t)unit;
}

static __global__ void order_kernel(struct sketch_view s, const uint32_t *list)
{
    const size_t unit = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    const uint32_t row = blockIdx.y;
    uint32_t sign = 0, rank = 0;
    if (unit >= s.units) { return; }
    const size_t place = place_of(s, row, unit, &sign);
    const uint32_t begin = s.first[place], end = s.first[place + 1];
    for (uint32_t j = begin; j < end; ++j) { rank += list[j] < unit; }
    if (s.of_blocks) {
        s.entry[begin + rank] = s.cell[row * s.units + unit];
    } else {
        s.coordinate[begin + rank] = (uint32_t)unit | sign;
    }
}

void sketch_reseed(const struct cuda_turn *t, struct sketch_view s, struct dsgd_rng_key key, uint32_t step)
{
    const size_t places = s.rows * s.places, all = s.rows * s.units;
    uint32_t *const filled = static_cast<uint32_t *>(cuda_scratch(t->device, (places + all + scan_room(places + 1)) * sizeof *filled));
    if (!filled) { return; }
    uint32_t *const list = filled + places;
    const dim3 grid(cuda_grid(s.units, 1).x, s.rows);
    cudaStream_t stream = cuda_stream(t);
    GPU_LAUNCH(coefficients_kernel, 1, CUDA_THREADS, 0, stream, s, key, step);
    cuda_keep(t->device, cudaMemsetAsync(s.first, 0, (places + 1) * sizeof *s.first, stream));
    cuda_keep(t->device, cudaMemsetAsync(filled, 0, places * sizeof *filled, stream));
    GPU_LAUNCH(count_kernel, grid, CUDA_THREADS, 0, stream, s);
    scan_exclusive(t->device, places + 1, s.first, list + all);
    GPU_LAUNCH(put_kernel, grid, CUDA_THREADS, 0, stream, s, filled, list);
    GPU_LAUNCH(order_kernel, grid, CUDA_THREADS, 0, stream, s, list);
    cuda_launched(t);
}
