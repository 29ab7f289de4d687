/* check_rates.c - how the gap falls: in T (Theorem 1), against SGD (Remark 1), in W (Remark 3); what wrong averages would show.
 *
 * Rates are the informative test of the final theorems: a bound a hundred times too large passes everything, a slope does not.
 * Window rule, fixed before any result: 9 log-spaced points from max(2 xi, T/10) to T; the slope is fitted for each run, its interval is
 * over runs. A statement about a rate holds where noise leads: here kappa = 2, xi = 64, sigma = 3, so that beyond 2 xi the start,
 * mu xi^3 b_0/(8 Q_T), is below 1 % of the leading term 12 sigma^2/(mu T) in the whole window, and T exceeds Remark 1's T* (computed below).
 * Remark 1: same noise and seeds with and without HEAVYMIX, so that what they share cancels in the ratio. Remark 3: independent runs.
 * SGD on a quadratic with additive noise has a gap in closed form (a linear recursion for each eigenvalue), which holds the
 * measured level itself, two-sided, not only its slope.
 * Controls: w_T has the same rate and a larger constant; the uniform average keeps the start as 1/T^2, shown where noise is weak.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/kernel/maths.h"
#include "verify/ensemble.h"

enum { D = 64, K = 32, KAPPA = 2, BETA = 8, WINDOW = 9, EARLY = 4, WORKERS = 3, SERIES = WORKERS + 4 };
static const int workers_of[WORKERS] = {1, 4, 16};
static const double rate_low = -1.15, rate_high = -0.85, level = 0.15;

static const char sketched[] = "sketched_sgd sketched_sgd.k=32", sgd[] = "sgd";
/* tau = 1/32, where compression costs something at first; xi above Fact 4's 263 for it, for both */
static const char coarse[] = "sketched_sgd sketched_sgd.k=2 step.xi=264", coarse_sgd[] = "sgd step.xi=264";
enum { COARSE_K = 2 };

/* One ensemble; `at` ends with the window's points. */
struct series {
    char words[VERIFY_TEXT_MAX];
    struct ensemble e;
};

