/* library.c - whose arithmetic a problem has. Interface: library.h. */
#include "lab/config/library.h"

const char *dsgd_problem_library(const struct dsgd_problem_ops *problem)
{
    return problem->library ? problem->library() : "";
}
