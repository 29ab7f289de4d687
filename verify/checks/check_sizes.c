/* check_sizes.c - how large a sketch must be, for each of its uses: AMS, heavy hitters, merging, growth with d and T.
 *
 * Supplement C. AMS: l2 = (1 +- eps)||g|| with constant probability in O(1/eps^2). |l2/||g|| - 1| > eps means |l2^2/||g||^2 - 1| > 2 eps - eps^2,
 * which by Chebyshev has probability at most 2/(c (2 eps - eps^2)^2) in a row of c columns: 1/8 for c = 16/(2 eps - eps^2)^2; the median of r rows
 * fails as theory_median_failure says. Algorithm 1 takes eps = 1/2.
 * (alpha, l2)-heavy hitters: a row's estimate is off by more than eps ||g|| with probability at most 1/(c eps^2); c = 8/eps^2 and the rows of
 * Theorem 7 make all d medians right within eps ||g|| with probability 1 - delta. Then {|estimate| >= (alpha - eps)||g||} holds all
 * (alpha, l2)-heavy coordinates and none below (alpha - 2 eps)||g||: the supplement's 1/(eps^2 alpha^2) asks for more than it needs.
 * Merging: 64 tables of integers are the table of their sum, cell by cell.
 * Rebuttal R1.3: "c = O(k) columns and r = O(log_c d) rows": c = 8 k and r = 2 ceil(log_c d) + 1 over d, on real calls of HEAVYMIX.
 * Rebuttal R3.2: the size grows with T as log(d T/delta), so that T would have to be of the order of e^d until it passes d. So it is from
 * sizes far below d on; at the paper's own k it is larger than d from T = 1 on (a known finding): there the sizes are not proved ones.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/kernel/maths.h"
#include "theory/sketch_size.h"
#include "verify/heavymix.h"
#include "verify/shapes.h"

enum { SEEDS = 600, MERGED = 64 };

static enum dsgd_status report(struct verify_context *context, const char *id, const char *statement, const char *quantity, const char *setting,
                               struct theory_interval measured, double bound, double trivial)
{
    struct verify_row row = {.measured = measured, .relation = THEORY_AT_MOST, .bound = bound, .upper = NAN, .trivial = trivial};
    snprintf(row.id, sizeof row.id, "sizes.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s", statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    snprintf(row.setting, sizeof row.setting, "%s", setting);
    return verify_report(context, &row);
}

static enum dsgd_status vector_of(enum verify_shape shape, size_t d, uint32_t seed, float **g)
{
    *g = malloc(d * sizeof **g);
    if (!*g) { return dsgd_fail(DSGD_ENOMEM, "no memory for a vector of %zu coordinates", d); }
    return verify_shape_fill(shape, d, seed, *g);
}

static double norm(size_t d, const float *g)
{
    double sum = 0.0;
    for (size_t i = 0; i < d; ++i) { sum += (double)g[i] * (double)g[i]; }
    return sqrt(sum);
}

/* ---- AMS ---- */

/* A family of hashes, and what its rows are called. */
struct family {
    const struct sketch_hash_family *hash;
    const char *prefix, *statement, *setting;
};
static const struct family textbook = {&sketch_hash_polynomial, "", "", ""}, block = {&sketch_hash_block, "block.", ", block hashes", ", hash=block"};

/* So many columns at least, and a multiple that the family takes. */
static uint32_t columns(const struct family *family, double least)
{
    const double of = family->hash->cols_of > 0 ? family->hash->cols_of : 1.0;
    return (uint32_t)(of * ceil(least / of));
}

