/* multiclass.c - construction, stochastic gradients and evaluation of classifiers with a weight vector for each class.
 * Formulas: multiclass.h. The factor 1/255 of the pixels is applied to scalars, never to rows.
 */
#include "convex/multiclass.h"

#include <stdio.h>
#include <stdlib.h>
#include "convex/bytes.h"
#include "datasets/classes.h"

/* A stochastic gradient takes TILE examples at a time and adds them up in column blocks that stay in the L1 cache. */
enum { TILE = 8, BLOCK = 256 };

const struct dsgd_metric dsgd_multiclass_metric[DSGD_LINEAR_METRICS] = {
    {"objective", "1", "f(w): mean training loss + l2/2 ||w||^2"},
    {"train_error", "1", "fraction of training examples whose largest score is another class's"},
    {"test_loss", "1", "mean test loss + l2/2 ||w||^2, so that it compares with the objective"},
    {"test_error", "1", "fraction of test examples whose largest score is another class's"},
};

/* Where the classes are problems of their own, each needs examples; a softmax knows what to say of a class that never occurs. */
static enum dsgd_status check_classes(const struct dsgd_dataset *data, const char *name)
{
    size_t count[DSGD_LABELS];
    char there[DSGD_CLASSES_TEXT], missing[DSGD_CLASSES_TEXT];
    dsgd_classes_count(&data->train, count);
    if (dsgd_classes_text(count, data->classes, false, missing) == 0) { return DSGD_OK; }
    dsgd_classes_text(count, data->classes, true, there);
    return dsgd_fail(DSGD_EINPUT, "problem %s: the training set of %s holds no example of class %s; expected examples of each class, "
                     "there are those of %s", name, data->name, missing, there);
}

enum dsgd_status dsgd_multiclass_create(const struct dsgd_problem_args *args, const char *name, double l2,
                                        const struct dsgd_multiclass_loss *loss, bool matrix, struct dsgd_multiclass **out)
{
    *out = NULL;
    if (!args->data) { return dsgd_fail(DSGD_EINPUT, "problem %s: no dataset, expected one", name); }
    const size_t classes = args->data->classes;
    if (classes < 2 || classes > DSGD_CLASSES_MAX) {
        return dsgd_fail(DSGD_EINPUT, "problem %s: %zu classes in %s, expected 2 to %d", name, classes,
                         args->data->name, (int)DSGD_CLASSES_MAX);
    }
    if (!matrix) { DSGD_TRY(check_classes(args->data, name)); }
    struct dsgd_multiclass *p = calloc(1, sizeof *p);
    struct dsgd_segment *segment = calloc(classes, sizeof *segment);
    if (!p || !segment) {
        free(p);
        free(segment);
        return dsgd_fail(DSGD_ENOMEM, "problem %s: no memory", name);
    }
    p->data = args->data;
    p->loss = loss;
    p->features = args->data->features;
    p->classes = classes;
    p->width = p->features + 1;
    p->d = classes * p->width;
    p->n = args->data->train.n;
    p->l2 = l2;
    p->segment = segment;
    p->segments = matrix ? 1 : classes;
    segment[0] = (struct dsgd_segment){.name = "weight", .count = p->d, .rows = classes, .cols = p->width};
    for (size_t c = 0; !matrix && c < classes; ++c) {
        segment[c] = (struct dsgd_segment){.offset = c * p->width, .count = p->width, .rows = 1, .cols = p->width};
        snprintf(segment[c].name, sizeof segment[c].name, "class %zu", c);
    }
    *out = p;
    return DSGD_OK;
}

void dsgd_multiclass_destroy(void *self)
{
    struct dsgd_multiclass *p = self;
    if (!p) { return; }
    free(p->segment);
    free(p);
}

size_t dsgd_multiclass_bytes(const void *self)
{
    const struct dsgd_multiclass *p = self;
    return sizeof *p + p->classes * sizeof *p->segment;
}

void dsgd_multiclass_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct dsgd_multiclass *p = self;
    *layout = (struct dsgd_layout){.d = p->d, .segments = p->segments, .segment = p->segment};
    *n = p->n;
}

struct dsgd_linear dsgd_multiclass_one(const struct dsgd_multiclass *p, size_t c)
{
    return (struct dsgd_linear){.data = p->data,
                                .loss = p->binary,
                                .features = p->features,
                                .d = p->width,
                                .n = p->n,
                                .digit = (uint8_t)c,
                                .l2 = p->l2};
}

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

enum dsgd_status dsgd_multiclass_full_gradient(const void *self, const double *x, double *grad)
{
    double f;
    return dsgd_multiclass_objective(self, x, &f, grad);
}
