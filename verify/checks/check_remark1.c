/* check_remark1.c - Remark 1's (d/k)^2, measured over k: after how many steps Sketched-SGD meets SGD.
 *
 * "T = Omega((d/k)^2)" says when the sketch costs nothing any more. Measured: the first T from which on HEAVYMIX's gap is within 5 % of
 * SGD's on the same noise, for k = 64, 32, 16, 8 on d = 1024 and a sketch of 3 x 64 = 192 cells; each seed by itself, then the slope of log T in
 * log(d/k) over seeds. The remark is an upper bound: a slope of at most 2. That it is clearly above 0 is design: fewer coordinates do cost
 * steps. kappa = 2, sigma = 3; xi = 1100 is above Fact 4's limit of 1 + 8.1 d/k for all four. Isotropic noise, where random-k would do as
 * well (check_compressing.c): the remark is about k/d alone.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/maths.h"
#include "verify/ensemble.h"

enum { D = 1024, KS = 4, POINTS = 14 };
static const int ks[KS] = {64, 32, 16, 8};
static const double near = 0.05;

static enum dsgd_status make(struct verify_context *context, const char *compressor, size_t runs, const int64_t *at, char words[VERIFY_TEXT_MAX], struct ensemble *e)
{
    const struct ensemble_plan plan = {.words = words, .problem_seed = 94000, .first_seed = 94100, .runs = runs, .points = POINTS, .at = at};
    const int length = snprintf(words, VERIFY_TEXT_MAX, "problem=quadratic quadratic.d=%d quadratic.kappa=2 quadratic.sigma=3 quadratic.noise=sign %s workers=4 steps=%lld "
             "average=theory step_size=theory step.constant=8 step.beta=8 step.xi=1100", (int)D, compressor, (long long)at[POINTS - 1]);
    if (length >= VERIFY_TEXT_MAX) { return dsgd_fail(DSGD_EINTERNAL, "the words of a setting are too long"); }
    return ensemble_run(context, &plan, e);
}

/* How far the gaps are apart, over what may be. */
static double apart(double gap, double plain)
{
    return fabs(gap / plain - 1.0) / near;
}

/* Where `apart` falls below 1 for good, between the points of the grid by a straight line in the logarithms; not a number if it does not
 * within the grid, or already has at its first point. */
static double meets(const int64_t *at, const double *gap, const double *plain)
{
    int last = POINTS - 1;
    while (last >= 0 && apart(gap[last], plain[last]) <= 1.0) { --last; }
    if (last < 0 || last == POINTS - 1) { return (double)NAN; }
    const double above = dsgd_log(apart(gap[last], plain[last])), below = dsgd_log(apart(gap[last + 1], plain[last + 1]));
    const double share = above / (above - below);
    return (double)at[last] * dsgd_pow((double)at[last + 1] / (double)at[last], share);
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *quantity, const char *words, struct theory_interval measured,
                               enum theory_relation relation, double bound)
{
    struct verify_row row = {.statement = "Remark 1, (d/k)^2", .measured = measured, .relation = relation, .bound = bound, .upper = NAN, .trivial = NAN};
    snprintf(row.id, sizeof row.id, "remark1.%s", id);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(words, row.setting);
    return verify_report(context, &row);
}

static enum dsgd_status run(struct verify_context *context)
{
    const size_t runs = context->full ? 16 : 5;
    int64_t at[POINTS];
    double x[KS], *T = malloc(runs * KS * sizeof *T), *column = malloc(runs * sizeof *column);
    char words[VERIFY_TEXT_MAX], quantity[VERIFY_TEXT_MAX] = "first T from which on the gap is within 5 % of SGD's, mean over seeds:";
    struct ensemble plain = {.runs = 0};
    enum dsgd_status status = T && column ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs", runs);
    ensemble_grid(50, 14000, POINTS, at);
    if (status == DSGD_OK) { status = make(context, "algorithm=sgd", runs, at, words, &plain); }
    for (int j = 0; status == DSGD_OK && j < KS; ++j) {
        char compressor[96];
        struct ensemble e;
        x[j] = (double)D / ks[j];
        snprintf(compressor, sizeof compressor, "algorithm=sketched_sgd sketched_sgd.rows=3 sketched_sgd.cols=64 sketched_sgd.k=%d", ks[j]);
        status = make(context, compressor, runs, at, words, &e);
        for (size_t r = 0; status == DSGD_OK && r < runs; ++r) {
            column[r] = T[r * KS + (size_t)j] = meets(at, e.output + r * POINTS, plain.output + r * POINTS);
        }
        if (status == DSGD_OK) {
            const size_t used = strlen(quantity);
            snprintf(quantity + used, sizeof quantity - used, "%s %.0f for k = %d", j ? "," : "", theory_mean(runs, column).value, ks[j]);
        }
        ensemble_close(&e);
    }
    if (status == DSGD_OK) { verify_record(context, runs * KS, T); }
    if (status == DSGD_OK) { status = report(context, "slope", quantity, words, theory_slope(KS, x, runs, T), THEORY_AT_MOST, 2.0); }
    if (status == DSGD_OK) {
        status = report(context, "slope-least", "the same slope: fewer coordinates cost steps", words, theory_slope(KS, x, runs, T), THEORY_AT_LEAST, 0.5);
    }
    ensemble_close(&plain);
    free(T);
    free(column);
    return status;
}

const struct verify_check verify_remark1 = {
    .name = "remark1", .title = "Remark 1: after how many steps Sketched-SGD meets SGD, over d/k", .version = 1, .run = run};
