/* softmax.c - l2-regularised multinomial logistic (softmax) regression: with s_c = <a, w_c>, p = exp(s)/sum_c exp(s_c),
 *     f(w) = 1/n sum_i -log p_i,label_i + l2/2 ||w||^2.
 *
 * Adding one vector to all w_c changes no p, so the data term is flat in these directions and mu = l2 exactly. An
 * example's Hessian is (diag(p) - p p^T) (x) a a^T. The first factor's quadratic form in v is the variance of v_c under
 * p, at most (max v - min v)^2/4 <= ||v||^2/2 (Popoviciu; Boehning 1992 has the same 1/2), hence
 * L = lambda_max(1/n sum a_i a_i^T)/2 + l2 bounds the Hessian everywhere.
 */
#include <math.h>
#include <stdlib.h>
#include "convex/kernels.h"
#include "convex/multiclass.h"
#include "convex/optimum.h"

struct config {
    double l2;
};

static const struct dsgd_param softmax_params[] = {
    {"l2", DSGD_PARAM_REAL, offsetof(struct config, l2), "0.01", 0, 1e6, NULL,
     "f contains l2/2 ||w||^2, biases included; alias: lambda, C = 1/(n l2)"},
    DSGD_PARAM_END,
};

static double softmax_value(const struct dsgd_multiclass *p, const double *score, uint8_t label, double *slope)
{
    double rest;
    const size_t top = dsgd_softmax_exponentials(p->classes, score, slope, &rest);
    const double loss = dsgd_softmax_value(rest, score[top], score[label]);
    if (slope) { /* p_c - [c = label]; the label's as minus the sum of the others: no cancellation where p is near 1 */
        double others = 0;
        for (size_t c = 0; c < p->classes; ++c) {
            slope[c] /= 1 + rest;
            if (c != label) { others += slope[c]; }
        }
        slope[label] = -others;
    }
    return loss;
}

static void softmax_slope_float(const struct dsgd_multiclass *p, const float *score, uint8_t label, float *slope)
{
    dsgd_softmax_slope_float(p->classes, score, label, slope);
}

static const struct dsgd_multiclass_loss softmax_loss = {softmax_value, softmax_slope_float};

static enum dsgd_status softmax_create(const struct dsgd_problem_args *args, void **self)
{
    const struct config *config = args->config;
    struct dsgd_multiclass *p;
    const enum dsgd_status status = dsgd_multiclass_create(args, "softmax", config->l2, &softmax_loss, true, &p);
    *self = p;
    return status;
}

static enum dsgd_status softmax_constants(const void *self, struct dsgd_constants *out)
{
    const struct dsgd_multiclass *p = self;
    const struct dsgd_linear features = dsgd_multiclass_one(p, 0);
    double lambda;
    DSGD_TRY(dsgd_linear_largest_eigenvalue(&features, &lambda));
    *out = (struct dsgd_constants){.mu = p->l2, .L = lambda / 2 + p->l2, .sigma2 = (double)NAN};
    return DSGD_OK;
}

/* The smooth solver's view: a Hessian is known by the probabilities of all examples, [n][classes]. */
struct hessian {
    const struct dsgd_multiclass *p;
    double *write;
    const double *probability;
};

static double weight_probability(const void *context, size_t i, const double *score, double *coefficient)
{
    const struct hessian *h = context;
    double rest;
    double *to = h->write + i * h->p->classes;
    dsgd_softmax_exponentials(h->p->classes, score, to, &rest);
    for (size_t c = 0; c < h->p->classes; ++c) { to[c] /= 1 + rest; }
    (void)coefficient; /* stays 0 */
    return 0;
}

static double weight_hessian(const void *context, size_t i, const double *score, double *coefficient)
{
    const struct hessian *h = context;
    const double *p = h->probability + i * h->p->classes;
    double mean = 0;
    for (size_t c = 0; c < h->p->classes; ++c) { mean += p[c] * score[c]; }
    for (size_t c = 0; c < h->p->classes; ++c) { coefficient[c] = p[c] * (score[c] - mean); }
    return 0;
}

static enum dsgd_status smooth_objective(const void *self, const double *w, double *f, double *grad)
{
    return dsgd_multiclass_objective(self, w, f, grad);
}

static enum dsgd_status smooth_curvature(const void *self, const double *w, double *state, double *scratch)
{
    const struct hessian h = {.p = self, .write = state};
    return dsgd_multiclass_pass(self, w, weight_probability, &h, scratch, NULL);
}

static enum dsgd_status smooth_hessian(const void *self, const double *state, const double *v, double *hv)
{
    const struct hessian h = {.p = self, .probability = state};
    return dsgd_multiclass_pass(self, v, weight_hessian, &h, hv, NULL);
}

static enum dsgd_status softmax_optimum(const void *self, struct dsgd_optimum *out)
{
    const struct dsgd_multiclass *p = self;
    const struct dsgd_smooth smooth = {.problem = "softmax",
                                       .self = p,
                                       .d = p->d,
                                       .l2 = p->l2,
                                       .state = p->n * p->classes,
                                       .objective = smooth_objective,
                                       .curvature = smooth_curvature,
                                       .hessian = smooth_hessian};
    return dsgd_optimum_smooth(&smooth, out);
}

static bool softmax_has_optimum(const void *self)
{
    return ((const struct dsgd_multiclass *)self)->l2 > 0;
}

const struct dsgd_problem_ops dsgd_problem_softmax = {
    .name = "softmax",
    .title = "L2-regularised softmax regression, all classes at once",
    .reference = "Boehning 1992, Ann. Inst. Statist. Math. 44(1); Hastie, Tibshirani, Friedman, 2nd ed., 4.4",
    .params = softmax_params,
    .config_size = sizeof(struct config),
    .needs_dataset = true,
    .metric = dsgd_multiclass_metric,
    .metrics = DSGD_LINEAR_METRICS,
    .create = softmax_create,
    .destroy = dsgd_multiclass_destroy,
    .bytes = dsgd_multiclass_bytes,
    .shape = dsgd_multiclass_shape,
    .gradient = dsgd_multiclass_gradient,
    .kernels = dsgd_multiclass_kernels,
    .evaluate = dsgd_multiclass_evaluate,
    .full_gradient = dsgd_multiclass_full_gradient,
    .constants = softmax_constants,
    .optimum = softmax_optimum,
    .has_optimum = softmax_has_optimum,
    .optimum_gap = 1e-12,
};
