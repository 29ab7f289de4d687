/* figure5.c - the paper's experiment on MNIST beside what Theorems 1 and 5 say about it. Interface: figure5.h.
 *
 * Supplement E.1: W = 4, 7 x 40, k = 10, d = 785; settings of experiments/logistic_*.conf and svm_*.conf, HEAVYMIX and SGD on the same minibatches.
 * Logistic regression, l2 = 0.01: Theorem 1 with xi = repaired, beta = 5, over T by prefixes of one run; as stated, repaired, and the certificate
 * from measured h_t = ||mean a_t||^2. SVM, l2 = 0.001: Theorem 5, whose step depends on T: one run for each T; as printed and as proved.
 * All constants are computed: mu, L, w*, f* certified; E||g_t||^2 and its variance over all n examples (linear_moments.h) at logged t, five a
 * decade, of every HEAVYMIX run, then the mean over runs. G^2 and sigma^2 of a bound at T are the largest of those at logged t <= T; in the
 * certificate, which takes sigma_t^2 step by step, the larger of both logged neighbours stands for what is between them.
 * Theorem 5 speaks of one machine: by Theorem 1's reduction it holds for W of them with g the mean of their gradients.
 */
#include "verify/maps/figure5.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/maths.h"
#include "theory/bounds.h"
#include "verify/ensemble.h"
#include "verify/problems/linear_moments.h"

#define LOGISTIC "dataset=mnist problem=logistic logistic.digit=0 logistic.l2=0.01 " \
    "average=theory step_size=theory step.constant=8 step.beta=5 step.xi=repaired "
#define SVM "dataset=mnist problem=svm svm.digit=0 svm.l2=0.001 average=uniform step_size=invsqrt step.constant=1 "
#define SGD "algorithm=sgd "
#define HEAVYMIX "algorithm=sketched_sgd sketched_sgd.variant=heavymix sketched_sgd.rows=7 sketched_sgd.cols=40 sketched_sgd.k=10 "
enum { BETA = 5, K = 10, WORKERS = 4, PER_DECADE = 5, POINTS_MAX = 32, RUNS_MAX = 5, LENGTHS_MAX = 7, WORDS = 512, SEED = 800 };

/* The runs of one setting as they go by; points are the logged steps, the first is 0, the last T. */
struct runs {
    size_t count, run, points, next;
    int64_t at[POINTS_MAX];
    double gap[RUNS_MAX][POINTS_MAX];          /* infinite where a run diverged */
    double sigma2[POINTS_MAX], G2[POINTS_MAX]; /* mean over runs, of the mean of W gradients */
    double *h;                                 /* [T] mean over runs of ||mean a_t||^2; NULL: not wanted */
    bool prefixes;                             /* gaps at all points, not at T alone */
    struct linear_moments *moments;            /* NULL: not wanted */
    const struct trial *first;                 /* f* */
};

/* What a panel knows of its problem. */
struct panel {
    const char *name, *words;
    struct trial first;
    struct linear_moments moments;
    double tau, b0, f0; /* f(w_0) - f* */
};

static double norm2(size_t d, const double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < d; ++i) { sum += x[i] * x[i]; }
    return sum;
}

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct runs *r = user;
    const double count = (double)r->count;
    if (r->h && view->memory && view->t < r->at[r->points - 1]) { r->h[view->t] += norm2(trial->d, view->memory) / count; }
    if (r->next == r->points || view->t != r->at[r->next]) { return DSGD_OK; }
    const size_t p = r->next++;
    if (r->prefixes || p + 1 == r->points) { r->gap[r->run][p] = trial_objective(trial, trial_output(trial)) - r->first->f_star; }
    if (r->moments) {
        double sigma2 = 0.0, G2 = 0.0;
        DSGD_TRY(linear_moments_at(r->moments, view->x, WORKERS, &sigma2, &G2));
        r->sigma2[p] += sigma2 / count;
        r->G2[p] += G2 / count;
    }
    return DSGD_OK;
}

