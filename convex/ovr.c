/* ovr.c - all one-vs-rest classifiers at once, as one objective: with y_ic = +1 if example i is of class c, else -1,
 *     f(w) = sum_c [ 1/n sum_i loss(y_ic <a_i, w_c>) + l2/2 ||w_c||^2 ],
 * a sum of functions of different coordinates. Each class is the problem logistic (or svm) with this digit, so
 * gradients, optimum and constants are theirs: f* = sum of the classes' f*, its gap the sum of their gaps, and mu and L
 * are the smallest and largest of theirs, which do not depend on the class. The error counts the largest score, not the
 * ten signs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "convex/kernels.h"
#include "convex/multiclass.h"
#include "convex/optimum.h"

enum { LOSS_LOGISTIC, LOSS_HINGE };

struct config {
    double l2;
    int loss;
};

static const struct dsgd_param ovr_params[] = {
    {"l2", DSGD_PARAM_REAL, offsetof(struct config, l2), "0.01", 0, 1e6, NULL,
     "f contains l2/2 ||w||^2, biases included; alias: lambda, C = 1/(n l2)"},
    {"loss", DSGD_PARAM_CHOICE, offsetof(struct config, loss), "logistic", 0, 0, "logistic|hinge",
     "of every class: logistic regression, or the linear SVM's hinge (then L is unknown)"},
    DSGD_PARAM_END,
};

static double ovr_value(const struct dsgd_multiclass *p, const double *score, uint8_t label, double *slope)
{
    const double value = dsgd_one_vs_rest_value(p->binary->name, p->classes, score, label);
    for (size_t c = 0; slope && c < p->classes; ++c) {
        const double y = c == label ? 1 : -1;
        slope[c] = y * p->binary->slope(y * score[c]);
    }
    return value;
}

static void ovr_slope_float(const struct dsgd_multiclass *p, const float *score, uint8_t label, float *slope)
{
    for (size_t c = 0; c < p->classes; ++c) { slope[c] = dsgd_one_vs_rest_slope_float(p->binary->name, score[c], c == label); }
}

static const struct dsgd_multiclass_loss ovr_loss = {ovr_value, ovr_slope_float};

static enum dsgd_status ovr_create(const struct dsgd_problem_args *args, void **self)
{
    const struct config *config = args->config;
    struct dsgd_multiclass *p;
    *self = NULL;
    DSGD_TRY(dsgd_multiclass_create(args, "one_vs_rest", config->l2, &ovr_loss, false, &p));
    p->binary = config->loss == LOSS_HINGE ? &dsgd_loss_hinge : &dsgd_loss_logistic;
    *self = p;
    return DSGD_OK;
}

static enum dsgd_status ovr_constants(const void *self, struct dsgd_constants *out)
{
    const struct dsgd_multiclass *p = self;
    const struct dsgd_linear features = dsgd_multiclass_one(p, 0);
    *out = (struct dsgd_constants){.mu = p->l2, .L = (double)NAN, .sigma2 = (double)NAN};
    if (p->binary == &dsgd_loss_hinge) { return DSGD_OK; }
    double lambda;
    DSGD_TRY(dsgd_linear_largest_eigenvalue(&features, &lambda));
    out->L = lambda / 4 + p->l2;
    return DSGD_OK;
}

static enum dsgd_status ovr_optimum(const void *self, struct dsgd_optimum *out)
{
    const struct dsgd_multiclass *p = self;
    const bool hinge = p->binary == &dsgd_loss_hinge;
    *out = (struct dsgd_optimum){.f_star = 0};
    if (!(p->l2 > 0)) {
        return dsgd_fail(DSGD_EUNAVAILABLE, "one_vs_rest.l2 = %g: no certified optimum, expected l2 > 0", p->l2);
    }
    double *w = malloc(p->d * sizeof *w);
    if (!w) { return dsgd_fail(DSGD_ENOMEM, "no memory for %zu parameters", p->d); }
    for (size_t c = 0; c < p->classes; ++c) {
        const struct dsgd_linear one = dsgd_multiclass_one(p, c);
        struct dsgd_optimum part;
        const enum dsgd_status status = hinge ? dsgd_optimum_hinge(&one, &part) : dsgd_optimum_logistic(&one, &part);
        if (status != DSGD_OK) {
            free(w);
            return status;
        }
        out->f_star += part.f_star;
        out->gap += part.gap;
        memcpy(w + c * p->width, part.w, p->width * sizeof *w);
        if (c == 0) {
            snprintf(out->certificate, sizeof out->certificate, "sum over classes: %.28s", part.certificate);
            snprintf(out->solver, sizeof out->solver, "by class: %.50s", part.solver);
        }
        free(part.w);
    }
    out->w = w;
    return DSGD_OK;
}

static bool ovr_has_optimum(const void *self)
{
    return ((const struct dsgd_multiclass *)self)->l2 > 0;
}

const struct dsgd_problem_ops dsgd_problem_one_vs_rest = {
    .name = "one_vs_rest",
    .title = "All one-vs-rest linear classifiers as one objective (logistic or hinge loss)",
    .reference = "Rifkin, Klautau 2004, JMLR 5",
    .params = ovr_params,
    .config_size = sizeof(struct config),
    .needs_dataset = true,
    .metric = dsgd_multiclass_metric,
    .metrics = DSGD_LINEAR_METRICS,
    .create = ovr_create,
    .destroy = dsgd_multiclass_destroy,
    .bytes = dsgd_multiclass_bytes,
    .shape = dsgd_multiclass_shape,
    .gradient = dsgd_multiclass_gradient,
    .kernels = dsgd_multiclass_kernels,
    .evaluate = dsgd_multiclass_evaluate,
    .full_gradient = dsgd_multiclass_full_gradient,
    .constants = ovr_constants,
    .optimum = ovr_optimum,
    .has_optimum = ovr_has_optimum,
    .optimum_gap = 3e-10, /* of one problem 1e-12, and at most 256 of them */
};
