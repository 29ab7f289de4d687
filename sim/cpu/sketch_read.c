/* sketch_read.c - estimates from a table, cell by cell. Interfaces: sketch_read.h, count_sketch.h.
 *
 * Coordinates are taken in tiles whose cells and keys stay in the first-level cache. The median is a network of minima and maxima of integers
 * over whole tiles (sim/kernel/median.h: zeros of both signs and NaN have their places in the order): no branches, the same comparators for
 * every coordinate.
 */
#include "sim/cpu/sketch_read.h"

#include "sim/cpu/count_sketch.h"
#include "sim/kernel/number.h"

enum {
    TILE = 1024,        /* coordinates whose cells are looked up at a time, 4 KiB */
    ESTIMATES = 2560,   /* of a tile, all rows: 10 KiB, so that threads with small stacks can work */
    PARALLEL = 1 << 15, PARALLEL_BLOCKS = 1 << 17, /* coordinates times rows that are worth a thread */
    SOME_PARALLEL = 1 << 14,                       /* chosen ones */
    SCAN_PARALLEL = 1 << 19                        /* cells of a table that are worth a thread */
};

/* Larger tables are asked for ahead, which halves the time. */
static const size_t FAR_BYTES = (size_t)1536 << 10, FAR_BYTES_BLOCKS = (size_t)256 << 10;

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static bool has_nan(size_t n, const float *v)
{
    int32_t most = 0; /* a loop that vectorises */
    for (size_t i = 0; i < n; ++i) {
        const int32_t magnitude = (int32_t)(dsgd_bits32(v[i]) & 0x7fffffffu);
        most = magnitude > most ? magnitude : most;
    }
    return most > DSGD_KEY_INFINITY;
}

void sketch_read_open(struct sketch_read *s, const struct sketch_hash *hash, const float *table, int threads)
{
    const uint32_t rows = sketch_hash_rows(hash);
    const size_t n = (size_t)rows * sketch_hash_cols(hash);
    *s = (struct sketch_read){.hash = hash, .table = table};
    s->is_blocks = sketch_hash_blocks(hash, &s->blocks);
    s->far = n * sizeof *table > (s->is_blocks ? FAR_BYTES_BLOCKS : FAR_BYTES);
    dsgd_median_network(rows, &s->network);
    if (!s->is_blocks) { return; }
    const int parts = n < 2 * SCAN_PARALLEL ? 1 : (int)smaller((size_t)threads, n / SCAN_PARALLEL);
    bool nan = false;
#pragma omp parallel for schedule(static) reduction(|| : nan) num_threads(parts) if (parts > 1)
    for (int p = 0; p < parts; ++p) {
        const size_t from = n * (size_t)p / (size_t)parts;
        nan = nan || has_nan(n * ((size_t)p + 1) / (size_t)parts - from, table + from);
    }
    s->nan = nan;
}

int sketch_read_parts(const struct sketch_read *s, int threads)
{
    const size_t worth = sketch_hash_d(s->hash) * sketch_hash_rows(s->hash) / (s->is_blocks ? PARALLEL_BLOCKS : PARALLEL);
    return worth < 2 ? 1 : (int)smaller((size_t)threads, worth);
}

/* Coordinates of a tile: what ESTIMATES holds of all rows, in whole vectors. */
static size_t tile_of(uint32_t rows)
{
    return smaller(TILE, ESTIMATES / rows / 8 * 8);
}

/* Keys in order[row * tile + 0..n) in; where the medians are. */
static const int32_t *medians(const struct dsgd_median_network *network, unsigned rows, int32_t *order, size_t tile, size_t n)
{
    for (unsigned s = 0; s < network->count; ++s) {
        int32_t *restrict low = order + network->step[s].low * tile, *restrict high = order + network->step[s].high * tile;
        for (size_t i = 0; i < n; ++i) { dsgd_order_two(&low[i], &high[i]); }
    }
    return order + rows / 2 * tile;
}

