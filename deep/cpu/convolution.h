/* convolution.h - convolutions of few channels on plain planes, for the table of loops.c. */
#ifndef DSGD_DEEP_CPU_CONVOLUTION_H
#define DSGD_DEEP_CPU_CONVOLUTION_H

#include "deep/loops.h"

size_t deep_cpu_convolution_scratch(const struct deep_windowed *p);
void deep_cpu_convolution(const struct deep_windowed *p, const float *in, const float *weight, const float *bias, float *out, void *scratch);
void deep_cpu_convolution_back(const struct deep_windowed *p, const float *in, const float *weight, const float *dout, float *din, float *dweight, float *dbias,
                               void *scratch);

#endif