/* 0, then PER_DECADE steps per decade up to T. */
static void grid(struct runs *r, int64_t T)
{
    r->points = 1;
    for (int j = 0; r->at[r->points - 1] < T; ++j) {
        const int64_t t = llround(dsgd_pow(10.0, (double)j / PER_DECADE));
        if (t > r->at[r->points - 1]) { r->at[r->points++] = t < T ? t : T; }
    }
}

/* Runs `count` times with seeds SEED + seed, ...; the same seeds give SGD and HEAVYMIX the same minibatches. */
static enum dsgd_status run_all(const struct verify_context *context, const struct panel *panel, const char *algorithm, int64_t T, uint32_t seed,
                                struct runs *r)
{
    char words[WORDS];
    snprintf(words, sizeof words, "%s%sworkers=%d steps=%lld", panel->words, algorithm, WORKERS, (long long)T);
    grid(r, T);
    r->first = &panel->first;
    for (r->run = 0; r->run < r->count; ++r->run) {
        struct trial trial;
        for (size_t p = 0; p < r->points; ++p) { r->gap[r->run][p] = (double)INFINITY; }
        r->next = 0;
        enum dsgd_status status = trial_open_problem(context, panel->first.problem, panel->first.self, words,
                                                     verify_seed(context, SEED + seed + (uint32_t)r->run), &trial);
        if (status == DSGD_OK) { status = trial_run(&trial, look, r); }
        trial_close(&trial);
        DSGD_TRY(status);
    }
    return DSGD_OK;
}

/* Problem, certified optimum, and what is known at w_0. */
static enum dsgd_status open_panel(const struct verify_context *context, struct panel *panel)
{
    char words[WORDS];
    snprintf(words, sizeof words, "%s" HEAVYMIX "workers=%d steps=1", panel->words, WORKERS);
    DSGD_TRY(trial_open(context, words, verify_seed(context, SEED), &panel->first));
    DSGD_TRY(trial_optimum(context, &panel->first));
    DSGD_TRY(linear_moments_open(panel->first.self, &panel->moments));
    const double *start = dsgd_engine_model(panel->first.engine);
    for (size_t i = 0; i < panel->first.d; ++i) {
        panel->b0 += (start[i] - panel->first.w_star[i]) * (start[i] - panel->first.w_star[i]);
    }
    panel->f0 = trial_objective(&panel->first, start) - panel->first.f_star;
    panel->tau = (double)K / (double)panel->first.d;
    return DSGD_OK;
}

static void close_panel(struct panel *panel)
{
    linear_moments_close(&panel->moments);
    trial_close(&panel->first);
}

static double largest(const double *x, size_t points)
{
    double most = 0.0;
    for (size_t p = 0; p < points; ++p) { most = isnan(x[p]) ? (double)INFINITY : fmax(most, x[p]); }
    return most;
}

static void write_head(FILE *out, const struct verify_context *context, const struct panel *panel, size_t runs)
{
    const struct trial *first = &panel->first;
    struct dsgd_layout layout;
    size_t n = 0;
    first->problem->shape(first->self, &layout, &n);
    fprintf(out, "# %s dataset: %s\n# %s examples: %zu\n# %s parameters: %zu\n# %s words: %s" HEAVYMIX "workers=%d\n# %s runs: %zu\n# %s seed: %lu\n",
            panel->name, first->dataset->title, panel->name, n, panel->name, first->d, panel->name, panel->words, WORKERS, panel->name, runs,
            panel->name, (unsigned long)context->seed);
    fprintf(out, "# %s mu: %.6g\n# %s b0: %.6g\n# %s fstar: %.9g\n# %s start gap: %.9g\n", panel->name, first->constants.mu, panel->name, panel->b0,
            panel->name, first->f_star, panel->name, panel->f0);
}

