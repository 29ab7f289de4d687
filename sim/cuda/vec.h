/* vec.h - launchers of element-wise operations (sim/device.h, vec). */
#ifndef DSGD_SIM_CUDA_VEC_H
#define DSGD_SIM_CUDA_VEC_H

#include "sim/cuda/library.h"

struct cuda_vec {
    void (*clear)(const struct cuda_turn *t, struct dsgd_array v);
    void (*copy)(const struct cuda_turn *t, struct dsgd_array from, struct dsgd_array to); /* 4-byte elements */
    void (*subtract)(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array b, struct dsgd_array out);
    void (*scale)(const struct cuda_turn *t, double factor, struct dsgd_array x, struct dsgd_array out);
    void (*add_scaled)(const struct cuda_turn *t, float eta, struct dsgd_array g, struct dsgd_array v);
    void (*scale_add)(const struct cuda_turn *t, float m, struct dsgd_array u, struct dsgd_array g);
    void (*moving_average)(const struct cuda_turn *t, float b, struct dsgd_array u, struct dsgd_array g);
    void (*momentum)(const struct cuda_turn *t, float m, float eta, struct dsgd_array g, struct dsgd_array u, struct dsgd_array v);
    void (*nesterov)(const struct cuda_turn *t, float m, float eta, struct dsgd_array g, struct dsgd_array u, struct dsgd_array v);
    void (*axpy)(const struct cuda_turn *t, double a, struct dsgd_array x, struct dsgd_array y);
    void (*error_add)(const struct cuda_turn *t, double eta, struct dsgd_array g, struct dsgd_array a);
    void (*round)(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array out);
    void (*mean)(const struct cuda_turn *t, double factor, struct dsgd_array sum, struct dsgd_array out);
    void (*where_positive)(const struct cuda_turn *t, double factor, struct dsgd_array a, struct dsgd_array otherwise, struct dsgd_array out);
};

#endif