static enum dsgd_status ams(struct verify_context *context, const struct family *family, enum verify_shape shape, double eps, uint32_t rows,
                            uint32_t seed_number)
{
    enum { D = 1000 };
    const double wide = 2.0 * eps - eps * eps;
    const uint32_t cols = columns(family, 16.0 / (wide * wide)), seed = verify_seed(context, seed_number);
    const size_t n = context->full ? 20000 : 5000;
    size_t outside = 0;
    struct heavymix h = {.d = 0};
    char id[48], statement[64], quantity[VERIFY_TEXT_MAX], setting[VERIFY_TEXT_MAX];
    float *g;
    enum dsgd_status status = vector_of(shape, D, seed, &g);
    if (status == DSGD_OK) { status = heavymix_open(D, 1, rows, cols, family->hash, seed, &h); }
    for (size_t t = 0; status == DSGD_OK && t < n; ++t) {
        heavymix_reseed(&h, (uint32_t)t);
        heavymix_sketch(&h, g);
        outside += !(fabs(sqrt(h.norm2) / norm(D, g) - 1.0) <= eps);
    }
    heavymix_close(&h);
    free(g);
    DSGD_TRY(status);
    const double counts[2] = {(double)outside, (double)n};
    verify_record(context, 2, counts);
    snprintf(id, sizeof id, "%sams.%s-eps%g-r%lu", family->prefix, verify_shape_name(shape), eps, (unsigned long)rows);
    snprintf(quantity, sizeof quantity, "share of fresh hashes whose norm is not within 1 +- %g of ||g||, %lu x %lu", eps, (unsigned long)rows, (unsigned long)cols);
    snprintf(setting, sizeof setting, "%s vector, d=%d, rows=%lu cols=%lu%s, %zu fresh hashes, seed=%lu", verify_shape_name(shape), D, (unsigned long)rows,
             (unsigned long)cols, family->setting, n, (unsigned long)seed);
    snprintf(statement, sizeof statement, "AMS, 1 +- eps%s", family->statement);
    return report(context, id, statement, quantity, setting, theory_share(outside, n), theory_median_failure(rows, 2.0 / (cols * wide * wide)), 1.0);
}

/* ---- heavy hitters ---- */

/* Whether the estimates find all of at least alpha ||g||, nothing below (alpha - 2 eps)||g||, and are within eps ||g|| everywhere. */
static bool found(const struct heavymix *h, const float *g, double alpha, double eps, double length)
{
    bool right = true;
    for (size_t i = 0; i < h->d; ++i) {
        const double own = fabs((double)g[i]), estimate = fabs((double)h->estimate[i]);
        const bool listed = estimate >= (alpha - eps) * length;
        right = right && (listed || own < alpha * length) && (!listed || own >= (alpha - 2.0 * eps) * length) &&
                fabs((double)g[i] - (double)h->estimate[i]) <= eps * length;
    }
    return right;
}

static enum dsgd_status heavy_hitters(struct verify_context *context, const struct family *family, enum verify_shape shape, double alpha, double eps,
                                      uint32_t seed_number)
{
    enum { D = 50000 };
    static const double delta = 0.05;
    const uint32_t rows = theory_theorem7_rows(D, delta), cols = columns(family, 8.0 / (eps * eps)), seed = verify_seed(context, seed_number);
    const size_t n = context->full ? 1000 : 250;
    size_t wrong = 0, heavy = 0;
    struct heavymix h = {.d = 0};
    char id[48], statement[64], quantity[VERIFY_TEXT_MAX], setting[VERIFY_TEXT_MAX];
    float *g;
    enum dsgd_status status = vector_of(shape, D, seed, &g);
    if (status == DSGD_OK) { status = heavymix_open(D, 1, rows, cols, family->hash, seed, &h); }
    const double length = status == DSGD_OK ? norm(D, g) : 0.0;
    for (size_t i = 0; status == DSGD_OK && i < D; ++i) { heavy += fabs((double)g[i]) >= alpha * length; }
    for (size_t t = 0; status == DSGD_OK && t < n; ++t) {
        heavymix_reseed(&h, (uint32_t)t);
        heavymix_sketch(&h, g);
        wrong += !found(&h, g, alpha, eps, length);
    }
    heavymix_close(&h);
    free(g);
    DSGD_TRY(status);
    const double counts[3] = {(double)wrong, (double)n, (double)heavy};
    verify_record(context, 3, counts);
    snprintf(id, sizeof id, "%sheavy-hitters.%s", family->prefix, verify_shape_name(shape));
    snprintf(quantity, sizeof quantity, "share of fresh hashes that miss one of %zu coordinates of alpha ||g||, list one below (alpha - 2 eps)||g|| or are off by eps ||g||",
             heavy);
    snprintf(setting, sizeof setting, "%s vector, d=%d, alpha=%g eps=%g delta=%g, rows=%lu cols=%lu%s, %zu fresh hashes, seed=%lu", verify_shape_name(shape), D, alpha, eps,
             delta, (unsigned long)rows, (unsigned long)cols, family->setting, n, (unsigned long)seed);
    snprintf(statement, sizeof statement, "(alpha, l2)-heavy hitters%s", family->statement);
    return report(context, id, statement, quantity, setting, theory_share(wrong, n), delta, 1.0);
}

