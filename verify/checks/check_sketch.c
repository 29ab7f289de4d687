/* check_sketch.c - supplement C: one row of the Count Sketch and of the AMS estimate, and linearity, on the project's own code, for both
 * families of hashes.
 *
 * Over fresh hashes, two-sided: a row's estimate of g_i has mean g_i and variance (||g||^2 - g_i^2)/c; a row's sum of squares has
 * mean ||g||^2 and variance 2 (||g||^4 - sum g_i^4)/c (theory/bounds.h). All values are divided by what is claimed, so that 1
 * is right. The tolerance is WIDE standard errors, computed beforehand from the number of draws: the interval, 3.3 of them to
 * each side, then lies inside unless the mean is off by more than four and a half.
 *   estimate: relative variance of the squared error with buckets independent: 2 + (c - 3) s, s = sum g_j^4/(sum g_j^2)^2, j != i;
 *   AMS: at most 14 + c, from a normal sum (kurtosis 15) and from one pair of coordinates that meets in one draw of c.
 * Block hashes (docs/sketching.md): coordinates of one block of 64 never meet, so that their energy takes the place of g_i^2 in both
 * variances; others meet with probability 1/c. The deviations above are upper bounds for them: fewer pairs meet.
 * Linearity is exact: sums of integers below 2^24 are exact in floats. The supplement's variance, 4||g||^2 for one bucket, has
 * the wrong dimension: it must fail on any vector with ||g||^2 well above 2.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/block_hash.h"
#include "theory/bounds.h"
#include "verify/heavymix.h"
#include "verify/shapes.h"

enum { SEEDS = 300, D_MAX = 256, QUICK = 200000, FULL = 2000000, INTEGER_DRAWS = 300 };
static const double WIDE = 8.0;

/* What one coordinate's estimates and the norms did, already divided by what is claimed. */
struct moments {
    size_t n;
    double *bias, *variance, *norm, *norm_variance;
};

/* A family, and what its rows are called. */
struct family {
    const struct sketch_hash_family *hash;
    const char *prefix, *statement, *setting, *own, *parts; /* own, parts: what takes the place of g_i^2 and of sum g_i^4 */
    uint32_t part;                                          /* so many neighbours never meet */
    uint32_t d, columns;                                    /* of the vectors; of the tables of integers */
};
static const struct family textbook = {&sketch_hash_polynomial, "", "", "", "g_i^2", "sum g_i^4", 1, 64, 40};
static const struct family block = {&sketch_hash_block, "block.", ", block hashes", ", hash=block", "||g_B||^2", "sum ||g_B||^4", DSGD_BLOCK, 256, 64};

struct vector {
    const struct family *family;
    enum verify_shape shape;
    uint32_t cols, seed;
    float g[D_MAX];
    double norm2, norm4, parts4; /* ||g||^2; sum g_i^4; the same over what never meets itself */
};

/* The coordinate of the largest or of the smallest magnitude. */
static uint32_t extreme(const struct vector *v, bool largest)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < v->family->d; ++i) {
        if (largest ? fabsf(v->g[i]) > fabsf(v->g[best]) : fabsf(v->g[i]) < fabsf(v->g[best])) { best = i; }
    }
    return best;
}

/* Energy of the coordinates that never meet i, i itself among them. */
static double own_energy(const struct vector *v, uint32_t i)
{
    const uint32_t from = i / v->family->part * v->family->part;
    double energy = 0.0;
    for (uint32_t j = from; j < from + v->family->part; ++j) { energy += (double)v->g[j] * (double)v->g[j]; }
    return energy;
}

static void draw_hashes(const struct vector *v, struct sketch_hash *hash, uint32_t i, float *table, struct moments *m)
{
    const double value = (double)v->g[i], variance = theory_estimate_variance(v->norm2, sqrt(own_energy(v, i)), v->cols);
    const double ams = theory_norm2_variance(v->norm2, v->parts4, v->cols);
    for (size_t t = 0; t < m->n; ++t) {
        float estimate;
        sketch_hash_reseed(hash, v->seed, (uint32_t)t, 1);
        memset(table, 0, v->cols * sizeof *table);
        count_sketch_accumulate(hash, v->g, table);
        count_sketch_estimate_some(hash, table, 1, &i, &estimate, 1);
        const double error = (double)estimate - value, off = count_sketch_norm2(hash, table) - v->norm2;
        m->bias[t] = error / sqrt(variance);
        m->variance[t] = error * error / variance;
        m->norm[t] = 1.0 + off / v->norm2;
        m->norm_variance[t] = off * off / ams;
    }
}

