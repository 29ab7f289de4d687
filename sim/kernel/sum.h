/* sum.h - the one order of sums over coordinates or examples.
 *
 * n numbers are cut into chunks of 4096. In a chunk, number i goes to lane i mod 32, each lane adds in ascending order from +0 on, and the
 * lanes are folded 16, 8, 4, 2, 1: lane l takes lane l + half. The sums of the chunks are summed in the same way, and so on. A warp, a
 * vector register and a thread of any team follow this order without waiting for each other; the error grows with the logarithm of n.
 * Summands are made in double (exact for products of floats). Not under this rule: a cell of a sketch (ascending coordinates, in float),
 * sums over workers (ascending, in double), integers.
 */
#ifndef DSGD_SIM_KERNEL_SUM_H
#define DSGD_SIM_KERNEL_SUM_H

#include <stddef.h>

#include "sim/kernel/hd.h"

enum { DSGD_SUM_LANES = 32, DSGD_SUM_CHUNK = 4096, DSGD_SUM_LEVELS = 3 }; /* 4096^4 numbers and more */

DSGD_HD double dsgd_sum_fold(double lane[DSGD_SUM_LANES])
{
    for (int half = DSGD_SUM_LANES / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; ++l) { lane[l] += lane[l + half]; }
    }
    return lane[0];
}

DSGD_HD float dsgd_sum_fold_float(float lane[DSGD_SUM_LANES])
{
    for (int half = DSGD_SUM_LANES / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; ++l) { lane[l] += lane[l + half]; }
    }
    return lane[0];
}

/** A sum of sums of chunks, which come in ascending order. Starts as zeros. */
struct dsgd_sum {
    double lane[DSGD_SUM_LEVELS][DSGD_SUM_LANES];
    unsigned count[DSGD_SUM_LEVELS];
};

DSGD_HD void dsgd_sum_add(struct dsgd_sum *s, double chunk)
{
    for (int level = 0; level < DSGD_SUM_LEVELS; ++level) {
        s->lane[level][s->count[level]++ % DSGD_SUM_LANES] += chunk;
        if (s->count[level] < DSGD_SUM_CHUNK || level + 1 == DSGD_SUM_LEVELS) { return; }
        chunk = dsgd_sum_fold(s->lane[level]);
        memset(s->lane[level], 0, sizeof s->lane[level]);
        s->count[level] = 0;
    }
}

/** As that many chunks that are 0: a lane is never -0, so adding 0 leaves it as it is. */
DSGD_HD void dsgd_sum_skip(struct dsgd_sum *s, size_t chunks)
{
    for (size_t room; chunks > 0 && chunks >= (room = DSGD_SUM_CHUNK - s->count[0]); chunks -= room) {
        s->count[0] = DSGD_SUM_CHUNK - 1;
        dsgd_sum_add(s, 0.0); /* fills the level */
    }
    s->count[0] += (unsigned)chunks;
}

/** The sum; ends it. */
DSGD_HD double dsgd_sum_end(struct dsgd_sum *s)
{
    double sum = 0.0;
    for (int level = 0; level < DSGD_SUM_LEVELS; ++level) {
        if (level > 0 && s->count[level] == 0) { break; } /* nothing above */
        if (level > 0 && s->count[level - 1] > 0) { s->lane[level][s->count[level]++ % DSGD_SUM_LANES] += sum; }
        sum = dsgd_sum_fold(s->lane[level]);
    }
    return sum;
}

/** sum a_i b_i in a chunk, n <= DSGD_SUM_CHUNK. */
DSGD_HD double dsgd_sum_chunk_f64(size_t n, const double *a, const double *b)
{
    double lane[DSGD_SUM_LANES] = {0.0};
    size_t i = 0;
    for (; i + DSGD_SUM_LANES <= n; i += DSGD_SUM_LANES) {
        for (size_t l = 0; l < DSGD_SUM_LANES; ++l) { lane[l] += a[i + l] * b[i + l]; }
    }
    size_t at = 0;
    for (; i + 8 <= n; i += 8, at += 8) { /* whole registers of the rest */
        for (size_t l = 0; l < 8; ++l) { lane[at + l] += a[i + l] * b[i + l]; }
    }
    for (size_t l = 0; i + l < n; ++l) { lane[at + l] += a[i + l] * b[i + l]; }
    return dsgd_sum_fold(lane);
}

DSGD_HD double dsgd_sum_chunk_f32(size_t n, const float *a, const float *b)
{
    double lane[DSGD_SUM_LANES] = {0.0};
    size_t i = 0;
    for (; i + DSGD_SUM_LANES <= n; i += DSGD_SUM_LANES) {
        for (size_t l = 0; l < DSGD_SUM_LANES; ++l) { lane[l] += (double)a[i + l] * (double)b[i + l]; }
    }
    size_t at = 0;
    for (; i + 8 <= n; i += 8, at += 8) { /* whole registers of the rest */
        for (size_t l = 0; l < 8; ++l) { lane[at + l] += (double)a[i + l] * (double)b[i + l]; }
    }
    for (size_t l = 0; i + l < n; ++l) { lane[at + l] += (double)a[i + l] * (double)b[i + l]; }
    return dsgd_sum_fold(lane);
}

/** The scalar product of n numbers, in one thread. */
DSGD_HD double dsgd_sum_products_f64(size_t n, const double *a, const double *b)
{
    struct dsgd_sum sum = {{{0.0}}, {0}};
    if (n <= DSGD_SUM_CHUNK) { return dsgd_sum_chunk_f64(n, a, b); }
    for (size_t i = 0; i < n; i += DSGD_SUM_CHUNK) { dsgd_sum_add(&sum, dsgd_sum_chunk_f64(n - i < DSGD_SUM_CHUNK ? n - i : (size_t)DSGD_SUM_CHUNK, a + i, b + i)); }
    return dsgd_sum_end(&sum);
}

DSGD_HD double dsgd_sum_products_f32(size_t n, const float *a, const float *b)
{
    struct dsgd_sum sum = {{{0.0}}, {0}};
    if (n <= DSGD_SUM_CHUNK) { return dsgd_sum_chunk_f32(n, a, b); }
    for (size_t i = 0; i < n; i += DSGD_SUM_CHUNK) { dsgd_sum_add(&sum, dsgd_sum_chunk_f32(n - i < DSGD_SUM_CHUNK ? n - i : (size_t)DSGD_SUM_CHUNK, a + i, b + i)); }
    return dsgd_sum_end(&sum);
}

/** The sum of n numbers. */
DSGD_HD double dsgd_sum_of(size_t n, const double *a)
{
    struct dsgd_sum sum = {{{0.0}}, {0}};
    for (size_t i = 0; i < n; i += DSGD_SUM_CHUNK) {
        const size_t count = n - i < DSGD_SUM_CHUNK ? n - i : (size_t)DSGD_SUM_CHUNK;
        double lane[DSGD_SUM_LANES] = {0.0};
        for (size_t j = 0; j < count; ++j) { lane[j % DSGD_SUM_LANES] += a[i + j]; }
        dsgd_sum_add(&sum, dsgd_sum_fold(lane));
    }
    return dsgd_sum_end(&sum);
}

#endif