/* ---- merging ---- */

static enum dsgd_status merging(struct verify_context *context)
{
    enum { D = 2000, ROWS = 5, COLS = 101 };
    const uint32_t seed = verify_seed(context, SEEDS + 50);
    const struct dsgd_rng_key key = {seed, dsgd_rng_purpose("verify sizes integers")};
    struct sketch_hash *hash = NULL;
    float *g = calloc(2 * D + 2 * ROWS * COLS, sizeof *g), *sum = g + D, *merged = sum + D, *whole = merged + ROWS * COLS;
    double different = 0.0;
    char setting[VERIFY_TEXT_MAX];
    enum dsgd_status status = g ? sketch_hash_create(&sketch_hash_polynomial, D, ROWS, COLS, D * ROWS, &hash) : dsgd_fail(DSGD_ENOMEM, "no memory for tables");
    if (status == DSGD_OK) {
        sketch_hash_reseed(hash, seed, 0, 1);
        for (uint32_t w = 0; w < MERGED; ++w) { /* integers up to 1000: sums of 64 of them are exact in floats */
            for (size_t i = 0; i < D; ++i) {
                g[i] = (float)((int)dsgd_rng_below(key, (uint32_t)i, 0, w, 2001) - 1000);
                sum[i] += g[i];
            }
            count_sketch_accumulate(hash, g, merged);
        }
        count_sketch_accumulate(hash, sum, whole);
        for (size_t b = 0; b < ROWS * COLS; ++b) { different += merged[b] != whole[b]; }
        verify_record(context, 1, &different);
    }
    sketch_hash_destroy(hash);
    free(g);
    DSGD_TRY(status);
    snprintf(setting, sizeof setting, "integers in -1000..1000, d=%d, rows=%d cols=%d, %d workers, seed=%lu", D, ROWS, COLS, MERGED, (unsigned long)seed);
    return report(context, "merge", "Mergeability", "cells where the sum of 64 workers' tables and the table of their sum differ", setting, theory_exact(different), 0.0, NAN);
}

/* ---- growth ---- */

static uint32_t rows_of(size_t d, uint32_t cols)
{
    return 2 * (uint32_t)ceil(dsgd_log((double)d) / dsgd_log((double)cols)) + 1;
}

static enum dsgd_status growth_d(struct verify_context *context, enum verify_shape shape, size_t d, uint32_t seed_number)
{
    enum { K = 10, COLS = 8 * K };
    const uint32_t rows = rows_of(d, COLS), seed = verify_seed(context, seed_number);
    const size_t n = d < 50000 ? (context->full ? 5000 : 1000) : context->full ? 1000 : 200;
    size_t missed = 0;
    struct heavymix h = {.d = 0};
    struct heavymix_call call;
    char id[48], quantity[VERIFY_TEXT_MAX], setting[VERIFY_TEXT_MAX];
    float *g;
    enum dsgd_status status = vector_of(shape, d, seed, &g);
    if (status == DSGD_OK) { status = heavymix_open(d, K, rows, COLS, NULL, seed, &h); }
    for (size_t t = 0; status == DSGD_OK && t < n; ++t) {
        heavymix_reseed(&h, (uint32_t)t);
        heavymix_sketch(&h, g);
        status = heavymix_choose(&h, g, K, (uint32_t)t, &call);
        missed += call.lemma.relative > 1.0;
    }
    heavymix_close(&h);
    free(g);
    DSGD_TRY(status);
    const double counts[2] = {(double)missed, (double)n};
    verify_record(context, 2, counts);
    snprintf(id, sizeof id, "k-log-d.%s-d%zu", verify_shape_name(shape), d);
    snprintf(quantity, sizeof quantity, "share of calls that miss 1 - k/d at c = 8 k, r = 2 ceil(log_c d) + 1: %lu x %d", (unsigned long)rows, COLS);
    snprintf(setting, sizeof setting, "%s vector, d=%zu, k=%d, rows=%lu cols=%d, %zu fresh hashes, seed=%lu", verify_shape_name(shape), d, K, (unsigned long)rows, COLS, n, (unsigned long)seed);
    return report(context, id, "Rebuttal R1.3, O(k log d)", quantity, setting, theory_share(missed, n), 0.05, 1.0);
}

