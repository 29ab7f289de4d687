/* ensemble.c - independent runs of one setting on one problem. Interface: ensemble.h. */
#include "verify/ensemble.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/kernel/maths.h"
#include "verify/conditions_of.h"

/* One run as it goes by. */
struct watch {
    struct ensemble *out;
    const struct trial *first; /* problem, f*, w* */
    bool moments;
    size_t run, next;          /* next point */
    double *weighted, *uniform, *grad; /* [d] sum of q_t w_t and mean of w_t over w_0 .. w_{t-1}; gradient */
    double weight_sum;
    const double *w_star;
};

static double norm2(size_t d, const double *x)
{
    double sum = 0.0;
    for (size_t i = 0; i < d; ++i) { sum += x[i] * x[i]; }
    return sum;
}

/* ||x - scale y||^2 */
static double distance2(size_t d, const double *x, double scale, const double *y)
{
    double sum = 0.0;
    for (size_t i = 0; i < d; ++i) { sum += (x[i] - scale * y[i]) * (x[i] - scale * y[i]); }
    return sum;
}

static void take_point(struct watch *w, struct trial *trial, const struct trial_view *view)
{
    struct ensemble *e = w->out;
    const double f_star = w->first->f_star, *output = trial_output(trial);
    const size_t at = w->run * e->points + w->next++;
    e->output[at] = trial_objective(trial, output) - f_star;
    e->last[at] = trial_objective(trial, view->x) - f_star;
    e->uniform[at] = trial_objective(trial, w->uniform) - f_star;
    const double off = sqrt(distance2(e->d, output, 1.0 / w->weight_sum, w->weighted) / norm2(e->d, w->w_star));
    e->average_off = isnan(off) ? (double)INFINITY : fmax(e->average_off, off);
}

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct watch *w = user;
    struct ensemble *e = w->out;
    const size_t d = e->d, t = (size_t)view->t;
    if (w->next < e->points && view->t == e->at[w->next]) { take_point(w, trial, view); }
    if (t >= e->steps) { return DSGD_OK; }
    const double q = (e->xi + (double)t) * (e->xi + (double)t);
    w->weight_sum += q;
    for (size_t i = 0; i < d; ++i) {
        w->weighted[i] += q * view->x[i];
        w->uniform[i] += (view->x[i] - w->uniform[i]) / ((double)t + 1.0);
    }
    if (w->moments) {
        DSGD_TRY(trial_gradient(trial, view->x, w->grad));
        e->G2[t] += (norm2(d, w->grad) + e->sigma2) / (double)e->runs; /* E||g_t||^2 given w_t, exactly */
        e->h[t] += view->memory ? norm2(d, view->memory) / (double)e->runs : 0.0;
    }
    return DSGD_OK;
}

/* A diverged run leaves its remaining gaps infinite: a violated bound, not a missing one. */
static enum dsgd_status one_run(struct verify_context *context, const struct ensemble_plan *plan, const struct trial *first, struct watch *w)
{
    struct trial trial;
    const uint32_t seed = verify_seed(context, plan->first_seed + (uint32_t)w->run);
    enum dsgd_status status = trial_open_problem(context, first->problem, first->self, plan->words, seed, &trial);
    trial.forgetful = !plan->moments;
    memset(w->weighted, 0, 2 * w->out->d * sizeof *w->weighted);
    w->weight_sum = 0.0;
    w->next = 0;
    if (status == DSGD_OK) { status = trial_run(&trial, look, w); }
    for (size_t p = w->next; p < w->out->points; ++p) {
        const size_t at = w->run * w->out->points + p;
        w->out->output[at] = w->out->last[at] = w->out->uniform[at] = (double)INFINITY;
    }
    trial_close(&trial);
    return status;
}

/* Constants at w_0, from a trial that makes no step. */
static enum dsgd_status look_at_start(void *user, struct trial *trial, const struct trial_view *view)
{
    struct watch *w = user;
    struct ensemble *e = w->out;
    e->b0 = distance2(e->d, view->x, 1.0, trial->w_star);
    e->f0 = trial_objective(trial, view->x) - trial->f_star;
    DSGD_TRY(trial_gradient(trial, view->x, w->grad));
    e->gradient2 = norm2(e->d, w->grad);
    return DSGD_OK;
}

static enum dsgd_status constants(struct trial *first, struct watch *w)
{
    struct ensemble *e = w->out;
    e->mu = first->constants.mu;
    e->L = first->constants.L;
    e->kappa = e->L / e->mu;
    e->xi = trial_xi(first);
    e->sigma2 = first->constants.sigma2 / ((double)first->spec.run.workers * (double)first->spec.run.batch);
    w->w_star = first->w_star;
    const struct trial_view start = {.x = dsgd_engine_model(first->engine)};
    return look_at_start(w, first, &start);
}

static enum dsgd_status allocate(const struct ensemble_plan *plan, struct ensemble *e, struct watch *w)
{
    const size_t gaps = plan->runs * plan->points;
    e->output = calloc(3 * gaps, sizeof *e->output);
    e->G2 = plan->moments ? calloc(2 * e->steps, sizeof *e->G2) : NULL;
    w->weighted = calloc(3 * e->d, sizeof *w->weighted);
    if (!e->output || (plan->moments && !e->G2) || !w->weighted) {
        return dsgd_fail(DSGD_ENOMEM, "no memory for %zu runs of %zu steps", plan->runs, e->steps);
    }
    e->last = e->output + gaps;
    e->uniform = e->last + gaps;
    e->h = plan->moments ? e->G2 + e->steps : NULL;
    w->uniform = w->weighted + e->d;
    w->grad = w->uniform + e->d;
    return DSGD_OK;
}

