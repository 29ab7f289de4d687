/* check_lemma3.c - Lemma 3: how large the mean memory gets.
 *
 * Supplement A: E||a_t||^2 <= 4 beta/(beta - 4) eta_t^2 G^2/tau^2 for eta_t = 8/(mu (xi + t)); at a constant step
 * 4 (1 - tau) eta^2 G^2/tau^2 (Karimireddy et al. 2019, the same recursion).
 *
 * Two compressors whose memory has a closed form show that the recursion is right, two-sided, at constant step and gradient:
 *   C(x) = (1 - s) x, s = sqrt(1 - tau): a = s (a + eta g) tends to eta g s/(1 - s), ((1 + s)/2)^2 of the bound;
 *   random-k (the project's, with its memory): a coordinate waits N steps, P(N >= n) = (1 - tau)^n, so that
 *   E N^2 = (1 - tau)(2 - tau)/tau^2, (2 - tau)/4 of the bound.
 * The first comes close to the bound (0.98 at tau = 1/16): a bound a few times smaller would be violated.
 * Then HEAVYMIX, one-sided: at a constant step against a flat persistent gradient, with fresh hashes, and as a control with those of step 0
 * (equal estimates within a bucket are cut by index, so that the last coordinates of a heavy bucket are never sent);
 * and with the theory's step on `quadratic`, where a single worker's memory, the second control, does not obey Lemma 3. What it holds beside
 * the mean, sum_s eta_s (g_{1,s} - g_s), is noise that is never sent: its expectation is (1 - 1/W) sigma_1^2 sum_s eta_s^2, two-sided. With
 * own_value = true a worker subtracts what it sent itself, and its memory stays within four times the mean's bound (a finding: no lemma says it).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "theory/bounds.h"
#include "verify/problems/constant_gradient.h"
#include "verify/trial.h"

enum { FLAT_D = 256, RUNS = 30, BETA = 8 };

/* ||mean a_t||^2 of independent runs, t = 1 .. T. */
struct memories {
    struct verify_context *context;
    size_t runs, T, run;
    double *h;        /* [runs][T], of step t at t - 1 */
    double *one;      /* [runs][T] ||a_1||^2 of one worker */
    double *G2, *eta; /* [T], [T + 1]: of step t */
    double *grad;     /* [d] */
    double sigma2;    /* of the mean gradient */
};

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct memories *m = user;
    const size_t t = (size_t)view->t;
    double norm2 = 0.0;
    m->eta[t] = view->eta;
    if (t > 0) {
        for (size_t i = 0; i < trial->d; ++i) { norm2 += view->memory[i] * view->memory[i]; }
        m->h[m->run * m->T + t - 1] = isfinite(norm2) ? norm2 : (double)INFINITY;
        m->one[m->run * m->T + t - 1] = view->memory_one;
    }
    if (t == m->T) { return DSGD_OK; }
    DSGD_TRY(trial_gradient(trial, view->x, m->grad));
    norm2 = 0.0;
    for (size_t i = 0; i < trial->d; ++i) { norm2 += m->grad[i] * m->grad[i]; }
    m->G2[t] += (norm2 + m->sigma2) / (double)m->runs;
    return DSGD_OK;
}

static void memories_close(struct memories *m)
{
    free(m->h);
}

static enum dsgd_status memories_run(struct verify_context *context, const struct dsgd_problem_ops *problem, void *self, size_t d,
                                     const char *words, uint32_t first_seed, size_t runs, size_t T, double sigma2, struct memories *m)
{
    *m = (struct memories){.context = context, .runs = runs, .T = T, .sigma2 = sigma2};
    m->h = calloc(2 * runs * T + 2 * T + 1 + d, sizeof *m->h);
    if (!m->h) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs of %zu steps", runs, T); }
    for (size_t i = 0; i < runs * T; ++i) { m->h[i] = (double)INFINITY; } /* a run that diverges leaves it so */
    m->one = m->h + runs * T;
    m->G2 = m->one + runs * T;
    m->eta = m->G2 + T;
    m->grad = m->eta + T + 1;
    for (m->run = 0; m->run < runs; ++m->run) {
        struct trial trial;
        enum dsgd_status status = trial_open_problem(context, problem, self, words, verify_seed(context, first_seed + (uint32_t)m->run), &trial);
        if (status == DSGD_OK) { status = trial_run(&trial, look, m); }
        trial_close(&trial);
        DSGD_TRY(status);
    }
    verify_record(context, runs * T, m->h);
    return DSGD_OK;
}

/* Mean over runs of memory[.][t - 1] factor, at the t where it is largest relative to eta_t^2. The largest of many means is a little
 * above the largest expectation: to the statement's disadvantage. */
