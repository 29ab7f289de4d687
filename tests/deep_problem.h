/* deep_problem.h - a model as a problem on generated images, for tests. */
#ifndef DSGD_TESTS_DEEP_PROBLEM_H
#define DSGD_TESTS_DEEP_PROBLEM_H

#include "convex/registry.h"
#include "deep/problem.h"
#include "tests/deep_case.h"
#include "tests/synthetic.h"

/* Floats against doubles: layers keep 1e-6 (test_deep_ops.c), but a number near 0 or two nearly equal ones may fall to the other side of a
 * ReLU or a window, and take its derivative along: with W ReLUs and windows some 1e-6 W of them, in a gradient of norm 1 some 1e-3 W^-1/2
 * each. Measured below 1e-5 without a flip, 2e-3 with some; a wrong layer has 1e-1. */
static const double FLIPS = 1e-2;

struct built {
    const struct dsgd_problem_ops *ops;
    struct dsgd_dataset *data;
    void *self;
    size_t d;
};

enum { TRAIN = 150, CONFIG_SIZE = 256 };

static inline struct built open_problem(const char *name, const char *keys, size_t features)
{
    struct built b = {.ops = dsgd_problem_find(name), .data = synthetic_create(11, TRAIN, features, 10)};
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    struct dsgd_layout layout;
    size_t n;
    struct dsgd_problem_args args = {.config = config, .data = b.data, .seed_data = 5};
    char key[32], text[32];
    const size_t channels = features % 3 == 0 ? 3 : 1, side = (size_t)sqrt((double)(features / channels));
    if (channels * side * side == features) { b.data->shape = (struct dsgd_shape){channels, side, side}; } /* noise, but of a picture's shape */
    DEEP_OK(dsgd_param_defaults(b.ops->params, name, config));
    for (int used; sscanf(keys, " %31[a-z0-9_]=%31s%n", key, text, &used) == 2; keys += used) {
        if (strcmp(key, "examples") == 0) {
            args.examples = strtoul(text, NULL, 10);
        } else {
            DEEP_OK(dsgd_param_set(dsgd_param_find(b.ops->params, key), name, config, text));
        }
    }
    DEEP_OK(b.ops->create(&args, &b.self));
    b.ops->shape(b.self, &layout, &n);
    assert_int_equal(n, b.data->train.n);
    b.d = layout.d;
    return b;
}

static inline void close_problem(struct built *b)
{
    b->ops->destroy(b->self);
    dsgd_dataset_destroy(b->data);
}

static inline float *gradient_at(const struct built *b, const float *x, uint32_t count, const uint32_t *example)
{
    float *grad = deep_room(b->d * sizeof *grad);
    const uint32_t threads = (uint32_t)omp_get_max_threads();
    void *work = deep_room(b->ops->workspace(b->self, count, threads));
    const struct dsgd_batch batch = {.example = example, .count = count, .step = 3, .worker = 2, .seed = 9, .work = work, .threads = threads};
    DEEP_OK(b->ops->gradient(b->self, x, &batch, grad));
    free(work);
    return grad;
}

static inline float *start_of(const struct built *b)
{
    double *x = deep_room(b->d * sizeof *x);
    float *start = deep_room(b->d * sizeof *start);
    b->ops->start(b->self, x);
    for (size_t j = 0; j < b->d; ++j) { start[j] = (float)x[j]; }
    free(x);
    return start;
}

#endif
