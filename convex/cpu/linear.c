/* linear.c - stochastic gradients and metrics of linear classifiers on rows of any form, on the CPU. Formulas: convex/linear.h; rows: row.h.
 * The factor 1/255 of bytes is applied to scalars, never to rows.
 */
#include "convex/linear.h"

#include <stdlib.h>

#include "convex/cpu/plain.h"
#include "convex/cpu/row.h"
#include "convex/cpu/rows.h"
#include "sim/kernel/sum.h"

CONVEX_CPU_INLINE enum dsgd_status gradient_of(const struct dsgd_linear *p, const float *x, const struct dsgd_batch *batch, float *restrict grad,
                                               enum dsgd_form form)
{
    const struct dsgd_split *train = &p->data->train;
    const size_t features = p->features;
    const float l2 = (float)p->l2, unit = (float)dsgd_form_unit(form);
    convex_cpu_row_prefetch(convex_cpu_row_at(train, features, batch->example[0], form), form);
    for (uint32_t b = 0; b < batch->count; ++b) {
        const size_t i = batch->example[b];
        const struct convex_cpu_row row = convex_cpu_row_at(train, features, i, form);
        if (b + 1 < batch->count) { convex_cpu_row_prefetch(convex_cpu_row_at(train, features, batch->example[b + 1], form), form); }
        const float y = train->label[i] == p->digit ? 1.0f : -1.0f;
        const float score = convex_cpu_row_dot_float(row, x, form) / unit + x[features];
        const float c = y * p->loss->slope_float(y * score) / (float)batch->count;
        if (b == 0) {
            convex_cpu_row_begin_float(row, l2, x, c / unit, grad, form);
            grad[features] = l2 * x[features] + c;
        } else if (c != 0.0f) {
            convex_cpu_row_add_float(row, c / unit, grad, form);
            grad[features] += c;
        }
    }
    return DSGD_OK;
}

enum dsgd_status convex_cpu_linear_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct dsgd_linear *p = self;
    if (batch->count == 0) {
        return dsgd_fail(DSGD_EINTERNAL, "gradient of an empty minibatch, expected at least 1 example");
    }
    return CONVEX_CPU_BY_FORM(p->data->train.form, gradient_of, p, x, batch, grad);
}

static size_t linear_losses(const void *problem, const struct dsgd_split *split, size_t from, size_t to, const double *x, double *loss)
{
    const struct dsgd_linear *p = problem;
    size_t wrong = 0;
    for (size_t i = from; i < to; ++i) {
        const double y = dsgd_linear_sign(p, split->label[i]);
        const double score = convex_cpu_linear_score(p, split, i, x);
        loss[i - from] = p->loss->value(y * score);
        wrong += (score > 0) != (y > 0);
    }
    return wrong;
}

static void evaluate_split(const void *problem, dsgd_linear_losses *losses, const struct dsgd_split *split, const double *x, double *each,
                           double *loss, double *error)
{
    size_t wrong[DSGD_LINEAR_CHUNKS], all_wrong = 0;
#pragma omp parallel for schedule(static) if (split->n >= DSGD_LINEAR_PARALLEL)
    for (size_t c = 0; c < DSGD_LINEAR_CHUNKS; ++c) {
        const size_t from = split->n * c / DSGD_LINEAR_CHUNKS;
        wrong[c] = losses(problem, split, from, split->n * (c + 1) / DSGD_LINEAR_CHUNKS, x, each + from);
    }
    for (size_t c = 0; c < DSGD_LINEAR_CHUNKS; ++c) { all_wrong += wrong[c]; }
    *loss = dsgd_sum_of(split->n, each) / (double)split->n;
    *error = (double)all_wrong / (double)split->n;
}