static struct theory_interval largest(const struct memories *m, const double *memory, double factor)
{
    double best = -1.0, *column = malloc(m->runs * sizeof *column);
    size_t at = 0;
    if (!column) { return theory_exact((double)NAN); }
    for (size_t t = 0; t < m->T; ++t) {
        double sum = 0.0;
        for (size_t r = 0; r < m->runs; ++r) { sum += memory[r * m->T + t]; }
        const double relative = sum / (m->eta[t + 1] * m->eta[t + 1]);
        if (relative > best) {
            best = relative;
            at = t;
        }
    }
    for (size_t r = 0; r < m->runs; ++r) { column[r] = memory[r * m->T + at] * factor / (m->eta[at + 1] * m->eta[at + 1]); }
    const struct theory_interval out = isfinite(best) ? theory_mean(m->runs, column) : theory_exact((double)INFINITY);
    free(column);
    return out;
}

static double largest_G2(const struct memories *m)
{
    double largest_so_far = 0.0;
    for (size_t t = 0; t < m->T; ++t) { largest_so_far = fmax(largest_so_far, m->G2[t]); }
    return largest_so_far;
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *quantity, const char *setting,
                               struct theory_interval measured, enum theory_relation relation, double bound, double upper, bool control)
{
    struct verify_row row = {.measured = measured, .relation = relation, .bound = bound, .upper = upper, .trivial = NAN, .control = control};
    snprintf(row.id, sizeof row.id, "lemma3.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s%s", strcmp(id, "own-value") == 0 ? "Finding: own values" : "Lemma 3", relation == THEORY_WITHIN ? ", closed form" : "");
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(setting, row.setting);
    return verify_report(context, &row);
}

/* Both sides: the closed form of the limit, and the bound above it. `share` of the bound is what the form says. */
static enum dsgd_status report_closed(struct verify_context *context, const char *name, double tau, const char *setting,
                                      struct theory_interval h, double eta, double G2, double share)
{
    char id[48], quantity[128];
    const double bound = theory_lemma3_constant(tau, eta, G2);
    const struct theory_interval relative = {h.value / bound, h.low / bound, h.high / bound};
    snprintf(id, sizeof id, "%s-closed", name);
    snprintf(quantity, sizeof quantity, "||a||^2 over 4 (1 - tau) eta^2 G^2/tau^2, tau = %g: %.6g within 1 %%", tau, share);
    DSGD_TRY(report(context, id, quantity, setting, relative, THEORY_WITHIN, 0.99 * share, 1.01 * share, false));
    snprintf(quantity, sizeof quantity, "||a||^2 in the limit, constant step and gradient, tau = %g", tau);
    return report(context, name, quantity, setting, h, THEORY_AT_MOST, bound, NAN, false);
}

static enum dsgd_status scaling(struct verify_context *context, const char *name, double tau)
{
    const double s = sqrt(1.0 - tau), eta = 0.1;
    double a = 0.0; /* one coordinate, g = 1 */
    for (int t = 0; t < 100.0 / tau; ++t) { a = (a + eta) - (1.0 - s) * (a + eta); }
    verify_record(context, 1, &a);
    return report_closed(context, name, tau, "C(x) = (1 - sqrt(1 - tau)) x, eta = 0.1, g = 1", theory_exact(a * a), eta, 1.0,
                         (1.0 + s) * (1.0 + s) / 4.0);
}

/* One number per run: the mean over the second half of its steps, long after the start is forgotten. */
static enum dsgd_status random_k(struct verify_context *context, struct constant_gradient *flat)
{
    const char words[] = "algorithm=random_k random_k.k=64 random_k.lr_inside=true workers=1 steps=4000 step_size=constant step.constant=1";
    struct memories m;
    double mean[RUNS] = {0.0};
    enum dsgd_status status = memories_run(context, &constant_gradient_problem, flat, FLAT_D, words, 61000, RUNS, 4000, 0.0, &m);
    if (status == DSGD_OK) {
        const size_t half = m.T / 2;
        for (size_t r = 0; r < RUNS; ++r) {
            for (size_t t = half; t < m.T; ++t) { mean[r] += m.h[r * m.T + t] / (double)(m.T - half); }
        }
        const double tau = 64.0 / FLAT_D;
        status = report_closed(context, "random-k", tau, words, theory_mean(RUNS, mean), 1.0, FLAT_D, (2.0 - tau) / 4.0);
    }
    memories_close(&m);
    return status;
}

/* (E||a_1||^2 - E||a||^2)/((1 - 1/W) sigma_1^2 sum eta_s^2) at the end, one number per run; sigma2: of the mean gradient, sigma_1^2/W. */
static struct theory_interval deviation(const struct memories *m, int workers)
{
    double *x = malloc(m->runs * sizeof *x), steps2 = 0.0;
    if (!x) { return theory_exact((double)NAN); }
    for (size_t t = 0; t < m->T; ++t) { steps2 += m->eta[t] * m->eta[t]; }
    const double expected = (workers - 1) * m->sigma2 * steps2; /* (1 - 1/W) sigma_1^2 = (W - 1) sigma^2 */
    for (size_t r = 0; r < m->runs; ++r) { x[r] = (m->one[r * m->T + m->T - 1] - m->h[r * m->T + m->T - 1]) / expected; }
    const struct theory_interval out = theory_mean(m->runs, x);
    free(x);
    return out;
}

