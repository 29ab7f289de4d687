/* model_mlp.c - one hidden layer with ReLU: 784-256-10 on MNIST (203,530 parameters), the usual first network. */
#include "deep/models.h"

enum { IMAGE, HIDDEN, RELU, DROPOUT, OUTPUT, LOSS };

static const struct deep_node node[] = {
    [IMAGE] = {.name = "image", .op = &deep_op_input},
    [HIDDEN] = {.name = "hidden", .op = &deep_op_dense, .in = {IMAGE}, .wide = 1, .bias = true},
    [RELU] = {.name = "relu", .op = &deep_op_relu, .in = {HIDDEN}},
    [DROPOUT] = {.name = "dropout", .op = &deep_op_dropout, .in = {RELU}, .value = -1.0},
    [OUTPUT] = {.name = "output", .op = &deep_op_dense, .in = {DROPOUT}, .bias = true},
    [LOSS] = {.name = "loss", .op = &deep_op_loss, .in = {OUTPUT}, .value = -1.0},
};

const struct deep_model deep_model_mlp = {"mlp", node, sizeof node / sizeof *node, false};
