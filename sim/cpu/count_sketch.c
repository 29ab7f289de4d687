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
#include <string.h>

#include "sim/cpu/sketch_blocks.h"
#include "sim/kernel/number.h"
#include "sim/kernel/sum.h"

static inline uint32_t bucket(uint32_t cell)
{
    return cell & ~SKETCH_SIGN_BIT;
}

void count_sketch_accumulate_over(const struct sketch_hash *hash, const float *v, float *table, int threads)
{
    struct sketch_blocks blocks;
    if (sketch_hash_blocks(hash, &blocks)) {
        sketch_blocks_accumulate(&blocks, v, table, threads);
    } else {
        sketch_cells_accumulate(hash, &(struct sketch_vectors){.n = 1, .v = v, .table = table}, NULL, threads);
    }
}

size_t count_sketch_vectors_bytes(bool of_blocks, uint32_t rows, uint32_t cols, uint32_t vectors, int threads)
{
    return of_blocks ? 0 : sketch_cells_bytes(rows, cols, vectors, threads);
}

void count_sketch_vectors(const struct sketch_hash *hash, const struct sketch_vectors *x, void *scratch, int threads)
{
    struct sketch_blocks blocks;
    if (!sketch_hash_blocks(hash, &blocks)) {
        sketch_cells_accumulate(hash, x, scratch, threads);
        return;
    }
    for (uint32_t w = 0; w < x->n; ++w) {
        float *table = x->table + w * x->table_stride;
        memset(table, 0, (size_t)blocks.rows * blocks.cols * sizeof *table);
        sketch_blocks_accumulate(&blocks, x->v + w * x->v_stride, table, threads);
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