/* HEAVYMIX with a table of 1 x k against the flat gradient of 256 ones. */
static enum dsgd_status flat_heavymix(struct verify_context *context, struct constant_gradient *flat, bool fresh)
{
    char words[VERIFY_TEXT_MAX];
    struct memories m;
    snprintf(words, sizeof words, "algorithm=sketched_sgd sketched_sgd.rows=1 sketched_sgd.cols=16 sketched_sgd.k=16 sketched_sgd.sketch_reseed=%s "
             "workers=1 steps=1500 step_size=constant step.constant=1", fresh ? "step" : "run");
    enum dsgd_status status = memories_run(context, &constant_gradient_problem, flat, FLAT_D, words, 62000, RUNS, 1500, 0.0, &m);
    if (status == DSGD_OK) {
        const struct theory_interval h = largest(&m, m.h, 1.0); /* eta = 1 */
        const double bound = theory_lemma3_constant(16.0 / FLAT_D, 1.0, largest_G2(&m));
        status = report(context, fresh ? "flat" : "flat-fixed-hashes", fresh ? "max_t E||mean a_t||^2, flat persistent gradient, fresh hashes"
                        : "the same with the hashes of step 0", words, h, THEORY_AT_MOST,
                        bound, NAN, !fresh);
    }
    memories_close(&m);
    return status;
}

static enum dsgd_status theory_step(struct verify_context *context, bool own)
{
    const int T = context->full ? 20000 : 2000;
    char words[VERIFY_TEXT_MAX];
    struct trial first;
    struct memories m = {.h = NULL};
    snprintf(words, sizeof words, "problem=quadratic quadratic.d=16 quadratic.kappa=2 algorithm=sketched_sgd sketched_sgd.rows=5 "
             "sketched_sgd.cols=16 sketched_sgd.k=4 sketched_sgd.own_value=%s workers=4 steps=%d step_size=theory step.constant=8 step.beta=%d",
             own ? "true" : "false", T, BETA);
    enum dsgd_status status = trial_open(context, words, verify_seed(context, 60000), &first);
    if (status == DSGD_OK) {
        status = memories_run(context, first.problem, first.self, first.d, words, 60001, context->full ? 100 : 2 * RUNS, (size_t)T,
                              first.constants.sigma2 / 4.0, &m);
    }
    if (status == DSGD_OK) {
        const double tau = 4.0 / 16.0, factor = tau * tau / largest_G2(&m), bound = theory_lemma3(BETA, 1.0, 1.0, 1.0); /* 4 beta/(beta - 4) */
        if (own) {
            status = report(context, "own-value", "the same for one of four workers that subtract their own values, at most 4 times as much", words,
                            largest(&m, m.one, factor), THEORY_AT_MOST, 4.0 * bound, NAN, false);
            memories_close(&m);
            trial_close(&first);
            return status;
        }
        status = report(context, "heavymix", "max_t E||mean a_t||^2 tau^2/(eta_t^2 G^2), at most 4 beta/(beta - 4)", words,
                        largest(&m, m.h, factor), THEORY_AT_MOST, bound, NAN, false);
        if (status == DSGD_OK) {
            status = report(context, "one-worker", "the same for the memory of one of four workers: above it", words,
                            largest(&m, m.one, factor), THEORY_AT_MOST, bound, NAN, true);
        }
        if (status == DSGD_OK) {
            status = report(context, "deviation", "E||a_1||^2 - E||mean a||^2 after the run over (1 - 1/W) sigma_1^2 sum eta^2", words, deviation(&m, 4), THEORY_WITHIN, 0.7,
                            1.3, false);
        }
    }
    memories_close(&m);
    trial_close(&first);
    return status;
}

static enum dsgd_status run(struct verify_context *context)
{
    struct constant_gradient flat;
    constant_gradient_init(FLAT_D, &flat);
    DSGD_TRY(scaling(context, "scaling-4", 1.0 / 4.0));
    DSGD_TRY(scaling(context, "scaling-16", 1.0 / 16.0));
    DSGD_TRY(random_k(context, &flat));
    DSGD_TRY(flat_heavymix(context, &flat, true));
    DSGD_TRY(flat_heavymix(context, &flat, false));
    DSGD_TRY(theory_step(context, false));
    return theory_step(context, true);
}

const struct verify_check verify_lemma3 = {
    .name = "lemma3", .title = "Lemma 3: the mean memory, in closed form and with HEAVYMIX", .version = 3, .run = run};
