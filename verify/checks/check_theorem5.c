/* check_theorem5.c - Theorem 5 (convex, not smooth) on f(x) = ||x||_1/sqrt(d).
 *
 * Supplement B, Theorem 5: eta = 1/sqrt(T + 1), w- = 1/(T + 1) sum_{s=0..T} w_s (printed: 1/T, which does not sum to one). Printed:
 * f(w-) - f* <= (b_0 + (1 + 2 sqrt(1 - tau)/tau) G^2)/sqrt(T + 1), b_0 = ||w_0 - w*||^2; the proof gives half of b_0 and of the 1.
 * Subgradients sign(x)/sqrt(d) plus noise of variance sigma^2: G^2 = 1 + sigma^2 (a little less where a coordinate is exactly 0). Trivial is f(w_0) - f*.
 *
 * The proved bound is nearly attained without compression and noise. Coordinate i walks from s_i > 0 to 0 by delta = eta/sqrt(d), then jumps to and
 * fro between u - delta and u: its mean is s_i^2/(2 delta (T + 1)) from the walk, and what the jumps add is at most delta/2. Hence
 * (b_0 - 1)/(2 sqrt(T + 1)) <= f(w-) <= (b_0 + 1)/(2 sqrt(T + 1)), the right side being the theorem, up to O(1/T) for the step across 0;
 * a wrong average (the last iterate, 1/T) is outside.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/kernel/maths.h"
#include "theory/bounds.h"
#include "verify/problems/problem_separable.h"
#include "verify/trial.h"

enum { RUNS_MAX = 32, WORDS = 224, POINTS = 4, D = 64, SHOWN = 170 };

struct batch {
    const char *name;
    int k, steps, runs; /* steps = T + 1: the engine's uniform average is over w_0 .. w_{steps-1} */
    double sigma, start;
    double gap[RUNS_MAX];
    char setting[VERIFY_TEXT_MAX];
};

static enum dsgd_status one_run(struct verify_context *context, struct batch *b, const char *words, int run)
{
    struct separable problem = {.kind = SEPARABLE_L1, .d = D, .sigma = b->sigma, .start = b->start};
    struct trial trial;
    separable_init(&problem);
    enum dsgd_status status = trial_open_problem(context, &separable_problem, &problem, words, verify_seed(context, (uint32_t)run), &trial);
    if (status == DSGD_OK) { status = trial_run(&trial, NULL, NULL); }
    if (status == DSGD_OK) { b->gap[run] = trial_objective(&trial, trial_output(&trial)); }
    trial_close(&trial);
    return status;
}

static enum dsgd_status measure(struct verify_context *context, struct batch *b)
{
    char words[WORDS];
    snprintf(words, sizeof words, "algorithm=sketched_sgd sketched_sgd.rows=3 sketched_sgd.cols=16 sketched_sgd.k=%d workers=1 steps=%d "
             "average=uniform step_size=invsqrt step.constant=1", b->k, b->steps);
    snprintf(b->setting, sizeof b->setting, "f = |x|_1/sqrt(d), d=%d |w_0|=%g sigma^2=%g runs=%d, %.*s", D, b->start, b->sigma * b->sigma, b->runs,
             SHOWN, words);
    for (int run = 0; run < b->runs; ++run) { DSGD_TRY(one_run(context, b, words, run)); }
    return DSGD_OK;
}

static double moment(const struct batch *b) { return 1.0 + b->sigma * b->sigma; }

static double f_start(const struct batch *b)
{
    const struct separable problem = {.kind = SEPARABLE_L1, .d = D, .start = b->start};
    return separable_start_value(&problem);
}

