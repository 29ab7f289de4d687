/* norm.h - batch normalisation's loops, for the table of loops.c. */
#ifndef DSGD_DEEP_CPU_NORM_H
#define DSGD_DEEP_CPU_NORM_H

#include "deep/loops.h"

void deep_cpu_norm_statistics(const struct deep_planes *p, const float *in, float *statistic);
void deep_cpu_norm_apply(const struct deep_planes *p, const float *in, const float *parameter, const float *statistic, bool relu, float *out);
void deep_cpu_norm_slopes(const struct deep_planes *p, const float *in, const float *out, const float *parameter, const float *statistic, bool relu,
                          const float *dout, double *slope);
void deep_cpu_norm_back(const struct deep_planes *p, const float *in, const float *out, const float *parameter, const float *statistic, bool relu,
                        const float *dout, const double *slope, double count, float *din);

#endif
