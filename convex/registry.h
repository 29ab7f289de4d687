/* registry.h - the problems by name: the convex ones, and the deep ones (deep/) where this build has them. */
#ifndef DSGD_CONVEX_REGISTRY_H
#define DSGD_CONVEX_REGISTRY_H

#include <stddef.h>
#include "sim/problem.h"

/** Entry i, or NULL past the end. */
const struct dsgd_problem_ops *dsgd_problem_at(size_t i);

/** The entry called name, or NULL. */
const struct dsgd_problem_ops *dsgd_problem_find(const char *name);
/** Adds one from outside the tree, and takes back the one that was added last; as for algorithms. */
enum dsgd_status dsgd_problem_register(const struct dsgd_problem_ops *problem);
void dsgd_problem_take_back(const struct dsgd_problem_ops *problem);

/** A sentence that says which problems this build lacks, and why; NULL: none. Static storage. */
const char *dsgd_problems_lacking(void);

#endif
