/* check_same_rates.c - "the same rates" on MNIST (supplement E.1): slopes of Sketched-SGD and SGD, a method that has another, and random-k.
 *
 * E.1 reads off figure 5 that vanilla and sketched errors fall at the same rate. As a row: the difference of the slopes of log gap in log T, each
 * seed by itself on the same examples, of Algorithm 2 (7 x 40, k = 10) and SGD on the logistic regression of the figure, inside +-0.15. Control:
 * signSGD with the same schedule must be outside. Random-k without a sketch, k = 10, is inside too (a finding): the figure does not tell what
 * the sketch is for.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/kernel/maths.h"
#include "verify/ensemble.h"

enum { POINTS = 5 };
static const double near = 0.15;

static const struct {
    const char *id, *statement, *quantity, *algorithm;
    bool control;
} methods[] = {
    {"vanilla", NULL, NULL, "algorithm=sgd", false},
    {"heavymix", "E.1, same rates", "slope of log gap in log T, HEAVYMIX less SGD, same examples", "algorithm=sketched_sgd", false},
    {"random-k", "Finding: random-k keeps up", "the same for k = 10 random coordinates with memory and no sketch", "algorithm=random_k random_k.k=10 random_k.lr_inside=true", false},
    {"signsgd", "E.1, same rates", "the same for signSGD, which has another rate", "algorithm=signsgd", true},
};

/* A seed's slope of log gap in log T by least squares; x: log T less its mean. */
static double slope(const double *x, const double *gap)
{
    double top = 0.0, bottom = 0.0;
    for (size_t p = 0; p < POINTS; ++p) {
        top += x[p] * dsgd_log(gap[p]);
        bottom += x[p] * x[p];
    }
    return top / bottom;
}

static enum dsgd_status report(struct verify_context *context, size_t m, const char *words, const double *x, const struct ensemble *own, const struct ensemble *plain)
{
    double *difference = malloc(own->runs * sizeof *difference);
    if (!difference) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs", own->runs); }
    for (size_t r = 0; r < own->runs; ++r) { difference[r] = slope(x, own->output + r * POINTS) - slope(x, plain->output + r * POINTS); }
    struct verify_row row = {.measured = theory_mean(own->runs, difference), .relation = THEORY_WITHIN, .bound = -near, .upper = near, .trivial = (double)NAN,
                             .control = methods[m].control};
    snprintf(row.id, sizeof row.id, "same-rates.%s", methods[m].id);
    snprintf(row.statement, sizeof row.statement, "%s", methods[m].statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", methods[m].quantity);
    trial_setting(words, row.setting);
    verify_record(context, own->runs, difference);
    free(difference);
    return verify_report(context, &row);
}

static enum dsgd_status run(struct verify_context *context)
{
    int64_t at[POINTS];
    double x[POINTS], mean = 0.0;
    char words[VERIFY_TEXT_MAX];
    struct ensemble e[sizeof methods / sizeof *methods] = {{.runs = 0}};
    enum dsgd_status status = DSGD_OK;
    ensemble_grid(context->full ? 3000 : 1000, context->full ? 100000 : 10000, POINTS, at);
    for (size_t p = 0; p < POINTS; ++p) {
        x[p] = dsgd_log((double)at[p]);
        mean += x[p] / POINTS;
    }
    for (size_t p = 0; p < POINTS; ++p) { x[p] -= mean; }
    for (size_t m = 0; status == DSGD_OK && m < sizeof methods / sizeof *methods; ++m) {
        const struct ensemble_plan plan = {.words = words, .problem_seed = 98000, .first_seed = 98100, .runs = context->full ? 8 : 12, .points = POINTS, .at = at};
        snprintf(words, sizeof words, "dataset=mnist problem=logistic logistic.digit=0 logistic.l2=0.01 %s workers=4 steps=%lld average=theory step_size=theory "
                 "step.constant=8 step.beta=5 step.xi=31250", methods[m].algorithm, (long long)at[POINTS - 1]);
        status = ensemble_run(context, &plan, &e[m]);
        if (status == DSGD_OK && m > 0) { status = report(context, m, words, x, &e[m], &e[0]); }
    }
    for (size_t m = 0; m < sizeof methods / sizeof *methods; ++m) { ensemble_close(&e[m]); }
    return status;
}

const struct verify_check verify_same_rates = {
    .name = "same-rates", .title = "E.1 on MNIST: Sketched-SGD falls at the rate of SGD", .version = 2, .needs_mnist = true, .run = run};
