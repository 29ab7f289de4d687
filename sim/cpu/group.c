/* group.c - one number for each group of coordinates, and what is done with it, on the CPU. Sums in the one order: sim/kernel/sum.h. */
#include "sim/codec/codec.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/split.h"
#include "sim/cpu/sum.h"
#include "sim/kernel/vec.h"

#include <math.h>
#include <string.h>

/* Magnitudes as integers have the order of the numbers, and every NaN lies above infinity: the largest one stays. */
static int32_t most_of(size_t n, const float *v)
{
    int32_t most = 0;
    for (size_t i = 0; i < n; ++i) {
        const int32_t bits = (int32_t)(dsgd_bits32(v[i]) & 0x7fffffffu);
        most = bits > most ? bits : most;
    }
    return most;
}

static float max_abs(const struct dsgd_queue *q, size_t n, const float *v)
{
    const int parts = cpu_parts(q, n);
    int32_t most = 0;
    if (parts == 1) {
        most = most_of(n, v);
    } else {
#pragma omp parallel for num_threads(parts) reduction(max : most) /* of integers: no order */
        for (int p = 0; p < parts; ++p) {
            const int32_t mine = most_of(cpu_part(n, p + 1, parts) - cpu_part(n, p, parts), v + cpu_part(n, p, parts));
            most = mine > most ? mine : most;
        }
    }
    const float max = dsgd_float_of((uint32_t)most);
    return isnan(max) ? (float)NAN : max;
}

static double abs_chunk(const void *args, size_t first, size_t n)
{
    const float *v = (const float *)args + first;
    double lane[DSGD_SUM_LANES] = {0.0};
    size_t i = 0;
    for (; i + DSGD_SUM_LANES <= n; i += DSGD_SUM_LANES) {
        for (size_t l = 0; l < DSGD_SUM_LANES; ++l) { lane[l] += (double)dsgd_magnitude32(v[i + l]); }
    }
    for (size_t l = 0; i + l < n; ++l) { lane[l] += (double)dsgd_magnitude32(v[i + l]); }
    return dsgd_sum_fold(lane);
}

static double square_chunk(const void *args, size_t first, size_t n)
{
    const float *v = (const float *)args + first;
    return dsgd_sum_chunk_f32(n, v, v);
}

static double plain_chunk(const void *args, size_t first, size_t n)
{
    const float *v = (const float *)args + first;
    double lane[DSGD_SUM_LANES] = {0.0};
    size_t i = 0;
    for (; i + DSGD_SUM_LANES <= n; i += DSGD_SUM_LANES) {
        for (size_t l = 0; l < DSGD_SUM_LANES; ++l) { lane[l] += (double)v[i + l]; }
    }
    for (size_t l = 0; i + l < n; ++l) { lane[l] += (double)v[i + l]; }
    return dsgd_sum_fold(lane);
}

struct centred { const float *v; double mean; };

static double centred_square_chunk(const void *args, size_t first, size_t n)
{
    const struct centred *c = args;
    const float *v = c->v + first;
    const double mean = c->mean;
    double lane[DSGD_SUM_LANES] = {0.0};
    size_t i = 0;
    for (; i + DSGD_SUM_LANES <= n; i += DSGD_SUM_LANES) {
        for (size_t l = 0; l < DSGD_SUM_LANES; ++l) {
            const double x = (double)v[i + l] - mean;
            lane[l] += x * x;
        }
    }
    for (size_t l = 0; i + l < n; ++l) {
        const double x = (double)v[i + l] - mean;
        lane[l] += x * x;
    }
    return dsgd_sum_fold(lane);
}

static size_t size_of(const struct dsgd_groups *g, size_t j)
{
    return g->start[j + 1] - g->start[j];
}

void cpu_group_max_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) { cpu_f32(out, row)[j] = max_abs(r->queue, size_of(g, j), cpu_f32(v, row) + g->start[j]); }
    }
}

void cpu_group_mean_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) {
            const size_t n = size_of(g, j);
            cpu_f32(out, row)[j] = n > 0 ? (float)(cpu_sum(r->queue->threads, n, abs_chunk, cpu_f32(v, row) + g->start[j]) / (double)n) : 0.0f;
        }
    }
}

void cpu_group_norm(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) {
            cpu_f64(out, row)[j] = sqrt(cpu_sum(r->queue->threads, size_of(g, j), square_chunk, cpu_f32(v, row) + g->start[j]));
        }
    }
}

void cpu_group_std(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    for (uint32_t row = 0; row < r->rows; ++row) {
        for (size_t j = 0; j < g->count; ++j) {
            const size_t n = size_of(g, j);
            struct centred c = {.v = cpu_f32(v, row) + g->start[j]};
            c.mean = cpu_sum(r->queue->threads, n, plain_chunk, c.v) / (double)n;
            cpu_f64(out, row)[j] = sqrt(cpu_sum(r->queue->threads, n, centred_square_chunk, &c) / (double)n);
        }
    }
}

static void clip(size_t n, float bound, const float *v, float *out)
{
    for (size_t i = 0; i < n; ++i) { out[i] = dsgd_one_clip(bound, v[i]); }
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
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { to[i] = dsgd_one_scale(factor, from[i]); }
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
