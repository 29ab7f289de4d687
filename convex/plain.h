/* plain.h - what solvers and the host's own loops take from convex/cpu: the functions of linear.h, multiclass.h and quadratic.h that go through
 * rows, as a table for each instruction set (sim/level.h). plain.c calls them.
 */
#ifndef DSGD_CONVEX_PLAIN_H
#define DSGD_CONVEX_PLAIN_H

#include "convex/linear.h"
#include "convex/multiclass.h"
#include "convex/quadratic.h"

/** Members are called after the functions. */
struct convex_plain {
    enum dsgd_status (*linear_gradient)(const void *, const float *, const struct dsgd_batch *, float *);
    enum dsgd_status (*linear_evaluate)(const void *, const double *, double *);
    double (*linear_score)(const struct dsgd_linear *, const struct dsgd_split *, size_t, const double *);
    void (*linear_add)(const struct dsgd_split *, size_t, size_t, double, double *);
    double (*linear_square)(const struct dsgd_split *, size_t, size_t);
    enum dsgd_status (*multiclass_gradient)(const void *, const float *, const struct dsgd_batch *, float *);
    enum dsgd_status (*multiclass_evaluate)(const void *, const double *, double *);
    enum dsgd_status (*multiclass_pass)(const struct dsgd_multiclass *, const double *, dsgd_multiclass_weight *, const void *, double *, double *);
    enum dsgd_status (*multiclass_objective)(const struct dsgd_multiclass *, const double *, double *, double *);
    enum dsgd_status (*quadratic_gradient)(const void *, const float *, const struct dsgd_batch *, float *);
    enum dsgd_status (*quadratic_evaluate)(const void *, const double *, double *);
    enum dsgd_status (*quadratic_full_gradient)(const void *, const double *, double *);
};

extern const struct convex_plain dsgd_plain_cpu; /* convex/cpu/plain.c */
#if defined(DSGD_ISAS) && DSGD_ISAS > 1
extern const struct convex_plain dsgd_plain_cpu_v3, dsgd_plain_cpu_v4; /* scripts/levels.cmake */
#endif

#endif
