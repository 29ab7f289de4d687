/* problem_separable.c - see problem_separable.h. */
#include "verify/problems/problem_separable.h"

#include <math.h>
#include <string.h>

#include "sim/kernel/rng.h"

enum { DRAW_BITS = 128 };

void separable_init(struct separable *p)
{
    p->noise = dsgd_rng_purpose("separable noise");
    p->segment = (struct dsgd_segment){.name = "w", .count = p->d, .rows = 1, .cols = p->d};
}

static double slope(const struct separable *p, double x)
{
    if (p->kind == SEPARABLE_WELL) { return 2.0 * x / ((1.0 + x * x) * (1.0 + x * x)); }
    return (x > 0.0 ? 1.0 : x < 0.0 ? -1.0 : 0.0) / sqrt((double)p->d);
}

static double value(const struct separable *p, double x)
{
    return p->kind == SEPARABLE_WELL ? x * x / (1.0 + x * x) : fabs(x) / sqrt((double)p->d);
}

static void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct separable *p = self;
    *layout = (struct dsgd_layout){.d = p->d, .segments = 1, .segment = &p->segment};
    *n = 0;
}

/* sum over i < d of (i + 1/2)^2 = d (4 d^2 - 1)/12 */
static void start(const void *self, double *x)
{
    const struct separable *p = self;
    const double d = (double)p->d, unit = p->start / sqrt(d * (4.0 * d * d - 1.0) / 12.0);
    for (size_t i = 0; i < p->d; ++i) { x[i] = unit * ((double)i + 0.5); }
}

static enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct separable *p = self;
    const struct dsgd_rng_key key = {batch->seed, p->noise};
    const double scale = p->sigma / sqrt((double)p->d * (double)batch->count);
    for (size_t base = 0; base < p->d; base += DRAW_BITS) {
        const struct dsgd_rng4 words = dsgd_rng_draw(key, (uint32_t)(base / DRAW_BITS), batch->step, batch->worker, 0);
        for (size_t j = 0; j < DRAW_BITS && base + j < p->d; ++j) {
            const double noise = words.word[j / 32] >> (j % 32) & 1 ? scale : -scale;
            grad[base + j] = (float)(slope(p, (double)x[base + j]) + noise);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status evaluate(const void *self, const double *x, double *out)
{
    const struct separable *p = self;
    *out = 0.0;
    for (size_t i = 0; i < p->d; ++i) { *out += value(p, x[i]); }
    return DSGD_OK;
}

static enum dsgd_status full_gradient(const void *self, const double *x, double *grad)
{
    const struct separable *p = self;
    for (size_t i = 0; i < p->d; ++i) { grad[i] = slope(p, x[i]); }
    return DSGD_OK;
}

static enum dsgd_status constants(const void *self, struct dsgd_constants *out)
{
    const struct separable *p = self;
    *out = (struct dsgd_constants){.mu = p->kind == SEPARABLE_L1 ? 0.0 : (double)NAN,
                                   .L = p->kind == SEPARABLE_WELL ? 2.0 : (double)NAN, .sigma2 = p->sigma * p->sigma};
    return DSGD_OK;
}

double separable_start_value(const struct separable *p)
{
    const double d = (double)p->d, unit = p->start / sqrt(d * (4.0 * d * d - 1.0) / 12.0);
    double sum = 0.0;
    for (size_t i = 0; i < p->d; ++i) { sum += value(p, unit * ((double)i + 0.5)); }
    return sum;
}

static const struct dsgd_metric metric[] = {{"objective", "1", "f(w); f* = 0"}};

static enum dsgd_status create(const struct dsgd_problem_args *args, void **self)
{
    (void)args;
    *self = NULL;
    return dsgd_fail(DSGD_EINTERNAL, "a separable problem is built by its check, not by configuration");
}

static void destroy(void *self) { (void)self; }

const struct dsgd_problem_ops separable_problem = {
    .name = "separable",
    .title = "A sum over coordinates with known constants",
    .reference = "none",
    .metric = metric,
    .metrics = 1,
    .create = create,
    .destroy = destroy,
    .shape = shape,
    .start = start,
    .gradient = gradient,
    .evaluate = evaluate,
    .full_gradient = full_gradient,
    .constants = constants,
};