enum dsgd_status dsgd_linear_metrics(const void *problem, dsgd_linear_losses *losses, const struct dsgd_dataset *data, double l2, size_t d,
                                     const double *x, double *value)
{
    const double regulariser = 0.5 * l2 * dsgd_sum_products_f64(d, x, x);
    const size_t most = data->train.n > data->test.n ? data->train.n : data->test.n;
    double *each = malloc(most * sizeof *each);
    if (!each) { return dsgd_fail(DSGD_ENOMEM, "no memory for the losses of %zu examples", most); }
    evaluate_split(problem, losses, &data->train, x, each, &value[DSGD_LINEAR_OBJECTIVE], &value[DSGD_LINEAR_TRAIN_ERROR]);
    evaluate_split(problem, losses, &data->test, x, each, &value[DSGD_LINEAR_TEST_LOSS], &value[DSGD_LINEAR_TEST_ERROR]);
    free(each);
    value[DSGD_LINEAR_OBJECTIVE] += regulariser;
    value[DSGD_LINEAR_TEST_LOSS] += regulariser;
    return DSGD_OK;
}

enum dsgd_status convex_cpu_linear_evaluate(const void *self, const double *x, double *value)
{
    const struct dsgd_linear *p = self;
    return dsgd_linear_metrics(p, linear_losses, p->data, p->l2, p->d, x, value);
}

CONVEX_CPU_INLINE double score_of(const struct dsgd_linear *p, const struct dsgd_split *split, size_t i, const double *w, enum dsgd_form form)
{
    return convex_cpu_row_dot(convex_cpu_row_at(split, p->features, i, form), w, form) / dsgd_form_unit(form) + w[p->features];
}

double convex_cpu_linear_score(const struct dsgd_linear *p, const struct dsgd_split *split, size_t i, const double *w)
{
    return CONVEX_CPU_BY_FORM(split->form, score_of, p, split, i, w);
}

CONVEX_CPU_INLINE void add_of(const struct dsgd_split *split, size_t features, size_t i, double scale, double *out, enum dsgd_form form)
{
    convex_cpu_row_add(convex_cpu_row_at(split, features, i, form), scale, out, form);
}

void convex_cpu_linear_add(const struct dsgd_split *split, size_t features, size_t i, double scale, double *out)
{
    CONVEX_CPU_BY_FORM(split->form, add_of, split, features, i, scale, out);
}

double convex_cpu_linear_square(const struct dsgd_split *split, size_t features, size_t i)
{
    if (split->form == DSGD_ROWS_BYTES) {
        const uint8_t *row = split->feature + i * features;
        uint64_t sum = 0; /* exact */
        for (size_t j = 0; j < features; ++j) { sum += (uint64_t)row[j] * row[j]; }
        return (double)sum / (255.0 * 255.0) + 1.0;
    }
    const struct convex_cpu_row row = convex_cpu_row_at(split, features, i, split->form);
    return (split->form == DSGD_ROWS_FLOATS ? dsgd_sum_products_f32(features, row.real, row.real)
                                            : dsgd_sparse_dot(features, row.count, row.column, row.real, NULL)) + 1.0;
}

static void ahead(const void *self, uint32_t example)
{
    const struct dsgd_linear *p = self;
    const struct dsgd_split *train = &p->data->train;
    convex_cpu_row_prefetch(convex_cpu_row_at(train, p->features, example, train->form), train->form);
}

static enum dsgd_status gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    return convex_cpu_rows(convex_cpu_linear_gradient, ahead, self, w, x, batch, grad);
}

static enum dsgd_status evaluate(const void *self, struct dsgd_rows *all, const dsgd_f64 *x, const void *resident, double *value)
{
    (void)resident;
    (void)all;
    return convex_cpu_linear_evaluate(self, cpu_f64(x, 0), value);
}

const struct dsgd_problem_kernels dsgd_linear_cpu = {.gradients = gradients, .evaluate = evaluate};
const struct dsgd_problem_kernels dsgd_sigmoid_cpu = {.gradients = gradients, .evaluate = NULL}; /* one metric more, of a pass on the host */
