/* multiclass_pass.c - passes over the whole training set in double precision for classifiers with a weight vector for
 * each class: objective, gradient, products with a Hessian.
 *
 * One function does the work (convex_cpu_multiclass_pass). It takes ROWS examples at a time: their scores, then their shares
 * of the result in column blocks, so that a sum is loaded and stored once for ROWS additions. They are added
 * in the order of the examples. Sparse rows are added one by one, in that order too.
 */
#include "convex/multiclass.h"

#include <stdlib.h>
#include <string.h>
#include "convex/cpu/plain.h"
#include "convex/cpu/row.h"
#include "sim/kernel/sum.h"

enum { ROWS = 4, BLOCK = 128 };

static void widen(size_t n, const uint8_t *restrict row, double *restrict out)
{
    float part[BLOCK];
    dsgd_bytes_widen_float(n, row, part);
    for (size_t j = 0; j < n; ++j) { out[j] = (double)part[j]; }
}

/* out += coefficient times row, for the rows of `count` examples, `first` the number of the first; the coefficients past them are 0. */
CONVEX_CPU_INLINE void add_rows(const struct dsgd_multiclass *p, size_t first, size_t count, double coefficient[ROWS][DSGD_CLASSES_MAX],
                                double *out, enum dsgd_form form)
{
    const struct dsgd_split *train = &p->data->train;
    double number[ROWS][BLOCK];
    for (size_t from = 0; from < p->features && form != DSGD_ROWS_SPARSE; from += BLOCK) {
        const size_t columns = p->features - from < BLOCK ? p->features - from : BLOCK;
        for (size_t t = 0; t < ROWS; ++t) {
            const struct convex_cpu_row row = convex_cpu_row_at(train, p->features, t < count ? first + t : first, form);
            if (form == DSGD_ROWS_BYTES) {
                widen(columns, row.byte + from, number[t]);
            } else {
                for (size_t j = 0; j < columns; ++j) { number[t][j] = (double)row.real[from + j]; }
            }
        }
        for (size_t c = 0; c < p->classes; ++c) {
            const double q0 = coefficient[0][c], q1 = coefficient[1][c], q2 = coefficient[2][c], q3 = coefficient[3][c];
            double *restrict to = out + c * p->width + from;
            for (size_t j = 0; j < columns; ++j) {
                to[j] = (((to[j] + q0 * number[0][j]) + q1 * number[1][j]) + q2 * number[2][j]) + q3 * number[3][j];
            }
        }
    }
    for (size_t c = 0; c < p->classes; ++c) {
        for (size_t t = 0; t < count && form == DSGD_ROWS_SPARSE; ++t) { /* out is never -0: what a dense row adds besides changes nothing */
            convex_cpu_row_add(convex_cpu_row_at(train, p->features, first + t, form), coefficient[t][c], out + c * p->width, form);
        }
        for (int t = 0; t < ROWS; ++t) { out[c * p->width + p->features] += coefficient[t][c]; }
    }
}

/* Chunk k of a pass: out [d] = sums, with features still in the units of the rows. */
static double pass_chunk(const struct dsgd_multiclass *p, size_t k, const double *w, dsgd_multiclass_weight *weight,
                         const void *context, double *out)
{
    const size_t end = p->n * (k + 1) / DSGD_LINEAR_CHUNKS;
    double sum = 0, score[DSGD_CLASSES_MAX], coefficient[ROWS][DSGD_CLASSES_MAX];
    for (size_t i = p->n * k / DSGD_LINEAR_CHUNKS; i < end; i += ROWS) {
        const size_t count = end - i < ROWS ? end - i : ROWS;
        for (size_t t = 0; t < ROWS; ++t) {
            memset(coefficient[t], 0, p->classes * sizeof *coefficient[t]);
            if (t >= count) { continue; }
            dsgd_multiclass_score(p, &p->data->train, i + t, w, score);
            sum += weight(context, i + t, score, coefficient[t]);
        }
        CONVEX_CPU_BY_FORM(p->data->train.form, add_rows, p, i, count, coefficient, out);
    }
    return sum;
}

enum dsgd_status convex_cpu_multiclass_pass(const struct dsgd_multiclass *p, const double *w, dsgd_multiclass_weight *weight,
                                            const void *context, double *out, double *mean)
{
    double sum[DSGD_LINEAR_CHUNKS], total = 0;
    double *part = calloc(DSGD_LINEAR_CHUNKS * p->d, sizeof *part);
    if (!part) {
        return dsgd_fail(DSGD_ENOMEM, "no memory for %d partial sums of %zu numbers", (int)DSGD_LINEAR_CHUNKS, p->d);
    }
#pragma omp parallel for schedule(static) if (p->n >= DSGD_LINEAR_PARALLEL)
    for (size_t k = 0; k < DSGD_LINEAR_CHUNKS; ++k) { sum[k] = pass_chunk(p, k, w, weight, context, part + k * p->d); }
    memset(out, 0, p->d * sizeof *out);
    for (size_t k = 0; k < DSGD_LINEAR_CHUNKS; ++k) {
        total += sum[k];
        for (size_t j = 0; j < p->d; ++j) { out[j] += part[k * p->d + j]; }
    }
    free(part);
    const double n = (double)p->n, unit = dsgd_form_unit(p->data->train.form);
    for (size_t c = 0; c < p->classes; ++c) {
        double *segment = out + c * p->width;
        for (size_t j = 0; j < p->features; ++j) { segment[j] /= unit * n; }
        segment[p->features] /= n;
    }
    if (mean) { *mean = total / n; }
    return DSGD_OK;
}

static double weight_loss(const void *context, size_t i, const double *score, double *coefficient)
{
    const struct dsgd_multiclass *p = context;
    return p->loss->value(p, score, p->data->train.label[i], coefficient);
}

enum dsgd_status convex_cpu_multiclass_objective(const struct dsgd_multiclass *p, const double *w, double *f, double *grad)
{
    DSGD_TRY(convex_cpu_multiclass_pass(p, w, weight_loss, p, grad, f));
    for (size_t j = 0; j < p->d; ++j) { grad[j] += p->l2 * w[j]; }
    *f += 0.5 * p->l2 * dsgd_sum_products_f64(p->d, w, w);
    return DSGD_OK;
}
