/* constant_gradient.c - f(w) = <g, w>. Interface: constant_gradient.h. */
#include "verify/problems/constant_gradient.h"

void constant_gradient_init(size_t d, struct constant_gradient *out)
{
    *out = (struct constant_gradient){.segment = {.name = "w", .count = d, .rows = 1, .cols = d}};
}

static float entry(const struct constant_gradient *p, size_t i)
{
    return p->g ? p->g[i] : 1.0f;
}

static enum dsgd_status create(const struct dsgd_problem_args *args, void **self)
{
    (void)args;
    *self = NULL;
    return dsgd_fail(DSGD_EINTERNAL, "a constant gradient is made by its check, not from a configuration");
}

static void destroy(void *self)
{
    (void)self; /* the check's */
}

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct constant_gradient *p = self;
    *layout = (struct dsgd_layout){p->segment.count, 1, &p->segment};
    *n = 0;
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct constant_gradient *p = self;
    (void)x, (void)batch;
    for (size_t i = 0; i < p->segment.count; ++i) { grad[i] = entry(p, i); }
    return DSGD_OK;
}

static enum dsgd_status full_gradient(const void *self, const double *x, double *grad)
{
    const struct constant_gradient *p = self;
    (void)x;
    for (size_t i = 0; i < p->segment.count; ++i) { grad[i] = (double)entry(p, i); }
    return DSGD_OK;
}

static enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    const struct constant_gradient *p = self;
    value[0] = 0.0;
    for (size_t i = 0; i < p->segment.count; ++i) { value[0] += (double)entry(p, i) * x[i]; }
    return DSGD_OK;
}

static enum dsgd_status constants(const void *self, struct dsgd_constants *out)
{
    (void)self;
    *out = (struct dsgd_constants){.mu = 0.0, .L = 0.0, .sigma2 = 0.0};
    return DSGD_OK;
}

static const struct dsgd_metric metric[] = {{"objective", "1", "f(w)"}};

const struct dsgd_problem_ops constant_gradient_problem = {
    .name = "constant_gradient", .title = "a linear function", .reference = "none", .metric = metric, .metrics = 1,
    .create = create, .destroy = destroy, .shape = shape, .gradient = gradient, .evaluate = evaluate,
    .full_gradient = full_gradient, .constants = constants};
