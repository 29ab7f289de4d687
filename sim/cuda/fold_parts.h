/* fold_parts.h - the launchers of sums over workers, by file; the table is in fold.cu. C++. */
#ifndef DSGD_SIM_CUDA_FOLD_PARTS_H
#define DSGD_SIM_CUDA_FOLD_PARTS_H

#include "sim/cuda/fold.h"

size_t fold_votes_bytes(size_t n, uint32_t most);
void fold_signs(const struct cuda_turn *t, struct dsgd_array a, uint32_t before, struct cuda_votes votes);
void fold_sparse(const struct cuda_turn *t, struct dsgd_array at, struct dsgd_array value, struct dsgd_array sum, struct dsgd_array seen);

#endif
