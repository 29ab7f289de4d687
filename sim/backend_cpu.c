/* backend_cpu.c - the operations in plain C loops that the compiler vectorises.
 *
 * Sums keep one order: sixteen interleaved partial sums, folded pairwise at the end. Nothing here starts a thread.
 */
#include "sim/backend.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 16 };

static void *cpu_alloc(size_t bytes)
{
    const size_t rounded = (bytes + 63) / 64 * 64;
    return rounded < bytes ? NULL : aligned_alloc(64, rounded ? rounded : 64);
}

static void cpu_clear(void *data, size_t bytes)
{
    memset(data, 0, bytes);
}

static void cpu_copy(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
}

static void cpu_add_f32(size_t n, const float *restrict x, double *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += (double)x[i]; }
}

static void cpu_mean_f32(size_t n, double factor, const double *restrict sum, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = (float)(factor * sum[i]); }
}

static void cpu_axpy_f32(size_t n, double a, const double *restrict x, float *restrict y)
{
    for (size_t i = 0; i < n; ++i) { y[i] = (float)((double)y[i] + a * x[i]); }
}

static void cpu_scale_add_f32(size_t n, float m, float *restrict buffer, const float *restrict g)
{
    for (size_t i = 0; i < n; ++i) { buffer[i] = m * buffer[i] + g[i]; }
}

static void cpu_add_scaled_f32(size_t n, float eta, const float *restrict g, float *restrict v)
{
    for (size_t i = 0; i < n; ++i) { v[i] += eta * g[i]; }
}

static void cpu_moving_average_f32(size_t n, float b, float *restrict buffer, const float *restrict g)
{
    const float rest = 1.0f - b;
    for (size_t i = 0; i < n; ++i) { buffer[i] = b * buffer[i] + rest * g[i]; }
}

static void cpu_momentum_f32(size_t n, float m, float eta, const float *restrict g, float *restrict u, float *restrict v)
{
    for (size_t i = 0; i < n; ++i) {
        const float momentum = m * u[i] + g[i];
        u[i] = momentum;
        v[i] += eta * momentum;
    }
}

static void cpu_nesterov_f32(size_t n, float m, float eta, const float *restrict g, float *restrict u, float *restrict v)
{
    for (size_t i = 0; i < n; ++i) {
        const float momentum = m * (u[i] + g[i]);
        u[i] = momentum;
        v[i] += eta * (momentum + g[i]);
    }
}

static void cpu_scale_f32(size_t n, double factor, const float *restrict x, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = (float)(factor * (double)x[i]); }
}

static void cpu_error_add_f64(size_t n, double eta, const float *restrict g, double *restrict a)
{
    for (size_t i = 0; i < n; ++i) { a[i] += eta * (double)g[i]; }
}

static void cpu_round_f32(size_t n, const double *restrict a, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = (float)a[i]; }
}

static void cpu_gather_f32(size_t n, const uint32_t *restrict index, const float *restrict v, float *restrict out)
{
    for (size_t j = 0; j < n; ++j) { out[j] = v[index[j]]; }
}

static void cpu_gather_f64(size_t n, const uint32_t *restrict index, const double *restrict a, float *restrict out)
{
    for (size_t j = 0; j < n; ++j) { out[j] = (float)a[index[j]]; }
}

static void cpu_scatter_add(size_t n, const uint32_t *restrict index, const float *restrict x, double *restrict sum)
{
    for (size_t j = 0; j < n; ++j) { sum[index[j]] += (double)x[j]; }
}

static void cpu_scatter_sub_f64(size_t n, const uint32_t *restrict index, const float *restrict x, double *restrict a)
{
    for (size_t j = 0; j < n; ++j) { a[index[j]] -= (double)x[j]; }
}

static void cpu_scatter_f32(size_t n, const uint32_t *restrict index, const float *restrict x, float *restrict v)
{
    for (size_t j = 0; j < n; ++j) { v[index[j]] = x[j]; }
}

static void cpu_scatter_clear_f32(size_t n, const uint32_t *restrict index, float *restrict v)
{
    for (size_t j = 0; j < n; ++j) { v[index[j]] = 0.0f; }
}

static double cpu_max_abs_f32(size_t n, const float *v)
{
    float lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; ++l) {
            const float magnitude = fabsf(v[i + (size_t)l]);
            lane[l] = magnitude <= lane[l] ? lane[l] : magnitude; /* keeps a NaN */
        }
    }
    for (; i < n; ++i) { lane[0] = fabsf(v[i]) <= lane[0] ? lane[0] : fabsf(v[i]); }
    float max = 0.0f;
    for (int l = 0; l < LANES; ++l) {
        if (isnan(lane[l])) { return NAN; }
        max = lane[l] <= max ? max : lane[l];
    }
    return (double)max;
}

