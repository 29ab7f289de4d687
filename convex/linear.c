/* linear.c - construction, stochastic gradients and evaluation of linear classifiers on byte features. Formulas:
 * linear.h. The factor 1/255 of the pixels is applied to scalars, never to rows.
 */
#include "convex/linear.h"

#include <stdlib.h>
#include "convex/bytes.h"
#include "datasets/classes.h"
#include "sim/kernel/sum.h"

const struct dsgd_metric dsgd_linear_metric[DSGD_LINEAR_METRICS] = {
    {"objective", "1", "f(w): mean training loss + l2/2 ||w||^2"},
    {"train_error", "1", "fraction of training examples on the wrong side; score 0 counts as negative"},
    {"test_loss", "1", "mean test loss + l2/2 ||w||^2, so that it compares with the objective"},
    {"test_error", "1", "fraction of test examples on the wrong side; score 0 counts as negative"},
};

const struct dsgd_param dsgd_linear_params[] = {
    {"digit", DSGD_PARAM_INT, offsetof(struct dsgd_linear_config, digit), "0", 0, 255, NULL,
     "the class that is +1, all others are -1"},
    {"l2", DSGD_PARAM_REAL, offsetof(struct dsgd_linear_config, l2), "0.01", 0, 1e6, NULL,
     "f contains l2/2 ||w||^2, bias included; alias: lambda, C = 1/(n l2)"},
    DSGD_PARAM_END,
};

/* With no example of one side the best classifier is a constant, and its error 0 says nothing. */
static enum dsgd_status check_sides(const struct dsgd_dataset *data, const char *name, int64_t digit)
{
    size_t count[DSGD_LABELS];
    char there[DSGD_CLASSES_TEXT];
    dsgd_classes_count(&data->train, count);
    dsgd_classes_text(count, data->classes, true, there);
    if (count[digit] == 0) {
        return dsgd_fail(DSGD_EINPUT, "%s.digit = %lld: the training set of %s holds no example of class %lld; expected one of %s", name,
                         (long long)digit, data->name, (long long)digit, there);
    }
    if (count[digit] == data->train.n) {
        return dsgd_fail(DSGD_EINPUT, "%s.digit = %lld: the training set of %s holds examples of class %lld alone; expected two classes "
                         "or more", name, (long long)digit, data->name, (long long)digit);
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_linear_create(const struct dsgd_problem_args *args, const char *name,
                                    const struct dsgd_linear_loss *loss, void **self)
{
    const struct dsgd_linear_config *config = args->config;
    *self = NULL;
    if (!args->data) { return dsgd_fail(DSGD_EINPUT, "problem %s: no dataset, expected one", name); }
    if (config->digit < 0 || (uint64_t)config->digit >= args->data->classes) {
        return dsgd_fail(DSGD_EINPUT, "%s.digit = %lld: expected a class of %s, 0 to %zu", name,
                         (long long)config->digit, args->data->name, args->data->classes - 1);
    }
    DSGD_TRY(check_sides(args->data, name, config->digit));
    struct dsgd_linear *p = calloc(1, sizeof *p);
    if (!p) { return dsgd_fail(DSGD_ENOMEM, "problem %s: no memory", name); }
    p->data = args->data;
    p->loss = loss;
    p->features = args->data->features;
    p->d = p->features + 1;
    p->n = args->data->train.n;
    p->digit = (uint8_t)config->digit;
    p->l2 = config->l2;
    p->segment[0] =
        (struct dsgd_segment){.name = "weights", .offset = 0, .count = p->features, .rows = 1, .cols = p->features};
    p->segment[1] = (struct dsgd_segment){.name = "bias", .offset = p->features, .count = 1, .rows = 1, .cols = 1};
    *self = p;
    return DSGD_OK;
}

void dsgd_linear_destroy(void *self)
{
    free(self);
}

void dsgd_linear_shape(const void *self, struct dsgd_layout *layout, size_t *n)
{
    const struct dsgd_linear *p = self;
    *layout = (struct dsgd_layout){.d = p->d, .segments = 2, .segment = p->segment};
    *n = p->n;
}

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

enum dsgd_status dsgd_linear_full_gradient(const void *self, const double *x, double *grad)
{
    double f;
    return dsgd_linear_objective(self, x, &f, grad);
}
