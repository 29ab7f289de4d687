/* naive.h - functions of one double for the naive versions, from exponentials that are the same everywhere. */
#ifndef DSGD_DEEP_NAIVE_H
#define DSGD_DEEP_NAIVE_H

#include "sim/kernel/maths.h"

/** 1/(1 + e^-x). */
static inline double deep_naive_logistic(double x) { return 1.0 / (1.0 + dsgd_exp(-x)); }

/** tanh x, with an absolute error of some 1e-16. */
static inline double deep_naive_tanh(double x) { return 1.0 - 2.0 / (1.0 + dsgd_exp(2.0 * x)); }

#endif
