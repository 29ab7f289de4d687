/* sparse.h - launchers of operations on chosen coordinates and runs (sim/device.h, sparse). */
#ifndef DSGD_SIM_CUDA_SPARSE_H
#define DSGD_SIM_CUDA_SPARSE_H

#include "sim/cuda/library.h"

struct cuda_sparse {
    void (*gather)(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array v, struct dsgd_array out);
    void (*gather_f64)(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array a, struct dsgd_array out);
    void (*scatter)(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array x, struct dsgd_array v);
    void (*scatter_subtract)(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array x, struct dsgd_array a);
    void (*scatter_clear)(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array v);
    void (*copy_set)(const struct cuda_turn *t, struct dsgd_array from, struct dsgd_array to);
    void (*subset)(const struct cuda_turn *t, struct dsgd_array of, struct dsgd_array places, struct dsgd_array out);
    void (*intersect)(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array b, struct dsgd_array out);
    void (*take)(const struct cuda_turn *t, double factor, struct dsgd_array sum, struct dsgd_array seen, struct dsgd_array at, struct dsgd_array value);
    void (*pack)(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array v, struct dsgd_array packed);
    void (*unpack)(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array packed, struct dsgd_array v);
    void (*clear_runs)(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array v);
    void (*unpack_places)(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array places);
    void (*merge_runs)(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, const struct dsgd_runs *runs, struct dsgd_array packed,
                       struct dsgd_array at_all, struct dsgd_array value_all);
};

#endif
