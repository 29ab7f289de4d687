/* draw.cu - k of n places, uniformly without replacement (Floyd; Bentley, Floyd, CACM 1987), ascending; HEAVYMIX's fill of the places that are
 * not heavy. The same draws and places as sim/cpu/select_uniform.c and select_heavymix.c.
 *
 * Draw s takes a rank in 0 .. last, or `last` itself if that one is taken. A warp takes 32 draws at a time: whether a rank was taken before
 * them is a bit in memory, and among themselves the lanes settle one after the other, by shuffles. Ranks become coordinates by what lies
 * below them in the sorted list of heavy ones.
 */
#include "sim/cuda/draw.h"

#include "sim/cuda/compact.h"

static size_t words_of(size_t n) { return n / COMPACT_WORD + 1; }

size_t draw_bytes(size_t n, size_t k, uint32_t rows)
{
    return rows * (words_of(n) + k + 1) * sizeof(uint32_t) + compact_room(words_of(n), rows) * sizeof(uint32_t);
}

/* One warp a row. */
static __global__ void draw_kernel(struct cuda_turn t, size_t n, uint32_t k, struct dsgd_rng_key key, const uint32_t *heavy_length, size_t words, uint32_t *bits)
{
    const unsigned lane = threadIdx.x;
    for (uint32_t row = blockIdx.x; row < t.rows; row += gridDim.x) {
        const uint32_t heavy = heavy_length ? heavy_length[row] : 0, worker = heavy_length ? DSGD_RNG_SERVER : cuda_worker(t, row);
        const uint32_t m = k - heavy, rest = (uint32_t)(n - heavy) - m; /* draw s is below rest + s + 1 */
        uint32_t *const taken = bits + row * words;
        for (uint32_t first = 0; first < m; first += GPU_WARP) {
            const uint32_t s = first + lane, last = rest + s;
            const bool mine = s < m;
            const uint32_t drawn = mine ? dsgd_rng_below(key, s, t.step, worker, last + 1) : 0;
            bool is_taken = mine && (taken[drawn / COMPACT_WORD] >> drawn % COMPACT_WORD & 1) != 0;
            for (unsigned j = 0; j < GPU_WARP; ++j) { /* lane j is settled when its turn comes */
                const uint32_t rank = __shfl_sync(GPU_ALL_LANES, is_taken ? last : drawn, (int)j);
                if (lane > j && drawn == rank && first + j < m) { is_taken = true; }
            }
            const uint32_t rank = is_taken ? last : drawn;
            __syncwarp();
            if (mine) { atomicOr(&taken[rank / COMPACT_WORD], 1u << rank % COMPACT_WORD); }
            __syncwarp();
        }
    }
}

struct draw_ranks {
    const uint32_t *bits;
    size_t words, stride;
    uint32_t *rank, *length;
    __device__ uint32_t word(uint32_t row, size_t w) const { return bits[row * words + w]; }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const { rank[row * stride + place] = (uint32_t)i; }
    __device__ void done(uint32_t, size_t) const {}
    __device__ void total(uint32_t row, uint32_t n) const { length[row] = n; }
};

/* How many of list[0 .. n-1] - i of the i-th, or of the list itself, are at most (below) the limit; both do not fall. */
static __device__ __forceinline__ uint32_t heavy_below(const uint32_t *heavy, uint32_t n, uint32_t rank)
{
    uint32_t low = 0;
    for (uint32_t high = n; low < high;) {
        const uint32_t middle = low + (high - low) / 2;
        if (heavy[middle] - middle <= rank) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static __device__ __forceinline__ uint32_t ranks_below(const uint32_t *rank, uint32_t n, uint32_t limit)
{
    uint32_t low = 0;
    for (uint32_t high = n; low < high;) {
        const uint32_t middle = low + (high - low) / 2;
        if (rank[middle] < limit) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Each heavy coordinate and each drawn rank finds its place. */
static __global__ void merge_kernel(uint32_t rows, uint32_t k, const uint32_t *heavy, size_t heavy_stride, const uint32_t *heavy_length, const uint32_t *rank,
                                    size_t stride, struct dsgd_array out)
{
    const uint32_t j = blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const uint32_t h = heavy_length ? heavy_length[row] : 0, drawn = k - h;
        const uint32_t *const own = heavy + row * heavy_stride, *const ranks = rank + row * stride;
        uint32_t *const to = cuda_row<uint32_t>(out, row);
        if (j < h) {
            to[j + ranks_below(ranks, drawn, own[j] - j)] = own[j];
        } else if (j < k) {
            const uint32_t r = ranks[j - h], passed = heavy_below(own, h, r);
            to[j - h + passed] = r + passed;
        }
        if (j == 0) { *cuda_length(out, row) = k; }
    }
}

void draw_fill(const struct cuda_turn *t, size_t n, uint32_t k, struct dsgd_rng_key key, const uint32_t *heavy, size_t heavy_stride,
               const uint32_t *heavy_length, struct dsgd_array out, void *work)
{
    const size_t words = words_of(n);
    uint32_t *const bits = static_cast<uint32_t *>(work), *const rank = bits + t->rows * words, *const length = rank + (size_t)t->rows * k;
    uint32_t *const tile = length + t->rows;
    cudaStream_t stream = cuda_stream(t);
    cuda_keep(t->device, cudaMemsetAsync(bits, 0, t->rows * words * sizeof *bits, stream));
    GPU_LAUNCH(draw_kernel, t->rows < 65535 ? t->rows : 65535, GPU_WARP, 0, stream, *t, n, k, key, heavy_length, words, bits);
    compact(t, words, draw_ranks{bits, words, k, rank, length}, tile);
    GPU_LAUNCH(merge_kernel, cuda_grid(k, t->rows), CUDA_THREADS, 0, stream, t->rows, k, heavy, heavy_stride, heavy_length, rank, (size_t)k, out);
    cuda_launched(t);
}
