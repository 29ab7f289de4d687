/* multiclass.c - stochastic gradients and metrics of classifiers with a weight vector for each class, on the CPU. Formulas:
 * convex/multiclass.h. Rows: row.h. The factor 1/255 of bytes is applied to scalars, never to rows.
 */
#include "convex/multiclass.h"

#include "convex/cpu/plain.h"
#include "convex/cpu/row.h"
#include "convex/cpu/rows.h"

/* A stochastic gradient takes TILE examples at a time and adds them up in column blocks that stay in the L1 cache. */
enum { TILE = 8, BLOCK = 128 };

CONVEX_CPU_INLINE void score_float(const struct dsgd_multiclass *p, struct convex_cpu_row row, const float *x, float *score, enum dsgd_form form)
{
    const float unit = (float)dsgd_form_unit(form);
    size_t c = 0;
    for (; form == DSGD_ROWS_BYTES && c + DSGD_BYTES_GROUP <= p->classes; c += DSGD_BYTES_GROUP) {
        dsgd_bytes_dots_float(p->features, row.byte, p->width, x + c * p->width, score + c);
    }
    for (; c < p->classes; ++c) { score[c] = convex_cpu_row_dot_float(row, x + c * p->width, form); }
    for (c = 0; c < p->classes; ++c) { score[c] = score[c] / unit + x[c * p->width + p->features]; }
}

/* Scores of a tile of examples, and from them the coefficients of their rows. */
CONVEX_CPU_INLINE void tile_slopes(const struct dsgd_multiclass *p, const float *x, const struct dsgd_batch *batch, const uint32_t *example,
                                   size_t rows, float slope[TILE][DSGD_CLASSES_MAX], enum dsgd_form form)
{
    const struct dsgd_split *train = &p->data->train;
    float score[DSGD_CLASSES_MAX];
    for (size_t t = 0; t < rows; ++t) { convex_cpu_row_prefetch(convex_cpu_row_at(train, p->features, example[t], form), form); }
    for (size_t t = 0; t < rows; ++t) {
        score_float(p, convex_cpu_row_at(train, p->features, example[t], form), x, score, form);
        p->loss->slope_float(p, score, train->label[example[t]], slope[t]);
        for (size_t c = 0; c < p->classes; ++c) { slope[t][c] /= (float)batch->count; }
    }
}

/* One column block of one class: grad = l2 x if x is given, then grad += slope of the class times row, for each row. Floats begin with
 * l2 x + 0, as in convex_cpu_row_begin_float. */
CONVEX_CPU_INLINE void add_block(size_t columns, size_t rows, const float *const number[TILE], float slope[TILE][DSGD_CLASSES_MAX], size_t c,
                                 float l2, const float *restrict x, float *restrict grad, enum dsgd_form form)
{
    const float unit = (float)dsgd_form_unit(form);
    for (size_t t = 0; t < rows; ++t) {
        const float scale = slope[t][c] / unit, *restrict from = number[t];
        if (x && t == 0) { /* the first example also writes the regulariser: one pass over grad fewer */
            if (form == DSGD_ROWS_BYTES) {
                for (size_t j = 0; j < columns; ++j) { grad[j] = l2 * x[j] + scale * from[j]; }
            } else {
                for (size_t j = 0; j < columns; ++j) { grad[j] = (l2 * x[j] + 0.0f) + scale * from[j]; }
            }
        } else if (scale != 0.0f) {
            for (size_t j = 0; j < columns; ++j) { grad[j] += scale * from[j]; }
        }
    }
}

/* The rows of a tile times their slopes, all columns of all classes; x as for add_block. */
CONVEX_CPU_INLINE void tile_add(const struct dsgd_multiclass *p, const uint32_t *example, size_t rows, float slope[TILE][DSGD_CLASSES_MAX],
                                const float *x, float *grad, enum dsgd_form form)
{
    const struct dsgd_split *train = &p->data->train;
    const size_t features = p->features, width = p->width;
    const float l2 = (float)p->l2;
    if (form == DSGD_ROWS_SPARSE) {
        for (size_t c = 0; c < p->classes; ++c) {
            for (size_t j = 0; x && j < features; ++j) { grad[c * width + j] = l2 * x[c * width + j] + 0.0f; }
            for (size_t t = 0; t < rows; ++t) {
                if (slope[t][c] == 0.0f) { continue; }
                convex_cpu_row_add_float(convex_cpu_row_at(train, features, example[t], form), slope[t][c], grad + c * width, form);
            }
        }
        return;
    }
    float pixel[TILE][BLOCK];
    const float *number[TILE];
    for (size_t from = 0; from < features; from += BLOCK) {
        const size_t columns = features - from < BLOCK ? features - from : BLOCK;
        for (size_t t = 0; t < rows; ++t) {
            const struct convex_cpu_row row = convex_cpu_row_at(train, features, example[t], form);
            if (form == DSGD_ROWS_BYTES) { dsgd_bytes_widen_float(columns, row.byte + from, pixel[t]); }
            number[t] = form == DSGD_ROWS_BYTES ? pixel[t] : row.real + from;
        }
        for (size_t c = 0; c < p->classes; ++c) {
            const size_t at = c * width + from;
            add_block(columns, rows, number, slope, c, l2, x ? x + at : NULL, grad + at, form);
        }
    }
}