static inline int32_t read_cell(const float *row_table, uint32_t cell)
{
    return dsgd_order_key(dsgd_flip(row_table[cell & ~SKETCH_SIGN_BIT], cell));
}

static void read_cells(const struct sketch_read *s, size_t from, size_t to, sketch_take *take, void *own)
{
    int32_t order[ESTIMATES];
    uint32_t buffer[TILE];
    const uint32_t rows = sketch_hash_rows(s->hash);
    const size_t tile = tile_of(rows), cols = sketch_hash_cols(s->hash);
    for (size_t first = from; first < to; first += tile) {
        const size_t n = smaller(tile, to - first);
        for (uint32_t row = 0; row < rows; ++row) {
            const float *row_table = s->table + row * cols;
            const uint32_t *cell = sketch_hash_cells(s->hash, row, first, n, buffer);
            for (size_t i = 0; s->far && i < n; ++i) { __builtin_prefetch(row_table + (cell[i] & ~SKETCH_SIGN_BIT)); }
            int32_t *restrict key = order + row * tile;
            for (size_t i = 0; i < n; ++i) { key[i] = read_cell(row_table, cell[i]); }
        }
        take(own, first, n, medians(&s->network, rows, order, tile, n));
    }
}

void sketch_read_keys(const struct sketch_read *s, size_t from, size_t to, sketch_take *take, void *own)
{
    if (s->is_blocks) {
        sketch_read_blocks(s, from, to, take, own);
    } else {
        read_cells(s, from, to, take, own);
    }
}

static void take_values(void *own, size_t first, size_t n, const int32_t *key)
{
    float *out = (float *)own + first;
    for (size_t i = 0; i < n; ++i) { out[i] = dsgd_order_value(key[i]); }
}

void count_sketch_estimate(const struct sketch_hash *hash, const float *table, float *out, int threads)
{
    struct sketch_read read;
    sketch_read_open(&read, hash, table, threads);
    const size_t d = sketch_hash_d(hash);
    const int parts = sketch_read_parts(&read, threads);
#pragma omp parallel for schedule(static) num_threads(parts) if (parts > 1)
    for (int p = 0; p < parts; ++p) { sketch_read_keys(&read, sketch_read_part(d, p, parts), sketch_read_part(d, p + 1, parts), take_values, out); }
}

/* At most a tile of chosen coordinates. */
static void estimate_few(const struct sketch_hash *hash, const struct dsgd_median_network *network, const float *table, size_t n,
                         const uint32_t *index, float *out)
{
    int32_t order[ESTIMATES];
    uint32_t cell[TILE];
    const uint32_t rows = sketch_hash_rows(hash);
    const size_t tile = tile_of(rows);
    for (uint32_t row = 0; row < rows; ++row) {
        const float *row_table = table + (size_t)row * sketch_hash_cols(hash);
        sketch_hash_some(hash, row, n, index, cell);
        for (size_t i = 0; i < n; ++i) { order[row * tile + i] = read_cell(row_table, cell[i]); }
    }
    take_values(out, 0, n, medians(network, rows, order, tile, n));
}

void count_sketch_estimate_some(const struct sketch_hash *hash, const float *table, size_t n, const uint32_t *index, float *out, int threads)
{
    const uint32_t rows = sketch_hash_rows(hash);
    const size_t tile = tile_of(rows), tiles = (n + tile - 1) / tile, worth = n * rows / SOME_PARALLEL;
    const int parts = worth < 2 ? 1 : (int)smaller((size_t)threads, worth);
    struct dsgd_median_network network;
    dsgd_median_network(rows, &network);
#pragma omp parallel for schedule(static) num_threads(parts) if (parts > 1)
    for (size_t t = 0; t < tiles; ++t) { estimate_few(hash, &network, table, smaller(tile, n - t * tile), index + t * tile, out + t * tile); }
}
