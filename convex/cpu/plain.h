/* plain.h - the functions behind convex/plain.h, for their files and the table. */
#ifndef DSGD_CONVEX_CPU_PLAIN_H
#define DSGD_CONVEX_CPU_PLAIN_H

#include "convex/plain.h"

enum dsgd_status convex_cpu_linear_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad);
enum dsgd_status convex_cpu_linear_evaluate(const void *self, const double *x, double *value);
double convex_cpu_linear_score(const struct dsgd_linear *p, const struct dsgd_split *split, size_t i, const double *w);
void convex_cpu_linear_add(const struct dsgd_split *split, size_t features, size_t i, double scale, double *out);
double convex_cpu_linear_square(const struct dsgd_split *split, size_t features, size_t i);
enum dsgd_status convex_cpu_multiclass_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad);
enum dsgd_status convex_cpu_multiclass_evaluate(const void *self, const double *x, double *value);
enum dsgd_status convex_cpu_multiclass_pass(const struct dsgd_multiclass *p, const double *w, dsgd_multiclass_weight *weight, const void *context,
                                            double *out, double *mean);
enum dsgd_status convex_cpu_multiclass_objective(const struct dsgd_multiclass *p, const double *w, double *f, double *grad);
enum dsgd_status convex_cpu_quadratic_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad);
enum dsgd_status convex_cpu_quadratic_evaluate(const void *self, const double *x, double *value);
enum dsgd_status convex_cpu_quadratic_full_gradient(const void *self, const double *x, double *grad);

#endif
