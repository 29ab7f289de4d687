/* model_resnet9.c - ResNet-9 of the paper's experiments: Page's network for CIFAR-10 (github.com/davidcpage/cifar10-fast), which the authors
 * train. With c = width (theirs: 64), and every convolution 3 x 3 followed by batch norm and ReLU:
 *     c - 2c, pool - (residual: 2c, 2c) - 4c, pool - 8c, pool - (residual: 8c, 8c) - pool of what is left - dense without bias, times 1/8.
 * 6,573,120 parameters at width 64, 3 channels and 10 classes.
 */
#include "deep/models.h"

#define CONVOLUTION(label, from, times) {.name = label, .op = &deep_op_convolution, .in = {from}, .wide = times, .kernel = 3, .pad = 1}
#define NORM(label, from) {.name = label, .op = &deep_op_batch_norm, .in = {from}, .relu = true}
#define POOL(label, from) {.name = label, .op = &deep_op_max_pool, .in = {from}, .kernel = 2}

enum { IMAGE, PREP, PREP_NORM, LAYER1, LAYER1_NORM, POOL1, RES1A, RES1A_NORM, RES1B, RES1B_NORM, SUM1, LAYER2, LAYER2_NORM, POOL2, LAYER3, LAYER3_NORM,
       POOL3, RES3A, RES3A_NORM, RES3B, RES3B_NORM, SUM3, POOL4, OUTPUT, LOGITS, LOSS };

static const struct deep_node node[] = {
    [IMAGE] = {.name = "image", .op = &deep_op_input},
    [PREP] = CONVOLUTION("prep", IMAGE, 1),
    [PREP_NORM] = NORM("prep.norm", PREP),
    [LAYER1] = CONVOLUTION("layer1", PREP_NORM, 2),
    [LAYER1_NORM] = NORM("layer1.norm", LAYER1),
    [POOL1] = POOL("pool1", LAYER1_NORM),
    [RES1A] = CONVOLUTION("layer1.res1", POOL1, 2),
    [RES1A_NORM] = NORM("layer1.res1.norm", RES1A),
    [RES1B] = CONVOLUTION("layer1.res2", RES1A_NORM, 2),
    [RES1B_NORM] = NORM("layer1.res2.norm", RES1B),
    [SUM1] = {.name = "layer1.sum", .op = &deep_op_add, .in = {POOL1, RES1B_NORM}},
    [LAYER2] = CONVOLUTION("layer2", SUM1, 4),
    [LAYER2_NORM] = NORM("layer2.norm", LAYER2),
    [POOL2] = POOL("pool2", LAYER2_NORM),
    [LAYER3] = CONVOLUTION("layer3", POOL2, 8),
    [LAYER3_NORM] = NORM("layer3.norm", LAYER3),
    [POOL3] = POOL("pool3", LAYER3_NORM),
    [RES3A] = CONVOLUTION("layer3.res1", POOL3, 8),
    [RES3A_NORM] = NORM("layer3.res1.norm", RES3A),
    [RES3B] = CONVOLUTION("layer3.res2", RES3A_NORM, 8),
    [RES3B_NORM] = NORM("layer3.res2.norm", RES3B),
    [SUM3] = {.name = "layer3.sum", .op = &deep_op_add, .in = {POOL3, RES3B_NORM}},
    [POOL4] = {.name = "pool4", .op = &deep_op_max_pool, .in = {SUM3}},
    [OUTPUT] = {.name = "output", .op = &deep_op_dense, .in = {POOL4}},
    [LOGITS] = {.name = "logits", .op = &deep_op_scale, .in = {OUTPUT}, .value = 0.125},
    [LOSS] = {.name = "loss", .op = &deep_op_loss, .in = {LOGITS}, .value = -1.0},
};

const struct deep_model deep_model_resnet9 = {"resnet9", node, sizeof node / sizeof *node, true};
