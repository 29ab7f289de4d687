/* linear.c - construction of linear classifiers. Formulas: linear.h; gradients and metrics: convex/cpu/linear.c. */
#include "convex/linear.h"

#include <stdlib.h>
#include "datasets/classes.h"

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
    DSGD_TRY(dsgd_dataset_fits(args->data, name, false));
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
    p->segment[1] = (struct dsgd_segment){.name = "bias", .offset = p->features, .count = 1, .rows = 1, .cols = 1, .role = DSGD_ROLE_BIAS};
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

enum dsgd_status dsgd_linear_full_gradient(const void *self, const double *x, double *grad)
{
    double f;
    return dsgd_linear_objective(self, x, &f, grad);
}
