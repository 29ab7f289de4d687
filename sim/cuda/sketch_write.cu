/* sketch_write.cu - tables of whole vectors. A cell sums its coordinates in ascending order, in float, from +0 on.
 *
 * Cells gather. Block hash: a warp takes a segment of 64 cells, two cells a lane. 32 entries of its list are loaded at once, their signs are
 * evaluated by a lane each, and then one block after the other is added, each of its lines being read in one piece whatever the lanes' order.
 * Textbook: a thread takes a cell where lists are short, a warp where they are long, loads 32 coordinates, and adds them one after the other.
 * Several vectors share what a list says.
 */
#include "sim/cuda/sketch_parts.h"
#include "sim/kernel/number.h"

enum {
    WARPS = CUDA_THREADS / GPU_WARP,
    AHEAD = 4,          /* blocks whose loads are under way */
    LONG_LIST = 48,     /* coordinates of a cell that are worth a warp: lanes of a warp that have a cell each wait for the longest list */
    BLOCKS_WANTED = 8192 /* several waves: with more, a block takes several vectors */
};

/* Entries of a list that a lane knows, with the signs of its block. */
struct known_entry { uint32_t entry, low, high; };

static __device__ __forceinline__ struct known_entry entry_of(const struct sketch_view &s, uint32_t r, uint32_t e, uint32_t end)
{
    struct known_entry k = {0, 0, 0};
    if (e < end) {
        k.entry = s.entry[e];
        k.low = (uint32_t)dsgd_block_value(s.block_row[r].function[1], k.entry / DSGD_BLOCK);
        k.high = (uint32_t)dsgd_block_value(s.block_row[r].function[2], k.entry / DSGD_BLOCK);
    }
    return k;
}

static __global__ void blocks_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array v, struct dsgd_array table)
{
    const uint32_t place = blockIdx.x * WARPS + threadIdx.x / GPU_WARP, lane = threadIdx.x % GPU_WARP, places = (uint32_t)s.places;
    if (place >= s.rows * places) { return; } /* whole warps */
    const uint32_t r = place / places, begin = s.first[(size_t)place * s.spans], end = s.first[(size_t)(place + 1) * s.spans], n = (uint32_t)s.n;
    struct known_entry known = entry_of(s, r, begin + lane, end);
    uint32_t known_at = begin;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const float *const x = cuda_row<const float>(v, row);
        float low = 0.0f, high = 0.0f; /* cells lane and lane + 32 */
        for (uint32_t e = begin; e < end; e += GPU_WARP) {
            if (e != known_at) { known = entry_of(s, r, e + lane, end); } /* alike in all lanes; not for short lists */
            known_at = e;
            const uint32_t here = end - e < GPU_WARP ? end - e : (uint32_t)GPU_WARP;
            for (uint32_t first = 0; first < here; first += AHEAD) {
                float a[AHEAD], b[AHEAD];
                bool is_a[AHEAD], is_b[AHEAD];
GPU_UNROLL
                for (uint32_t j = 0; j < AHEAD; ++j) { /* loads that do not wait for sums */
                    const int from = (int)(first + j); /* at most 31 */
                    const uint32_t entry = __shfl_sync(GPU_ALL_LANES, known.entry, from), one = __shfl_sync(GPU_ALL_LANES, known.low, from),
                                   two = __shfl_sync(GPU_ALL_LANES, known.high, from);
                    const uint32_t i = entry ^ lane, other = i ^ 32, bit = 31 - i % 32; /* coordinates: a block's number and a lane of it */
                    const bool upper = (entry & 32) != 0;
                    is_a[j] = first + j < here && i < n;
                    is_b[j] = first + j < here && other < n;
                    a[j] = is_a[j] ? dsgd_flip(x[i], (upper ? two : one) << bit) : 0.0f;
                    b[j] = is_b[j] ? dsgd_flip(x[other], (upper ? one : two) << bit) : 0.0f;
                }
GPU_UNROLL
                for (uint32_t j = 0; j < AHEAD; ++j) { /* adding 0 instead would turn -0 into +0 */
                    low = is_a[j] ? low + a[j] : low;
                    high = is_b[j] ? high + b[j] : high;
                }
            }
        }
        float *const to = cuda_row<float>(table, row) + (size_t)place * DSGD_BLOCK; /* rows of segments lie one behind the other */
        to[lane] = low;
        to[lane + 32] = high;
    }
}

/* A warp a cell. */
static __global__ void cells_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array v, struct dsgd_array table)
{
    const size_t place = (size_t)blockIdx.x * WARPS + threadIdx.x / GPU_WARP;
    const uint32_t lane = threadIdx.x % GPU_WARP;
    if (place >= s.rows * s.places) { return; } /* whole warps */
    const uint32_t begin = s.first[place * s.spans], end = s.first[(place + 1) * s.spans];
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const float *const x = cuda_row<const float>(v, row);
        float sum = 0.0f;
        for (uint32_t e = begin; e < end; e += GPU_WARP) {
            const uint32_t here = end - e < GPU_WARP ? end - e : (uint32_t)GPU_WARP, at = lane < here ? s.entry[e + lane] : 0;
            const float mine = lane < here ? dsgd_flip(x[at & 0x7fffffffu], at) : 0.0f;
            for (uint32_t j = 0; j < here; ++j) { sum += __shfl_sync(GPU_ALL_LANES, mine, (int)j); }
        }
        if (lane == 0) { cuda_row<float>(table, row)[place] = sum; }
    }
}

/* A thread a cell. */
static __global__ void short_cells_kernel(uint32_t rows, struct sketch_view s, struct dsgd_array v, struct dsgd_array table)
{
    const size_t place = (size_t)blockIdx.x * CUDA_THREADS + threadIdx.x;
    if (place >= s.rows * s.places) { return; }
    const uint32_t begin = s.first[place * s.spans], end = s.first[(place + 1) * s.spans];
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const float *const x = cuda_row<const float>(v, row);
        float sum = 0.0f;
        for (uint32_t e = begin; e < end; e += AHEAD) {
            float mine[AHEAD];
GPU_UNROLL
            for (uint32_t j = 0; j < AHEAD; ++j) {
                const uint32_t at = e + j < end ? s.entry[e + j] : 0;
                mine[j] = e + j < end ? dsgd_flip(x[at & 0x7fffffffu], at) : 0.0f;
            }
GPU_UNROLL
            for (uint32_t j = 0; j < AHEAD; ++j) { sum = e + j < end ? sum + mine[j] : sum; }
        }
        cuda_row<float>(table, row)[place] = sum;
    }
}

void sketch_vector(const struct cuda_turn *t, struct sketch_view s, struct dsgd_array v, struct dsgd_array table)
{
    const bool one_thread = !s.of_blocks && s.units < LONG_LIST * s.places;
    const size_t each = one_thread ? (size_t)CUDA_THREADS : (size_t)WARPS, blocks = (s.rows * s.places + each - 1) / each;
    const size_t abreast = BLOCKS_WANTED / blocks + 1;
    const dim3 grid((unsigned)blocks, (unsigned)(t->rows < abreast ? t->rows : abreast));
    if (s.of_blocks) {
        GPU_LAUNCH(blocks_kernel, grid, CUDA_THREADS, 0, cuda_stream(t), t->rows, s, v, table);
    } else if (one_thread) {
        GPU_LAUNCH(short_cells_kernel, grid, CUDA_THREADS, 0, cuda_stream(t), t->rows, s, v, table);
    } else {
        GPU_LAUNCH(cells_kernel, grid, CUDA_THREADS, 0, cuda_stream(t), t->rows, s, v, table);
    }
    cuda_launched(t);
}
