/* check_virtual_iterate.c - the identity behind Lemma 2: x~_t = w_t - a_t moves by the whole gradients.
 *
 * Supplement A, proof of Theorem 2: with a_t the mean memory, w_{t+1} - a_{t+1} = w_t - a_t - eta_t g_t (g_t the mean gradient),
 * whatever HEAVYMIX chooses, so that w_t - a_t + sum_{i<t} eta_i g_i = w_0. Here g_t is the full gradient: sigma = 0 makes the
 * workers' gradients known from outside. The engine computes them in floats at the float replica of w_t, so does this check:
 * what is left are roundings of the exact values that cross the network as floats, which go into the memory and come back.
 */
#include <math.h>
#include <stdlib.h>

#include "verify/trial.h"

static const char words[] = "problem=quadratic quadratic.d=64 quadratic.kappa=4 quadratic.sigma=0 algorithm=sketched_sgd "
                            "sketched_sgd.rows=5 sketched_sgd.cols=16 sketched_sgd.k=4 workers=4 steps=500 step_size=constant step.constant=0.05";

struct watch {
    double *sum, *start;
    float *point, *grad;
    double worst, scale;
    struct verify_context *context;
};

static enum dsgd_status look(void *user, struct trial *trial, const struct trial_view *view)
{
    struct watch *w = user;
    const struct dsgd_batch batch = {.count = 1, .step = (uint32_t)view->t, .seed = (uint32_t)trial->spec.run.seed_data};
    double off = 0.0;
    for (size_t i = 0; i < trial->d; ++i) {
        if (view->t == 0) { w->start[i] = view->x[i]; }
        off = fmax(off, fabs(view->x[i] - view->memory[i] + w->sum[i] - w->start[i]));
        w->scale = fmax(w->scale, fabs(w->sum[i]));
        if (isnan(view->x[i])) { off = INFINITY; }
    }
    w->worst = fmax(w->worst, off);
    verify_record(w->context, 1, &off);
    for (size_t i = 0; i < trial->d; ++i) { w->point[i] = (float)view->x[i]; }
    DSGD_TRY(trial->problem->gradient(trial->self, w->point, &batch, w->grad));
    for (size_t i = 0; i < trial->d; ++i) { w->sum[i] += view->eta * (double)w->grad[i]; }
    return DSGD_OK;
}

static enum dsgd_status run(struct verify_context *context)
{
    struct trial trial;
    enum dsgd_status status = trial_open(context, words, verify_seed(context, 0), &trial);
    struct watch w = {.context = context, .scale = 0.0};
    if (status == DSGD_OK) {
        w.sum = calloc(2 * trial.d, sizeof *w.sum);
        w.point = calloc(2 * trial.d, sizeof *w.point);
        status = w.sum && w.point ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the virtual iterate");
    }
    if (status == DSGD_OK) {
        w.start = w.sum + trial.d;
        w.grad = w.point + trial.d;
        status = trial_run(&trial, look, &w);
    }
    if (status == DSGD_OK) {
        struct verify_row row = {.id = "virtual-iterate", .statement = "Theorem 2, virtual iterate",
                                 .quantity = "max over t of |w_t - mean a_t + sum eta g - w_0|, relative to |sum eta g|",
                                 .measured = theory_exact(w.worst / w.scale), .relation = THEORY_AT_MOST,
                                 .bound = 1e-12 * (double)trial.spec.run.steps, .trivial = NAN};
        trial_setting(words, row.setting);
        status = verify_report(context, &row);
    }
    free(w.sum);
    free(w.point);
    trial_close(&trial);
    return status;
}

const struct verify_check verify_virtual_iterate = {
    .name = "virtual-iterate", .title = "w_t - mean a_t moves by the whole gradients", .version = 1, .run = run};
