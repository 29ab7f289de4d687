/* check_theorem7.c - Theorem 7: the k largest estimates are an approximate top-k.
 *
 * Charikar, Chen, Farach-Colton 2002, as the supplement states it (C): with theta the k-th largest magnitude, the list holds every
 * |g_i| >= (1 + eps) theta and nothing below (1 - eps) theta, with probability at least 1 - delta. Columns and rows come from
 * theory/sketch_size.c, which derives the constants: c >= 8 (k + 4||g_tail||^2/(eps theta)^2), r >= 2.42 ln(d/delta). The list is
 * what select_topk takes from the estimates. The negative control is a table that is far too small.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/cpu/select.h"
#include "sim/kernel/block_hash.h"
#include "theory/sketch_size.h"
#include "verify/heavymix.h"
#include "verify/shapes.h"

enum { SEEDS = 400, QUICK = 300, FULL = 3000, K_MAX = 64 };

struct setting {
    enum verify_shape shape;
    size_t d, k;
    double eps, delta;
    bool small; /* the negative control: one row of k columns */
    bool block; /* hashes of blocks, columns rounded up to a multiple of 64 */
};

/* The k-th largest magnitude and the energy of what is smaller. */
static void split_top(struct heavymix *h, const float *g, size_t k, double *theta, double *tail2)
{
    double top2 = 0.0, all2 = 0.0;
    *theta = (double)INFINITY;
    select_topk(h->d, g, k, h->chosen, h->scratch, 1);
    for (size_t j = 0; j < k; ++j) {
        const double value = fabs((double)g[h->chosen[j]]);
        *theta = fmin(*theta, value);
        h->mark[h->chosen[j]] = 1;
    }
    for (size_t i = 0; i < h->d; ++i) {
        const double square = (double)g[i] * (double)g[i];
        *(h->mark[i] ? &top2 : &all2) += square;
    }
    for (size_t j = 0; j < k; ++j) { h->mark[h->chosen[j]] = 0; }
    *tail2 = all2;
}

/* Whether the k largest estimates are an approximate top-k of g. */
static bool list_is_right(struct heavymix *h, const float *g, size_t k, double eps, double theta)
{
    bool right = true;
    select_topk(h->d, h->estimate, k, h->chosen, h->scratch, 1);
    for (size_t j = 0; j < k; ++j) {
        right = right && fabs((double)g[h->chosen[j]]) >= (1.0 - eps) * theta;
        h->mark[h->chosen[j]] = 1;
    }
    for (size_t i = 0; i < h->d; ++i) { right = right && (h->mark[i] || fabs((double)g[i]) < (1.0 + eps) * theta); }
    for (size_t j = 0; j < k; ++j) { h->mark[h->chosen[j]] = 0; }
    return right;
}

static enum dsgd_status report(struct verify_context *context, const struct setting *at, const struct heavymix *h, size_t misses, size_t n,
                               double proved)
{
    struct verify_row row = {.measured = theory_share(misses, n), .relation = THEORY_AT_MOST, .bound = at->delta,
                             .trivial = 1.0, .control = at->small};
    snprintf(row.statement, sizeof row.statement, "Theorem 7%s", at->block ? ", block hashes" : "");
    snprintf(row.id, sizeof row.id, "theorem7.%s%s-k%zu-d%zu%s", at->block ? "block." : "", verify_shape_name(at->shape), at->k, at->d, at->small ? ".small" : "");
    snprintf(row.quantity, sizeof row.quantity,
             "share of fresh hashes whose list misses a |g_i| >= (1 + eps) theta or holds one below (1 - eps) theta (proof, this size: %.3g)",
             proved);
    snprintf(row.setting, sizeof row.setting, "%s vector, d=%zu, k=%zu, eps=%g delta=%g, rows=%lu cols=%lu%s%s, %zu fresh hashes, seed=%lu",
             verify_shape_name(at->shape), at->d, at->k, at->eps, at->delta, (unsigned long)h->rows, (unsigned long)h->cols,
             at->small ? " (far too small)" : "",
             at->block ? ", hash=block" : "", n, (unsigned long)h->seed);
    const double counts[2] = {(double)misses, (double)n};
    verify_record(context, 2, counts);
    return verify_report(context, &row);
}

static enum dsgd_status measure(struct verify_context *context, const struct setting *at, uint32_t seed, const float *g)
{
    const size_t n = context->full ? FULL : QUICK;
    size_t misses = 0;
    double theta, tail2;
    struct heavymix h;
    const struct sketch_hash_family *family = at->block ? &sketch_hash_block : &sketch_hash_polynomial;
    DSGD_TRY(heavymix_open(at->d, at->k, 1, (uint32_t)at->k, NULL, seed, &h));
    split_top(&h, g, at->k, &theta, &tail2);
    if (!at->small) { /* its size depends on the vector */
        const double least = theory_theorem7_cols(at->k, tail2, at->eps, theta);
        const double cols = at->block ? DSGD_BLOCK * ceil(least / DSGD_BLOCK) : least;
        heavymix_close(&h);
        DSGD_TRY(heavymix_open(at->d, at->k, theory_theorem7_rows(at->d, at->delta), (uint32_t)cols, family, seed, &h));
    }
    for (size_t t = 0; t < n; ++t) {
        heavymix_reseed(&h, (uint32_t)t);
        heavymix_sketch(&h, g);
        misses += !list_is_right(&h, g, at->k, at->eps, theta);
    }
    const double proved = theory_theorem7_delta(at->d, at->k, tail2, at->eps, theta, h.rows, h.cols);
    enum dsgd_status status = report(context, at, &h, misses, n, proved);
    heavymix_close(&h);
    return status;
}

static enum dsgd_status run(struct verify_context *context)
{
    static const struct setting settings[] = {
        {VERIFY_POWER_LAW, 785, 5, 0.5, 0.05, false, false},
        {VERIFY_POWER_LAW, 60000, 10, 0.5, 0.05, false, false}, /* 35 x 1298: smaller than the vector */
        {VERIFY_SPIKY, 2000, 4, 0.5, 0.05, false, false},
        {VERIFY_POWER_LAW, 785, 5, 0.5, 0.05, true, false},
        {VERIFY_POWER_LAW, 60000, 10, 0.5, 0.05, false, true},
    };
    uint32_t seed = SEEDS;
    for (size_t j = 0; j < sizeof settings / sizeof *settings; ++j) {
        const struct setting *at = &settings[j];
        const uint32_t own = verify_seed(context, seed++);
        float *g = malloc(at->d * sizeof *g);
        if (!g) { return dsgd_fail(DSGD_ENOMEM, "no memory for a vector of %zu coordinates", at->d); }
        enum dsgd_status status = verify_shape_fill(at->shape, at->d, own, g);
        if (status == DSGD_OK) { status = measure(context, at, own, g); }
        free(g);
        DSGD_TRY(status);
    }
    return DSGD_OK;
}

const struct verify_check verify_theorem7 = {
    .name = "theorem7", .title = "the k largest estimates are an approximate top-k", .version = 2, .run = run};
