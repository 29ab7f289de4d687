/* logistic.c - L2-regularised logistic regression, one digit against the rest:
 *     f(w) = 1/n sum_i log(1 + exp(-y_i <a_i, w>)) + l2/2 ||w||^2.
 *
 * mu = l2: pixels that are 0 in every image make the data term flat, so nothing more can be claimed.
 * L = lambda_max(1/n sum a_i a_i^T)/4 + l2, because the loss has second derivative s(1 - s) <= 1/4.
 */
#include <math.h>
#include "convex/kernels.h"
#include "convex/linear.h"
#include "convex/optimum.h"

const struct dsgd_linear_loss dsgd_loss_logistic = {dsgd_logistic_value, dsgd_logistic_slope, dsgd_logistic_slope_float, DSGD_LOSS_LOGISTIC};

static enum dsgd_status logistic_create(const struct dsgd_problem_args *args, void **self)
{
    return dsgd_linear_create(args, "logistic", &dsgd_loss_logistic, self);
}

static enum dsgd_status logistic_constants(const void *self, struct dsgd_constants *out)
{
    const struct dsgd_linear *p = self;
    double lambda;
    DSGD_TRY(dsgd_linear_largest_eigenvalue(p, &lambda));
    *out = (struct dsgd_constants){.mu = p->l2, .L = lambda / 4 + p->l2, .sigma2 = (double)NAN};
    return DSGD_OK;
}

static enum dsgd_status logistic_optimum(const void *self, struct dsgd_optimum *out)
{
    return dsgd_optimum_logistic(self, out);
}

static bool logistic_has_optimum(const void *self)
{
    return ((const struct dsgd_linear *)self)->l2 > 0;
}

const struct dsgd_problem_ops dsgd_problem_logistic = {
    .name = "logistic",
    .title = "L2-regularised logistic regression, one digit against the rest",
    .reference = "Hastie, Tibshirani, Friedman, The Elements of Statistical Learning, 2nd ed., 4.4",
    .params = dsgd_linear_params,
    .config_size = sizeof(struct dsgd_linear_config),
    .needs_dataset = true,
    .metric = dsgd_linear_metric,
    .metrics = DSGD_LINEAR_METRICS,
    .create = logistic_create,
    .destroy = dsgd_linear_destroy,
    .shape = dsgd_linear_shape,
    .gradient = dsgd_linear_gradient,
    .kernels = dsgd_linear_kernels,
    .evaluate = dsgd_linear_evaluate,
    .full_gradient = dsgd_linear_full_gradient,
    .constants = logistic_constants,
    .optimum = logistic_optimum,
    .has_optimum = logistic_has_optimum,
    .optimum_gap = 1e-12,
};
