/* resnet9.c - ResNet-9 as a problem. Model: model_resnet9.c. */
#include "deep/models.h"
#include "deep/problem.h"

struct config {
    int64_t width;
    int batch_norm, augment;
    double l2, smoothing;
};

static const struct dsgd_param resnet9_params[] = {
    {"width", DSGD_PARAM_INT, offsetof(struct config, width), "64", 1, 512, NULL, "channels of the first layer; the last one has eight times as many"},
    {"batch_norm", DSGD_PARAM_CHOICE, offsetof(struct config, batch_norm), "worker", 0, 0, "worker|batch",
     "whose statistics: worker = of each block of at most 64 of a worker's images (ghost batch norm); batch = of all workers' images of a step, with emulation = merged"},
    {"augment", DSGD_PARAM_CHOICE, offsetof(struct config, augment), "none", 0, 0, "none|cifar",
     "of images in gradients: cifar = 4 black pixels around and a random crop, mirror images, a black square of 8 x 8"},
    DEEP_PARAM_L2(struct config, "0"),
    DEEP_PARAM_SMOOTHING(struct config),
    DSGD_PARAM_END,
};

static enum dsgd_status resnet9_create(const struct dsgd_problem_args *args, void **self)
{
    const struct config *c = args->config;
    const struct deep_settings settings = {.width = c->width, .l2 = c->l2, .smoothing = c->smoothing, .augment = c->augment,
                                           .whole = c->batch_norm};
    return deep_problem_create(&deep_model_resnet9, &settings, args, self);
}

const struct dsgd_problem_ops dsgd_problem_resnet9 = {
    .name = "resnet9",
    .title = "ResNet-9 with batch norm",
    .reference = "Page 2018, How to train your ResNet (cifar10-fast); He et al. 2016, CVPR",
    .params = resnet9_params,
    .config_size = sizeof(struct config),
    .create = resnet9_create,
    DEEP_PROBLEM_SLOTS,
};
