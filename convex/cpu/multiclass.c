/* multiclass.c - stochastic gradients and metrics of classifiers with a weight vector for each class, on the CPU. Formulas:
 * convex/multiclass.h. The factor 1/255 of the pixels is applied to scalars, never to rows.
 */
#include "convex/multiclass.h"

#include "convex/cpu/bytes.h"
#include "convex/cpu/rows.h"

/* A stochastic gradient takes TILE examples at a time and adds them up in column blocks that stay in the L1 cache. */
enum { TILE = 8, BLOCK = 128 };

static void score_float(const struct dsgd_multiclass *p, const uint8_t *row, const float *x, float *score)
{
    size_t c = 0;
    for (; c + DSGD_BYTES_GROUP <= p->classes; c += DSGD_BYTES_GROUP) {
        dsgd_bytes_dots_float(p->features, row, p->width, x + c * p->width, score + c);
    }
    for (; c < p->classes; ++c) { score[c] = dsgd_bytes_dot_float(p->features, row, x + c * p->width); }
    for (c = 0; c < p->classes; ++c) { score[c] = score[c] / 255.0f + x[c * p->width + p->features]; }
}

/* One column block of one class: grad = l2 x if x is given, then grad += slope of the class times row, for each row. */
static void add_block(size_t columns, size_t rows, float pixel[TILE][BLOCK], float slope[TILE][DSGD_CLASSES_MAX],
                      size_t c, float l2, const float *restrict x, float *restrict grad)
{
    for (size_t t = 0; t < rows; ++t) {
        const float scale = slope[t][c] / 255.0f, *restrict from = pixel[t];
        if (x && t == 0) { /* the first example also writes the regulariser: one pass over grad fewer */
            for (size_t j = 0; j < columns; ++j) { grad[j] = l2 * x[j] + scale * from[j]; }
        } else if (scale != 0.0f) {
            for (size_t j = 0; j < columns; ++j) { grad[j] += scale * from[j]; }
        }
    }
}

enum dsgd_status dsgd_multiclass_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct dsgd_multiclass *p = self;
    const size_t features = p->features, width = p->width;
    const uint8_t *feature = p->data->train.feature;
    const float l2 = (float)p->l2;
    float score[DSGD_CLASSES_MAX], slope[TILE][DSGD_CLASSES_MAX], pixel[TILE][BLOCK];
    if (batch->count == 0) {
        return dsgd_fail(DSGD_EINTERNAL, "gradient of an empty minibatch, expected at least 1 example");
    }
    for (uint32_t first = 0; first < batch->count; first += TILE) {
        const uint32_t *example = batch->example + first;
        const size_t rows = batch->count - first < TILE ? batch->count - first : TILE;
        for (size_t t = 0; t < rows; ++t) { dsgd_bytes_prefetch(features, feature + example[t] * features); }
        for (size_t t = 0; t < rows; ++t) {
            score_float(p, feature + example[t] * features, x, score);
            p->loss->slope_float(p, score, p->data->train.label[example[t]], slope[t]);
            for (size_t c = 0; c < p->classes; ++c) { slope[t][c] /= (float)batch->count; }
        }
        for (size_t from = 0; from < features; from += BLOCK) {
            const size_t columns = features - from < BLOCK ? features - from : BLOCK;
            for (size_t t = 0; t < rows; ++t) {
                dsgd_bytes_widen_float(columns, feature + example[t] * features + from, pixel[t]);
            }
            for (size_t c = 0; c < p->classes; ++c) {
                const size_t at = c * width + from;
                add_block(columns, rows, pixel, slope, c, l2, first == 0 ? x + at : NULL, grad + at);
            }
        }
        for (size_t c = 0; c < p->classes; ++c) {
            const size_t bias = c * width + features;
            if (first == 0) { grad[bias] = l2 * x[bias]; }
            for (size_t t = 0; t < rows; ++t) { grad[bias] += slope[t][c]; }
        }
    }
    return DSGD_OK;
}

static size_t multiclass_losses(const void *problem, const struct dsgd_split *split, size_t from, size_t to, const double *x, double *loss)
{
    const struct dsgd_multiclass *p = problem;
    double score[DSGD_CLASSES_MAX];
    size_t wrong = 0;
    for (size_t i = from; i < to; ++i) {
        size_t best = 0;
        dsgd_multiclass_score(p, split->feature + i * p->features, x, score);
        loss[i - from] = p->loss->value(p, score, split->label[i], NULL);
        for (size_t c = 1; c < p->classes; ++c) {
            if (score[c] > score[best]) { best = c; }
        }
        wrong += best != split->label[i];
    }
    return wrong;
}

enum dsgd_status dsgd_multiclass_evaluate(const void *self, const double *x, double *value)
{
    const struct dsgd_multiclass *p = self;
    return dsgd_linear_metrics(p, multiclass_losses, p->data, p->l2, p->d, x, value);
}

void dsgd_multiclass_score(const struct dsgd_multiclass *p, const uint8_t *row, const double *w, double *score)
{
    size_t c = 0;
    for (; c + DSGD_BYTES_GROUP <= p->classes; c += DSGD_BYTES_GROUP) {
        dsgd_bytes_dots(p->features, row, p->width, w + c * p->width, score + c);
    }
    for (; c < p->classes; ++c) { score[c] = dsgd_bytes_dot(p->features, row, w + c * p->width); }
    for (c = 0; c < p->classes; ++c) { score[c] = score[c] / 255.0 + w[c * p->width + p->features]; }
}

static enum dsgd_status gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    return convex_cpu_rows(dsgd_multiclass_gradient, self, w, x, batch, grad);
}

static enum dsgd_status evaluate(const void *self, struct dsgd_rows *all, const dsgd_f64 *x, double *value)
{
    (void)all;
    return dsgd_multiclass_evaluate(self, cpu_f64(x, 0), value);
}

const struct dsgd_problem_kernels dsgd_multiclass_cpu = {.gradients = gradients, .evaluate = evaluate};
