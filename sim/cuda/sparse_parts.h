/* sparse_parts.h - the launchers of operations on chosen coordinates, by file; the table is in sparse.cu. C++. */
#ifndef DSGD_SIM_CUDA_SPARSE_PARTS_H
#define DSGD_SIM_CUDA_SPARSE_PARTS_H

#include "sim/cuda/sparse.h"

/* sparse_compact.cu */
void sparse_intersect(const struct cuda_turn *t, struct dsgd_array a, struct dsgd_array b, struct dsgd_array out);
void sparse_take(const struct cuda_turn *t, double factor, struct dsgd_array sum, struct dsgd_array seen, struct dsgd_array at, struct dsgd_array value);
/* sparse_runs.cu */
void sparse_pack(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array v, struct dsgd_array packed);
void sparse_unpack(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array packed, struct dsgd_array v);
void sparse_clear_runs(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array v);
void sparse_unpack_places(const struct cuda_turn *t, const struct dsgd_runs *runs, struct dsgd_array places);
void sparse_merge_runs(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, const struct dsgd_runs *runs, struct dsgd_array packed,
                       struct dsgd_array at_all, struct dsgd_array value_all);

/** Copies sets, or values that go with them, as far as the set `at` is long. Elements of 4 bytes; lengths stay. */
void sparse_move(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array from, struct dsgd_array to);

#endif
