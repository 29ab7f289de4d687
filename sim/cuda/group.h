/* group.h - launchers of operations on groups of coordinates (sim/device.h, group). */
#ifndef DSGD_SIM_CUDA_GROUP_H
#define DSGD_SIM_CUDA_GROUP_H

#include "sim/cuda/library.h"

struct cuda_group {
    void (*max_abs)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array v, struct dsgd_array out);
    void (*mean_abs)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array v, struct dsgd_array out);
    void (*norm)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array v, struct dsgd_array out);
    void (*std)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array v, struct dsgd_array out);
    void (*clip)(const struct cuda_turn *t, const struct dsgd_groups *g, double factor, struct dsgd_array unit, struct dsgd_array v, struct dsgd_array out);
    void (*shorten)(const struct cuda_turn *t, const struct dsgd_groups *g, double bound, struct dsgd_array norm, struct dsgd_array v, struct dsgd_array out);
    void (*units)(const struct cuda_turn *t, const struct dsgd_groups *g, float divisor, struct dsgd_array unit, struct dsgd_array level,
                  struct dsgd_array out);
    void (*signs)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array scale, struct dsgd_array signs, struct dsgd_array out);
};

#endif