/* Cells that Lemma 1's proof wants for T calls together. */
static double cells(size_t d, size_t k, double T)
{
    uint32_t rows, cols;
    return theory_lemma1_size(d, k, 0.05 / T, &rows, &cols) ? (double)rows * cols : (double)INFINITY;
}

static enum dsgd_status growth_T(struct verify_context *context)
{
    static const size_t d = 10000000, k = 100, paper_d = 6570000, paper_k = 50000;
    const double few = cells(d, k, 1e3), many = cells(d, k, 1e9), logs = dsgd_log((double)d * 1e9 / 0.05) / dsgd_log((double)d * 1e3 / 0.05);
    char quantity[VERIFY_TEXT_MAX];
    verify_record(context, 2, (const double[]){few, many});
    snprintf(quantity, sizeof quantity, "cells for T = 1e9 over cells for T = 1e3 (%.4g, d = 1e7, k = 100), over the ratio of log(d T/delta)", few);
    DSGD_TRY(report(context, "log-T", "Rebuttal R3.2, log(dT/delta)", quantity, "theory_lemma1_size, delta = 0.05/T", theory_exact(many / few / logs), 1.2, NAN));
    snprintf(quantity, sizeof quantity, "cells over d for T = 1e9, d = 1e7, k = 100");
    DSGD_TRY(report(context, "below-d", "Rebuttal R3.2, below d", quantity, "theory_lemma1_size, delta = 0.05/T", theory_exact(many / (double)d), 1.0, NAN));
    const double cifar = cells(paper_d, paper_k, 1.0);
    verify_record(context, 1, &cifar);
    snprintf(quantity, sizeof quantity, "cells over d for T = 1 at the size of the paper's CIFAR runs, d = 6.57e6, k = 50,000");
    return report(context, "cifar", "Rebuttal R3.2, below d", quantity, "theory_lemma1_size, delta = 0.05", theory_exact(cifar / (double)paper_d), 1.0, NAN);
}

static enum dsgd_status run(struct verify_context *context)
{
    DSGD_TRY(ams(context, &textbook, VERIFY_GAUSSIAN, 0.5, 1, SEEDS));
    DSGD_TRY(ams(context, &textbook, VERIFY_POWER_LAW, 0.5, 1, SEEDS + 1));
    DSGD_TRY(ams(context, &textbook, VERIFY_GAUSSIAN, 0.25, 9, SEEDS + 2));
    DSGD_TRY(heavy_hitters(context, &textbook, VERIFY_SPIKY, 0.3, 0.1, SEEDS + 10));
    DSGD_TRY(heavy_hitters(context, &textbook, VERIFY_POWER_LAW, 0.25, 0.1, SEEDS + 11));
    DSGD_TRY(ams(context, &block, VERIFY_POWER_LAW, 0.5, 1, SEEDS + 3));
    DSGD_TRY(ams(context, &block, VERIFY_GAUSSIAN, 0.25, 5, SEEDS + 4));
    DSGD_TRY(heavy_hitters(context, &block, VERIFY_SPIKY, 0.3, 0.1, SEEDS + 12));
    DSGD_TRY(merging(context));
    for (uint32_t j = 0; j < 3; ++j) {
        static const size_t d[] = {1000, 10000, 100000};
        DSGD_TRY(growth_d(context, VERIFY_POWER_LAW, d[j], SEEDS + 20 + j));
        DSGD_TRY(growth_d(context, VERIFY_GAUSSIAN, d[j], SEEDS + 30 + j));
    }
    return growth_T(context);
}

const struct verify_check verify_sizes = {
    .name = "sizes", .title = "how large a sketch must be: AMS, heavy hitters, merging, growth with d and T", .version = 2, .run = run};