static enum dsgd_status forms(struct verify_context *context, const struct batch *b)
{
    const double tau = (double)b->k / D, T = (double)b->steps - 1.0, b0 = b->start * b->start;
    struct verify_row row = {.quantity = "f(mean of w_0..w_T) - f*", .measured = theory_mean((size_t)b->runs, b->gap), .relation = THEORY_AT_MOST,
                             .trivial = f_start(b)};
    snprintf(row.setting, sizeof row.setting, "%s", b->setting);
    for (int proved = 0; proved < 2; ++proved) {
        snprintf(row.id, sizeof row.id, "theorem5.%s.%s", b->name, proved ? "proved" : "printed");
        snprintf(row.statement, sizeof row.statement, "Theorem 5, as %s", proved ? "proved" : "stated");
        row.bound = (proved ? theory_theorem5(tau, T, b0, moment(b)) : theory_theorem5_printed(tau, T, b0, moment(b))).total;
        verify_record(context, (size_t)b->runs, b->gap);
        DSGD_TRY(verify_report(context, &row));
    }
    return DSGD_OK;
}

/* The head's closed form; one run, nothing in it is random without noise and with k = d. */
static enum dsgd_status attained(struct verify_context *context, const struct batch *b)
{
    const double root = sqrt((double)b->steps), b0 = b->start * b->start;
    struct verify_row row = {.id = "theorem5.exact.attained", .statement = "Theorem 5, sharpness",
                             .quantity = "2 sqrt(T + 1) (f(mean of w_0..w_T) - f*), between b_0 - 1 and b_0 + 1 by the closed form",
                             .measured = theory_exact(2.0 * root * b->gap[0]), .relation = THEORY_WITHIN, .bound = b0 - 1.0, .upper = b0 + 1.0,
                             .trivial = (double)NAN};
    snprintf(row.setting, sizeof row.setting, "%s", b->setting);
    verify_record(context, 1, b->gap);
    return verify_report(context, &row);
}

static enum dsgd_status rate(struct verify_context *context, struct batch *b)
{
    const int first = context->full ? 10000 : 1000;
    double at[POINTS], value[RUNS_MAX * POINTS];
    for (int p = 0; p < POINTS; ++p) {
        b->steps = (int)lround(first * dsgd_pow(10.0, p / 3.0));
        DSGD_TRY(measure(context, b));
        at[p] = b->steps;
        for (int run = 0; run < b->runs; ++run) { value[run * POINTS + p] = b->gap[run]; }
    }
    struct verify_row row = {.id = "theorem5.sketched.slope", .statement = "Theorem 5, rate", .quantity = "slope of log (f(mean) - f*) against log (T + 1)",
                             .measured = theory_slope(POINTS, at, (size_t)b->runs, value), .relation = THEORY_WITHIN, .bound = -0.6, .upper = -0.4,
                             .trivial = (double)NAN};
    snprintf(row.setting, sizeof row.setting, "%.*s, first steps=%d", SHOWN + 56, b->setting, first);
    verify_record(context, (size_t)b->runs * POINTS, value);
    return verify_report(context, &row);
}

static enum dsgd_status run(struct verify_context *context)
{
    const int runs = context->full ? 32 : 12, steps = context->full ? 100000 : 10000;
    struct batch exact = {.name = "exact", .k = D, .steps = steps, .runs = 2, .start = 4.0};
    struct batch noisy = {.name = "noisy", .k = D, .steps = steps, .runs = runs, .sigma = 1.0, .start = 1.0};
    struct batch near_start = {.name = "near", .k = D / 4, .steps = steps, .runs = runs, .start = 1.0};
    struct batch sketched = {.name = "sketched", .k = D / 4, .runs = runs, .sigma = 1.0, .start = 4.0};
    DSGD_TRY(measure(context, &exact));
    DSGD_TRY(forms(context, &exact));
    DSGD_TRY(attained(context, &exact));
    DSGD_TRY(measure(context, &noisy));
    DSGD_TRY(forms(context, &noisy));
    DSGD_TRY(measure(context, &near_start));
    DSGD_TRY(forms(context, &near_start));
    DSGD_TRY(rate(context, &sketched));
    return forms(context, &sketched); /* of the longest */
}

const struct verify_check verify_theorem5 = {
    .name = "theorem5", .title = "convex, not smooth: f(mean of the iterates) at step 1/sqrt(T + 1)", .version = 2, .run = run};
