/* registry.c - one line for each algorithm. */
#include "algorithms/registry.h"

#include <string.h>

/* The order is that of `dsgd list`. */
#define ALGORITHMS(X)    \
    X(dsgd_sgd)          \
    X(dsgd_sketched_sgd) \
    X(dsgd_true_topk)    \
    X(dsgd_local_topk)   \
    X(dsgd_pkk)          \
    X(dsgd_threshold)    \
    X(dsgd_random_k)     \
    X(dsgd_signsgd)      \
    X(dsgd_ef_signsgd)   \
    X(dsgd_qsgd)         \
    X(dsgd_terngrad)     \
    X(dsgd_powersgd)     \
    X(dsgd_fetchsgd)     \
    X(dsgd_local_sgd)    \
    /* the next one: a line above this one */

#define DECLARE(symbol) extern const struct dsgd_algorithm symbol;
ALGORITHMS(DECLARE)

#define ENTRY(symbol) &symbol,
static const struct dsgd_algorithm *const builtin[] = {ALGORITHMS(ENTRY)};

enum { BUILTIN = sizeof builtin / sizeof *builtin, ADDED_MAX = 64 };

static const struct dsgd_algorithm *added[ADDED_MAX];
static size_t added_count;

const struct dsgd_algorithm *dsgd_algorithm_at(size_t i)
{
    if (i < BUILTIN) { return builtin[i]; }
    return i - BUILTIN < added_count ? added[i - BUILTIN] : NULL;
}

const struct dsgd_algorithm *dsgd_algorithm_find(const char *name)
{
    const struct dsgd_algorithm *algorithm = NULL;
    for (size_t i = 0; (algorithm = dsgd_algorithm_at(i)) != NULL; ++i) {
        if (strcmp(algorithm->name, name) == 0) { return algorithm; }
    }
    return NULL;
}

enum dsgd_status dsgd_algorithm_register(const struct dsgd_algorithm *algorithm)
{
    if (dsgd_algorithm_find(algorithm->name)) {
        return dsgd_fail(DSGD_EINPUT, "algorithm %s is already registered: expected another name", algorithm->name);
    }
    if (added_count == ADDED_MAX) {
        return dsgd_fail(DSGD_EINPUT, "algorithm %s: at most %d algorithms can be added", algorithm->name, ADDED_MAX);
    }
    added[added_count++] = algorithm;
    return DSGD_OK;
}
