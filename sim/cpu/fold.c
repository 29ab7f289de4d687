/* fold.c - sums over workers on the CPU: rows in ascending order, so that a sum has one order whatever the blocks. */
#include "sim/codec/codec.h"
#include "sim/codec/ternary.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/split.h"
#include "sim/kernel/number.h"

#include <math.h>
#include <string.h>

struct sum_of {
    uint32_t rows;
    bool first;
    const dsgd_f32 *a;
    double *sum;
};

static void add(size_t n, const float *restrict x, double *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += (double)x[i]; }
}

/* Four rows in ascending order, to the sum or afresh. */
static void add_four(size_t n, bool first, const float *restrict a, const float *restrict b, const float *restrict c, const float *restrict d,
                     double *restrict sum)
{
    if (first) {
        for (size_t i = 0; i < n; ++i) { sum[i] = 0.0 + (double)a[i] + (double)b[i] + (double)c[i] + (double)d[i]; }
    } else {
        for (size_t i = 0; i < n; ++i) { sum[i] = sum[i] + (double)a[i] + (double)b[i] + (double)c[i] + (double)d[i]; }
    }
}

/* The rows of a block are added while a piece of the sum is in the first-level cache, and the first row of all needs no zeros before it. */
static void sum_rows(const void *args, size_t from, size_t end)
{
    enum { PIECE = 1024 };
    const struct sum_of *s = args;
    for (size_t at = from; at < end; at += PIECE) {
        const size_t n = end - at < PIECE ? end - at : PIECE;
        uint32_t row = 0;
        for (; row + 4 <= s->rows; row += 4) {
            add_four(n, s->first && row == 0, cpu_f32(s->a, row) + at, cpu_f32(s->a, row + 1) + at, cpu_f32(s->a, row + 2) + at,
                     cpu_f32(s->a, row + 3) + at, s->sum + at);
        }
        if (s->first && row == 0) {
            const float *restrict x = cpu_f32(s->a, row++) + at;
            double *restrict sum = s->sum + at;
            for (size_t i = 0; i < n; ++i) { sum[i] = 0.0 + (double)x[i]; } /* -0 becomes 0 */
        }
        for (; row < s->rows; ++row) { add(n, cpu_f32(s->a, row) + at, s->sum + at); }
    }
}

void cpu_fold_sum(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f64 *sum)
{
    const struct sum_of s = {rows, first, a, cpu_f64(sum, 0)};
    cpu_split(q, sum->array.count, sum_rows, &s);
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

/* What arrived has been checked: a plane without a bit past its end. */
static void checked(struct dsgd_queue *q, enum dsgd_status status)
{
    if (status != DSGD_OK) { dsgd_queue_fail(q, DSGD_EINTERNAL, "a sum over workers: %s", dsgd_error()); }
}

/* total += scale * one for the coordinates first .. first + n - 1, of which one [n] are those of a block. */
static void add_block(const struct dsgd_groups *g, size_t *group, const float *scale, size_t first, size_t n, const float *restrict one,
                      double *restrict total)
{
    for (size_t i = first; i < first + n;) {
        while (g->start[*group + 1] <= i) { ++*group; }
        const size_t stop = g->start[*group + 1] < first + n ? g->start[*group + 1] : first + n;
        const double unit = (double)scale[*group]; /* unit * 0 is NaN where a worker has diverged: it must show */
        for (; i < stop; ++i) { total[i] += unit * (double)one[i - first]; }
    }
}

enum { BLOCK = 512 }; /* coordinates that are unpacked at a time: whole bytes of planes */

void cpu_fold_signs_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_signs *a, const struct dsgd_groups *g, const dsgd_f32 *scale,
                           dsgd_f64 *sum)
{
    const size_t d = sum->array.count;
    double *total = cpu_f64(sum, 0);
    float one[BLOCK];
    if (first) { memset(total, 0, d * sizeof *total); }
    for (uint32_t row = 0; row < rows; ++row) {
        size_t group = 0;
        for (size_t i = 0; i < d; i += BLOCK) {
            const size_t n = d - i < BLOCK ? d - i : BLOCK;
            checked(q, codec_signs_unpack(n, cpu_signs(a, row) + i / 8, 1.0f, one));
            add_block(g, &group, cpu_f32(scale, row), i, n, one, total);
        }
    }
}

void cpu_fold_ternary(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, dsgd_i32 *sum)
{
    if (first) { memset(cpu_i32(sum, 0), 0, sum->array.count * sizeof(int32_t)); }
    for (uint32_t row = 0; row < rows; ++row) {
        checked(q, ternary_accumulate(sum->array.count, cpu_nonzero(a, row), cpu_negative(a, row), cpu_i32(sum, 0)));
    }
}

void cpu_fold_ternary_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, const struct dsgd_groups *g,
                             const dsgd_f32 *scale, dsgd_f64 *sum)
{
    const size_t d = sum->array.count;
    double *total = cpu_f64(sum, 0);
    if (first) { memset(total, 0, d * sizeof *total); }
    for (uint32_t row = 0; row < rows; ++row) {
        size_t group = 0;
        for (size_t i = 0; i < d; i += BLOCK) {
            const size_t n = d - i < BLOCK ? d - i : BLOCK;
            int32_t sign[BLOCK] = {0};
            float one[BLOCK];
            checked(q, ternary_accumulate(n, cpu_nonzero(a, row) + i / 8, cpu_negative(a, row) + i / 8, sign));
            for (size_t j = 0; j < n; ++j) { one[j] = (float)sign[j]; }
            add_block(g, &group, cpu_f32(scale, row), i, n, one, total);
        }
    }
}

void cpu_fold_levels_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_i32 *a, const struct dsgd_groups *g, const dsgd_f32 *norm,
                            uint32_t m, dsgd_f64 *sum)
{
    double *total = cpu_f64(sum, 0);
    (void)q;
    if (first) { memset(total, 0, sum->array.count * sizeof *total); }
    for (uint32_t row = 0; row < rows; ++row) {
        const int32_t *level = cpu_i32(a, row);
        for (size_t j = 0; j < g->count; ++j) {
            const double unit = dsgd_level_unit(cpu_f32(norm, row)[j], m);
            for (size_t i = g->start[j]; i < g->start[j + 1]; ++i) { total[i] += (double)dsgd_level_value(level[i], unit); }
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
