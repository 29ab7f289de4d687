/* mlp.c - a perceptron with one hidden layer as a problem. Model: model_mlp.c. */
#include "deep/models.h"
#include "deep/problem.h"

struct config {
    int64_t hidden;
    double l2, dropout, smoothing;
};

static const struct dsgd_param mlp_params[] = {
    {"hidden", DSGD_PARAM_INT, offsetof(struct config, hidden), "256", 1, 65536, NULL, "units of the hidden layer"},
    DEEP_PARAM_L2(struct config, "0"),
    {"dropout", DSGD_PARAM_REAL, offsetof(struct config, dropout), "0", 0, 0.99, NULL, "share of the hidden units that a step leaves out"},
    DEEP_PARAM_SMOOTHING(struct config),
    DSGD_PARAM_END,
};

static enum dsgd_status mlp_create(const struct dsgd_problem_args *args, void **self)
{
    const struct config *c = args->config;
    const struct deep_settings settings = {.width = c->hidden, .l2 = c->l2, .dropout = c->dropout, .smoothing = c->smoothing};
    return deep_problem_create(&deep_model_mlp, &settings, args, self);
}

const struct dsgd_problem_ops dsgd_problem_mlp = {
    .name = "mlp",
    .title = "Perceptron with one hidden layer and ReLU",
    .reference = "Rumelhart, Hinton, Williams 1986, Nature 323; Srivastava et al. 2014, JMLR 15 (dropout)",
    .params = mlp_params,
    .config_size = sizeof(struct config),
    .create = mlp_create,
    DEEP_PROBLEM_SLOTS,
};