/* Mean, smallest and largest of the runs at point p. */
static void write_gap(FILE *out, const struct runs *r, size_t p)
{
    double sum = 0.0, low = (double)INFINITY, high = -(double)INFINITY;
    for (size_t i = 0; i < r->count; ++i) {
        sum += r->gap[i][p];
        low = fmin(low, r->gap[i][p]);
        high = fmax(high, r->gap[i][p]);
    }
    fprintf(out, "\t%.9g\t%.9g\t%.9g", sum / (double)r->count, low, high);
}

/* ---- logistic regression, Theorem 1 ---- */

/* sigma_t^2 for every step: at a logged one what was found, between two the larger. */
static void spread(const struct runs *r, double *sigma2)
{
    for (size_t p = 0; p + 1 < r->points; ++p) {
        for (int64_t t = r->at[p]; t < r->at[p + 1]; ++t) { sigma2[t] = t == r->at[p] ? r->sigma2[p] : fmax(r->sigma2[p], r->sigma2[p + 1]); }
    }
}

/* The smallest T, within 1 %, at which the repaired bound is below f0; the same constants. */
static double steps_until(struct theory_run run, double f0)
{
    for (run.T = 1.0; run.T < 1e18; run.T *= 1.01) {
        if (theory_repaired_best(&run).terms.total < f0) { return run.T; }
    }
    return (double)INFINITY;
}

static void write_logistic(FILE *out, const struct verify_context *context, const struct panel *panel, const struct runs *sgd, const struct runs *mix,
                           const double *sigma2)
{
    const size_t last = mix->points - 1;
    const double mu = panel->first.constants.mu, L = panel->first.constants.L;
    struct theory_run run = {.mu = mu, .L = L, .beta = BETA, .xi = trial_xi(&panel->first), .tau = panel->tau, .T = (double)mix->at[last],
                             .b0 = panel->b0, .sigma2 = largest(mix->sigma2, mix->points), .G2 = largest(mix->G2, mix->points)};
    write_head(out, context, panel, mix->count);
    const struct theory_terms end = theory_repaired_best(&run).terms;
    fprintf(out, "# logistic L: %.6g\n# logistic xi: %.0f\n# logistic G2: %.6g\n# logistic sigma2: %.6g\n# logistic last sigma2: %.6g\n"
            "# logistic memory share: %.6f\n", L, run.xi, run.G2, run.sigma2, mix->sigma2[last], end.memory / end.total);
    fprintf(out, "# logistic T*: %.2e\n# logistic useful: %.2e\n", theory_remark1_steps(L / mu, BETA, run.tau, run.sigma2, run.G2),
            steps_until(run, panel->f0));
    fprintf(out, "# step\tsgd\tsgd_low\tsgd_high\tgap\tgap_low\tgap_high\tstated\trepaired\tcertificate\tstart_gap\tG2\tsigma2\tmemory\n");
    for (size_t p = 1; p < mix->points; ++p) {
        run.T = (double)mix->at[p];
        run.sigma2 = largest(mix->sigma2, p + 1);
        run.G2 = largest(mix->G2, p + 1);
        const struct theory_terms measured = theory_certificate(mu, L, run.xi, run.b0, (size_t)mix->at[p], sigma2, mix->h);
        fprintf(out, "%lld", (long long)mix->at[p]);
        write_gap(out, sgd, p);
        write_gap(out, mix, p);
        fprintf(out, "\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n", theory_stated(&run).total, theory_repaired_best(&run).terms.total,
                measured.total, panel->f0, mix->G2[p], mix->sigma2[p], mix->h[mix->at[p] - 1]);
    }
}

