/* check_theorem1_reduction.c - Theorem 1's reduction: W workers are one machine on the mean gradient.
 *
 * Supplement A.1: sketches are linear and the exact values are means, so that (w_t, mean a_t) of W workers is the run of one worker
 * whose gradient is the mean of theirs, with the same hashes and fills. Three runs with the same seeds: faithful (W workers), merged
 * (the engine's shortcut), and one worker on a problem that returns the mean of W gradients.
 *
 * In exact arithmetic they are equal. In ours, gradients, tables and values are floats, u = 2^-24. The rounding of a sent value
 * stays in the memory, so that x~_t = w_t - mean a_t differs only by roundings of gradients, at most u eta_t ||g_t|| each (the mean of
 * floats as a float), and w_t by what the memory keeps of a sent value, at most u max ||gbar_i||, once, as long as HEAVYMIX chooses the
 * same coordinates: no estimate may lie within a rounding of the threshold, or the two choose differently. So for these seeds
 *   |w_W - w_1| <= 4 u (sum_t eta_t ||g_t|| + max_t ||a_i,t||),   the 4 for gradients taken at points that differ by this much (kappa = 4)
 * or else by about eta ||g||, five orders more. Merged and one machine do the same operations: the same bits.
 * The reduction speaks of the mean: a_i - mean a is never sent. The last row shows by how much a worker's memory exceeds the mean.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/trial.h"

enum { W = 4 };
static const char words[] = "problem=quadratic quadratic.d=64 quadratic.kappa=4 algorithm=sketched_sgd sketched_sgd.rows=5 sketched_sgd.cols=32 "
                            "sketched_sgd.k=16 steps=500 step_size=constant step.constant=0.05";

/* ---- one machine: a problem whose gradient is the mean of W workers' ---- */

struct mean_problem {
    const struct dsgd_problem_ops *ops;
    const void *self;
};

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct mean_problem *p = self;
    p->ops->shape(p->self, layout, n);
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct mean_problem *p = self;
    struct dsgd_layout layout;
    size_t n;
    p->ops->shape(p->self, &layout, &n);
    double *sum = calloc(layout.d, sizeof *sum);
    if (!sum) { return dsgd_fail(DSGD_ENOMEM, "no memory for a mean gradient"); }
    enum dsgd_status status = DSGD_OK;
    for (uint32_t i = 0; status == DSGD_OK && i < W; ++i) {
        struct dsgd_batch mine = *batch;
        mine.worker = i;
        status = p->ops->gradient(p->self, x, &mine, grad);
        for (size_t j = 0; j < layout.d; ++j) { sum[j] += (double)grad[j]; }
    }
    for (size_t j = 0; j < layout.d; ++j) { grad[j] = (float)(sum[j] * (1.0 / W)); }
    free(sum);
    return status;
}

static enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    const struct mean_problem *p = self;
    return p->ops->evaluate(p->self, x, value);
}

static enum dsgd_status constants(const void *self, struct dsgd_constants *out)
{
    const struct mean_problem *p = self;
    DSGD_TRY(dsgd_problem_constants(p->ops, p->self, out));
    out->sigma2 /= W;
    return DSGD_OK;
}

/* ---- trajectories ---- */

struct watch {
    struct verify_context *context;
    double *path;            /* [T + 1][d] of the faithful run */
    double *grad;            /* [d] */
    bool first;
    double worst, scale, travelled, memory, ratio; /* travelled: sum eta (||grad f|| + sigma) */
};

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct watch *w = user;
    const size_t d = trial->d;
    double *at = w->path + (size_t)view->t * d, off2 = 0.0, x2 = 0.0, mean2 = 0.0, grad2 = 0.0;
    if (w->first) {
        memcpy(at, view->x, d * sizeof *at);
        DSGD_TRY(trial_gradient(trial, view->x, w->grad));
    }
    for (size_t i = 0; i < d; ++i) {
        off2 += (view->x[i] - at[i]) * (view->x[i] - at[i]);
        x2 += view->x[i] * view->x[i];
        mean2 += view->memory[i] * view->memory[i];
        grad2 += w->first ? w->grad[i] * w->grad[i] : 0.0;
    }
    const double off = isnan(off2) ? (double)INFINITY : sqrt(off2);
    w->worst = fmax(w->worst, off);
    verify_record(w->context, 1, &off);
    if (w->first) {
        w->scale = fmax(w->scale, sqrt(x2));
        w->travelled += view->eta * (sqrt(grad2) + sqrt(trial->constants.sigma2));
        w->memory = fmax(w->memory, sqrt(view->memory_one));
        w->ratio = mean2 > 0.0 ? fmax(w->ratio, sqrt(view->memory_one / mean2)) : w->ratio;
    }
    return DSGD_OK;
}

