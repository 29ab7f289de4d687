/* step.h - the gradient of all of a step's examples at once, for batch norm with statistics of all of them. */
#ifndef DSGD_DEEP_STEP_H
#define DSGD_DEEP_STEP_H

#include "deep/problem.h"

/** Bytes behind batch->work: all blocks are kept from forward to backward. The plans of the blocks are there. */
size_t deep_step_bytes(const struct deep_problem *p, uint32_t count);
/** Without the regulariser; grad is overwritten. Same bits for any number of threads. */
enum dsgd_status deep_step_gradient(const struct deep_problem *p, const float *x, const struct dsgd_batch *batch, float *grad);

#endif
