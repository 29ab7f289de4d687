/* built.h - a convex problem of the registry on a small made dataset, for tests of problems. */
#ifndef DSGD_TESTS_BUILT_H
#define DSGD_TESTS_BUILT_H

#include <stdbool.h>
#include <stdlib.h>

#include "convex/registry.h"
#include "tests/check.h"
#include "tests/synthetic.h"

/* odd sizes: partial vectors at the ends, and classes that do not fill a group */
enum { N = 203, FEATURES = 37, CLASSES = 7, CONFIG_SIZE = 256, METRICS_MAX = 8 };

struct built {
    const struct dsgd_problem_ops *ops;
    struct dsgd_dataset *data;
    void *self;
    size_t d, n;
    uint32_t *all; /* [n] 0..n-1 */
    bool kinks;    /* of its case */
};

/* A problem by name, with keys set: "key value key value". */
static inline struct built build_sized(const char *name, const char *const *keys, size_t examples)
{
    struct built b = {.ops = dsgd_problem_find(name)};
    _Alignas(16) unsigned char config[CONFIG_SIZE];
    assert_non_null(b.ops);
    assert_true(b.ops->config_size <= sizeof config);
    assert_int_equal(dsgd_param_defaults(b.ops->params, name, config), DSGD_OK);
    for (; *keys; keys += 2) {
        assert_int_equal(dsgd_param_set(dsgd_param_find(b.ops->params, keys[0]), name, config, keys[1]), DSGD_OK);
    }
    b.data = synthetic_create(11, examples, FEATURES, CLASSES);
    const struct dsgd_problem_args args = {config, b.ops->needs_dataset ? b.data : NULL, 5};
    assert_int_equal(b.ops->create(&args, &b.self), DSGD_OK);
    struct dsgd_layout layout;
    b.ops->shape(b.self, &layout, &b.n);
    b.d = layout.d;
    b.all = malloc((b.n + 1) * sizeof *b.all);
    assert_non_null(b.all);
    for (size_t i = 0; i < b.n; ++i) { b.all[i] = (uint32_t)i; }
    return b;
}

static inline struct built build(const char *name, const char *const *keys)
{
    return build_sized(name, keys, N);
}

static inline void destroy(struct built *b)
{
    b->ops->destroy(b->self);
    dsgd_dataset_destroy(b->data);
    free(b->all);
}

#endif
