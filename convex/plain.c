/* plain.c - gradients, metrics and passes of the convex problems on host memory, by the instruction set that runs. Interfaces: linear.h,
 * multiclass.h, quadratic.h.
 */
#include "convex/plain.h"

#include "sim/level.h"

static inline const struct convex_plain *plain(void)
{
    static const struct convex_plain *const level[] = {
        &dsgd_plain_cpu,
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
        &dsgd_plain_cpu_v3,
        &dsgd_plain_cpu_v4,
#endif
    };
    return level[dsgd_level()];
}

enum dsgd_status dsgd_linear_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    return plain()->linear_gradient(self, x, batch, grad);
}

enum dsgd_status dsgd_linear_evaluate(const void *self, const double *x, double *value)
{
    return plain()->linear_evaluate(self, x, value);
}

double dsgd_linear_score(const struct dsgd_linear *p, const struct dsgd_split *split, size_t i, const double *w)
{
    return plain()->linear_score(p, split, i, w);
}

void dsgd_linear_add(const struct dsgd_split *split, size_t features, size_t i, double scale, double *out)
{
    plain()->linear_add(split, features, i, scale, out);
}

double dsgd_linear_square(const struct dsgd_split *split, size_t features, size_t i)
{
    return plain()->linear_square(split, features, i);
}

enum dsgd_status dsgd_multiclass_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    return plain()->multiclass_gradient(self, x, batch, grad);
}

enum dsgd_status dsgd_multiclass_evaluate(const void *self, const double *x, double *value)
{
    return plain()->multiclass_evaluate(self, x, value);
}

enum dsgd_status dsgd_multiclass_pass(const struct dsgd_multiclass *p, const double *w, dsgd_multiclass_weight *weight, const void *context,
                                      double *out, double *mean)
{
    return plain()->multiclass_pass(p, w, weight, context, out, mean);
}

enum dsgd_status dsgd_multiclass_objective(const struct dsgd_multiclass *p, const double *w, double *f, double *grad)
{
    return plain()->multiclass_objective(p, w, f, grad);
}

enum dsgd_status dsgd_quadratic_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    return plain()->quadratic_gradient(self, x, batch, grad);
}

enum dsgd_status dsgd_quadratic_evaluate(const void *self, const double *x, double *value)
{
    return plain()->quadratic_evaluate(self, x, value);
}

enum dsgd_status dsgd_quadratic_full_gradient(const void *self, const double *x, double *grad)
{
    return plain()->quadratic_full_gradient(self, x, grad);
}
