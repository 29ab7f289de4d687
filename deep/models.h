/* models.h - the descriptions of the models: nodes and nothing else, shared by everything that computes them. */
#ifndef DSGD_DEEP_MODELS_H
#define DSGD_DEEP_MODELS_H

#include "deep/graph.h"

extern const struct deep_model deep_model_mlp, deep_model_lenet, deep_model_resnet9;

#endif
