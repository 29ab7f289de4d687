/* layer_norm.c - layer normalisation. Formulas: op_layer_norm.c. A row's sums are 16 lanes that are added in the end. */
#include "deep/cpu/functions.h"
#include "deep/cpu/sequence.h"

#include <math.h>
#include <string.h>

static float sum_of(size_t c, const float *restrict in)
{
    float lane[DEEP_LANES] = {0.0f};
    size_t j = 0;
    for (; j + DEEP_LANES <= c; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) { lane[l] += in[j + l]; }
    }
    for (size_t l = 0; j + l < c; ++l) { lane[l] += in[j + l]; }
    return deep_lane_sum(lane);
}

static float squares_of(size_t c, const float *restrict in, float mean)
{
    float lane[DEEP_LANES] = {0.0f};
    size_t j = 0;
    for (; j + DEEP_LANES <= c; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) { lane[l] += (in[j + l] - mean) * (in[j + l] - mean); }
    }
    for (size_t l = 0; j + l < c; ++l) { lane[l] += (in[j + l] - mean) * (in[j + l] - mean); }
    return deep_lane_sum(lane);
}

void deep_cpu_layer_norm(size_t rows, size_t c, const float *in, const float *parameter, float *statistic, float *out)
{
    const float *restrict scale = parameter, *restrict shift = parameter + c;
    for (size_t r = 0; r < rows; ++r) {
        const float *restrict from = in + r * c;
        float *restrict to = out + r * c;
        const float mean = sum_of(c, from) / (float)c, rate = 1.0f / sqrtf(squares_of(c, from, mean) / (float)c + DEEP_NORM_EPSILON);
        for (size_t j = 0; j < c; ++j) { to[j] = (from[j] - mean) * rate * scale[j] + shift[j]; }
        statistic[2 * r] = mean;
        statistic[2 * r + 1] = rate;
    }
}

/* Sums of g = dout scale and of g z: one after the other, as loops with one sum stay in registers. */
static float slope_of(size_t c, const float *restrict dout, const float *restrict scale)
{
    float lane[DEEP_LANES] = {0.0f};
    size_t j = 0;
    for (; j + DEEP_LANES <= c; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) { lane[l] += dout[j + l] * scale[j + l]; }
    }
    for (size_t l = 0; j + l < c; ++l) { lane[l] += dout[j + l] * scale[j + l]; }
    return deep_lane_sum(lane);
}

static float product_of(size_t c, const float *restrict in, const float *restrict dout, const float *restrict scale, float mean, float rate)
{
    float lane[DEEP_LANES] = {0.0f};
    size_t j = 0;
    for (; j + DEEP_LANES <= c; j += DEEP_LANES) {
        for (size_t l = 0; l < DEEP_LANES; ++l) { lane[l] += dout[j + l] * scale[j + l] * ((in[j + l] - mean) * rate); }
    }
    for (size_t l = 0; j + l < c; ++l) { lane[l] += dout[j + l] * scale[j + l] * ((in[j + l] - mean) * rate); }
    return deep_lane_sum(lane);
}

void deep_cpu_layer_norm_back(size_t rows, size_t c, const float *in, const float *parameter, const float *statistic, const float *dout, float *din,
                              float *dparameter)
{
    const float *restrict scale = parameter;
    float *restrict dscale = dparameter, *restrict dshift = dparameter + c;
    memset(dparameter, 0, 2 * c * sizeof *dparameter);
    for (size_t r = 0; r < rows; ++r) {
        const float *restrict from = in + r * c, *restrict slope = dout + r * c;
        const float mean = statistic[2 * r], rate = statistic[2 * r + 1];
        for (size_t j = 0; j < c; ++j) {
            dscale[j] += slope[j] * ((from[j] - mean) * rate);
            dshift[j] += slope[j];
        }
        if (!din) { continue; }
        float *restrict to = din + r * c;
        const float sum = slope_of(c, slope, scale) / (float)c, product = product_of(c, from, slope, scale, mean, rate) / (float)c;
        for (size_t j = 0; j < c; ++j) { to[j] = rate * (slope[j] * scale[j] - sum - (from[j] - mean) * rate * product); }
    }
}
