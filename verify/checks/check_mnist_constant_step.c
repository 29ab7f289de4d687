/* check_mnist_constant_step.c - Theorems 4 and 5 on MNIST, one digit against the rest: what do the bounds say there, by what factor are they off?
 *
 * Theorem 4 with the sigmoid loss (smooth, not convex): L from the problem's constants, f* replaced by 0, which is below every value and makes
 * the bound larger. E||g_t||^2 is exact, the mean over all 60,000 examples; the slope of the loss is largest at margin 0, so that without l2 it is
 * largest at w_0 = 0. ||grad f(w_t)||^2 takes a pass over the data, so that the average over t = 0..T is estimated without bias: one t drawn
 * uniformly from each of SAMPLES blocks, weighted by its length; block j ends at (T + 1)((j + 1)/SAMPLES)^3, since early gradients vary
 * most. Trivial is G^2 (||grad f||^2 <= E||g||^2).
 * Theorem 5 with the hinge loss and certified w*: features as they are, ||a||^2 about 100; G^2 is the largest E||g_t||^2 at t sampled in the same
 * way and at w_0, where every example counts. Trivial is f(w_0) - f*.
 * Two settings: the paper's (supplement E.1: sketch 7 x 40, k = 10, tau = k/785), where 2 sqrt(1 - tau)/tau = 156 and 4(1 - tau)/tau^2 = 24,000, and
 * k = 392, the largest that Lemma 1 allows. One machine, as both theorems say; batch 1.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "sim/kernel/maths.h"
#include "sim/kernel/rng.h"
#include "theory/bounds.h"
#include "verify/trial.h"

enum { RUNS = 4, SAMPLES = 16, SAMPLES_HINGE = 4, WORDS = 208 };

/* One run as it goes by. */
struct watch {
    struct verify_context *context;
    int64_t steps;
    int samples, taken, run;
    double average, G2; /* over the samples: mean of ||grad f||^2; largest E||g||^2, over all runs */
    double *grad;       /* [d]; NULL: E||g||^2 at the samples instead of ||grad f||^2 */
};

/* E||g||^2 at x for batch 1: the mean over all examples. */
static enum dsgd_status second_moment(struct trial *trial, const double *x, double *moment)
{
    struct dsgd_layout layout;
    size_t n = 0;
    trial->problem->shape(trial->self, &layout, &n);
    float *point = malloc(2 * layout.d * sizeof *point), *grad = point ? point + layout.d : NULL;
    if (!point) { return dsgd_fail(DSGD_ENOMEM, "no memory for a gradient of %zu numbers", layout.d); }
    for (size_t i = 0; i < layout.d; ++i) { point[i] = (float)x[i]; }
    enum dsgd_status status = DSGD_OK;
    *moment = 0.0;
    for (uint32_t e = 0; status == DSGD_OK && e < n; ++e) {
        const struct dsgd_batch batch = {.example = &e, .count = 1};
        double norm2 = 0.0;
        status = trial->problem->gradient(trial->self, point, &batch, grad);
        for (size_t i = 0; i < layout.d; ++i) { norm2 += (double)grad[i] * (double)grad[i]; }
        *moment += norm2 / (double)n;
    }
    free(point);
    return status;
}

static int64_t block_start(const struct watch *w, int j)
{
    return (int64_t)ceil((double)w->steps * dsgd_pow((double)j / w->samples, 3.0) - 1e-9);
}

/* The step of block j, uniform in it. */
static int64_t sample(const struct watch *w, int j)
{
    const struct dsgd_rng_key key = {verify_seed(w->context, (uint32_t)w->run), dsgd_rng_purpose("mnist sampled steps")};
    const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)j, 0, 0, 0);
    const int64_t from = block_start(w, j), to = block_start(w, j + 1);
    return from + (int64_t)(dsgd_rng_unit(dsgd_rng_u64(&words, 0)) * (double)(to - from));
}

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct watch *w = user;
    if (view->t == 0 && w->run == 0) { DSGD_TRY(second_moment(trial, view->x, &w->G2)); } /* w_0 = 0 in every run */
    if (w->taken == w->samples || view->t != sample(w, w->taken)) { return DSGD_OK; }
    const double weight = (double)(block_start(w, w->taken + 1) - block_start(w, w->taken)) / (double)w->steps;
    double norm2 = 0.0;
    ++w->taken;
    if (w->grad) {
        DSGD_TRY(trial_gradient(trial, view->x, w->grad));
        for (size_t i = 0; i < trial->d; ++i) { norm2 += w->grad[i] * w->grad[i]; }
        w->average += weight * norm2;
    } else {
        DSGD_TRY(second_moment(trial, view->x, &norm2));
        w->G2 = fmax(w->G2, norm2);
    }
    return DSGD_OK;
}

