/* group.c - one number for each group of coordinates, and what is done with it, on the CPU.
 *
 * Sums keep one order: sixteen interleaved partial sums, folded pairwise at the end.
 */
#include "sim/codec/codec.h"
#include "sim/cpu/cpu.h"

#include <math.h>
#include <string.h>

enum { LANES = 16 };

/* Magnitudes as integers have the order of the numbers, and every NaN lies above infinity: the largest one stays. */
static float max_abs(size_t n, const float *v)
{
    int32_t most = 0;
    for (size_t i = 0; i < n; ++i) {
        int32_t bits;
        memcpy(&bits, v + i, sizeof bits);
        bits &= INT32_MAX;
        most = bits > most ? bits : most;
    }
    float max;
    memcpy(&max, &most, sizeof max);
    return isnan(max) ? (float)NAN : max;
}

static double fold(double lane[LANES])
{
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; ++l) { lane[l] += lane[l + half]; }
    }
    return lane[0];
}

static double sum_abs(size_t n, const float *v)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; ++l) { lane[l] += (double)fabsf(v[i + (size_t)l]); }
    }
    for (; i < n; ++i) { lane[0] += (double)fabsf(v[i]); }
    return fold(lane);
}

/* sum of (v - shift)^power, power 1 or 2 */
static double power_sum(size_t n, const float *v, double shift, int power)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; ++l) {
            const double x = (double)v[i + (size_t)l] - shift;
            lane[l] += power == 1 ? x : x * x;
        }
    }
    for (; i < n; ++i) {
        const double x = (double)v[i] - shift;
        lane[0] += power == 1 ? x : x * x;
    }
    return fold(lane);
}

static size_t size_of(const struct dsgd_groups *g, size_t j)
{
    return g->start[j + 1] - g->start[j];
}

void cpu_group_max_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) { cpu_f32(out, row)[j] = max_abs(size_of(g, j), cpu_f32(v, row) + g->start[j]); }
    }
}

void cpu_group_mean_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) {
            const size_t n = size_of(g, j);
            cpu_f32(out, row)[j] = n > 0 ? (float)(sum_abs(n, cpu_f32(v, row) + g->start[j]) / (double)n) : 0.0f;
        }
    }
}

void cpu_group_norm(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) { cpu_f64(out, row)[j] = sqrt(power_sum(size_of(g, j), cpu_f32(v, row) + g->start[j], 0.0, 2)); }
    }
}

void cpu_group_std(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) {
            const size_t n = size_of(g, j);
            const float *part = cpu_f32(v, row) + g->start[j];
            const double mean = power_sum(n, part, 0.0, 1) / (double)n;
            cpu_f64(out, row)[j] = sqrt(power_sum(n, part, mean, 2) / (double)n);
        }
    }
}

static void clip(size_t n, float bound, const float *v, float *out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = v[i] > bound ? bound : (v[i] < -bound ? -bound : v[i]); }
}

void cpu_group_clip(struct dsgd_rows *r, const struct dsgd_groups *g, double factor, const dsgd_f64 *unit, const dsgd_f32 *v, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) {
            const size_t n = size_of(g, j);
            const float *from = cpu_f32(v, row) + g->start[j];
            float *to = cpu_f32(out, row) + g->start[j];
            const double u = cpu_f64(unit, row)[j];
            if (u > 0.0) {
                clip(n, (float)(factor * u), from, to);
            } else {
                memmove(to, from, n * sizeof *to);
            }
        }
    }
}

void cpu_group_shorten(struct dsgd_rows *r, const struct dsgd_groups *g, double bound, const dsgd_f64 *norm, const dsgd_f32 *v, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) {
            const float *from = cpu_f32(v, row);
            float *to = cpu_f32(out, row);
            const double length = cpu_f64(norm, row)[j];
            if (!(length > bound)) {
                memmove(to + g->start[j], from + g->start[j], size_of(g, j) * sizeof *to);
                continue;
            }
            const double factor = bound / length;
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { to[i] = (float)(factor * (double)from[i]); }
        }
    }
}

void cpu_group_units(struct dsgd_rows *r, const struct dsgd_groups *g, float divisor, const dsgd_f32 *unit, const dsgd_i32 *level, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        const int32_t *from = cpu_i32(level, row);
        float *to = cpu_f32(out, row);
        for (size_t j = 0; j < g->count; ++j) {
            const float one = cpu_f32(unit, row)[j] / divisor;
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { to[i] = (float)from[i] * one; }
        }
    }
}

void cpu_group_signs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_signs *signs, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        float *to = cpu_f32(out, row);
        if (codec_signs_unpack(out->array.count, cpu_signs(signs, row), 1.0f, to) != DSGD_OK) {
            dsgd_queue_fail(r->queue, DSGD_EINTERNAL, "group_signs: a bit past the end");
        }
        for (size_t j = 0; j < g->count; ++j) {
            const float unit = cpu_f32(scale, row)[j];
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { to[i] *= unit; }
        }
    }
}
