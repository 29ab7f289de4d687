/* library.c - whose arithmetic a problem has. Interface: library.h. */
#include "lab/config/library.h"

#ifdef DSGD_DEEP
#include "deep/onednn.h"
#include "deep/problem.h"

const char *dsgd_problem_library(const struct dsgd_problem_ops *problem)
{
    return problem->evaluate == deep_problem_evaluate ? deep_library() : "";
}
#else
const char *dsgd_problem_library(const struct dsgd_problem_ops *problem)
{
    (void)problem;
    return "";
}
#endif