static double fold(double lane[LANES])
{
    for (int half = LANES / 2; half > 0; half /= 2) {
        for (int l = 0; l < half; ++l) { lane[l] += lane[l + half]; }
    }
    return lane[0];
}

static double cpu_sum_abs_f32(size_t n, const float *v)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; ++l) { lane[l] += (double)fabsf(v[i + (size_t)l]); }
    }
    for (; i < n; ++i) { lane[0] += (double)fabsf(v[i]); }
    return fold(lane);
}

/* sum of (v - shift)^power, power 1 or 2, in LANES interleaved partial sums */
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

static double cpu_norm_f32(size_t n, const float *v)
{
    return sqrt(power_sum(n, v, 0.0, 2));
}

static double cpu_std_f32(size_t n, const float *v)
{
    const double mean = power_sum(n, v, 0.0, 1) / (double)n;
    return sqrt(power_sum(n, v, mean, 2) / (double)n);
}

static void cpu_clip_f32(size_t n, float bound, const float *restrict g, float *restrict out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = g[i] > bound ? bound : (g[i] < -bound ? -bound : g[i]); }
}

static bool apply_dense(size_t n, const float *restrict value, double shrink, double scale, double *restrict x,
                        float *restrict replica)
{
    const double keep = 1.0 - shrink;
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        for (int l = 0; l < LANES; ++l) {
            const size_t at = i + (size_t)l;
            x[at] = keep * x[at] - scale * (double)value[at];
            replica[at] = (float)x[at];
            lane[l] += 0.0 * (double)replica[at]; /* stays 0 exactly as long as everything is finite */
        }
    }
    for (; i < n; ++i) {
        x[i] = keep * x[i] - scale * (double)value[i];
        replica[i] = (float)x[i];
        lane[0] += 0.0 * (double)replica[i];
    }
    double all = 0.0;
    for (int l = 0; l < LANES; ++l) { all += lane[l]; }
    return all == 0.0;
}

static bool cpu_apply(size_t n, const uint32_t *index, const float *value, double shrink, double scale, double *x,
                      float *replica)
{
    if (!index) { return apply_dense(n, value, shrink, scale, x, replica); }
    double all = 0.0;
    for (size_t j = 0; j < n; ++j) {
        const uint32_t i = index[j];
        x[i] -= scale * (double)value[j];
        replica[i] = (float)x[i];
        all += 0.0 * (double)replica[i];
    }
    return all == 0.0;
}

static void cpu_shrink(size_t n, double shrink, double *restrict x, float *restrict replica)
{
    for (size_t i = 0; i < n; ++i) {
        x[i] = (1.0 - shrink) * x[i];
        replica[i] = (float)x[i];
    }
}

static void cpu_average_f64(size_t n, double weight, const double *restrict x, double *restrict mean)
{
    for (size_t i = 0; i < n; ++i) { mean[i] += weight * (x[i] - mean[i]); }
}

const struct dsgd_backend dsgd_backend_cpu = {
    .name = "cpu",
    .alloc = cpu_alloc,
    .release = free,
    .clear = cpu_clear,
    .copy = cpu_copy,
    .add_f32 = cpu_add_f32,
    .mean_f32 = cpu_mean_f32,
    .axpy_f32 = cpu_axpy_f32,
    .scale_add_f32 = cpu_scale_add_f32,
    .add_scaled_f32 = cpu_add_scaled_f32,
    .moving_average_f32 = cpu_moving_average_f32,
    .momentum_f32 = cpu_momentum_f32,
    .nesterov_f32 = cpu_nesterov_f32,
    .scale_f32 = cpu_scale_f32,
    .error_add_f64 = cpu_error_add_f64,
    .round_f32 = cpu_round_f32,
    .gather_f32 = cpu_gather_f32,
    .gather_f64 = cpu_gather_f64,
    .scatter_add = cpu_scatter_add,
    .scatter_sub_f64 = cpu_scatter_sub_f64,
    .scatter_f32 = cpu_scatter_f32,
    .scatter_clear_f32 = cpu_scatter_clear_f32,
    .max_abs_f32 = cpu_max_abs_f32,
    .sum_abs_f32 = cpu_sum_abs_f32,
    .norm_f32 = cpu_norm_f32,
    .std_f32 = cpu_std_f32,
    .clip_f32 = cpu_clip_f32,
    .apply = cpu_apply,
    .shrink = cpu_shrink,
    .average_f64 = cpu_average_f64,
};

const struct dsgd_backend *dsgd_backend_at(int choice)
{
    static const struct dsgd_backend *const backends[] = {&dsgd_backend_cpu};
    return backends[choice];
}
