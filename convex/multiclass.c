/* multiclass.c - construction of classifiers with a weight vector for each class. Formulas: multiclass.h; gradients and metrics:
 * convex/cpu/multiclass.c.
 */
#include "convex/multiclass.h"

#include <stdio.h>
#include <stdlib.h>
#include "datasets/classes.h"

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
    DSGD_TRY(dsgd_dataset_fits(args->data, name, false));
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

enum dsgd_status dsgd_multiclass_full_gradient(const void *self, const double *x, double *grad)
{
    double f;
    return dsgd_multiclass_objective(self, x, &f, grad);
}
