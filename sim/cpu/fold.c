/* fold.c - sums over workers on the CPU: rows in ascending order, so that a sum has one order whatever the blocks.
 *
 * All rows of a block are added to a piece of the sum before the next piece: long sums are read and written once, and parts of them go to
 * several threads. No coordinate of a sum depends on another one, so neither pieces nor threads change a bit.
 */
#include "sim/codec/codec.h"
#include "sim/codec/ternary.h"
#include "sim/cpu/cpu.h"
#include "sim/cpu/split.h"
#include "sim/kernel/number.h"

#include <string.h>

enum {
    PIECE = 1024,  /* coordinates of a sum that stay in the first-level cache */
    BLOCK = 512,   /* coordinates that are unpacked at a time: whole bytes of planes */
    UNPACKING = 2, /* coordinates that are unpacked cost so many others */
    SCATTERED = 8  /* as do those of sparse vectors */
};

/* What a fold reads and writes; each names what it uses. `sum`, `most`, `count`: one of them. */
struct fold {
    uint32_t rows, m;
    bool first;
    const dsgd_f32 *a, *scale;
    const dsgd_signs *signs;
    const dsgd_ternary *ternary;
    const dsgd_i32 *level;
    const dsgd_set *at;
    const struct dsgd_groups *g;
    double *sum;
    float *most;
    int32_t *count;
};

static void add(size_t n, const float *restrict x, double *restrict sum)
{
    for (size_t i = 0; i < n; ++i) { sum[i] += (double)x[i]; }
}

/* Row after row: a processor fetches ahead better along one row than along many. The first row of all needs no zeros before it. */
static void sum_rows(const void *args, size_t begin, size_t end)
{
    const struct fold *f = args;
    for (size_t at = begin; at < end; at += PIECE) {
        const size_t n = end - at < PIECE ? end - at : PIECE;
        uint32_t row = 0;
        if (row < f->rows && f->first) {
            const float *restrict x = cpu_f32(f->a, row++) + at;
            double *restrict sum = f->sum + at;
            for (size_t i = 0; i < n; ++i) { sum[i] = 0.0 + (double)x[i]; } /* -0 becomes 0 */
        }
        for (; row < f->rows; ++row) { add(n, cpu_f32(f->a, row) + at, f->sum + at); }
    }
}

void cpu_fold_sum(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f64 *sum)
{
    const struct fold f = {.rows = rows, .first = first, .a = a, .sum = cpu_f64(sum, 0)};
    cpu_split(q, sum->array.count, sum_rows, &f);
}

/* A NaN replaces everything and only a NaN replaces it. */
static void max_rows(const void *args, size_t begin, size_t end)
{
    const struct fold *f = args;
    for (size_t at = begin; at < end; at += PIECE) {
        const size_t n = end - at < PIECE ? end - at : PIECE;
        float *restrict most = f->most + at;
        for (uint32_t row = 0; row < f->rows; ++row) {
            const float *restrict x = cpu_f32(f->a, row) + at;
            if (f->first && row == 0) {
                memcpy(most, x, n * sizeof *most);
                continue;
            }
            for (size_t i = 0; i < n; ++i) { most[i] = ((x[i] > most[i]) | (x[i] != x[i])) ? x[i] : most[i]; }
        }
    }
}

void cpu_fold_max(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f32 *most)
{
    const struct fold f = {.rows = rows, .first = first, .a = a, .most = cpu_f32(most, 0)};
    cpu_split(q, most->array.count, max_rows, &f);
}

/* What arrived has been checked: a plane without a bit past its end. */
static void checked(struct dsgd_queue *q, enum dsgd_status status)
{
    if (status != DSGD_OK) { dsgd_queue_fail(q, DSGD_EINTERNAL, "a sum over workers: %s", dsgd_error()); }
}