static enum dsgd_status row_of(struct verify_context *context, const struct vector *v, const char *what, const char *statement,
                               const char *quantity, const struct moments *m, const double *sample, double target, double deviation)
{
    const double tolerance = WIDE * deviation / sqrt((double)m->n);
    struct verify_row row = {.measured = theory_mean(m->n, sample), .relation = THEORY_WITHIN, .bound = target - tolerance,
                             .upper = target + tolerance, .trivial = (double)NAN};
    snprintf(row.id, sizeof row.id, "sketch.%s%s.%s-c%lu", v->family->prefix, what, verify_shape_name(v->shape), (unsigned long)v->cols);
    snprintf(row.statement, sizeof row.statement, "%s%s", statement, v->family->statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    snprintf(row.setting, sizeof row.setting, "%s vector, d=%lu, rows=1 cols=%lu%s, %zu fresh hashes, seed=%lu", verify_shape_name(v->shape),
             (unsigned long)v->family->d, (unsigned long)v->cols, v->family->setting, m->n, (unsigned long)v->seed);
    verify_record(context, m->n, sample);
    return verify_report(context, &row);
}

/* Both moments of the estimate of one coordinate. */
static enum dsgd_status report_estimate(struct verify_context *context, const struct vector *v, bool largest, uint32_t i,
                                        const struct moments *m)
{
    char quantity[VERIFY_TEXT_MAX];
    const double own = (double)v->g[i] * (double)v->g[i], s = (v->norm4 - own * own) / ((v->norm2 - own) * (v->norm2 - own));
    DSGD_TRY(row_of(context, v, largest ? "bias.largest" : "bias.smallest", "Count Sketch, row estimate",
                    largest ? "mean error of a row's estimate of the largest g_i, over its standard deviation"
                            : "mean error of a row's estimate of the smallest g_i, over its standard deviation",
                    m, m->bias, 0.0, 1.0));
    snprintf(quantity, sizeof quantity, "variance of a row's estimate of the %s g_i, over (||g||^2 - %s)/c", largest ? "largest" : "smallest",
             v->family->own);
    return row_of(context, v, largest ? "variance.largest" : "variance.smallest", "Count Sketch, row estimate", quantity, m, m->variance, 1.0,
                  sqrt(2.0 + ((double)v->cols - 3.0) * s));
}

static enum dsgd_status report_norm(struct verify_context *context, const struct vector *v, const struct moments *m)
{
    char quantity[VERIFY_TEXT_MAX];
    const double claimed = theory_norm2_variance(v->norm2, v->parts4, v->cols);
    snprintf(quantity, sizeof quantity, "variance of a row's sum of squares, over 2 (||g||^4 - %s)/c", v->family->parts);
    DSGD_TRY(row_of(context, v, "ams-mean", "AMS, row", "mean of a row's sum of squares, over ||g||^2", m, m->norm, 1.0,
                    sqrt(claimed) / v->norm2));
    DSGD_TRY(row_of(context, v, "ams-variance", "AMS, row", quantity, m, m->norm_variance, 1.0, sqrt(14.0 + (double)v->cols)));
    if (v->cols > 1) { return DSGD_OK; }
    struct verify_row row = {.id = "sketch.ams-variance.printed", .statement = "AMS variance, as printed (C)",
                             .quantity = "variance of S^2, over the supplement's 4||g||^2: the exponent is wrong, 2||g||^4 is meant",
                             .measured = theory_mean(m->n, m->norm_variance), .relation = THEORY_AT_MOST, .bound = 1.0,
                             .trivial = (double)NAN};
    const double factor = claimed / (4.0 * v->norm2);
    row.measured.value *= factor;
    row.measured.low *= factor;
    row.measured.high *= factor;
    snprintf(row.setting, sizeof row.setting, "%s vector, d=%d, ||g||^2=%.4g, rows=1 cols=1, %zu fresh hashes, seed=%lu",
             verify_shape_name(v->shape), (int)v->family->d, v->norm2, m->n, (unsigned long)v->seed);
    verify_record(context, m->n, m->norm_variance);
    return verify_report(context, &row);
}

static enum dsgd_status measure(struct verify_context *context, struct vector *v, struct sketch_hash *hash, struct moments *m)
{
    float table[D_MAX];
    DSGD_TRY(verify_shape_fill(v->shape, v->family->d, v->seed, v->g));
    v->norm2 = v->norm4 = v->parts4 = 0.0;
    for (uint32_t i = 0; i < v->family->d; i += v->family->part) { v->parts4 += own_energy(v, i) * own_energy(v, i); }
    for (uint32_t i = 0; i < v->family->d; ++i) {
        const double square = (double)v->g[i] * (double)v->g[i];
        v->norm2 += square;
        v->norm4 += square * square;
    }
    for (int largest = 0; largest < 2; ++largest) {
        const uint32_t i = extreme(v, largest);
        draw_hashes(v, hash, i, table, m);
        DSGD_TRY(report_estimate(context, v, largest, i, m));
    }
    return report_norm(context, v, m);
}

static enum dsgd_status moments_of(struct verify_context *context, const struct family *family, enum verify_shape shape, uint32_t cols,
                                   uint32_t seed)
{
    struct vector v = {.family = family, .shape = shape, .cols = cols, .seed = verify_seed(context, seed)};
    struct moments m = {.n = context->full ? FULL : QUICK};
    struct sketch_hash *hash = NULL;
    double *samples = malloc(4 * m.n * sizeof *samples);
    enum dsgd_status status = samples ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for %zu draws", m.n);
    if (status == DSGD_OK) {
        m.bias = samples;
        m.variance = samples + m.n;
        m.norm = samples + 2 * m.n;
        m.norm_variance = samples + 3 * m.n;
        status = sketch_hash_create(family->hash, family->d, 1, cols, family->d, &hash);
    }
    if (status == DSGD_OK) { status = measure(context, &v, hash, &m); }
    sketch_hash_destroy(hash);
    free(samples);
    return status;
}

/* An integer vector: coordinates in [-1000, 1000]. */
static void integers(uint32_t seed, uint32_t t, uint32_t which, size_t d, float *g)
{
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("verify sketch integers")};
    for (size_t i = 0; i < d; ++i) { g[i] = (float)((int)dsgd_rng_below(key, (uint32_t)i, t, which, 2001) - 1000); }
}