static enum dsgd_status report(struct verify_context *context, const char *id, const char *quantity, const char *setting, double value,
                               enum theory_relation relation, double bound)
{
    struct verify_row row = {.measured = theory_exact(value), .relation = relation, .bound = bound, .upper = NAN, .trivial = NAN};
    snprintf(row.id, sizeof row.id, "reduction.%s", id);
    snprintf(row.statement, sizeof row.statement, "Theorem 1, reduction");
    snprintf(row.quantity, sizeof row.quantity, "%s", quantity);
    trial_setting(setting, row.setting);
    return verify_report(context, &row);
}

/* The same seeds with other words; the difference from the first path, relative to it. */
static enum dsgd_status other_run(struct verify_context *context, struct watch *w, const struct mean_problem *one, const char *more,
                                  double *off)
{
    char all[VERIFY_TEXT_MAX];
    struct trial trial;
    const uint32_t seed = verify_seed(context, 0);
    struct dsgd_problem_ops mean = *one->ops;
    mean.gradient = gradient;
    mean.kernels = NULL;
    mean.shape = shape;
    mean.evaluate = evaluate;
    mean.constants = constants;
    mean.start = NULL;
    mean.full_gradient = NULL;
    mean.optimum = NULL;
    struct mean_problem self = *one;
    snprintf(all, sizeof all, "%s %s", words, more);
    const bool single = strcmp(more, "workers=1") == 0;
    w->first = false;
    w->worst = 0.0;
    enum dsgd_status status = single ? trial_open_problem(context, &mean, &self, all, seed, &trial) : trial_open(context, all, seed, &trial);
    if (status == DSGD_OK) { status = trial_run(&trial, look, w); }
    trial_close(&trial);
    *off = w->worst / w->scale;
    return status;
}

static enum dsgd_status compare(struct verify_context *context, struct watch *w, const struct trial *trial, const char *faithful)
{
    const struct mean_problem one = {trial->problem, trial->self};
    const double bound = 4.0 * ldexp(1.0, -24) * (w->travelled + w->memory) / w->scale;
    double off = NAN;
    DSGD_TRY(other_run(context, w, &one, "workers=4 emulation=merged", &off));
    DSGD_TRY(report(context, "merged", "max_t |w_t(4 workers) - w_t(merged)|, relative to max_t |w_t|", faithful, off, THEORY_AT_MOST, bound));
    DSGD_TRY(other_run(context, w, &one, "workers=1", &off));
    DSGD_TRY(report(context, "one-machine", "max_t |w_t(4 workers) - w_t(one machine on the mean gradient)|, relative", faithful, off,
                    THEORY_AT_MOST, bound));
    return report(context, "memories", "max_t ||a_1||/||mean a||: Lemma 3 speaks of the mean only", faithful, w->ratio, THEORY_AT_LEAST, 1.0);
}

static enum dsgd_status run(struct verify_context *context)
{
    char faithful[VERIFY_TEXT_MAX];
    struct trial trial;
    snprintf(faithful, sizeof faithful, "%s workers=%d", words, W);
    enum dsgd_status status = trial_open(context, faithful, verify_seed(context, 0), &trial);
    struct watch w = {.context = context, .first = true};
    if (status == DSGD_OK) {
        w.path = calloc(((size_t)trial.spec.run.steps + 2) * trial.d, sizeof *w.path);
        status = w.path ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for a path");
    }
    if (status == DSGD_OK) {
        w.grad = w.path + ((size_t)trial.spec.run.steps + 1) * trial.d;
        status = trial_run(&trial, look, &w);
    }
    if (status == DSGD_OK) { status = compare(context, &w, &trial, faithful); }
    free(w.path);
    trial_close(&trial);
    return status;
}

const struct verify_check verify_theorem1_reduction = {
    .name = "reduction", .title = "Theorem 1: W workers are one machine on the mean gradient", .version = 1, .run = run};
