/* model_lenet.c - LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998) as it is trained today: ReLU and max pooling in place of sigmoids and means,
 * all maps connected, a softmax at the end. 61,706 parameters on 28 x 28.
 */
#include "deep/models.h"

enum { IMAGE, CONV1, RELU1, POOL1, CONV2, RELU2, POOL2, FULL1, RELU3, FULL2, RELU4, OUTPUT, LOSS };

static const struct deep_node node[] = {
    [IMAGE] = {.name = "image", .op = &deep_op_input},
    [CONV1] = {.name = "conv1", .op = &deep_op_convolution, .in = {IMAGE}, .channels = 6, .kernel = 5, .pad = 2, .bias = true},
    [RELU1] = {.name = "relu1", .op = &deep_op_relu, .in = {CONV1}},
    [POOL1] = {.name = "pool1", .op = &deep_op_max_pool, .in = {RELU1}, .kernel = 2},
    [CONV2] = {.name = "conv2", .op = &deep_op_convolution, .in = {POOL1}, .channels = 16, .kernel = 5, .bias = true},
    [RELU2] = {.name = "relu2", .op = &deep_op_relu, .in = {CONV2}},
    [POOL2] = {.name = "pool2", .op = &deep_op_max_pool, .in = {RELU2}, .kernel = 2},
    [FULL1] = {.name = "full1", .op = &deep_op_dense, .in = {POOL2}, .channels = 120, .bias = true},
    [RELU3] = {.name = "relu3", .op = &deep_op_relu, .in = {FULL1}},
    [FULL2] = {.name = "full2", .op = &deep_op_dense, .in = {RELU3}, .channels = 84, .bias = true},
    [RELU4] = {.name = "relu4", .op = &deep_op_relu, .in = {FULL2}},
    [OUTPUT] = {.name = "output", .op = &deep_op_dense, .in = {RELU4}, .bias = true},
    [LOSS] = {.name = "loss", .op = &deep_op_loss, .in = {OUTPUT}, .value = -1.0},
};

const struct deep_model deep_model_lenet = {"lenet", node, sizeof node / sizeof *node, true};
