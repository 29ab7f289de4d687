/* check_compressing.c - rates in T and W while the sketch compresses, and what random-k does there.
 *
 * A quadratic of d = 1024, k/d = 1/64, 3 x 64 = 192 cells: less than a fifth of the model. At this size nothing is proved (Lemma 1 would want
 * 31 x 300 and more), so the rows are about rates and not about bounds. The same runs with k random coordinates in HEAVYMIX's place, memory
 * and all, show what the sketch adds: on a quadratic with isotropic noise nothing, and a row says so.
 * Slopes in T: the bound falls as 1/T, the gap as 1/(xi + T) of a schedule that is xi steps old; from 5000 to 30,000 steps with xi = 1100
 * that is a slope of -log(31100/6100)/log(6) = -0.91.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "verify/ensemble.h"

enum { D = 1024, K = 16, POINTS = 4, WIDE = 16 };
static const int64_t at[POINTS] = {5000, 10000, 20000, 30000};
static const double slope_low = -1.05, slope_high = -0.8, level = 0.15;

static const char heavymix[] = "algorithm=sketched_sgd sketched_sgd.rows=3 sketched_sgd.cols=64 sketched_sgd.k=16";
static const char randomk[] = "algorithm=random_k random_k.lr_inside=true random_k.k=16";

struct series {
    char words[VERIFY_TEXT_MAX];
    struct ensemble e;
};

static enum dsgd_status make(struct verify_context *context, const char *compressor, int workers, size_t points, size_t runs, uint32_t seed, struct series *s)
{
    const struct ensemble_plan plan = {.words = s->words, .problem_seed = 92000, .first_seed = seed, .runs = runs, .points = points, .at = at};
    const int length = snprintf(s->words, sizeof s->words, "problem=quadratic quadratic.d=%d quadratic.kappa=2 quadratic.sigma=10 quadratic.noise=sign %s workers=%d steps=%lld average=theory "
             "step_size=theory step.constant=8 step.beta=8 step.xi=1100", (int)D, compressor, workers, (long long)at[points - 1]);
    if (length >= VERIFY_TEXT_MAX) { return dsgd_fail(DSGD_EINTERNAL, "the words of a setting are too long"); }
    return ensemble_run(context, &plan, &s->e);
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *statement, const char *quantity, const char *words,
                               struct theory_interval measured, double low, double high)
{
    struct verify_row row = {.measured = measured, .relation = THEORY_WITHIN, .bound = low, .upper = high, .trivial = NAN};
    snprintf(row.id, sizeof row.id, "compressing.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s", statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(words, row.setting);
    return verify_report(context, &row);
}

static struct theory_interval slope_T(const struct ensemble *e)
{
    double x[POINTS];
    for (size_t p = 0; p < POINTS; ++p) { x[p] = (double)at[p]; }
    return theory_slope(POINTS, x, e->runs, e->output);
}

/* Of independent runs with these numbers of workers, at the first point. */
static enum dsgd_status ratio_W(struct verify_context *context, const struct series *one, const struct series *many)
{
    double *x = malloc(2 * one->e.runs * sizeof *x);
    if (!x) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs", one->e.runs); }
    ensemble_column(&one->e, one->e.output, 0, x);
    ensemble_column(&many->e, many->e.output, 0, x + one->e.runs);
    const struct theory_interval ratio = theory_ratio(one->e.runs, x, many->e.runs, x + one->e.runs);
    free(x);
    return report(context, "ratio-W", "Remark 3, compressing", "mean gap of 1 worker over that of 16 after 5000 steps, HEAVYMIX", many->words, ratio,
                  WIDE * (1.0 - level), WIDE * (1.0 + level));
}

static enum dsgd_status report_all(struct verify_context *context, const struct series *s)
{
    const struct series *sketch = &s[0], *random = &s[1];
    double *x = malloc(2 * sketch->e.runs * sizeof *x);
    if (!x) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs", sketch->e.runs); }
    ensemble_column(&random->e, random->e.output, POINTS - 1, x);
    ensemble_column(&sketch->e, sketch->e.output, POINTS - 1, x + sketch->e.runs);
    const struct theory_interval ratio = ensemble_ratio(sketch->e.runs, x, x + sketch->e.runs);
    free(x);
    DSGD_TRY(report(context, "slope-T", "Theorem 1, rate, compressing", "slope of log gap in log T, HEAVYMIX on 192 cells for 1024 coordinates", sketch->words,
                    slope_T(&sketch->e), slope_low, slope_high));
    DSGD_TRY(report(context, "slope-T-random", "Fact 5, rate, compressing", "slope of log gap in log T, random-k with memory", random->words, slope_T(&random->e),
                    slope_low, slope_high));
    DSGD_TRY(report(context, "random-over-heavymix", "Finding: random-k keeps up", "mean gap of random-k over that of HEAVYMIX after 30000 steps, same noise",
                    random->words, ratio, 1.0 - level, 1.0 + level));
    return ratio_W(context, &s[2], &s[3]);
}

static enum dsgd_status run(struct verify_context *context)
{
    const size_t runs = context->full ? 24 : 8;
    struct series s[4] = {{.words = ""}}; /* HEAVYMIX, random-k (the same seeds); HEAVYMIX with 1 and with 16 workers */
    enum dsgd_status status = make(context, heavymix, 4, POINTS, runs, 92100, &s[0]);
    if (status == DSGD_OK) { status = make(context, randomk, 4, POINTS, runs, 92100, &s[1]); }
    if (status == DSGD_OK) { status = make(context, heavymix, 1, 1, 2 * runs, 92200, &s[2]); }
    if (status == DSGD_OK) { status = make(context, heavymix, WIDE, 1, 2 * runs, 92300, &s[3]); }
    if (status == DSGD_OK) { status = report_all(context, s); }
    for (int i = 0; i < 4; ++i) { ensemble_close(&s[i].e); }
    return status;
}

const struct verify_check verify_compressing = {
    .name = "compressing", .title = "rates in T and W on a sketch smaller than the model, beside random-k", .version = 2, .run = run};
