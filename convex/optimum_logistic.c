/* optimum_logistic.c - logistic regression as the smooth solver sees it: the curvature s (1 - s) of each example. */
#include "convex/optimum.h"

struct curvature {
    const struct dsgd_linear *p;
    double *of; /* [n] loss'' of each example */
};

static double weight_curvature(const void *context, size_t i, double score, double *sum)
{
    const struct curvature *c = context;
    (void)sum;
    const double slope = c->p->loss->slope(dsgd_linear_sign(c->p, c->p->data->train.label[i]) * score);
    c->of[i] = -slope * (1 + slope); /* the logistic loss: slope = -s, curvature = s (1 - s) */
    return 0;
}

static double weight_hessian(const void *context, size_t i, double score, double *sum)
{
    const double *second = context;
    (void)sum;
    return second[i] * score;
}

static enum dsgd_status objective(const void *self, const double *w, double *f, double *grad)
{
    return dsgd_linear_objective(self, w, f, grad);
}

static enum dsgd_status curvature(const void *self, const double *w, double *state, double *scratch)
{
    const struct curvature context = {self, state};
    return dsgd_linear_pass(self, w, weight_curvature, &context, scratch, NULL);
}

static enum dsgd_status hessian(const void *self, const double *state, const double *v, double *hv)
{
    return dsgd_linear_pass(self, v, weight_hessian, state, hv, NULL);
}

enum dsgd_status dsgd_optimum_logistic(const struct dsgd_linear *p, struct dsgd_optimum *out)
{
    const struct dsgd_smooth smooth = {.problem = "logistic",
                                       .self = p,
                                       .d = p->d,
                                       .l2 = p->l2,
                                       .state = p->n,
                                       .objective = objective,
                                       .curvature = curvature,
                                       .hessian = hessian};
    return dsgd_optimum_smooth(&smooth, out);
}
