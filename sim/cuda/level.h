/* level.h - launchers of signs, ternary vectors and levels (sim/device.h, sign, ternary and levels), and how this device keeps votes. */
#ifndef DSGD_SIM_CUDA_LEVEL_H
#define DSGD_SIM_CUDA_LEVEL_H

#include "sim/cuda/library.h"

/** Votes: counters of minus signs whose bits lie in planes of their own, words of 32 coordinates; plane k of all words comes before plane k + 1. */
struct cuda_votes {
    struct dsgd_array array;
    size_t n;
    uint32_t counted; /* messages */
};

/* What a zero says, in the order of enum dsgd_zero. */
enum cuda_zero { CUDA_PLUS, CUDA_MINUS, CUDA_COIN };

struct cuda_level {
    void (*sign_pack)(const struct cuda_turn *t, struct dsgd_array v, int zero, struct dsgd_rng_key key, struct dsgd_array out);
    void (*sign_pack_votes)(const struct cuda_turn *t, struct cuda_votes votes, int tie, struct dsgd_rng_key key, struct dsgd_array out);
    void (*sign_unpack)(const struct cuda_turn *t, struct dsgd_array signs, struct dsgd_array out);
    void (*sign_subtract)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array scale, int zero, struct dsgd_array v);
    void (*ternarise)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array scale, struct dsgd_array v, struct dsgd_rng_key key,
                      struct dsgd_array out);
    void (*quantise)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array norm, uint32_t s, struct dsgd_array v,
                     struct dsgd_rng_key key, struct dsgd_array level);
    void (*dequantise)(const struct cuda_turn *t, const struct dsgd_groups *g, struct dsgd_array norm, uint32_t s, struct dsgd_array level,
                       struct dsgd_array out);
};

#endif
