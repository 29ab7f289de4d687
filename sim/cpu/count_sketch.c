/* count_sketch.c - Count Sketch tables on the CPU: writing, and the norm. Reading: sketch_read.c.
 *
 * Sources: Charikar, Chen, Farach-Colton, "Finding frequent items in data streams", 2002; Alon, Matias, Szegedy 1999
 * for the norm; Sketched-SGD supplement, Algorithm 4 (line 10 there should read estimates[j]).
 *
 * Within a bucket additions go in ascending i whatever the tile or the order of rows, so a table does not depend on caching or tiling.
 * Whole vectors: sketch_blocks.c, sketch_cells.c.
 */
#include "sim/cpu/count_sketch.h"

#include <math.h>

#include "sim/cpu/sketch_blocks.h"
#include "sim/cpu/sum.h"
#include "sim/kernel/number.h"

enum {
    SOME = 512,             /* chosen coordinates whose cells are looked up at a time */
    SOME_PARALLEL = 1 << 14 /* of them, times rows, that are worth a thread */
};

static inline uint32_t bucket(uint32_t cell)
{
    return cell & ~SKETCH_SIGN_BIT;
}

size_t count_sketch_vectors_bytes(bool of_blocks, uint32_t rows, uint32_t cols, uint32_t vectors, int threads)
{
    return of_blocks ? 0 : sketch_cells_bytes(rows, cols, vectors, threads);
}

void count_sketch_vectors(const struct sketch_hash *hash, const struct sketch_vectors *x, void *scratch, int threads)
{
    struct sketch_blocks blocks;
    if (sketch_hash_blocks(hash, &blocks)) {
        sketch_blocks_accumulate(&blocks, x, threads);
    } else {
        sketch_cells_accumulate(hash, x, scratch, threads);
    }
}

void count_sketch_accumulate_over(const struct sketch_hash *hash, const float *v, float *table, int threads)
{
    count_sketch_vectors(hash, &(struct sketch_vectors){.n = 1, .v = v, .table = table}, NULL, threads);
}

void count_sketch_accumulate(const struct sketch_hash *hash, const float *v, float *table)
{
    count_sketch_accumulate_over(hash, v, table, 1);
}

/* Rows of a table are written apart from each other. */
static int parts_of(size_t n, uint32_t rows, int threads)
{
    const size_t worth = n * rows / SOME_PARALLEL, most = worth < rows ? worth : rows;
    return most < 2 || threads < 2 ? 1 : most < (size_t)threads ? (int)most : threads;
}

static void add_some_to_row(const struct sketch_hash *hash, uint32_t row, float factor, size_t n, const uint32_t *index, const float *value,
                            float *row_table)
{
    uint32_t cell[SOME];
    for (size_t first = 0; first < n; first += SOME) {
        const size_t count = n - first < SOME ? n - first : SOME;
        sketch_hash_some(hash, row, count, index + first, cell);
        for (size_t j = 0; j < count; ++j) { row_table[bucket(cell[j])] += factor * dsgd_flip(value[first + j], cell[j]); }
    }
}

void count_sketch_accumulate_some(const struct sketch_hash *hash, float factor, size_t n, const uint32_t *index, const float *value,
                                  float *table, int threads)
{
    const uint32_t rows = sketch_hash_rows(hash);
    const int parts = parts_of(n, rows, threads);
#pragma omp parallel for schedule(dynamic, 1) num_threads(parts) if (parts > 1)
    for (uint32_t row = 0; row < rows; ++row) { add_some_to_row(hash, row, factor, n, index, value, table + (size_t)row * sketch_hash_cols(hash)); }
}

static void clear_some_of_row(const struct sketch_hash *hash, uint32_t row, size_t n, const uint32_t *index, float *row_table)
{
    uint32_t cell[SOME];
    for (size_t first = 0; first < n; first += SOME) {
        const size_t count = n - first < SOME ? n - first : SOME;
        sketch_hash_some(hash, row, count, index + first, cell);
        for (size_t j = 0; j < count; ++j) { row_table[bucket(cell[j])] = 0.0f; }
    }
}

void count_sketch_clear_some(const struct sketch_hash *hash, size_t n, const uint32_t *index, float *table, int threads)
{
    const uint32_t rows = sketch_hash_rows(hash);
    const int parts = parts_of(n, rows, threads);
#pragma omp parallel for schedule(dynamic, 1) num_threads(parts) if (parts > 1)
    for (uint32_t row = 0; row < rows; ++row) { clear_some_of_row(hash, row, n, index, table + (size_t)row * sketch_hash_cols(hash)); }
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

static double square_chunk(const void *args, size_t first, size_t n)
{
    const float *row_table = (const float *)args + first;
    return dsgd_sum_chunk_f32(n, row_table, row_table);
}

double count_sketch_norm2_over(const struct sketch_hash *hash, const float *table, int threads)
{
    const uint32_t rows = sketch_hash_rows(hash);
    const size_t cols = sketch_hash_cols(hash);
    double sorted[SKETCH_ROWS_MAX];
    for (uint32_t row = 0; row < rows; ++row) { /* insertion sort; NaN above everything */
        const double sum = cpu_sum(threads, cols, square_chunk, table + row * cols);
        uint32_t at = row;
        while (at > 0 && (isnan(sorted[at - 1]) ? !isnan(sum) : sorted[at - 1] > sum)) {
            sorted[at] = sorted[at - 1];
            --at;
        }
        sorted[at] = sum;
    }
    return sorted[rows / 2];
}

double count_sketch_norm2(const struct sketch_hash *hash, const float *table)
{
    return count_sketch_norm2_over(hash, table, 1);
}