/* Cells in which S(f) + S(g) and S(f + g) differ, over all draws. */
static enum dsgd_status linearity(struct verify_context *context, const struct family *family)
{
    enum { LENGTH = 785, ROWS = 7, COLS_MAX = 64 };
    float f[LENGTH], g[LENGTH], sum[LENGTH], table[3][ROWS * COLS_MAX];
    struct sketch_hash *hash;
    const uint32_t seed = verify_seed(context, SEEDS), cols = family->columns;
    double different = 0.0, cells = 0.0;
    DSGD_TRY(sketch_hash_create(family->hash, LENGTH, ROWS, cols, LENGTH * ROWS, &hash));
    for (uint32_t t = 0; t < INTEGER_DRAWS; ++t) {
        memset(table, 0, sizeof table);
        sketch_hash_reseed(hash, seed, t, 1);
        integers(seed, t, 0, LENGTH, f);
        integers(seed, t, 1, LENGTH, g);
        for (size_t i = 0; i < LENGTH; ++i) { sum[i] = f[i] + g[i]; }
        count_sketch_accumulate(hash, f, table[0]);
        count_sketch_accumulate(hash, g, table[1]);
        count_sketch_accumulate(hash, sum, table[2]);
        count_sketch_merge(hash, table[1], table[0]);
        for (size_t b = 0; b < ROWS * cols; ++b) {
            different += table[0][b] != table[2][b];
            cells += table[2][b] != 0.0f;
        }
    }
    sketch_hash_destroy(hash);
    const double counts[2] = {different, cells};
    verify_record(context, 2, counts);
    struct verify_row row = {.measured = theory_exact(different), .relation = THEORY_AT_MOST, .bound = 0.0, .trivial = (double)NAN};
    snprintf(row.id, sizeof row.id, "sketch.%slinearity", family->prefix);
    snprintf(row.statement, sizeof row.statement, "Count Sketch, linearity%s", family->statement);
    snprintf(row.quantity, sizeof row.quantity, "cells where S(f) + S(g) and S(f + g) differ, of %.0f that are not 0", cells);
    snprintf(row.setting, sizeof row.setting, "integers in -1000..1000, d=%d, rows=%d cols=%lu%s, %d fresh hashes, seed=%lu", LENGTH, ROWS,
             (unsigned long)cols, family->setting, INTEGER_DRAWS, (unsigned long)seed);
    return verify_report(context, &row);
}