CONVEX_CPU_INLINE enum dsgd_status gradient_of(const struct dsgd_multiclass *p, const float *x, const struct dsgd_batch *batch, float *grad,
                                               enum dsgd_form form)
{
    const float l2 = (float)p->l2;
    float slope[TILE][DSGD_CLASSES_MAX];
    for (uint32_t first = 0; first < batch->count; first += TILE) {
        const uint32_t *example = batch->example + first;
        const size_t rows = batch->count - first < TILE ? batch->count - first : TILE;
        tile_slopes(p, x, batch, example, rows, slope, form);
        tile_add(p, example, rows, slope, first == 0 ? x : NULL, grad, form);
        for (size_t c = 0; c < p->classes; ++c) {
            const size_t bias = c * p->width + p->features;
            if (first == 0) { grad[bias] = l2 * x[bias]; }
            for (size_t t = 0; t < rows; ++t) { grad[bias] += slope[t][c]; }
        }
    }
    return DSGD_OK;
}

enum dsgd_status convex_cpu_multiclass_gradient(const void *self, const float *x, const struct dsgd_batch *batch, float *grad)
{
    const struct dsgd_multiclass *p = self;
    if (batch->count == 0) {
        return dsgd_fail(DSGD_EINTERNAL, "gradient of an empty minibatch, expected at least 1 example");
    }
    return CONVEX_CPU_BY_FORM(p->data->train.form, gradient_of, p, x, batch, grad);
}

static size_t multiclass_losses(const void *problem, const struct dsgd_split *split, size_t from, size_t to, const double *x, double *loss)
{
    const struct dsgd_multiclass *p = problem;
    double score[DSGD_CLASSES_MAX];
    size_t wrong = 0;
    for (size_t i = from; i < to; ++i) {
        size_t best = 0;
        dsgd_multiclass_score(p, split, i, x, score);
        loss[i - from] = p->loss->value(p, score, split->label[i], NULL);
        for (size_t c = 1; c < p->classes; ++c) {
            if (score[c] > score[best]) { best = c; }
        }
        wrong += best != split->label[i];
    }
    return wrong;
}

enum dsgd_status convex_cpu_multiclass_evaluate(const void *self, const double *x, double *value)
{
    const struct dsgd_multiclass *p = self;
    return dsgd_linear_metrics(p, multiclass_losses, p->data, p->l2, p->d, x, value);
}

CONVEX_CPU_INLINE void score_of(const struct dsgd_multiclass *p, const struct dsgd_split *split, size_t i, const double *w, double *score,
                                enum dsgd_form form)
{
    const struct convex_cpu_row row = convex_cpu_row_at(split, p->features, i, form);
    const double unit = dsgd_form_unit(form);
    size_t c = 0;
    for (; form == DSGD_ROWS_BYTES && c + DSGD_BYTES_GROUP <= p->classes; c += DSGD_BYTES_GROUP) {
        dsgd_bytes_dots(p->features, row.byte, p->width, w + c * p->width, score + c);
    }
    for (; c < p->classes; ++c) { score[c] = convex_cpu_row_dot(row, w + c * p->width, form); }
    for (c = 0; c < p->classes; ++c) { score[c] = score[c] / unit + w[c * p->width + p->features]; }
}

void dsgd_multiclass_score(const struct dsgd_multiclass *p, const struct dsgd_split *split, size_t i, const double *w, double *score)
{
    CONVEX_CPU_BY_FORM(split->form, score_of, p, split, i, w, score);
}

static void ahead(const void *self, uint32_t example)
{
    const struct dsgd_multiclass *p = self;
    const struct dsgd_split *train = &p->data->train;
    convex_cpu_row_prefetch(convex_cpu_row_at(train, p->features, example, train->form), train->form);
}

static enum dsgd_status gradients(const void *self, struct dsgd_rows *w, const dsgd_f32 *x, const struct dsgd_batch *batch, dsgd_f32 *grad)
{
    return convex_cpu_rows(convex_cpu_multiclass_gradient, ahead, self, w, x, batch, grad);
}

static enum dsgd_status evaluate(const void *self, struct dsgd_rows *all, const dsgd_f64 *x, const void *resident, double *value)
{
    (void)resident;
    (void)all;
    return convex_cpu_multiclass_evaluate(self, cpu_f64(x, 0), value);
}

const struct dsgd_problem_kernels dsgd_multiclass_cpu = {.gradients = gradients, .evaluate = evaluate};
