/* integer_problem.h - a problem whose gradients are small integers, the same wherever the model is: sums are exact in any order. */
#ifndef DSGD_TESTS_INTEGER_PROBLEM_H
#define DSGD_TESTS_INTEGER_PROBLEM_H

#include "sim/kernel/rng.h"
#include "tests/harness.h"

enum { INTEGER_D = 96, INTEGER_SEGMENTS = 3 };

static const struct dsgd_segment integer_segment[INTEGER_SEGMENTS] = {
    {"first", 0, 60, 6, 10}, {"bias", 60, 6, 1, 6}, {"last", 66, 30, 5, 6}};

static inline void integer_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    (void)self;
    *layout = (struct dsgd_layout){INTEGER_D, INTEGER_SEGMENTS, integer_segment};
    *n = 0;
}

static inline enum dsgd_status integer_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    (void)self, (void)x;
    const struct dsgd_rng_key key = {3, dsgd_rng_purpose("integer test gradient")};
    for (uint32_t i = 0; i < INTEGER_D; ++i) {
        const struct dsgd_rng4 r = dsgd_rng_draw(key, i, batch->step, batch->worker, 0);
        grad[i] = (float)((int)(r.word[0] % 17) - 8) + (float)((int)(i % 5) * 4); /* worker part plus common part */
    }
    return DSGD_OK;
}

static inline enum dsgd_status integer_evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    value[0] = x[0];
    return DSGD_OK;
}

static const struct dsgd_metric integer_metric[] = {{"objective", "1", "first coordinate"}};
static const struct dsgd_problem_ops integer_problem = {
    .name = "integer", .metric = integer_metric, .metrics = 1, .shape = integer_shape, .gradient = integer_gradient,
    .evaluate = integer_evaluate};

/** Builds an engine that runs the configuration on this problem, starting at 0. Caller: dsgd_engine_destroy, harness_close. */
static inline struct dsgd_engine *integer_open(struct harness *h, const char *text, int threads)
{
    struct dsgd_engine *engine = NULL;
    HARNESS_OK(harness_open(h, text, NULL, threads));
    struct dsgd_engine_args args = h->session.args;
    args.problem = &integer_problem;
    args.problem_self = NULL;
    HARNESS_OK(dsgd_engine_create(&args, &engine));
    return engine;
}

#endif
