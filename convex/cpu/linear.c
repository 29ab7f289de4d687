/* linear.c - stochastic gradients and metrics of linear classifiers on byte features, on the CPU. Formulas: convex/linear.h. The factor
 * 1/255 of the pixels is applied to scalars, never to rows.
 */
#include "convex/linear.h"

#include <stdlib.h>

#include "convex/cpu/bytes.h"
#include "convex/cpu/rows.h"
#include "sim/kernel/sum.h"

enum dsgd_status dsgd_linear_gradient(const void *self, const float *x, const struct dsgd_batch *batch,
                                      float *restrict grad)
{
    const struct dsgd_linear *p = self;
    const size_t features = p->features;
    const float l2 = (float)p->l2;
    if (batch->count == 0) {
        return dsgd_fail(DSGD_EINTERNAL, "gradient of an empty minibatch, expected at least 1 example");
    }
    dsgd_bytes_prefetch(features, p->data->train.feature + batch->example[0] * features);
    for (uint32_t b = 0; b < batch->count; ++b) {
        const size_t i = batch->example[b];
        const uint8_t *restrict row = p->data->train.feature + i * features;
        if (b + 1 < batch->count) {
            dsgd_bytes_prefetch(features, p->data->train.feature + batch->example[b + 1] * features);
        }
        const float y = p->data->train.label[i] == p->digit ? 1.0f : -1.0f;
        const float score = dsgd_bytes_dot_float(features, row, x) / 255.0f + x[features];
        const float c = y * p->loss->slope_float(y * score) / (float)batch->count;
        const float c_pixel = c / 255.0f;
        if (b == 0) { /* the first example also writes the regulariser: one pass over grad fewer */
            for (size_t j = 0; j < features; ++j) { grad[j] = l2 * x[j] + c_pixel * (float)row[j]; }
            grad[features] = l2 * x[features] + c;
        } else if (c != 0.0f) {
            for (size_t j = 0; j < features; ++j) { grad[j] += c_pixel * (float)row[j]; }
            grad[features] += c;
        }
    }
    return DSGD_OK;
}

static size_t linear_losses(const void *problem, const struct dsgd_split *split, size_t from, size_t to, const double *x, double *loss)
{
    const struct dsgd_linear *p = problem;
    size_t wrong = 0;
    for (size_t i = from; i < to; ++i) {
        const double y = dsgd_linear_sign(p, split->label[i]);
        const double score = dsgd_linear_score(p, split->feature + i * p->features, x);
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

enum dsgd_status dsgd_linear_evaluate(const void *self, const double *x, double *value)
{
    const struct dsgd_linear *p = self;
    return dsgd_linear_metrics(p, linear_losses, p->data, p->l2, p->d, x, value);
}

double dsgd_linear_score(const struct dsgd_linear *p, const uint8_t *row, const double *w)
{
    return dsgd_bytes_dot(p->features, row, w) / 255.0 + w[p->features];
}

static enum dsgd_status gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    return convex_cpu_rows(dsgd_linear_gradient, self, w, x, batch, grad);
}

static enum dsgd_status evaluate(const void *self, struct dsgd_rows *all, const dsgd_f64 *x, double *value)
{
    (void)all;
    return dsgd_linear_evaluate(self, cpu_f64(x, 0), value);
}

const struct dsgd_problem_kernels dsgd_linear_cpu = {.gradients = gradients, .evaluate = evaluate};
const struct dsgd_problem_kernels dsgd_sigmoid_cpu = {.gradients = gradients, .evaluate = NULL}; /* one metric more, of a pass on the host */
