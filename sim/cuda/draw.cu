/* draw.cu - k of n places, uniformly without replacement (Floyd; Bentley, Floyd, CACM 1987), ascending; HEAVYMIX's fill of the places that are
 * not heavy. The same draws and places as sim/cpu/select_uniform.c and select_heavymix.c.
 *
 * Draw s takes a place in 0 .. rest + s, or the last of these if that one is taken. It is taken if an earlier draw has drawn the same, or if it is
 * the last of an earlier draw that had to move: no draw waits for all before it. So all draw at once, a hash table keeps for each place the
 * first who drew it, and each draw walks back from draw to draw until one of the two is decided; the walk goes to a random earlier
 * draw each time, so it has a few steps. Ranks become coordinates by what lies below them in the sorted list of heavy ones.
 */
#include "sim/cuda/draw.h"

#include "sim/cuda/compact.h"

enum { DRAW_EMPTY = 0xff /* in all bytes: no place, and nobody */ };

static size_t words_of(size_t n) { return n / COMPACT_WORD + 1; }

/* Twice as many slots as draws, a power of two. */
static unsigned bits_of(size_t k)
{
    unsigned bits = 1;
    while ((size_t)1 << bits < 2 * k) { ++bits; }
    return bits;
}

/* Working memory of all rows, one array behind the other. */
struct draw_work {
    uint32_t *place, *who;  /* [rows << bits] a place that was drawn, who drew it first */
    uint32_t *taken;        /* [rows * words] ranks that are chosen, as bits */
    uint32_t *drawn;        /* [rows * k] */
    uint32_t *rank, *length; /* [rows * k], [rows] */
    uint32_t *tile;
    size_t words;
    unsigned bits;
};

size_t draw_bytes(size_t n, size_t k, uint32_t rows)
{
    return (2 * ((size_t)rows << bits_of(k)) + rows * (words_of(n) + 2 * k + 1) + compact_room(words_of(n), rows)) * sizeof(uint32_t);
}

static struct draw_work divide(size_t n, size_t k, uint32_t rows, uint32_t *memory)
{
    struct draw_work w;
    w.words = words_of(n);
    w.bits = bits_of(k);
    w.place = memory;
    w.who = w.place + ((size_t)rows << w.bits);
    w.taken = w.who + ((size_t)rows << w.bits);
    w.drawn = w.taken + rows * w.words;
    w.rank = w.drawn + rows * k;
    w.length = w.rank + rows * k;
    w.tile = w.length + rows;
    return w;
}

static __device__ __forceinline__ uint32_t slot_of(uint32_t place, unsigned bits) { return place * UINT32_C(2654435769) >> (32 - bits); }

static __global__ void draw_kernel(struct cuda_turn t, uint32_t k, uint32_t rest, struct dsgd_rng_key key, const uint32_t *heavy_length, struct draw_work w)
{
    const uint32_t s = blockIdx.x * CUDA_THREADS + threadIdx.x, last_slot = UINT32_MAX >> (32 - w.bits);
    for (uint32_t row = blockIdx.y; row < t.rows; row += gridDim.y) {
        if (s >= k - (heavy_length ? heavy_length[row] : 0)) { continue; }
        const uint32_t drawn = dsgd_rng_below(key, s, t.step, heavy_length ? DSGD_RNG_SERVER : cuda_worker(t, row), rest + s + 1);
        uint32_t *const place = w.place + ((size_t)row << w.bits);
        uint32_t slot = slot_of(drawn, w.bits);
        for (;; slot = (slot + 1) & last_slot) { /* half of the slots stay empty */
            const uint32_t other = atomicCAS(&place[slot], UINT32_MAX, drawn);
            if (other == UINT32_MAX || other == drawn) { break; }
        }
        atomicMin(&w.who[((size_t)row << w.bits) + slot], s);
        w.drawn[(size_t)row * k + s] = drawn;
    }
}

static __device__ __forceinline__ uint32_t first_to_draw(const struct draw_work &w, uint32_t row, uint32_t place)
{
    const uint32_t *const own = w.place + ((size_t)row << w.bits), last_slot = UINT32_MAX >> (32 - w.bits);
    uint32_t slot = slot_of(place, w.bits);
    while (own[slot] != place) { slot = (slot + 1) & last_slot; }
    return w.who[((size_t)row << w.bits) + slot];
}

static __global__ void settle_kernel(uint32_t rows, uint32_t k, uint32_t rest, const uint32_t *heavy_length, struct draw_work w)
{
    const uint32_t s = blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        if (s >= k - (heavy_length ? heavy_length[row] : 0)) { continue; }
        const uint32_t *const drawn = w.drawn + (size_t)row * k;
        bool moves = false;
        for (uint32_t j = s;;) { /* whether j has to move, as s has */
            moves = first_to_draw(w, row, drawn[j]) < j;
            if (moves || drawn[j] < rest || drawn[j] - rest >= j) { break; }
            j = drawn[j] - rest; /* whose last place it is */
        }
        const uint32_t rank = moves ? rest + s : drawn[s];
        atomicOr(&w.taken[row * w.words + rank / COMPACT_WORD], UINT32_C(1) << rank % COMPACT_WORD);
    }
}

struct draw_ranks {
    const uint32_t *bits;
    size_t words;
    struct dsgd_array to;
    __device__ uint32_t word(uint32_t row, size_t w) const { return bits[row * words + w]; }
    __device__ void emit(uint32_t row, size_t i, uint32_t place) const { cuda_row<uint32_t>(to, row)[place] = (uint32_t)i; }
    __device__ void done(uint32_t, size_t) const {}
    __device__ void total(uint32_t row, uint32_t n) const { *cuda_length(to, row) = n; }
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
                                    struct dsgd_array out)
{
    const uint32_t j = blockIdx.x * CUDA_THREADS + threadIdx.x;
    for (uint32_t row = blockIdx.y; row < rows; row += gridDim.y) {
        const uint32_t h = heavy_length[row], drawn = k - h;
        const uint32_t *const own = heavy + row * heavy_stride, *const ranks = rank + (size_t)row * k;
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
    const struct draw_work w = divide(n, k, t->rows, static_cast<uint32_t *>(work));
    const uint32_t rest = (uint32_t)(n - k);
    cudaStream_t stream = cuda_stream(t);
    const struct dsgd_array ranks = {w.rank, k, k, w.length};
    cuda_keep(t->device, cudaMemsetAsync(w.place, DRAW_EMPTY, 2 * ((size_t)t->rows << w.bits) * sizeof *w.place, stream));
    cuda_keep(t->device, cudaMemsetAsync(w.taken, 0, t->rows * w.words * sizeof *w.taken, stream));
    GPU_LAUNCH(draw_kernel, cuda_grid(k, t->rows), CUDA_THREADS, 0, stream, *t, k, rest, key, heavy_length, w);
    GPU_LAUNCH(settle_kernel, cuda_grid(k, t->rows), CUDA_THREADS, 0, stream, t->rows, k, rest, heavy_length, w);
    compact(t, w.words, draw_ranks{w.taken, w.words, heavy_length ? ranks : out}, w.tile);
    if (heavy_length) {
        GPU_LAUNCH(merge_kernel, cuda_grid(k, t->rows), CUDA_THREADS, 0, stream, t->rows, k, heavy, heavy_stride, heavy_length, w.rank, out);
    }
    cuda_launched(t);
}
