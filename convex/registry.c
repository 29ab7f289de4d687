/* registry.c - the problems. Adding one: write its file and add its symbol here. Deep ones are known by their symbols alone; a build without
 * oneDNN has none. */
#include "convex/registry.h"

#include "sim/registry.h"

#ifdef DSGD_DEEP
#define DEEP(X) X(dsgd_problem_mlp) X(dsgd_problem_lenet) X(dsgd_problem_resnet9) X(dsgd_problem_transformer) X(dsgd_problem_lstm)
#else
#define DEEP(X)
#endif

#define PROBLEMS(X)             \
    X(dsgd_problem_logistic)    \
    X(dsgd_problem_svm)         \
    X(dsgd_problem_softmax)     \
    X(dsgd_problem_one_vs_rest) \
    X(dsgd_problem_sigmoid)     \
    X(dsgd_problem_quadratic)   \
    DEEP(X)

#define DECLARE(symbol) extern const struct dsgd_problem_ops symbol;
PROBLEMS(DECLARE)

#define ENTRY(symbol) &symbol,
static const void *const builtin[] = {PROBLEMS(ENTRY)};
static struct dsgd_registry registry = {.role = "problem", .builtin = builtin, .builtins = sizeof builtin / sizeof *builtin};

const struct dsgd_problem_ops *dsgd_problem_at(size_t i) { return dsgd_registry_at(&registry, i); }
const struct dsgd_problem_ops *dsgd_problem_find(const char *name) { return dsgd_registry_find(&registry, name); }
enum dsgd_status dsgd_problem_register(const struct dsgd_problem_ops *problem) { return dsgd_registry_add(&registry, problem); }
void dsgd_problem_take_back(const struct dsgd_problem_ops *problem) { dsgd_registry_take_back(&registry, problem); }

const char *dsgd_problems_lacking(void)
{
#ifdef DSGD_DEEP
    return NULL;
#else
    return "deep models (mlp, lenet, resnet9, transformer, lstm) are not in this build: it was made without oneDNN (Debian: libdnnl-dev)";
#endif
}