/* Calls `work` for a fold whose elements cost as much as `dear` others, for each of its rows. */
static void split_dear(struct dsgd_queue *q, size_t n, size_t dear, cpu_work *work, const struct fold *f)
{
    const int parts = cpu_parts(q, n * f->rows * dear);
    if (parts == 1) {
        work(f, 0, n);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(parts)
    for (int p = 0; p < parts; ++p) { work(f, cpu_part(n, p, parts), cpu_part(n, p + 1, parts)); }
}

/* The group of coordinate i, from that of one before it on. */
static inline size_t group_at(const struct dsgd_groups *g, size_t group, size_t i)
{
    while (g->start[group + 1] <= i) { ++group; }
    return group;
}

/* total += scale * one for the coordinates first .. first + n - 1, of which one [n] are those of a block. */
static void add_block(const struct dsgd_groups *g, size_t group, const float *scale, size_t first, size_t n, const float *restrict one,
                      double *restrict total)
{
    for (size_t i = first; i < first + n;) {
        group = group_at(g, group, i);
        const size_t stop = g->start[group + 1] < first + n ? g->start[group + 1] : first + n;
        const double unit = (double)scale[group]; /* unit * 0 is NaN where a worker has diverged: it must show */
        for (; i < stop; ++i) { total[i] += unit * (double)one[i - first]; }
    }
}

static void add_signs(const void *args, size_t begin, size_t end)
{
    const struct fold *f = args;
    size_t group = 0;
    float one[BLOCK];
    for (size_t i = begin; i < end; i += BLOCK) {
        const size_t n = end - i < BLOCK ? end - i : BLOCK;
        group = group_at(f->g, group, i);
        if (f->first) { memset(f->sum + i, 0, n * sizeof *f->sum); }
        for (uint32_t row = 0; row < f->rows; ++row) {
            (void)codec_signs_unpack(n, cpu_signs(f->signs, row) + i / 8, 1.0f, one);
            add_block(f->g, group, cpu_f32(f->scale, row), i, n, one, f->sum);
        }
    }
}

void cpu_fold_signs_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_signs *a, const struct dsgd_groups *g, const dsgd_f32 *scale,
                           dsgd_f64 *sum)
{
    const size_t d = sum->array.count;
    const struct fold f = {.rows = rows, .first = first, .signs = a, .g = g, .scale = scale, .sum = cpu_f64(sum, 0)};
    float last[8];
    for (uint32_t row = 0; row < rows; ++row) { checked(q, codec_signs_unpack(d % 8, cpu_signs(a, row) + d / 8, 1.0f, last)); }
    split_dear(q, d, UNPACKING, add_signs, &f);
}

static void check_ternary(struct dsgd_queue *q, uint32_t rows, const dsgd_ternary *a, size_t d)
{
    for (uint32_t row = 0; row < rows; ++row) { checked(q, ternary_check(d, cpu_nonzero(a, row), cpu_negative(a, row))); }
}

static void count_ternary(const void *args, size_t begin, size_t end)
{
    const struct fold *f = args;
    for (size_t i = begin; i < end; i += BLOCK) {
        const size_t n = end - i < BLOCK ? end - i : BLOCK;
        if (f->first) { memset(f->count + i, 0, n * sizeof *f->count); }
        for (uint32_t row = 0; row < f->rows; ++row) {
            ternary_add(n, cpu_nonzero(f->ternary, row) + i / 8, cpu_negative(f->ternary, row) + i / 8, f->count + i);
        }
    }
}

void cpu_fold_ternary(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, dsgd_i32 *sum)
{
    const struct fold f = {.rows = rows, .first = first, .ternary = a, .count = cpu_i32(sum, 0)};
    check_ternary(q, rows, a, sum->array.count);
    split_dear(q, sum->array.count, 1, count_ternary, &f);
}

static void add_ternary(const void *args, size_t begin, size_t end)
{
    const struct fold *f = args;
    size_t group = 0;
    for (size_t i = begin; i < end; i += BLOCK) {
        const size_t n = end - i < BLOCK ? end - i : BLOCK;
        group = group_at(f->g, group, i);
        if (f->first) { memset(f->sum + i, 0, n * sizeof *f->sum); }
        for (uint32_t row = 0; row < f->rows; ++row) {
            int32_t sign[BLOCK] = {0};
            float one[BLOCK];
            ternary_add(n, cpu_nonzero(f->ternary, row) + i / 8, cpu_negative(f->ternary, row) + i / 8, sign);
            for (size_t j = 0; j < n; ++j) { one[j] = (float)sign[j]; }
            add_block(f->g, group, cpu_f32(f->scale, row), i, n, one, f->sum);
        }
    }
}

