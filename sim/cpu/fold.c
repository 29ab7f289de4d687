/* fold.c - sums over workers on the CPU: rows in ascending order, so that a sum has one order whatever the blocks. */
#include "sim/cpu/cpu.h"

#include <math.h>
#include <string.h>

static void add(size_t n, const float *restrict x, double *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += (double)x[i]; }
}

void cpu_fold_sum(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f64 *sum)
{
    (void)q;
    if (first) { memset(cpu_f64(sum, 0), 0, sum->array.count * sizeof(double)); }
    for (uint32_t row = 0; row < rows; ++row) { add(sum->array.count, cpu_f32(a, row), cpu_f64(sum, 0)); }
}

void cpu_fold_max(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f32 *most)
{
    float *max = cpu_f32(most, 0);
    (void)q;
    for (uint32_t row = 0; row < rows; ++row) {
        const float *x = cpu_f32(a, row);
        for (size_t j = 0; j < most->array.count; ++j) {
            if ((first && row == 0) || x[j] > max[j] || isnan(x[j])) { max[j] = x[j]; }
        }
    }
}

/* Eight coordinates a byte: votes of 1 or -1. */
static void vote(size_t n, const uint8_t *restrict plane, int32_t *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += 1 - 2 * (int32_t)(plane[i / 8] >> i % 8 & 1); }
}

void cpu_fold_signs(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_signs *a, dsgd_i32 *sum)
{
    (void)q;
    if (first) { memset(cpu_i32(sum, 0), 0, sum->array.count * sizeof(int32_t)); }
    for (uint32_t row = 0; row < rows; ++row) { vote(sum->array.count, cpu_signs(a, row), cpu_i32(sum, 0)); }
}

void cpu_fold_signs_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_signs *a, const struct dsgd_groups *g, const dsgd_f32 *scale,
                           dsgd_f64 *sum)
{
    double *total = cpu_f64(sum, 0);
    (void)q;
    if (first) { memset(total, 0, sum->array.count * sizeof *total); }
    for (uint32_t row = 0; row < rows; ++row) {
        const uint8_t *plane = cpu_signs(a, row);
        for (size_t j = 0; j < g->count; ++j) {
            const double plus = (double)cpu_f32(scale, row)[j], minus = -plus;
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { total[i] += plane[i / 8] >> i % 8 & 1 ? minus : plus; }
        }
    }
}

/* -1, 0 or 1 */
static inline int32_t trit(const uint8_t *nonzero, const uint8_t *negative, size_t i)
{
    const int32_t some = nonzero[i / 8] >> i % 8 & 1, minus = negative[i / 8] >> i % 8 & 1;
    return some - 2 * minus;
}

static void count(size_t n, const uint8_t *restrict nonzero, const uint8_t *restrict negative, int32_t *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += trit(nonzero, negative, i); }
}

void cpu_fold_ternary(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, dsgd_i32 *sum)
{
    (void)q;
    if (first) { memset(cpu_i32(sum, 0), 0, sum->array.count * sizeof(int32_t)); }
    for (uint32_t row = 0; row < rows; ++row) { count(sum->array.count, cpu_nonzero(a, row), cpu_negative(a, row), cpu_i32(sum, 0)); }
}

void cpu_fold_ternary_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, const struct dsgd_groups *g,
                             const dsgd_f32 *scale, dsgd_f64 *sum)
{
    double *total = cpu_f64(sum, 0);
    (void)q;
    if (first) { memset(total, 0, sum->array.count * sizeof *total); }
    for (uint32_t row = 0; row < rows; ++row) {
        const uint8_t *nonzero = cpu_nonzero(a, row), *negative = cpu_negative(a, row);
        for (size_t j = 0; j < g->count; ++j) {
            const double unit = (double)cpu_f32(scale, row)[j]; /* unit * 0 is NaN where a worker has diverged: it must show */
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { total[i] += unit * (double)trit(nonzero, negative, i); }
        }
    }
}

void cpu_fold_levels_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_i32 *a, const struct dsgd_groups *g, const dsgd_f32 *norm,
                            uint32_t m, dsgd_f64 *sum)
{
    double *total = cpu_f64(sum, 0);
    const double s = (double)m;
    (void)q;
    if (first) { memset(total, 0, sum->array.count * sizeof *total); }
    for (uint32_t row = 0; row < rows; ++row) {
        const int32_t *level = cpu_i32(a, row);
        for (size_t j = 0; j < g->count; ++j) {
            const double unit = (double)cpu_f32(norm, row)[j];
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { total[i] += (double)(float)(unit * (double)level[i] / s); }
        }
    }
}

void cpu_fold_sparse(struct dsgd_queue *q, uint32_t rows, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *sum, dsgd_i32 *seen)
{
    enum { WORD = 32 };
    double *total = cpu_f64(sum, 0);
    int32_t *word = cpu_i32(seen, 0);
    (void)q;
    for (uint32_t row = 0; row < rows; ++row) {
        const uint32_t *index = cpu_set(at, row);
        const float *x = cpu_f32(value, row);
        for (size_t j = 0, n = *cpu_length(at, row); j < n; ++j) {
            total[index[j]] += (double)x[j];
            word[index[j] / WORD] = (int32_t)((uint32_t)word[index[j] / WORD] | UINT32_C(1) << index[j] % WORD);
        }
    }
}
