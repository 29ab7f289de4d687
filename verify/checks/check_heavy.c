/* check_heavy.c - rates where heavy coordinates exist: HEAVYMIX on a sketch smaller than the model keeps SGD's, random-k falls behind.
 *
 * A quadratic whose spectrum falls as 1/r and whose noise falls as r^-1/2, r the rank of a coordinate (convex/quadratic.c): d = 1024,
 * k/d = 1/64, 3 x 64 = 192 cells. xi = 120 is a step size that random-k, which waits d/k = 64 steps for a coordinate, does not bear: eta_0 L
 * d/k = 8 * 2/120 * 64 = 8.5, and it comes back from far away. HEAVYMIX finds most of what is there. check_compressing.c has the same rows where there is nothing to find.
 * At this size of a sketch nothing is proved, so the rows are about rates and not about bounds.
 * Slopes in T: the leading noise term is 4 T (T + 2 xi)/Q_T, between 2000 and 8000 steps with xi = 120 a slope of -0.95; what is left of the
 * start makes it steeper.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/kernel/maths.h"
#include "verify/ensemble.h"

enum { POINTS = 4, EARLY = 0, LATE = POINTS - 1, WIDE = 16 };
static const int64_t at[POINTS] = {1000, 2000, 4000, 8000};
static const double slope_low = -1.2, slope_high = -0.8;

static const char sgd[] = "algorithm=sgd";
static const char heavymix[] = "algorithm=sketched_sgd sketched_sgd.rows=3 sketched_sgd.cols=64 sketched_sgd.k=16";
static const char randomk[] = "algorithm=random_k random_k.lr_inside=true random_k.k=16";

struct series {
    char words[VERIFY_TEXT_MAX];
    struct ensemble e;
};

static enum dsgd_status make(struct verify_context *context, const char *compressor, int workers, size_t points, size_t runs, uint32_t seed, struct series *s)
{
    const struct ensemble_plan plan = {.words = s->words, .problem_seed = 93000, .first_seed = seed, .runs = runs, .points = points, .at = at};
    const int length = snprintf(s->words, sizeof s->words, "problem=quadratic quadratic.d=1024 quadratic.kappa=2 quadratic.spectrum=power quadratic.sigma=10 "
             "quadratic.noise=sign quadratic.noise_decay=0.5 %s workers=%d steps=%lld average=theory step_size=theory step.constant=8 step.beta=8 step.xi=120",
             compressor, workers, (long long)at[points - 1]);
    if (length >= VERIFY_TEXT_MAX) { return dsgd_fail(DSGD_EINTERNAL, "the words of a setting are too long"); }
    return ensemble_run(context, &plan, &s->e);
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *statement, const char *quantity, const char *words,
                               struct theory_interval measured, enum theory_relation relation, double low, double high)
{
    struct verify_row row = {.measured = measured, .relation = relation, .bound = low, .upper = high, .trivial = NAN};
    snprintf(row.id, sizeof row.id, "heavy.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s", statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(words, row.setting);
    return verify_report(context, &row);
}

/* From the second point on, at 2000 steps. */
static struct theory_interval slope_T(const struct ensemble *e)
{
    double x[POINTS - 1];
    double *y = malloc(e->runs * (POINTS - 1) * sizeof *y);
    if (!y) { return theory_exact((double)NAN); }
    for (size_t p = 1; p < POINTS; ++p) {
        x[p - 1] = (double)at[p];
        for (size_t r = 0; r < e->runs; ++r) { y[r * (POINTS - 1) + p - 1] = e->output[r * POINTS + p]; }
    }
    const struct theory_interval slope = theory_slope(POINTS - 1, x, e->runs, y);
    free(y);
    return slope;
}

/* The gaps of a, then those of b, at a point; the caller frees them. NULL: no memory. */
static double *gaps(const struct ensemble *a, const struct ensemble *b, size_t point)
{
    double *x = malloc((a->runs + b->runs) * sizeof *x);
    if (!x) { return NULL; }
    ensemble_column(a, a->output, point, x);
    ensemble_column(b, b->output, point, x + a->runs);
    return x;
}

