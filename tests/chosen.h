/* chosen.h - runs on gradients that a test chooses, the same wherever the model is; segments of which one is a single
 * coordinate. The update of a step is read off the model: (w_t - w_{t+1}) / eta.
 */
#ifndef DSGD_TESTS_CHOSEN_H
#define DSGD_TESTS_CHOSEN_H

#include "sim/kernel/rng.h"
#include "tests/harness.h"

enum { D = 43, WORKERS_MAX = 4 };
#define ETA 0.25

static const struct dsgd_segment segment[] = {{"first", 0, 24, 4, 6}, {"bias", 24, 3, 1, 3}, {"scale", 27, 1, 1, 1}, {"last", 28, 15, 3, 5}};

typedef void fill_function(uint32_t step, uint32_t worker, float *grad);
static fill_function *fill; /* what the problem's gradient is */

static inline void shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    (void)self;
    *layout = (struct dsgd_layout){D, sizeof segment / sizeof *segment, segment};
    *n = 0;
}

static inline enum dsgd_status gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    (void)self, (void)x;
    fill(batch->step, batch->worker, grad);
    return DSGD_OK;
}

static inline enum dsgd_status evaluate(const void *self, const double *x, double *value)
{
    (void)self;
    value[0] = x[0];
    return DSGD_OK;
}

static const struct dsgd_metric metric[] = {{"objective", "1", "first coordinate"}};
static const struct dsgd_problem_ops problem = {.name = "chosen", .metric = metric, .metrics = 1, .shape = shape, .gradient = gradient,
                                                .evaluate = evaluate};

struct trial {
    struct harness h;
    struct dsgd_engine *engine;
};

static inline void trial_open(struct trial *t, fill_function *gradients, int workers, int steps, const char *more)
{
    char text[1024];
    fill = gradients;
    snprintf(text, sizeof text, "problem = quadratic\nquadratic { d = 8 }\nworkers = %d\nsteps = %d\nstep { constant = 0.25 }\n"
             "log { per_decade = 0 oracle = false }\n%s", workers, steps, more);
    HARNESS_OK(harness_open(&t->h, text, NULL, 1));
    struct dsgd_engine_args args = t->h.session.args;
    args.problem = &problem;
    args.problem_self = NULL;
    HARNESS_OK(dsgd_engine_create(&args, &t->engine));
}

static inline void trial_close(struct trial *t)
{
    dsgd_engine_destroy(t->engine);
    harness_close(&t->h);
}

/* One round; the step of the model in units of eta. */
static inline void trial_step(struct trial *t, double *update)
{
    double before[D];
    memcpy(before, dsgd_engine_model(t->engine), sizeof before);
    HARNESS_OK(dsgd_engine_step(t->engine));
    for (int i = 0; i < D; ++i) { update[i] = (before[i] - dsgd_engine_model(t->engine)[i]) / ETA; }
}

static inline void trial_model(fill_function *gradients, int workers, int steps, const char *more, double *model)
{
    struct trial t;
    trial_open(&t, gradients, workers, steps, more);
    harness_finish(t.engine);
    memcpy(model, dsgd_engine_model(t.engine), D * sizeof *model);
    trial_close(&t);
}

/* Uniform around a mean that differs between coordinates; never 0. */
static inline void keyed(uint32_t step, uint32_t worker, float *grad)
{
    const struct dsgd_rng_key key = {9, dsgd_rng_purpose("quantised test gradient")};
    for (uint32_t i = 0; i < D; ++i) {
        const struct dsgd_rng4 r = dsgd_rng_draw(key, i, step, worker, 0);
        grad[i] = (float)((i % 2 == 0 ? 0.6 : -0.4) + 0.1 * (double)(i % 5) + dsgd_rng_unit(dsgd_rng_u64(&r, 0)) - 0.5);
    }
}

/* The same with zeros: some coordinates are exactly 0 until step 3, one always. */
static inline void with_zeros(uint32_t step, uint32_t worker, float *grad)
{
    keyed(step, worker, grad);
    for (uint32_t i = 1; i < D; i += 4) { grad[i] = step < 3 || i == 5 ? 0.0f : grad[i]; }
}

/* The same with one largest magnitude, 2, in every segment. */
static inline void same_maximum(uint32_t step, uint32_t worker, float *grad)
{
    keyed(step, worker, grad);
    for (size_t j = 0; j < sizeof segment / sizeof *segment; ++j) { grad[segment[j].offset] = (step + j) % 2 == 0 ? 2.0f : -2.0f; }
}

#endif
