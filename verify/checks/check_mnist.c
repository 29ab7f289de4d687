/* check_mnist.c - what Theorem 1's bounds say about the paper's own experiment, and by what factor they miss it.
 *
 * Supplement E.1: l2-regularised logistic regression on MNIST, l2 = 0.01, 4 workers, 7 x 40, k = 10, d = 785. All constants are
 * computed: mu = l2, L from the Hessian's largest eigenvalue, w* and f* certified, and G^2 and sigma^2 by enumerating all n examples at
 * the steps 0, 1, 2, 4, 8, ... of one run: sigma_t^2 = mean_i ||g_i||^2 - ||grad f||^2, over W for the mean. The largest of each stands
 * for its maximum over t < T; between these steps it can be larger, and then the bounds are larger still.
 * beta = 5 as in experiments/convex/logistic.conf. At the paper's k and T the bounds are vacuous: the rows show how far they are from f(w_0) - f*, and two
 * more how long a run would have to be: Remark 1's T*, and the T where the repaired bound falls below f(w_0) - f*. In the full set two runs
 * where they say something: k = 392, and 1e7 steps.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "theory/bounds.h"
#include "verify/trial.h"

enum { BETA = 5, WORKERS = 4, RUNS_MAX = 5 };

/* Which runs: the paper's k with both xi; k = 392, the largest that Lemma 1 allows; and a hundred times the paper's length, one worker on the mean. */
struct setting {
    const char *id, *xi, *more;
    int k, quick, full; /* steps; 0: not in this set */
    size_t runs;
};
static const struct setting settings[] = {
    {"xi-repaired", "repaired", "", 10, 2000, 100000, 5},
    {"xi-paper", "paper", "", 10, 2000, 100000, 5},
    {"k-392", "repaired", "", 392, 0, 200000, 5},
    {"long", "repaired", " emulation=merged", 10, 0, 10000000, 3},
};

struct watch {
    const struct trial *first;
    struct theory_run *run;
    int64_t next;      /* the next step at which moments are taken */
    bool moments;
    float *point, *g;  /* [d] */
    double *grad;      /* [d] */
};

/* G^2 and sigma^2 of the mean of W gradients at w. */
static enum dsgd_status enumerate(struct watch *w, struct trial *trial, const double *x)
{
    struct dsgd_layout layout;
    size_t n;
    double all = 0.0, norm2 = 0.0;
    trial->problem->shape(trial->self, &layout, &n);
    for (size_t j = 0; j < layout.d; ++j) { w->point[j] = (float)x[j]; }
    for (uint32_t i = 0; i < n; ++i) {
        const struct dsgd_batch batch = {.example = &i, .count = 1};
        DSGD_TRY(trial->problem->gradient(trial->self, w->point, &batch, w->g));
        for (size_t j = 0; j < layout.d; ++j) { all += (double)w->g[j] * (double)w->g[j]; }
    }
    DSGD_TRY(trial_gradient(trial, x, w->grad));
    for (size_t j = 0; j < layout.d; ++j) { norm2 += w->grad[j] * w->grad[j]; }
    const double sigma2 = (all / (double)n - norm2) / WORKERS;
    w->run->sigma2 = fmax(w->run->sigma2, sigma2);
    w->run->G2 = fmax(w->run->G2, norm2 + sigma2);
    return DSGD_OK;
}

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct watch *w = user;
    if (!w->moments || view->t != w->next) { return DSGD_OK; }
    w->next = view->t > 0 ? view->t * 2 : 1;
    return enumerate(w, trial, view->x);
}

static enum dsgd_status run_all(struct verify_context *context, struct trial *first, const char *words, uint32_t first_seed,
                                size_t runs, struct theory_run *constants, double gap[RUNS_MAX])
{
    struct watch w = {.first = first, .run = constants, .moments = true, .point = calloc(2 * first->d, sizeof(float)),
                      .grad = calloc(first->d, sizeof(double))};
    enum dsgd_status status = w.point && w.grad ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for gradients");
    w.g = w.point ? w.point + first->d : NULL;
    for (uint32_t r = 0; status == DSGD_OK && r < runs; ++r) {
        struct trial trial;
        status = trial_open_problem(context, first->problem, first->self, words, verify_seed(context, first_seed + r), &trial);
        trial.forgetful = true;
        if (status == DSGD_OK) { status = trial_run(&trial, w.moments ? look : NULL, &w); }
        if (status == DSGD_OK) {
            constants->xi = trial_xi(&trial);
            gap[r] = trial_objective(&trial, trial_output(&trial)) - first->f_star;
        }
        w.moments = false;
        trial_close(&trial);
    }
    free(w.point);
    free(w.grad);
    if (status == DSGD_OK) { verify_record(context, runs, gap); }
    return status;
}