/* Mean gap of a over that of b at a point, the same noise. */
static struct theory_interval over(const struct ensemble *a, const struct ensemble *b, size_t point)
{
    double *x = gaps(a, b, point);
    const struct theory_interval ratio = x ? ensemble_ratio(a->runs, x, x + a->runs) : theory_exact((double)NAN);
    free(x);
    return ratio;
}

/* Geometric mean over seeds of the ratio of gaps: random-k's are of several orders. */
static struct theory_interval far_over(const struct ensemble *a, const struct ensemble *b, size_t point)
{
    double *x = gaps(a, b, point);
    for (size_t r = 0; x && r < a->runs; ++r) { x[r] = dsgd_log(x[r] / x[a->runs + r]); }
    const struct theory_interval log = x ? theory_mean(a->runs, x) : theory_exact((double)NAN);
    free(x);
    return (struct theory_interval){dsgd_exp(log.value), dsgd_exp(log.low), dsgd_exp(log.high)};
}

/* Mean gap of few workers over that of many after 2000 steps, independent runs. */
static struct theory_interval over_W(const struct ensemble *few, const struct ensemble *many)
{
    double *x = gaps(few, many, 1);
    const struct theory_interval ratio = x ? theory_ratio(few->runs, x, many->runs, x + few->runs) : theory_exact((double)NAN);
    free(x);
    return ratio;
}

static enum dsgd_status report_all(struct verify_context *context, const struct series *s)
{
    const struct ensemble *plain = &s[0].e, *sketch = &s[1].e, *random = &s[2].e;
    DSGD_TRY(report(context, "slope-T", "Theorem 1, rate, compressing", "slope of log gap in log T, HEAVYMIX on 192 cells for 1024 coordinates", s[1].words,
                    slope_T(sketch), THEORY_WITHIN, slope_low, slope_high));
    DSGD_TRY(report(context, "over-sgd-late", "Remark 1, compressing", "mean gap of HEAVYMIX over that of SGD after 8000 steps, same noise", s[1].words,
                    over(sketch, plain, LATE), THEORY_WITHIN, 0.97, 1.03));
    DSGD_TRY(report(context, "over-sgd-early", "Remark 1, compressing", "mean gap of HEAVYMIX over that of SGD after 1000 steps, same noise", s[1].words,
                    over(sketch, plain, EARLY), THEORY_WITHIN, 0.95, 1.35));
    DSGD_TRY(report(context, "random-over-heavymix", "Random-k in HEAVYMIX's place", "gap of random-k over that of HEAVYMIX after 1000 steps, same noise, geometric mean over seeds",
                    s[2].words, far_over(random, sketch, EARLY), THEORY_AT_LEAST, 5.0, NAN));
    return report(context, "ratio-W", "Remark 3, compressing", "mean gap of 1 worker over that of 16 after 2000 steps, HEAVYMIX", s[4].words,
                  over_W(&s[3].e, &s[4].e), THEORY_WITHIN, WIDE * 0.75, WIDE * 1.25);
}

static enum dsgd_status run(struct verify_context *context)
{
    const size_t runs = context->full ? 64 : 28;
    struct series s[5] = {{.words = ""}}; /* SGD, HEAVYMIX, random-k (the same seeds); HEAVYMIX with 1 and with 16 workers */
    enum dsgd_status status = make(context, sgd, 4, POINTS, runs, 93100, &s[0]);
    if (status == DSGD_OK) { status = make(context, heavymix, 4, POINTS, runs, 93100, &s[1]); }
    if (status == DSGD_OK) { status = make(context, randomk, 4, 1, runs, 93100, &s[2]); }
    if (status == DSGD_OK) { status = make(context, heavymix, 1, 2, 2 * runs, 93200, &s[3]); }
    if (status == DSGD_OK) { status = make(context, heavymix, WIDE, 2, 2 * runs, 93300, &s[4]); }
    if (status == DSGD_OK) { status = report_all(context, s); }
    for (int i = 0; i < 5; ++i) { ensemble_close(&s[i].e); }
    return status;
}

const struct verify_check verify_heavy = {
    .name = "heavy", .title = "rates where heavy coordinates exist: HEAVYMIX keeps SGD's on a small sketch, random-k does not", .version = 1, .run = run};
