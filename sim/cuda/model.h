/* model.h - launchers of the model's updates and of what the observer measures (sim/device_ops.h, model, probe). */
#ifndef DSGD_SIM_CUDA_MODEL_H
#define DSGD_SIM_CUDA_MODEL_H

#include "sim/cuda/library.h"

struct cuda_update {
    bool sparse, some;       /* some: sparse, and there are coordinates */
    struct dsgd_array at, value;
    double shrink, scale;
};

struct cuda_model {
    /* the step is the turn's */
    void (*apply)(const struct cuda_turn *t, const struct cuda_update *update, struct dsgd_array x, struct dsgd_array replica, void *diverged);
    void (*average)(const struct cuda_turn *t, double weight, struct dsgd_array x, struct dsgd_array mean, const void *diverged);
    void (*replicate)(const struct cuda_turn *t, struct dsgd_array x, struct dsgd_array replica);
    /* probe. wide: v is in doubles. norms: of each row, or without an address */
    void (*add)(const struct cuda_turn *t, bool wide, struct dsgd_array v, bool first, double divisor, struct dsgd_array sum, struct dsgd_array norms);
    void (*divide)(const struct cuda_turn *t, double divisor, struct dsgd_array v);
    void (*norm2)(const struct cuda_turn *t, struct dsgd_array v, struct dsgd_array out);
    void (*error)(const struct cuda_turn *t, struct dsgd_array p, double gain, bool sparse, struct dsgd_array at, struct dsgd_array value,
                  struct dsgd_array out);
    size_t (*recall_bytes)(size_t d);
    void (*recall)(const struct cuda_turn *t, struct dsgd_array p, struct dsgd_array at, struct dsgd_array out, void *scratch);
};

#endif
