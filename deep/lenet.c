/* lenet.c - LeNet-5 as a problem. Model: model_lenet.c. */
#include "deep/models.h"
#include "deep/problem.h"

struct config {
    double l2, smoothing;
};

static const struct dsgd_param lenet_params[] = {
    DEEP_PARAM_L2(struct config, "0"),
    DEEP_PARAM_SMOOTHING(struct config),
    DSGD_PARAM_END,
};

static enum dsgd_status lenet_create(const struct dsgd_problem_args *args, void **self)
{
    const struct config *c = args->config;
    const struct deep_settings settings = {.l2 = c->l2, .smoothing = c->smoothing};
    return deep_problem_create(&deep_model_lenet, &settings, args, self);
}

const struct dsgd_problem_ops dsgd_problem_lenet = {
    .name = "lenet",
    .title = "LeNet-5 with ReLU and max pooling",
    .reference = "LeCun, Bottou, Bengio, Haffner 1998, Proc. IEEE 86(11)",
    .params = lenet_params,
    .config_size = sizeof(struct config),
    .create = lenet_create,
    DEEP_PROBLEM_SLOTS,
};
