/* sketch_index.cu - fresh hash functions, and the lists of what falls on each place of a row, ascending.
 *
 * Units are counted by place and span (integer atomics: whoever comes first has the lower number, which decides nothing in the end), the counts
 * become beginnings, units are put down in the order of those numbers, and each finds its rank among those of its span at its place. Hashes
 * are cheaper than what it would take to keep them in between.
 */
#include "sim/cuda/scan.h"
#include "sim/cuda/sketch_parts.h"

static __global__ void coefficients_kernel(struct sketch_view s, struct dsgd_rng_key key, uint32_t step)
{
    const uint32_t each = s.of_blocks ? DSGD_BLOCK_FUNCTIONS * DSGD_BLOCK_COEFFICIENTS : DSGD_TEXTBOOK_COEFFICIENTS;
    uint64_t *const out = s.of_blocks ? &s.block_row[0].function[0][0] : &s.textbook_row[0].bucket[0]; /* rows without gaps, in this order */
    const uint32_t item = blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (item < s.rows * each) { out[item] = dsgd_sketch_coefficient(key, item, step); }
}

/* Where a unit falls in a row. */
struct fall {
    size_t list;    /* of its place and span, among those of all rows */
    uint32_t entry; /* what is written there */
};

static __device__ __forceinline__ struct fall fall_of(const struct sketch_view &s, uint32_t row, uint32_t unit)
{
    struct fall f;
    size_t place;
    if (s.of_blocks) {
        const uint64_t value = dsgd_block_value(s.block_row[row].function[0], unit);
        const struct dsgd_block_cell at = dsgd_block_cell_of(value, 0, 0, (uint32_t)s.places);
        place = at.segment;
        f.entry = unit * DSGD_BLOCK + at.lanes; /* below 2^32, as coordinates are */
    } else {
        const uint32_t cell = dsgd_textbook_cell(&s.textbook_row[row], s.cols, unit);
        place = cell & 0x7fffffffu;
        f.entry = unit | (cell & 0x80000000u);
    }
    f.list = (row * s.places + place) * s.spans + unit / s.span;
    return f;
}

/* For reading, and how many are before each in its list by arrival. */
static __global__ void count_kernel(struct sketch_view s)
{
    const size_t unit = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    const uint32_t row = blockIdx.y;
    if (unit >= s.units) { return; }
    const size_t here = row * s.units + unit;
    if (s.of_blocks) {
        const struct dsgd_block_cell at = dsgd_block_cell(&s.block_row[row], (uint32_t)s.places, unit);
        s.lies[here] = at.segment * DSGD_BLOCK + at.lanes;
        s.minus[2 * here] = (uint32_t)at.signs;
        s.minus[2 * here + 1] = (uint32_t)(at.signs >> 32);
    }
    s.entry[here] = atomicAdd(&s.first[fall_of(s, row, (uint32_t)unit).list], 1u);
}

static __global__ void put_kernel(struct sketch_view s, uint32_t *list)
{
    const size_t unit = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    const uint32_t row = blockIdx.y;
    if (unit >= s.units) { return; }
    list[s.first[fall_of(s, row, (uint32_t)unit).list] + s.entry[row * s.units + unit]] = (uint32_t)unit;
}

/* By list, whose units lie side by side. All lists of a row together have its units. */
static __global__ void order_kernel(struct sketch_view s, const uint32_t *list)
{
    const size_t j = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    const uint32_t row = blockIdx.y;
    if (j >= s.units) { return; }
    const uint32_t unit = list[row * s.units + j];
    const struct fall f = fall_of(s, row, unit);
    const uint32_t begin = s.first[f.list], end = s.first[f.list + 1];
    uint32_t rank = 0;
    for (uint32_t e = begin; e < end; ++e) { rank += list[e] < unit; }
    s.entry[begin + rank] = f.entry;
}

void sketch_reseed(const struct cuda_turn *t, struct sketch_view s, struct dsgd_rng_key key, uint32_t step)
{
    const size_t lists = s.rows * s.places * s.spans, all = s.rows * s.units;
    uint32_t *const list = static_cast<uint32_t *>(cuda_scratch(t->device, (all + scan_room(lists + 1)) * sizeof *list));
    if (!list) { return; }
    const dim3 grid(cuda_grid(s.units, 1).x, s.rows);
    cudaStream_t stream = cuda_stream(t);
    GPU_LAUNCH(coefficients_kernel, s.rows, CUDA_THREADS, 0, stream, s, key, step);
    cuda_keep(t->device, cudaMemsetAsync(s.first, 0, (lists + 1) * sizeof *s.first, stream));
    GPU_LAUNCH(count_kernel, grid, CUDA_THREADS, 0, stream, s);
    scan_exclusive(t->device, lists + 1, s.first, list + all);
    GPU_LAUNCH(put_kernel, grid, CUDA_THREADS, 0, stream, s, list);
    GPU_LAUNCH(order_kernel, grid, CUDA_THREADS, 0, stream, s, list);
    cuda_launched(t);
}
