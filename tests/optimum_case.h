/* optimum_case.h - a linear classifier on made data, for tests of optima and of their cache. */
#ifndef DSGD_TESTS_OPTIMUM_CASE_H
#define DSGD_TESTS_OPTIMUM_CASE_H

#include "tests/check.h"

#include "convex/linear.h"
#include "convex/optimum_cache.h"
#include "convex/registry.h"
#include "tests/synthetic.h"

enum { N = 150, FEATURES = 13, D = FEATURES + 1, CLASSES = 3 };

struct built {
    const struct dsgd_problem_ops *ops;
    struct dsgd_dataset *data;
    struct dsgd_linear_config config;
    struct dsgd_problem_args args;
    void *self;
};

static inline void build(struct built *b, const char *name, int64_t digit, double l2)
{
    *b = (struct built){.ops = dsgd_problem_find(name), .data = synthetic_create(23, N, FEATURES, CLASSES)};
    b->config = (struct dsgd_linear_config){.digit = digit, .l2 = l2};
    b->args = (struct dsgd_problem_args){&b->config, b->data, 1};
    assert_int_equal(b->ops->create(&b->args, &b->self), DSGD_OK);
}

static inline void destroy(struct built *b)
{
    b->ops->destroy(b->self);
    dsgd_dataset_destroy(b->data);
}

#endif
