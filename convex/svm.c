/* svm.c - linear support vector machine with the hinge loss, one digit against the rest:
 *     f(w) = 1/n sum_i max(0, 1 - y_i <a_i, w>) + l2/2 ||w||^2.
 *
 * Not smooth: L is unknown (NaN), the subgradient at the kink (margin exactly 1) is 0, as in Pegasos (Shalev-Shwartz,
 * Singer, Srebro, Cotter, Math. Prog. 127, 2011), from which we depart by regularising the bias too.
 */
#include <math.h>
#include "convex/kernels.h"
#include "convex/linear.h"
#include "convex/optimum.h"

const struct dsgd_linear_loss dsgd_loss_hinge = {dsgd_hinge_value, dsgd_hinge_slope, dsgd_hinge_slope_float, DSGD_LOSS_HINGE};

static enum dsgd_status svm_create(const struct dsgd_problem_args *args, void **self)
{
    return dsgd_linear_create(args, "svm", &dsgd_loss_hinge, self);
}

static enum dsgd_status svm_constants(const void *self, struct dsgd_constants *out)
{
    const struct dsgd_linear *p = self;
    *out = (struct dsgd_constants){.mu = p->l2, .L = (double)NAN, .sigma2 = (double)NAN};
    return DSGD_OK;
}

static enum dsgd_status svm_optimum(const void *self, struct dsgd_optimum *out)
{
    return dsgd_optimum_hinge(self, out);
}

static bool svm_has_optimum(const void *self)
{
    return ((const struct dsgd_linear *)self)->l2 > 0;
}

const struct dsgd_problem_ops dsgd_problem_svm = {
    .name = "svm",
    .title = "Linear SVM (hinge loss), one digit against the rest",
    .reference = "Shalev-Shwartz, Singer, Srebro, Cotter 2011, Math. Prog. 127(1)",
    .params = dsgd_linear_params,
    .config_size = sizeof(struct dsgd_linear_config),
    .needs_dataset = true,
    .metric = dsgd_linear_metric,
    .metrics = DSGD_LINEAR_METRICS,
    .create = svm_create,
    .destroy = dsgd_linear_destroy,
    .shape = dsgd_linear_shape,
    .gradient = dsgd_linear_gradient,
    .kernels = dsgd_linear_kernels,
    .evaluate = dsgd_linear_evaluate,
    .full_gradient = dsgd_linear_full_gradient,
    .constants = svm_constants,
    .optimum = svm_optimum,
    .has_optimum = svm_has_optimum,
    .optimum_gap = 1e-8,
};