static enum dsgd_status make(struct verify_context *context, const char *algorithm, double sigma, int workers, uint32_t first_seed,
                             size_t runs, bool moments, struct series *out)
{
    const int64_t T = context->full ? 20000 : 4000, xi = 32 * KAPPA; /* xi = repaired: 64 > xi_paper(1/2, 8) = 18 */
    const int64_t first = 2 * xi > T / 10 ? 2 * xi : T / 10;
    int64_t at[EARLY + WINDOW];
    ensemble_grid(first / 16, first, EARLY + 1, at);
    ensemble_grid(first, T, WINDOW, at + EARLY);
    const int length = snprintf(out->words, sizeof out->words, "problem=quadratic quadratic.d=%d quadratic.kappa=%d quadratic.sigma=%g "
                                "quadratic.noise=sign algorithm=%s workers=%d%s steps=%lld average=theory step_size=theory step.constant=8 "
                                "step.beta=%d", D, KAPPA, sigma, algorithm, workers, workers > 1 ? " emulation=merged" : "", (long long)T, BETA);
    if (length >= VERIFY_TEXT_MAX) { return dsgd_fail(DSGD_EINTERNAL, "the setting of a rate is too long"); }
    const struct ensemble_plan plan = {.words = out->words, .problem_seed = 50000, .first_seed = first_seed, .runs = runs,
                                       .points = EARLY + WINDOW, .at = at, .moments = moments};
    return ensemble_run(context, &plan, &out->e);
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *statement, const char *quantity,
                               const char *setting, struct theory_interval measured, enum theory_relation relation, double bound,
                               double upper, bool control)
{
    struct verify_row row = {.measured = measured, .relation = relation, .bound = bound, .upper = upper, .trivial = NAN, .control = control};
    snprintf(row.id, sizeof row.id, "rates.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s", statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(setting, row.setting);
    return verify_report(context, &row);
}

/* Slope of log gap against log T over the window. */
static struct theory_interval slope(const struct ensemble *e, const double *gap)
{
    double x[WINDOW], *y = malloc(e->runs * WINDOW * sizeof *y);
    if (!y) { return theory_exact((double)NAN); }
    for (size_t p = 0; p < WINDOW; ++p) { x[p] = (double)e->at[EARLY + p]; }
    for (size_t r = 0; r < e->runs; ++r) {
        for (size_t p = 0; p < WINDOW; ++p) { y[r * WINDOW + p] = gap[r * e->points + EARLY + p]; }
    }
    const struct theory_interval out = theory_slope(WINDOW, x, e->runs, y);
    free(y);
    return out;
}

/* Ratio of mean gaps at one point, paired by run. */
static struct theory_interval ratio_at(const struct ensemble *a, const double *gap_a, const struct ensemble *b, const double *gap_b, size_t point)
{
    double *x = malloc(2 * a->runs * sizeof *x);
    if (!x) { return theory_exact((double)NAN); }
    ensemble_column(a, gap_a, point, x);
    ensemble_column(b, gap_b, point, x + a->runs);
    const struct theory_interval out = ensemble_ratio(a->runs, x, x + a->runs);
    free(x);
    return out;
}

/* E f(what) - f* of SGD after T steps, without the start: e_{t+1} = (1 - eta_t lambda) e_t - eta_t n_t for each eigenvalue, and the
 * second moments of e_t and of s_t = sum_{i<t} q_i e_i along with it. E n_t^2 = sigma^2/d. */
static double exact_gap(const struct ensemble *e, int64_t T)
{
    double gap = 0.0;
    for (int j = 0; j < D; ++j) {
        const double lambda = e->mu * dsgd_pow(e->kappa, (double)j / (D - 1)), noise = e->sigma2 / D;
        double ee = 0.0, se = 0.0, ss = 0.0;
        for (int64_t t = 0; t < T; ++t) {
            const double s = e->xi + (double)t, eta = 8.0 / (e->mu * s), q = s * s, a = 1.0 - eta * lambda;
            ss += 2.0 * q * se + q * q * ee;
            se = a * (se + q * ee);
            ee = a * a * ee + eta * eta * noise;
        }
        const double Q = theory_q_sum(e->xi, (double)T);
        gap += lambda * ss / (Q * Q) / 2.0;
    }
    return gap;
}

static enum dsgd_status report_rates(struct verify_context *context, const struct series *s, const struct series *v)
{
    const size_t last = s->e.points - 1;
    DSGD_TRY(report(context, "slope-T", "Theorem 1, rate", "slope of log gap in log T, HEAVYMIX", s->words, slope(&s->e, s->e.output),
                    THEORY_WITHIN, rate_low, rate_high, false));
    DSGD_TRY(report(context, "slope-T-sgd", "Theorem 1, rate", "slope of log gap in log T, SGD", v->words, slope(&v->e, v->e.output),
                    THEORY_WITHIN, rate_low, rate_high, false));
    struct theory_interval gap = ensemble_mean(&v->e, v->e.output, last);
    const double exact = exact_gap(&v->e, v->e.at[last]);
    gap = (struct theory_interval){gap.value / exact, gap.low / exact, gap.high / exact};
    return report(context, "level-sgd", "Theorem 1, level", "SGD's mean gap over its expectation in closed form", v->words, gap,
                  THEORY_WITHIN, 1.0 - level, 1.0 + level, false);
}

/* The first point from which the measured ratio stays within 15 % of 1, and T* of these constants. */
static enum dsgd_status report_crossing(struct verify_context *context, const char *id, double k, const struct series *s, const struct series *v)
{
    const double G2 = ensemble_G2(&s->e, s->e.at[s->e.points - 1]);
    const double T_star = theory_remark1_steps(s->e.kappa, BETA, k / D, s->e.sigma2, G2);
    double from = (double)INFINITY;
    for (size_t p = s->e.points; p-- > 0;) {
        const struct theory_interval ratio = ratio_at(&s->e, s->e.output, &v->e, v->e.output, p);
        if (!(fabs(ratio.value - 1.0) <= level)) { break; }
        from = (double)s->e.at[p];
    }
    return report(context, id, "Remark 1", "steps from which the measured ratio to SGD stays within 15 % of 1, at most T*", s->words,
                  theory_exact(from), THEORY_AT_MOST, T_star, NAN, false);
}

/* T* from constants: below T here, so that beyond it the ratio must be 1. */
static enum dsgd_status report_remark1(struct verify_context *context, const struct series *s, const struct series *v,
                                       const struct series *coarse_s, const struct series *coarse_v)
{
    const size_t last = s->e.points - 1;
    const int64_t T = s->e.at[last];
    const double T_star = theory_remark1_steps(s->e.kappa, BETA, (double)K / D, s->e.sigma2, ensemble_G2(&s->e, T));
    DSGD_TRY(report(context, "ratio", "Remark 1", "mean gap of HEAVYMIX over that of SGD after T steps, same noise", s->words,
                    ratio_at(&s->e, s->e.output, &v->e, v->e.output, last), THEORY_WITHIN, 1.0 - level, 1.0 + level, false));
    DSGD_TRY(report(context, "T-star", "Remark 1", "T* = 64 (1 + 2 kappa) beta/(beta - 4) G^2/(sigma^2 tau^2), at most T", s->words,
                    theory_exact(T_star), THEORY_AT_MOST, (double)T, NAN, false));
    DSGD_TRY(report_crossing(context, "T-measured", K, s, v));
    size_t early = 0; /* the last point up to step 500, before T has made up for the compression */
    while (early + 1 < s->e.points && s->e.at[early + 1] <= 500) { ++early; }
    DSGD_TRY(report(context, "coarse-early", "Remark 1", "mean gap of HEAVYMIX with tau = 1/32 over that of SGD, at the last point up to step 500", coarse_s->words,
                    ratio_at(&coarse_s->e, coarse_s->e.output, &coarse_v->e, coarse_v->e.output, early), THEORY_AT_MOST, 1.0 + level, NAN, true));
    return report_crossing(context, "coarse-T-measured", COARSE_K, coarse_s, coarse_v);
}

static enum dsgd_status report_remark3(struct verify_context *context, const struct series *w /*[WORKERS]*/)
{
    const size_t runs = w[0].e.runs, last = w[0].e.points - 1;
    double x[WORKERS], *y = malloc(runs * (WORKERS + 2) * sizeof *y);
    if (!y) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs", runs); }
    double *one = y + runs * WORKERS, *four = one + runs;
    for (int i = 0; i < WORKERS; ++i) {
        x[i] = (double)workers_of[i];
        for (size_t r = 0; r < runs; ++r) { y[r * WORKERS + (size_t)i] = w[i].e.output[r * w[i].e.points + last]; }
    }
    ensemble_column(&w[0].e, w[0].e.output, last, one);
    ensemble_column(&w[1].e, w[1].e.output, last, four);
    const struct theory_interval in_W = theory_slope(WORKERS, x, runs, y), ratio = theory_ratio(runs, one, runs, four);
    free(y);
    DSGD_TRY(report(context, "slope-W", "Remark 3", "slope of log gap in log W, W = 1, 4, 16", w[WORKERS - 1].words, in_W, THEORY_WITHIN,
                    rate_low, rate_high, false));
    DSGD_TRY(report(context, "ratio-W", "Remark 3", "mean gap at W = 1 over that at W = 4", w[1].words, ratio, THEORY_WITHIN,
                    4.0 * (1.0 - level), 4.0 * (1.0 + level), false));
    /* G^2 = max_t (||grad f(w_t)||^2 + sigma^2/W) keeps the gradient of the start, whatever W is */
    const struct ensemble *many = &w[WORKERS - 1].e;
    return report(context, "G2-W", "Remark 3", "G^2 at W = 16 over that at W = 1: at least (|grad f(w_0)|^2)/(|grad f(w_0)|^2 + sigma^2)",
                  w[WORKERS - 1].words, theory_exact(ensemble_G2(many, many->at[last]) / ensemble_G2(&w[0].e, many->at[last])),
                  THEORY_AT_LEAST, w[0].e.gradient2 / (w[0].e.gradient2 + w[0].e.sigma2), NAN, false);
}

static enum dsgd_status report_controls(struct verify_context *context, const struct series *s, const struct series *weak)
{
    DSGD_TRY(report(context, "last-iterate", "Theorem 1, average", "mean gap of w_T over that of the weighted average", s->words,
                    ratio_at(&s->e, s->e.last, &s->e, s->e.output, s->e.points - 1), THEORY_AT_MOST, 1.0 + level, NAN, true));
    DSGD_TRY(report(context, "weak-noise", "Theorem 1, average", "slope of log gap in log T, weighted average, weak noise", weak->words,
                    slope(&weak->e, weak->e.output), THEORY_WITHIN, rate_low, rate_high, false));
    return report(context, "uniform", "Theorem 1, average", "slope of log gap in log T, uniform average, weak noise", weak->words,
                  slope(&weak->e, weak->e.uniform), THEORY_WITHIN, rate_low, rate_high, true);
}

static enum dsgd_status make_all(struct verify_context *context, struct series *w, struct series *v, struct series *weak,
                                 struct series *coarse_s, struct series *coarse_v)
{
    const size_t runs = context->full ? 300 : 100;
    for (int i = 0; i < WORKERS; ++i) { DSGD_TRY(make(context, sketched, 3.0, workers_of[i], 51000 + 1000 * (uint32_t)i, runs, true, &w[i])); }
    DSGD_TRY(make(context, sgd, 3.0, 1, 51000, runs, false, v)); /* the seeds of w[0] */
    DSGD_TRY(make(context, coarse, 1.0, 1, 55000, runs / 2, true, coarse_s));
    DSGD_TRY(make(context, coarse_sgd, 1.0, 1, 55000, runs / 2, false, coarse_v));
    return make(context, sketched, 0.1, 1, 54000, runs / 2, false, weak);
}

static enum dsgd_status run(struct verify_context *context)
{
    struct series all[SERIES] = {{.words = ""}}; /* W = 1, 4, 16 with HEAVYMIX; SGD; weak noise; coarse and its SGD */
    struct series *w = all, *v = all + WORKERS, *weak = v + 1, *coarse_s = v + 2, *coarse_v = v + 3;
    enum dsgd_status status = make_all(context, w, v, weak, coarse_s, coarse_v);
    if (status == DSGD_OK) { status = report_rates(context, w, v); }
    if (status == DSGD_OK) { status = report_remark1(context, w, v, coarse_s, coarse_v); }
    if (status == DSGD_OK) { status = report_remark3(context, w); }
    if (status == DSGD_OK) { status = report_controls(context, w, weak); }
    for (int i = 0; i < SERIES; ++i) { ensemble_close(&all[i].e); }
    return status;
}

const struct verify_check verify_rates = {
    .name = "rates", .title = "rates in T and W, Remarks 1 and 3, wrong averages", .version = 2, .run = run};
