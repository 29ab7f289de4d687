/* kernels.h - what devices compute of the convex problems: a table per device, as for operations. Slots `kernels` of dsgd_problem_ops. */
#ifndef DSGD_CONVEX_KERNELS_H
#define DSGD_CONVEX_KERNELS_H

#include "sim/problem.h"

const struct dsgd_problem_kernels *dsgd_linear_kernels(const char *device);
const struct dsgd_problem_kernels *dsgd_sigmoid_kernels(const char *device);
const struct dsgd_problem_kernels *dsgd_multiclass_kernels(const char *device);
const struct dsgd_problem_kernels *dsgd_quadratic_kernels(const char *device);

#endif