static enum dsgd_status logistic(const struct verify_context *context, size_t count, FILE *out)
{
    const int64_t T = context->full ? 100000 : 10000;
    struct panel panel = {.name = "logistic", .words = LOGISTIC};
    struct runs sgd = {.count = count, .prefixes = true}, mix = {.count = count, .prefixes = true, .moments = &panel.moments};
    double *sigma2 = calloc(2 * (size_t)T, sizeof *sigma2);
    enum dsgd_status status = sigma2 ? open_panel(context, &panel) : dsgd_fail(DSGD_ENOMEM, "no memory for %lld steps", (long long)T);
    mix.h = sigma2 ? sigma2 + T : NULL;
    if (status == DSGD_OK) { status = run_all(context, &panel, SGD, T, 0, &sgd); }
    if (status == DSGD_OK) { status = run_all(context, &panel, HEAVYMIX, T, 0, &mix); }
    if (status == DSGD_OK) {
        spread(&mix, sigma2);
        write_logistic(out, context, &panel, &sgd, &mix, sigma2);
    }
    close_panel(&panel);
    free(sigma2);
    return status;
}

/* ---- SVM, Theorem 5 ---- */

static void write_svm(FILE *out, const struct verify_context *context, const struct panel *panel, size_t lengths, const struct runs *sgd,
                      const struct runs *mix)
{
    const struct runs *longest = &mix[lengths - 1];
    const double G2 = largest(longest->G2, longest->points);
    /* both terms fall as 1/sqrt(T + 1) */
    const double root = theory_theorem5(panel->tau, 0.0, panel->b0, G2).total / panel->f0;
    write_head(out, context, panel, longest->count);
    fprintf(out, "# svm G2: %.6g\n# svm useful: %.2e\n"
            "# step\tsgd\tsgd_low\tsgd_high\tgap\tgap_low\tgap_high\tprinted\tproved\tstart_gap\tG2\n", G2, root * root);
    for (size_t j = 0; j < lengths; ++j) {
        const size_t last = mix[j].points - 1;
        const double T = (double)mix[j].at[last] - 1.0, moment = largest(mix[j].G2, mix[j].points); /* the theorem's T: iterates 0 .. T */
        fprintf(out, "%lld", (long long)mix[j].at[last]);
        write_gap(out, &sgd[j], last);
        write_gap(out, &mix[j], last);
        fprintf(out, "\t%.9g\t%.9g\t%.9g\t%.9g\n", theory_theorem5_printed(panel->tau, T, panel->b0, moment).total,
                theory_theorem5(panel->tau, T, panel->b0, moment).total, panel->f0, moment);
    }
}

static enum dsgd_status svm(const struct verify_context *context, size_t count, FILE *out)
{
    const size_t lengths = context->full ? LENGTHS_MAX : 4;
    int64_t T[LENGTHS_MAX];
    struct panel panel = {.name = "svm", .words = SVM};
    struct runs *all = calloc(2 * LENGTHS_MAX, sizeof *all), *sgd = all, *mix = all + LENGTHS_MAX;
    ensemble_grid(100, context->full ? 100000 : 10000, lengths, T);
    enum dsgd_status status = all ? open_panel(context, &panel) : dsgd_fail(DSGD_ENOMEM, "no memory for %zu settings", lengths);
    for (size_t j = 0; status == DSGD_OK && j < lengths; ++j) {
        const uint32_t seed = (uint32_t)(1 + j) * RUNS_MAX;
        sgd[j].count = mix[j].count = count;
        mix[j].moments = &panel.moments;
        status = run_all(context, &panel, SGD, T[j], seed, &sgd[j]);
        if (status == DSGD_OK) { status = run_all(context, &panel, HEAVYMIX, T[j], seed, &mix[j]); }
    }
    if (status == DSGD_OK) { write_svm(out, context, &panel, lengths, sgd, mix); }
    close_panel(&panel);
    free(all);
    return status;
}

enum dsgd_status verify_map_figure5(const struct verify_context *context, FILE *out)
{
    const size_t count = context->full ? RUNS_MAX : 3;
    DSGD_TRY(logistic(context, count, out));
    fprintf(out, "\n\n");
    DSGD_TRY(svm(context, count, out));
    return ferror(out) ? dsgd_fail(DSGD_ENOMEM, "no memory for the whole map figure5") : DSGD_OK;
}
