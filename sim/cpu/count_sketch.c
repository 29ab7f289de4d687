/* count_sketch.c - Count Sketch tables on the CPU: writing, and the norm. Reading: sketch_read.c.
 *
 * Sources: Charikar, Chen, Farach-Colton, "Finding frequent items in data streams", 2002; Alon, Matias, Szegedy 1999
 * for the norm; Sketched-SGD supplement, Algorithm 4 (line 10 there should read estimates[j]).
 *
 * Coordinates are taken in tiles whose cells and values stay in the first-level cache. Within a bucket additions go in
 * ascending i whatever the tile or the order of rows, so a table does not depend on caching or tiling.
 */
#include "sim/cpu/count_sketch.h"

#include <math.h>

#include "sim/cpu/sketch_blocks.h"
#include "sim/kernel/number.h"
#include "sim/kernel/sum.h"

enum { TILE = 1024 }; /* coordinates whose cells are looked up at a time, 4 KiB */

/* Tables above it are written one row at a time, so that the row and not the table must fit the cache. */
static const size_t ROW_OUTER_BYTES = (size_t)512 << 10;

static inline uint32_t bucket(uint32_t cell)
{
    return cell & ~SKETCH_SIGN_BIT;
}

static inline size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- writing ---- */

/* Four at a time: cells and signed values are read ahead, the additions stay in order (buckets may repeat). */
static void accumulate_tile(const uint32_t *restrict cell, const float *restrict v, size_t n, float *restrict row_table)
{
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const uint32_t c0 = cell[i], c1 = cell[i + 1], c2 = cell[i + 2], c3 = cell[i + 3];
        const float v0 = dsgd_flip(v[i], c0), v1 = dsgd_flip(v[i + 1], c1);
        const float v2 = dsgd_flip(v[i + 2], c2), v3 = dsgd_flip(v[i + 3], c3);
        row_table[bucket(c0)] += v0;
        row_table[bucket(c1)] += v1;
        row_table[bucket(c2)] += v2;
        row_table[bucket(c3)] += v3;
    }
    for (; i < n; ++i) { row_table[bucket(cell[i])] += dsgd_flip(v[i], cell[i]); }
}

static void accumulate_cells(const struct sketch_hash *hash, const float *v, float *table)
{
    const size_t d = sketch_hash_d(hash), cols = sketch_hash_cols(hash);
    const uint32_t rows = sketch_hash_rows(hash);
    const size_t span = rows * cols * sizeof *table > ROW_OUTER_BYTES ? d : TILE; /* coordinates before the next row */
    uint32_t buffer[TILE];
    for (size_t first = 0; first < d; first += span) {
        const size_t end = smaller(first + span, d);
        for (uint32_t row = 0; row < rows; ++row) {
            for (size_t i = first; i < end; i += TILE) {
                const size_t n = smaller(TILE, end - i);
                accumulate_tile(sketch_hash_cells(hash, row, i, n, buffer), v + i, n, table + row * cols);
            }
        }
    }
}

void count_sketch_accumulate_over(const struct sketch_hash *hash, const float *v, float *table, int threads)
{
    struct sketch_blocks blocks;
    if (sketch_hash_blocks(hash, &blocks)) {
        sketch_blocks_accumulate(&blocks, v, table, threads);
    } else {
        accumulate_cells(hash, v, table);
    }
}

void count_sketch_accumulate(const struct sketch_hash *hash, const float *v, float *table)
{
    count_sketch_accumulate_over(hash, v, table, 1);
}

void count_sketch_accumulate_some(const struct sketch_hash *hash, float factor, size_t n, const uint32_t *index, const float *value,
                                  float *table)
{
    for (uint32_t row = 0; row < sketch_hash_rows(hash); ++row) {
        float *row_table = table + (size_t)row * sketch_hash_cols(hash);
        for (size_t j = 0; j < n; ++j) {
            const uint32_t cell = sketch_hash_cell(hash, row, index[j]);
            row_table[bucket(cell)] += factor * dsgd_flip(value[j], cell);
        }
    }
}

void count_sketch_clear_some(const struct sketch_hash *hash, size_t n, const uint32_t *index, float *table)
{
    for (uint32_t row = 0; row < sketch_hash_rows(hash); ++row) {
        float *row_table = table + (size_t)row * sketch_hash_cols(hash);
        for (size_t j = 0; j < n; ++j) { row_table[bucket(sketch_hash_cell(hash, row, index[j]))] = 0.0f; }
    }
}

void count_sketch_merge(const struct sketch_hash *hash, const float *other, float *table)
{
    const size_t n = (size_t)sketch_hash_rows(hash) * sketch_hash_cols(hash);
    for (size_t i = 0; i < n; ++i) { table[i] += other[i]; }
}

void count_sketch_scale(const struct sketch_hash *hash, float factor, float *table)
{
    const size_t n = (size_t)sketch_hash_rows(hash) * sketch_hash_cols(hash);
    for (size_t i = 0; i < n; ++i) { table[i] *= factor; }
}

double count_sketch_norm2(const struct sketch_hash *hash, const float *table)
{
    const uint32_t rows = sketch_hash_rows(hash);
    const size_t cols = sketch_hash_cols(hash);
    double sorted[SKETCH_ROWS_MAX];
    for (uint32_t row = 0; row < rows; ++row) { /* insertion sort; NaN above everything */
        const double sum = dsgd_sum_products_f32(cols, table + row * cols, table + row * cols);
        uint32_t at = row;
        while (at > 0 && (isnan(sorted[at - 1]) ? !isnan(sum) : sorted[at - 1] > sum)) {
            sorted[at] = sorted[at - 1];
            --at;
        }
        sorted[at] = sum;
    }
    return sorted[rows / 2];
}