/* No row about a statement whose own conditions the setting does not meet. */
static enum dsgd_status check_conditions(const struct verify_context *context, const struct ensemble_plan *plan, const struct trial *first)
{
    struct theory_setting setting;
    struct dsgd_layout layout;
    size_t n = 0;
    if (context->fault || !plan->statements) { return DSGD_OK; } /* a fault may be just such a condition */
    first->problem->shape(first->self, &layout, &n);
    DSGD_TRY(conditions_of(&first->spec.run, &first->constants, &layout, &first->algorithm, first->algorithm_config, &setting));
    if (plan->call_delta > 0.0) { setting.call_delta = plan->call_delta; }
    for (int i = 0; plan->statements[i]; ++i) { DSGD_TRY(theory_check(plan->statements[i], &setting)); }
    return DSGD_OK;
}

enum dsgd_status ensemble_run(struct verify_context *context, const struct ensemble_plan *plan, struct ensemble *out)
{
    struct trial first;
    struct watch w = {.out = out, .first = &first, .moments = plan->moments};
    memset(out, 0, sizeof *out);
    if (plan->points > ENSEMBLE_POINTS_MAX) { return dsgd_fail(DSGD_EINTERNAL, "an ensemble of %zu points", plan->points); }
    out->runs = plan->runs;
    out->points = plan->points;
    out->steps = (size_t)plan->at[plan->points - 1];
    memcpy(out->at, plan->at, plan->points * sizeof *plan->at);
    enum dsgd_status status = trial_open(context, plan->words, verify_seed(context, plan->problem_seed), &first);
    out->d = first.d;
    if (status == DSGD_OK && first.spec.run.steps != (int64_t)out->steps) {
        status = dsgd_fail(DSGD_EINTERNAL, "an ensemble of %zu steps whose words say %lld", out->steps, (long long)first.spec.run.steps);
    }
    if (status == DSGD_OK) { status = check_conditions(context, plan, &first); }
    if (status == DSGD_OK) { status = trial_optimum(context, &first); }
    if (status == DSGD_OK) { status = allocate(plan, out, &w); }
    if (status == DSGD_OK) { status = constants(&first, &w); }
    for (; status == DSGD_OK && w.run < out->runs; ++w.run) { status = one_run(context, plan, &first, &w); }
    if (status == DSGD_OK) { verify_record(context, 3 * out->runs * out->points, out->output); }
    if (status == DSGD_OK && plan->moments) { verify_record(context, 2 * out->steps, out->G2); }
    free(w.weighted);
    trial_close(&first);
    return status;
}

void ensemble_close(struct ensemble *e)
{
    free(e->output);
    free(e->G2);
    memset(e, 0, sizeof *e);
}

void ensemble_column(const struct ensemble *e, const double *gap, size_t point, double *out)
{
    for (size_t r = 0; r < e->runs; ++r) { out[r] = gap[r * e->points + point]; }
}

struct theory_interval ensemble_mean(const struct ensemble *e, const double *gap, size_t point)
{
    double *column = malloc(e->runs * sizeof *column);
    if (!column) { return theory_exact((double)NAN); }
    ensemble_column(e, gap, point, column);
    struct theory_interval mean = theory_mean(e->runs, column);
    free(column);
    if (!isfinite(mean.value)) { mean = theory_exact((double)INFINITY); } /* a run diverged */
    return mean;
}

double ensemble_G2(const struct ensemble *e, int64_t T)
{
    double largest = 0.0;
    for (int64_t t = 0; t < T; ++t) { largest = isnan(e->G2[t]) ? (double)INFINITY : fmax(largest, e->G2[t]); }
    return largest;
}

struct theory_run ensemble_constants(const struct ensemble *e, double beta, double tau, int64_t T)
{
    return (struct theory_run){.mu = e->mu, .L = e->L, .beta = beta, .xi = e->xi, .tau = tau, .T = (double)T, .b0 = e->b0,
                               .sigma2 = e->sigma2, .G2 = ensemble_G2(e, T)};
}

size_t ensemble_grid(int64_t first, int64_t last, size_t points, int64_t *at)
{
    for (size_t p = 0; p < points; ++p) {
        const double share = points > 1 ? (double)p / (double)(points - 1) : 1.0;
        at[p] = (int64_t)llround((double)first * dsgd_pow((double)last / (double)first, share));
    }
    at[points - 1] = last;
    return points;
}

struct theory_interval ensemble_ratio(size_t n, const double *x, const double *y)
{
    double *z = malloc(n * sizeof *z), a = 0.0, b = 0.0;
    if (!z || n < 2) {
        free(z);
        return theory_exact((double)NAN);
    }
    for (size_t i = 0; i < n; ++i) {
        a += x[i] / (double)n;
        b += y[i] / (double)n;
    }
    for (size_t i = 0; i < n; ++i) { z[i] = a / b + (x[i] - a / b * y[i]) / b; } /* mean a/b, spread of the linearised ratio */
    const struct theory_interval ratio = theory_mean(n, z);
    free(z);
    return b > 0.0 && isfinite(a) ? ratio : theory_exact((double)NAN);
}