/* Block hashes, cells alone: how often a coordinate meets one of another block, over what is claimed; and one of its own. Coordinates 5 and
 * 69 have the same lane in two blocks, 5 and 100 different ones. */
static enum dsgd_status collisions(struct verify_context *context)
{
    enum { COLS = 128 };
    static const uint32_t other[] = {69, 100};
    const uint32_t seed = verify_seed(context, SEEDS + 7);
    const size_t n = context->full ? FULL : QUICK;
    size_t met[2] = {0, 0}, own = 0;
    struct sketch_hash *hash;
    DSGD_TRY(sketch_hash_create(&sketch_hash_block, D_MAX, 1, COLS, 0, &hash));
    for (size_t t = 0; t < n; ++t) {
        sketch_hash_reseed(hash, seed, (uint32_t)t, 1);
        const uint32_t cell = sketch_hash_cell(hash, 0, 5) & ~SKETCH_SIGN_BIT;
        for (int j = 0; j < 2; ++j) { met[j] += (sketch_hash_cell(hash, 0, other[j]) & ~SKETCH_SIGN_BIT) == cell; }
        own += (sketch_hash_cell(hash, 0, (uint32_t)(t % 64) == 5 ? 0 : (uint32_t)(t % 64)) & ~SKETCH_SIGN_BIT) == cell;
    }
    sketch_hash_destroy(hash);
    const double counts[3] = {(double)met[0], (double)met[1], (double)own}, tolerance = WIDE * sqrt(1.0 / COLS / (double)n);
    for (int j = 0; j < 3; ++j) {
        struct verify_row row = {.statement = "Count Sketch, collisions, block hashes", .trivial = (double)NAN};
        if (j < 2) {
            row.measured = theory_share(met[j], n);
            row.relation = THEORY_WITHIN;
            row.bound = 1.0 / COLS - tolerance;
            row.upper = 1.0 / COLS + tolerance;
        } else {
            row.measured = theory_exact((double)own);
            row.relation = THEORY_AT_MOST;
        }
        static const char *const id[] = {"sketch.block.meet-same-lane", "sketch.block.meet-other-lane", "sketch.block.apart"};
        static const char *const quantity[] = {"share of fresh hashes that put coordinates of two blocks, in the same lane, into one cell: 1/c",
                                               "the same in different lanes: 1/c", "draws that put two coordinates of one block into one cell"};
        snprintf(row.id, sizeof row.id, "%s", id[j]);
        snprintf(row.quantity, sizeof row.quantity, "%s", quantity[j]);
        snprintf(row.setting, sizeof row.setting, "rows=1 cols=%d, hash=block, %zu fresh hashes, seed=%lu", COLS, n, (unsigned long)seed);
        verify_record(context, 1, &counts[j]);
        DSGD_TRY(verify_report(context, &row));
    }
    return DSGD_OK;
}

static enum dsgd_status run(struct verify_context *context)
{
    DSGD_TRY(linearity(context, &textbook));
    DSGD_TRY(moments_of(context, &textbook, VERIFY_GAUSSIAN, 1, SEEDS + 1));
    DSGD_TRY(moments_of(context, &textbook, VERIFY_GAUSSIAN, 16, SEEDS + 2));
    DSGD_TRY(moments_of(context, &textbook, VERIFY_POWER_LAW, 8, SEEDS + 3));
    DSGD_TRY(linearity(context, &block));
    DSGD_TRY(moments_of(context, &block, VERIFY_GAUSSIAN, 64, SEEDS + 4));
    DSGD_TRY(moments_of(context, &block, VERIFY_SPIKY, 128, SEEDS + 5));
    DSGD_TRY(moments_of(context, &block, VERIFY_POWER_LAW, 128, SEEDS + 6));
    return collisions(context);
}

const struct verify_check verify_sketch = {
    .name = "sketch", .title = "rows of Count Sketch and AMS: mean and variance; linearity; both families of hashes", .version = 3, .run = run};
