/* floats.h - sums over rows of floats, dense or with their non-zero columns alone: what bytes.h is for rows of bytes.
 *
 * Dense rows have the one order of sums of sim/kernel/sum.h, as bytes do. A sparse row has the bits of the dense row with zeros in place:
 * column j goes to lane j mod 32 of its chunk, and what a dense row adds besides is a product 0 x[j] = +0 or -0. A lane begins at +0 and
 * never becomes -0 (a sum is -0 only if both summands are), so that adding either leaves it as it is; this also holds for sums of chunks.
 * It holds as long as x is finite: 0 times infinity is NaN, which a sparse row does not see. The cost is that of its entries, and of 32
 * additions for each chunk of 4096 columns that it touches.
 */
#ifndef DSGD_CONVEX_CPU_FLOATS_H
#define DSGD_CONVEX_CPU_FLOATS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sim/kernel/sum.h"

static inline float dsgd_floats_chunk_float(size_t n, const float *restrict row, const float *restrict x)
{
    float lane[DSGD_SUM_LANES] = {0};
    size_t j = 0;
    for (; j + DSGD_SUM_LANES <= n; j += DSGD_SUM_LANES) {
        for (size_t k = 0; k < DSGD_SUM_LANES; ++k) { lane[k] += row[j + k] * x[j + k]; }
    }
    for (size_t k = 0; j + k < n; ++k) { lane[k] += row[j + k] * x[j + k]; }
    return dsgd_sum_fold_float(lane);
}

static inline double dsgd_floats_chunk(size_t n, const float *restrict row, const double *restrict x)
{
    double lane[DSGD_SUM_LANES] = {0};
    size_t j = 0;
    for (; j + DSGD_SUM_LANES <= n; j += DSGD_SUM_LANES) {
        for (size_t k = 0; k < DSGD_SUM_LANES; ++k) { lane[k] += (double)row[j + k] * x[j + k]; }
    }
    for (size_t k = 0; j + k < n; ++k) { lane[k] += (double)row[j + k] * x[j + k]; }
    return dsgd_sum_fold(lane);
}

/** sum_j row[j] x[j] in float; the sums of chunks are floats too, as for bytes. */
static inline float dsgd_floats_dot_float(size_t n, const float *row, const float *x)
{
    if (n <= DSGD_SUM_CHUNK) { return dsgd_floats_chunk_float(n, row, x); }
    float lane[DSGD_SUM_LANES] = {0};
    for (size_t j = 0, c = 0; j < n; j += DSGD_SUM_CHUNK, ++c) {
        lane[c % DSGD_SUM_LANES] += dsgd_floats_chunk_float(n - j < DSGD_SUM_CHUNK ? n - j : DSGD_SUM_CHUNK, row + j, x + j);
    }
    return dsgd_sum_fold_float(lane);
}

/** sum_j row[j] x[j] in double. */
static inline double dsgd_floats_dot(size_t n, const float *row, const double *x)
{
    if (n <= DSGD_SUM_CHUNK) { return dsgd_floats_chunk(n, row, x); }
    struct dsgd_sum sum = {{{0.0}}, {0}};
    for (size_t j = 0; j < n; j += DSGD_SUM_CHUNK) { dsgd_sum_add(&sum, dsgd_floats_chunk(n - j < DSGD_SUM_CHUNK ? n - j : DSGD_SUM_CHUNK, row + j, x + j)); }
    return dsgd_sum_end(&sum);
}

/* The entries from *k on that lie in one chunk of columns, in float. */
static inline float dsgd_sparse_chunk_float(size_t count, const uint32_t *column, const float *value, const float *x, size_t *k)
{
    float lane[DSGD_SUM_LANES] = {0};
    const uint32_t chunk = column[*k] / DSGD_SUM_CHUNK;
    for (; *k < count && column[*k] / DSGD_SUM_CHUNK == chunk; ++*k) { lane[column[*k] % DSGD_SUM_LANES] += value[*k] * x[column[*k]]; }
    return dsgd_sum_fold_float(lane);
}

/* The same in double; x = NULL: squares. */
static inline double dsgd_sparse_chunk(size_t count, const uint32_t *column, const float *value, const double *x, size_t *k)
{
    double lane[DSGD_SUM_LANES] = {0};
    const uint32_t chunk = column[*k] / DSGD_SUM_CHUNK;
    for (; *k < count && column[*k] / DSGD_SUM_CHUNK == chunk; ++*k) {
        const double v = (double)value[*k];
        lane[column[*k] % DSGD_SUM_LANES] += v * (x ? x[column[*k]] : v);
    }
    return dsgd_sum_fold(lane);
}

/** sum_k value[k] x[column[k]] of a row of n columns, in float: the bits of dsgd_floats_dot_float. */
static inline float dsgd_sparse_dot_float(size_t n, size_t count, const uint32_t *column, const float *value, const float *x)
{
    size_t k = 0;
    if (count == 0) { return 0.0f; }
    if (n <= DSGD_SUM_CHUNK) { return dsgd_sparse_chunk_float(count, column, value, x, &k); }
    float lane[DSGD_SUM_LANES] = {0};
    while (k < count) {
        const uint32_t chunk = column[k] / DSGD_SUM_CHUNK;
        lane[chunk % DSGD_SUM_LANES] += dsgd_sparse_chunk_float(count, column, value, x, &k);
    }
    return dsgd_sum_fold_float(lane);
}

/** The same in double: the bits of dsgd_floats_dot. x = NULL: sum_k value[k]^2, the bits of dsgd_sum_products_f32. */
static inline double dsgd_sparse_dot(size_t n, size_t count, const uint32_t *column, const float *value, const double *x)
{
    size_t k = 0, chunks = 0;
    if (count == 0) { return 0.0; }
    if (n <= DSGD_SUM_CHUNK) { return dsgd_sparse_chunk(count, column, value, x, &k); }
    struct dsgd_sum sum = {{{0.0}}, {0}};
    while (k < count) {
        const size_t chunk = column[k] / DSGD_SUM_CHUNK;
        dsgd_sum_skip(&sum, chunk - chunks);
        dsgd_sum_add(&sum, dsgd_sparse_chunk(count, column, value, x, &k));
        chunks = chunk + 1;
    }
    dsgd_sum_skip(&sum, (n + DSGD_SUM_CHUNK - 1) / DSGD_SUM_CHUNK - chunks);
    return dsgd_sum_end(&sum);
}

#endif