void cpu_fold_ternary_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, const struct dsgd_groups *g,
                             const dsgd_f32 *scale, dsgd_f64 *sum)
{
    const struct fold f = {.rows = rows, .first = first, .ternary = a, .g = g, .scale = scale, .sum = cpu_f64(sum, 0)};
    check_ternary(q, rows, a, sum->array.count);
    split_dear(q, sum->array.count, UNPACKING, add_ternary, &f);
}

static void add_levels(const void *args, size_t begin, size_t end)
{
    const struct fold *f = args;
    double *restrict sum = f->sum;
    size_t group = 0;
    for (size_t at = begin, stop; at < end; at = stop) { /* pieces of one group */
        group = group_at(f->g, group, at);
        stop = end - at < PIECE ? end : at + PIECE;
        if (stop > f->g->start[group + 1]) { stop = f->g->start[group + 1]; }
        if (f->first) { memset(sum + at, 0, (stop - at) * sizeof *sum); }
        for (uint32_t row = 0; row < f->rows; ++row) {
            const int32_t *restrict level = cpu_i32(f->level, row);
            const double unit = dsgd_level_unit(cpu_f32(f->scale, row)[group], f->m);
            for (size_t i = at; i < stop; ++i) { sum[i] += (double)dsgd_level_value(level[i], unit); }
        }
    }
}

void cpu_fold_levels_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_i32 *a, const struct dsgd_groups *g, const dsgd_f32 *norm,
                            uint32_t m, dsgd_f64 *sum)
{
    const struct fold f = {.rows = rows, .first = first, .level = a, .g = g, .scale = norm, .m = m, .sum = cpu_f64(sum, 0)};
    split_dear(q, sum->array.count, 1, add_levels, &f);
}

/* The first place of an ascending list whose index is not below `least`. */
static size_t place_of(size_t n, const uint32_t *index, size_t least)
{
    size_t low = 0;
    for (size_t high = n; low < high;) {
        const size_t middle = low + (high - low) / 2;
        if (index[middle] < least) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Parts of coordinates, so that no two threads meet in a sum or in a word of what was seen. */
static void add_sparse(const void *args, size_t begin, size_t end)
{
    enum { WORD = 32 };
    const struct fold *f = args;
    double *sum = f->sum;
    int32_t *seen = f->count;
    for (uint32_t row = 0; row < f->rows; ++row) {
        const uint32_t *index = cpu_set(f->at, row);
        const float *x = cpu_f32(f->a, row);
        const size_t n = *cpu_length(f->at, row), stop = place_of(n, index, end);
        for (size_t j = place_of(n, index, begin); j < stop; ++j) {
            const uint32_t i = index[j];
            sum[i] += (double)x[j];
            seen[i / WORD] = (int32_t)((uint32_t)seen[i / WORD] | UINT32_C(1) << i % WORD);
        }
    }
}

void cpu_fold_sparse(struct dsgd_queue *q, uint32_t rows, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *sum, dsgd_i32 *seen)
{
    const size_t d = sum->array.count;
    const struct fold f = {.rows = rows, .at = at, .a = value, .sum = cpu_f64(sum, 0), .count = cpu_i32(seen, 0)};
    size_t entries = 0;
    for (uint32_t row = 0; row < rows; ++row) { entries += *cpu_length(at, row); }
    const int parts = cpu_parts(q, SCATTERED * entries);
    if (parts == 1) {
        add_sparse(&f, 0, d);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(parts)
    for (int p = 0; p < parts; ++p) { add_sparse(&f, cpu_part(d, p, parts), cpu_part(d, p + 1, parts)); }
}