/* The smallest T, within 1 %, at which the repaired bound is below f0; the same constants. */
static double steps_until(const struct theory_run *run, double f0)
{
    struct theory_run at = *run;
    for (at.T = 1.0; at.T < 1e18; at.T *= 1.01) {
        if (theory_repaired_best(&at).terms.total < f0) { return at.T; }
    }
    return (double)INFINITY;
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *statement, const char *quantity,
                               const char *words, struct theory_interval measured, enum theory_relation relation, double bound, double trivial)
{
    struct verify_row row = {.measured = measured, .relation = relation, .bound = bound, .upper = NAN, .trivial = trivial};
    snprintf(row.id, sizeof row.id, "mnist.%s", id);
    snprintf(row.statement, sizeof row.statement, "%s", statement);
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(words, row.setting);
    return verify_report(context, &row);
}

static enum dsgd_status one_setting(struct verify_context *context, struct trial *first, const struct setting *s, const char *words, uint32_t seed,
                                    double b0, double f0)
{
    double gap[RUNS_MAX] = {0.0};
    char id[48], quantity[VERIFY_TEXT_MAX];
    const int64_t steps = context->full ? s->full : s->quick;
    struct theory_run run = {.mu = first->constants.mu, .L = first->constants.L, .beta = BETA, .tau = (double)s->k / (double)first->d, .T = (double)steps, .b0 = b0};
    DSGD_TRY(run_all(context, first, words, seed, s->runs, &run, gap));
    const double stated = theory_stated(&run).total, repaired = theory_repaired_best(&run).terms.total;
    const struct theory_interval mean = theory_mean(s->runs, gap);
    snprintf(id, sizeof id, "stated.%s", s->id);
    snprintf(quantity, sizeof quantity, "f(what) - f* after T = %lld, xi = %.0f, kappa = %.0f; bound %.3g times f(w_0) - f*", (long long)steps, run.xi, run.L / run.mu,
             stated / f0);
    DSGD_TRY(report(context, id, "Theorem 1, as stated", quantity, words, mean, THEORY_AT_MOST, stated, f0));
    snprintf(id, sizeof id, "repaired.%s", s->id);
    snprintf(quantity, sizeof quantity, "the same; bound %.3g times f(w_0) - f*", repaired / f0);
    DSGD_TRY(report(context, id, "Theorem 1, repaired", quantity, words, mean, THEORY_AT_MOST, repaired, f0));
    if (s->quick == 0) { return DSGD_OK; }
    snprintf(id, sizeof id, "T-star.%s", s->id);
    const double T_star = theory_remark1_steps(run.L / run.mu, BETA, run.tau, run.sigma2, run.G2);
    DSGD_TRY(report(context, id, "Remark 1", "T* in steps: longer than this run", words, theory_exact(T_star), THEORY_AT_LEAST, run.T, NAN));
    snprintf(id, sizeof id, "T-useful.%s", s->id);
    return report(context, id, "Theorem 1, repaired", "steps until the bound is below f(w_0) - f*: longer than this run", words,
                  theory_exact(steps_until(&run, f0)), THEORY_AT_LEAST, run.T, NAN);
}

static void words_of(const struct verify_context *context, const struct setting *s, char words[VERIFY_TEXT_MAX])
{
    snprintf(words, VERIFY_TEXT_MAX, "dataset=mnist problem=logistic logistic.digit=0 logistic.l2=0.01 algorithm=sketched_sgd sketched_sgd.k=%d workers=%d steps=%d "
             "average=theory step_size=theory step.constant=8 step.beta=%d step.xi=%s%s", s->k, WORKERS, context->full ? s->full : s->quick, BETA, s->xi, s->more);
}

static enum dsgd_status run(struct verify_context *context)
{
    char words[VERIFY_TEXT_MAX];
    struct trial first;
    words_of(context, &settings[0], words);
    enum dsgd_status status = trial_open(context, words, verify_seed(context, 70000), &first);
    if (status == DSGD_OK) { status = trial_optimum(context, &first); }
    double b0 = 0.0, f0 = NAN;
    if (status == DSGD_OK) {
        const double *start = dsgd_engine_model(first.engine);
        for (size_t j = 0; j < first.d; ++j) { b0 += (start[j] - first.w_star[j]) * (start[j] - first.w_star[j]); }
        f0 = trial_objective(&first, start) - first.f_star;
    }
    for (uint32_t i = 0; status == DSGD_OK && i < sizeof settings / sizeof *settings; ++i) {
        if (!context->full && settings[i].quick == 0) { continue; }
        words_of(context, &settings[i], words);
        status = one_setting(context, &first, &settings[i], words, 70001 + 100 * i, b0, f0);
    }
    trial_close(&first);
    return status;
}

const struct verify_check verify_mnist = {
    .name = "mnist", .title = "Theorem 1 on MNIST: by what factor the bounds are conservative", .version = 3, .needs_mnist = true, .run = run};
