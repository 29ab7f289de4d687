/* check_lemma1_fill.c - Lemma 1's random fill: every coordinate outside H is drawn equally often.
 *
 * Given H, each of the d - h others is drawn with probability (k - h)/(d - h): (d - k)/(d - h) in the lemma comes from this alone.
 * One sketch, many fills. The row's value is the largest |frequency - (k - h)/(d - h)| over all coordinates outside H; it is
 * two-sided, and the bound is what a fair draw stays below with probability THEORY_LEVEL, coordinates taken together by the union
 * bound (binomial counts, exact tails). A second row: H itself is always taken.
 */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify/heavymix.h"
#include "verify/shapes.h"

enum { SEEDS = 200, QUICK = 200000, FULL = 2000000, D = 64 };

/* The largest |count/n - p| that one of `cells` binomial counts exceeds, to either side, with probability at most 1 - level. */
static double largest_deviation(size_t n, double p, size_t cells, double level)
{
    const double tail = (1.0 - level) / (2.0 * (double)cells), centre = (double)n * p;
    double up = ceil(centre), down = floor(centre);
    while (gsl_cdf_binomial_Q((unsigned)up, p, (unsigned)n) > tail) { up += 1.0; }
    while (down > 0.0 && gsl_cdf_binomial_P((unsigned)down - 1, p, (unsigned)n) > tail) { down -= 1.0; }
    return fmax(up - centre, centre - down) / (double)n;
}

/* count[i] = how often coordinate i was chosen; kept = how often all of H was. */
static enum dsgd_status draw_fills(struct heavymix *h, const float *g, size_t k, size_t n, double *count)
{
    for (size_t i = 0; i < h->d; ++i) { count[i] = 0.0; }
    for (size_t t = 0; t < n; ++t) {
        struct heavymix_call call;
        DSGD_TRY(heavymix_choose(h, g, k, (uint32_t)t, &call)); /* the fill's counter is the step */
        for (size_t j = 0; j < k; ++j) { count[h->chosen[j]] += 1.0; }
    }
    return DSGD_OK;
}

static enum dsgd_status report(struct verify_context *context, const struct heavymix *h, enum verify_shape shape, size_t k, size_t heavy,
                               size_t n, const double *count)
{
    const double p = (double)(k - heavy) / (double)(h->d - heavy);
    double worst = 0.0, least = (double)n;
    size_t inside = 0;
    for (size_t i = 0; i < h->d; ++i) {
        if (inside < heavy && h->heavy[inside] == i) {
            ++inside;
            least = fmin(least, count[i]);
        } else {
            worst = fmax(worst, fabs(count[i] / (double)n - p));
        }
    }
    struct verify_row row = {.statement = "Lemma 1, random fill", .measured = theory_exact(worst), .relation = THEORY_AT_MOST,
                             .bound = largest_deviation(n, p, h->d - heavy, THEORY_LEVEL), .trivial = fmax(p, 1.0 - p)};
    snprintf(row.id, sizeof row.id, "lemma1-fill.%s-k%zu", verify_shape_name(shape), k);
    snprintf(row.quantity, sizeof row.quantity, "largest |frequency - (k - h)/(d - h)| = |. - %.5g| outside H, against the union bound's quantile", p);
    snprintf(row.setting, sizeof row.setting, "%s vector, d=%zu, rows=%lu cols=%lu k=%zu, |H|=%zu, %zu fills, seed=%lu", verify_shape_name(shape),
             h->d, (unsigned long)h->rows, (unsigned long)h->cols, k, heavy, n, (unsigned long)h->seed);
    verify_record(context, h->d, count);
    DSGD_TRY(verify_report(context, &row));
    if (heavy == 0) { return DSGD_OK; }
    snprintf(row.id, sizeof row.id, "lemma1-fill.heavy.%s-k%zu", verify_shape_name(shape), k);
    snprintf(row.quantity, sizeof row.quantity, "least share of calls that take a coordinate of H");
    row.measured = theory_exact(least / (double)n);
    row.relation = THEORY_AT_LEAST;
    row.bound = 1.0;
    row.trivial = (double)NAN;
    verify_record(context, h->d, count);
    return verify_report(context, &row);
}

static enum dsgd_status measure(struct verify_context *context, enum verify_shape shape, size_t k, uint32_t seed)
{
    const size_t n = context->full ? FULL : QUICK;
    double count[D];
    float g[D];
    struct heavymix h;
    struct heavymix_call call;
    DSGD_TRY(verify_shape_fill(shape, D, seed, g));
    DSGD_TRY(heavymix_open(D, k, 5, 32, NULL, seed, &h));
    heavymix_sketch(&h, g);
    enum dsgd_status status = heavymix_choose(&h, g, k, 0, &call);
    if (status == DSGD_OK && call.heavy >= k) {
        status = dsgd_fail(DSGD_EINTERNAL, "the fill of HEAVYMIX is empty: |H| = %zu, k = %zu", call.heavy, k);
    }
    if (status == DSGD_OK) { status = draw_fills(&h, g, k, n, count); }
    if (status == DSGD_OK) { status = report(context, &h, shape, k, call.heavy, n, count); }
    heavymix_close(&h);
    return status;
}

static enum dsgd_status run(struct verify_context *context)
{
    DSGD_TRY(measure(context, VERIFY_SPIKY, 12, verify_seed(context, SEEDS)));
    return measure(context, VERIFY_GAUSSIAN, 4, verify_seed(context, SEEDS + 1));
}

const struct verify_check verify_lemma1_fill = {
    .name = "lemma1-fill", .title = "HEAVYMIX draws the rest uniformly", .version = 1, .run = run};
