/* select.h - launchers of selection (sim/device.h, select). Working memory is the device's own. */
#ifndef DSGD_SIM_CUDA_SELECT_H
#define DSGD_SIM_CUDA_SELECT_H

#include "sim/cuda/library.h"

struct cuda_select {
    void (*topk)(const struct cuda_turn *t, struct dsgd_array v, size_t k, struct dsgd_array out);
    void (*topk_sparse)(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, size_t k, struct dsgd_array places);
    void (*at_least)(const struct cuda_turn *t, struct dsgd_array v, float threshold, struct dsgd_array out);
    void (*heavymix)(const struct cuda_turn *t, struct dsgd_array estimate, struct dsgd_array norm2, size_t k, struct dsgd_rng_key key,
                     struct dsgd_array out, const struct dsgd_array *heavy);
    void (*uniform)(const struct cuda_turn *t, size_t n, size_t k, struct dsgd_rng_key key, struct dsgd_array out);
};

#endif
