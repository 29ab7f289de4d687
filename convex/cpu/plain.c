/* plain.c - the table of convex/plain.h for the instruction set that this folder is compiled for. */
#include "convex/cpu/plain.h"

const struct convex_plain dsgd_plain_cpu = {
    .linear_gradient = convex_cpu_linear_gradient,
    .linear_evaluate = convex_cpu_linear_evaluate,
    .linear_score = convex_cpu_linear_score,
    .linear_add = convex_cpu_linear_add,
    .linear_square = convex_cpu_linear_square,
    .multiclass_gradient = convex_cpu_multiclass_gradient,
    .multiclass_evaluate = convex_cpu_multiclass_evaluate,
    .multiclass_pass = convex_cpu_multiclass_pass,
    .multiclass_objective = convex_cpu_multiclass_objective,
    .quadratic_gradient = convex_cpu_quadratic_gradient,
    .quadratic_evaluate = convex_cpu_quadratic_evaluate,
    .quadratic_full_gradient = convex_cpu_quadratic_full_gradient,
};
