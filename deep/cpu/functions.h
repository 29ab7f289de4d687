/* functions.h - functions of one float without branches, so that loops over them fill registers; same bits in any registers. */
#ifndef DSGD_DEEP_CPU_FUNCTIONS_H
#define DSGD_DEEP_CPU_FUNCTIONS_H

#include <stddef.h>

#include "sim/kernel/maths.h"

/** 1/(1 + e^-x). Relative error below 3 ulp (test_deep_functions.c); exactly 1 from 17 up, 0 from -89 down. */
static inline float deep_sigmoid(float x)
{
    return 1.0f / (1.0f + dsgd_expf(-x));
}

/** tanh x. Below 0.6 an odd polynomial (interpolated in Chebyshev's points, relative error 1.1e-8), above it (1 - e)/(1 + e) with
 *  e = e^-2|x|. Relative error below 3 ulp. */
static inline float deep_tanh(float x)
{
    const float size = dsgd_magnitude32(x), z = x * x, e = dsgd_expf(-2.0f * size), far = (1.0f - e) / (1.0f + e);
    float q = -0.00627638f;
    q = q * z + 0.02111621f;
    q = q * z - 0.05387514f;
    q = q * z + 0.13332924f;
    q = q * z - 0.3333333f;
    const float near = x + x * z * q, signed_far = x < 0.0f ? -far : far;
    return size < 0.6f ? near : signed_far;
}

/** Lanes that sums are cut into, whatever the registers hold. */
enum { DEEP_LANES = 16 };

/** The sum of the lanes, always in the same order. */
static inline float deep_lane_sum(const float lane[DEEP_LANES])
{
    float sum[DEEP_LANES];
    for (int l = 0; l < DEEP_LANES; ++l) { sum[l] = lane[l]; }
    for (int half = DEEP_LANES / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; ++l) { sum[l] += sum[l + half]; }
    }
    return sum[0];
}

/** The lanes as one value, which stays in registers where an array of them is written and read again in each turn of a loop. Not passed to
 *  functions: how that is done depends on the instruction set. */
typedef float deep_lanes __attribute__((vector_size(4 * DEEP_LANES), aligned(4), may_alias));

#define DEEP_LOAD(from) (*(const deep_lanes *)(from))
#define DEEP_SPREAD(value) ((deep_lanes){0.0f} + (value))

/** The sum of n numbers, in lanes. */
static inline float deep_sum(size_t n, const float *x)
{
    deep_lanes sum = {0.0f};
    float lane[DEEP_LANES];
    size_t j = 0;
    for (; j + DEEP_LANES <= n; j += DEEP_LANES) { sum += DEEP_LOAD(x + j); }
    *(deep_lanes *)lane = sum;
    for (size_t l = 0; j + l < n; ++l) { lane[l] += x[j + l]; }
    return deep_lane_sum(lane);
}

#endif
