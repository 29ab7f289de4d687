/* sigmoid.c - the sigmoid loss, smooth and not convex, one digit against the rest:
 *     f(w) = 1/n sum_i 1/(1 + exp(y_i <a_i, w>)) + l2/2 ||w||^2,
 * a smooth version of the number of errors (Mason, Baxter, Bartlett, Frean, NIPS 12, 1999). For theorems about smooth
 * non-convex functions; what they bound, the squared norm of the full gradient, is the metric grad_norm2.
 *
 * With s = 1/(1 + dsgd_exp(m)) the loss has the second derivative s (1 - s)(1 - 2 s), of which |.| <= 1/(6 sqrt 3), attained
 * at s = (1 -+ 1/sqrt 3)/2. Hence L = lambda_max(1/n sum a_i a_i^T)/(6 sqrt 3) + l2 bounds ||Hessian|| everywhere.
 * There is no mu (NaN: step sizes for strongly convex functions are refused) and no certified optimum.
 */
#include <math.h>
#include <stdlib.h>
#include "convex/kernels.h"
#include "convex/linear.h"
#include "sim/kernel/sum.h"

static const struct dsgd_linear_loss sigmoid_loss = {dsgd_sigmoid_value, dsgd_sigmoid_slope, dsgd_sigmoid_slope_float, DSGD_LOSS_SIGMOID};

enum { GRAD_NORM2 = DSGD_LINEAR_METRICS, METRICS };

static const struct dsgd_metric sigmoid_metric[METRICS] = {
    {"objective", "1", "f(w): mean training loss + l2/2 ||w||^2"},
    {"train_error", "1", "fraction of training examples on the wrong side; score 0 counts as negative"},
    {"test_loss", "1", "mean test loss + l2/2 ||w||^2, so that it compares with the objective"},
    {"test_error", "1", "fraction of test examples on the wrong side; score 0 counts as negative"},
    {"grad_norm2", "1", "||grad f(w)||^2 of the full objective"},
};

static enum dsgd_status sigmoid_create(const struct dsgd_problem_args *args, void **self)
{
    return dsgd_linear_create(args, "sigmoid", &sigmoid_loss, self);
}

static enum dsgd_status sigmoid_evaluate(const void *self, const double *x, double *value)
{
    const struct dsgd_linear *p = self;
    double *grad = malloc(p->d * sizeof *grad), f;
    if (!grad) { return dsgd_fail(DSGD_ENOMEM, "problem sigmoid: no memory for %zu numbers", p->d); }
    enum dsgd_status status = dsgd_linear_evaluate(p, x, value);
    if (status == DSGD_OK) { status = dsgd_linear_objective(p, x, &f, grad); }
    if (status == DSGD_OK) { value[GRAD_NORM2] = dsgd_sum_products_f64(p->d, grad, grad); }
    free(grad);
    return status;
}

static enum dsgd_status sigmoid_constants(const void *self, struct dsgd_constants *out)
{
    const struct dsgd_linear *p = self;
    double lambda;
    DSGD_TRY(dsgd_linear_largest_eigenvalue(p, &lambda));
    *out = (struct dsgd_constants){.mu = (double)NAN, .L = lambda / (6 * sqrt(3.0)) + p->l2, .sigma2 = (double)NAN};
    return DSGD_OK;
}

const struct dsgd_problem_ops dsgd_problem_sigmoid = {
    .name = "sigmoid",
    .title = "Sigmoid loss (smooth, not convex), one digit against the rest",
    .reference = "Mason, Baxter, Bartlett, Frean 1999, Boosting algorithms as gradient descent, NIPS 12",
    .params = dsgd_linear_params,
    .config_size = sizeof(struct dsgd_linear_config),
    .needs_dataset = true,
    .metric = sigmoid_metric,
    .metrics = METRICS,
    .create = sigmoid_create,
    .destroy = dsgd_linear_destroy,
    .shape = dsgd_linear_shape,
    .gradient = dsgd_linear_gradient,
    .kernels = dsgd_sigmoid_kernels,
    .evaluate = sigmoid_evaluate,
    .full_gradient = dsgd_linear_full_gradient,
    .constants = sigmoid_constants,
};