static enum dsgd_status report(struct verify_context *context, struct verify_row *row, int theorem, int k, const char *words, const double *value)
{
    row->measured = theory_mean(RUNS, value);
    row->relation = THEORY_AT_MOST;
    snprintf(row->id, sizeof row->id, "theorem%d-mnist.k-%d", theorem, k);
    snprintf(row->statement, sizeof row->statement, "Theorem %d, as proved", theorem);
    snprintf(row->setting, sizeof row->setting, "runs=%d %.*s", RUNS, WORDS, words);
    verify_record(context, RUNS, value);
    return verify_report(context, row);
}

static enum dsgd_status sigmoid(struct verify_context *context, int k, int64_t steps)
{
    double value[RUNS], L = 0.0, f0 = 0.0, tau = 0.0;
    char words[WORDS];
    struct watch w = {.context = context, .steps = steps, .samples = SAMPLES};
    snprintf(words, sizeof words, "dataset=mnist problem=sigmoid sigmoid.l2=0 algorithm=sketched_sgd sketched_sgd.rows=7 sketched_sgd.cols=40 "
             "sketched_sgd.k=%d workers=1 steps=%lld step_size=invsqrt step.constant=1", k, (long long)steps);
    for (w.run = 0; w.run < RUNS; ++w.run) {
        struct trial trial;
        enum dsgd_status status = trial_open(context, words, verify_seed(context, (uint32_t)w.run), &trial);
        if (status == DSGD_OK) {
            w.grad = malloc(trial.d * sizeof *w.grad);
            status = w.grad ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for a gradient of %zu numbers", trial.d);
        }
        if (status == DSGD_OK) {
            L = trial.constants.L;
            tau = (double)k / (double)trial.d;
            f0 = trial_objective(&trial, dsgd_engine_model(trial.engine));
            w.average = 0.0;
            w.taken = 0;
            status = trial_run(&trial, look, &w);
        }
        value[w.run] = w.taken == w.samples ? w.average : (double)INFINITY; /* a diverged run has no mean */
        free(w.grad);
        w.grad = NULL;
        trial_close(&trial);
        DSGD_TRY(status);
    }
    struct verify_row row = {.quantity = "MNIST, sigmoid loss: mean over t = 0..T of E||grad f(w_t)||^2",
                             .bound = theory_theorem4(L, tau, (double)steps - 1.0, f0, w.G2).total, .trivial = w.G2};
    return report(context, &row, 4, k, words, value);
}

static enum dsgd_status hinge(struct verify_context *context, int k, int64_t steps)
{
    double value[RUNS], b0 = 0.0, tau = 0.0, start_gap = 0.0;
    char words[WORDS];
    struct watch w = {.context = context, .steps = steps, .samples = SAMPLES_HINGE};
    snprintf(words, sizeof words, "dataset=mnist problem=svm svm.l2=0.001 algorithm=sketched_sgd sketched_sgd.rows=7 sketched_sgd.cols=40 "
             "sketched_sgd.k=%d workers=1 steps=%lld average=uniform step_size=invsqrt step.constant=1", k, (long long)steps);
    for (w.run = 0; w.run < RUNS; ++w.run) {
        struct trial trial;
        enum dsgd_status status = trial_open(context, words, verify_seed(context, (uint32_t)w.run), &trial);
        if (status == DSGD_OK) { status = trial_optimum(context, &trial); }
        if (status == DSGD_OK) {
            const double *start = dsgd_engine_model(trial.engine);
            tau = (double)k / (double)trial.d;
            start_gap = trial_objective(&trial, start) - trial.f_star;
            b0 = 0.0;
            for (size_t i = 0; i < trial.d; ++i) { b0 += (start[i] - trial.w_star[i]) * (start[i] - trial.w_star[i]); }
            w.taken = 0;
            status = trial_run(&trial, look, &w);
        }
        if (status == DSGD_OK) { value[w.run] = trial_objective(&trial, trial_output(&trial)) - trial.f_star; }
        trial_close(&trial);
        DSGD_TRY(status);
    }
    struct verify_row row = {.quantity = "MNIST, SVM: f(mean of w_0..w_T) - f*",
                             .bound = theory_theorem5(tau, (double)steps - 1.0, b0, w.G2).total, .trivial = start_gap};
    return report(context, &row, 5, k, words, value);
}

static enum dsgd_status run_sigmoid(struct verify_context *context)
{
    const int64_t steps = context->full ? 400000 : 4000;
    DSGD_TRY(sigmoid(context, 10, steps));
    return sigmoid(context, 392, steps);
}

static enum dsgd_status run_hinge(struct verify_context *context)
{
    const int64_t steps = context->full ? 400000 : 4000;
    DSGD_TRY(hinge(context, 10, steps));
    return hinge(context, 392, steps);
}

const struct verify_check verify_theorem4_mnist = {
    .name = "theorem4-mnist", .title = "Theorem 4 on MNIST with the sigmoid loss", .version = 1, .needs_mnist = true, .run = run_sigmoid};
const struct verify_check verify_theorem5_mnist = {
    .name = "theorem5-mnist", .title = "Theorem 5 on MNIST with the SVM", .version = 1, .needs_mnist = true, .run = run_hinge};
