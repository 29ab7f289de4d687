/* fold.h - launchers of sums over workers (sim/device_ops.h, folds): `rows` rows of an array in ascending order, afresh if `first`. */
#ifndef DSGD_SIM_CUDA_FOLD_H
#define DSGD_SIM_CUDA_FOLD_H

#include "sim/cuda/level.h"

struct cuda_fold {
    void (*sum)(const struct cuda_turn *t, bool first, struct dsgd_array a, struct dsgd_array sum);
    void (*max)(const struct cuda_turn *t, bool first, struct dsgd_array a, struct dsgd_array most);
    size_t (*votes_bytes)(size_t n, uint32_t most);
    void (*signs)(const struct cuda_turn *t, struct dsgd_array a, uint32_t before, struct cuda_votes votes); /* votes.counted: with these */
    void (*signs_scaled)(const struct cuda_turn *t, bool first, struct dsgd_array a, const struct dsgd_groups *g, struct dsgd_array scale,
                         struct dsgd_array sum);
    void (*ternary)(const struct cuda_turn *t, bool first, struct dsgd_array a, struct dsgd_array sum);
    void (*ternary_scaled)(const struct cuda_turn *t, bool first, struct dsgd_array a, const struct dsgd_groups *g, struct dsgd_array scale,
                         struct dsgd_array sum);
    void (*levels_scaled)(const struct cuda_turn *t, bool first, struct dsgd_array a, const struct dsgd_groups *g, struct dsgd_array norm, uint32_t m,
                          struct dsgd_array sum);
    void (*sparse)(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, struct dsgd_array sum, struct dsgd_array seen);
};

#endif
