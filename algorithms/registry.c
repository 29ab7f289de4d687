/* registry.c - one line for each algorithm. */
#include "algorithms/registry.h"

#include "sim/registry.h"

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
static const void *const builtin[] = {ALGORITHMS(ENTRY)};
static struct dsgd_registry registry = {.role = "algorithm", .builtin = builtin, .builtins = sizeof builtin / sizeof *builtin};

const struct dsgd_algorithm *dsgd_algorithm_at(size_t i) { return dsgd_registry_at(&registry, i); }
const struct dsgd_algorithm *dsgd_algorithm_find(const char *name) { return dsgd_registry_find(&registry, name); }
enum dsgd_status dsgd_algorithm_register(const struct dsgd_algorithm *algorithm) { return dsgd_registry_add(&registry, algorithm); }
void dsgd_algorithm_take_back(const struct dsgd_algorithm *algorithm) { dsgd_registry_take_back(&registry, algorithm); }
