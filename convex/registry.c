/* registry.c - the convex problems. Adding one: write its file and add its symbol here. */
#include "convex/registry.h"

#include <string.h>

#define PROBLEMS(X)             \
    X(dsgd_problem_logistic)    \
    X(dsgd_problem_svm)         \
    X(dsgd_problem_softmax)     \
    X(dsgd_problem_one_vs_rest) \
    X(dsgd_problem_sigmoid)     \
    X(dsgd_problem_quadratic)

#define DECLARE(symbol) extern const struct dsgd_problem_ops symbol;
PROBLEMS(DECLARE)

#define ENTRY(symbol) &symbol,
static const struct dsgd_problem_ops *const problems[] = {PROBLEMS(ENTRY)};

const struct dsgd_problem_ops *dsgd_problem_at(size_t i)
{
    return i < sizeof problems / sizeof problems[0] ? problems[i] : NULL;
}

const struct dsgd_problem_ops *dsgd_problem_find(const char *name)
{
    for (size_t i = 0; i < sizeof problems / sizeof problems[0]; ++i) {
        if (strcmp(problems[i]->name, name) == 0) { return problems[i]; }
    }
    return NULL;
}
