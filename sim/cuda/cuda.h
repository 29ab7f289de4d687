/* cuda.h - the CUDA device on the program's side, in C: the loaded library, and handles as the launchers want them.
 *
 * sim/cuda/cuda.c has the table of the device; each family (vec.c, sparse.c, ...) enters its operations with a function of its own. What
 * nobody enters is staged (sim/staged). An operation of a family is one call of its launcher.
 */
#ifndef DSGD_SIM_CUDA_CUDA_H
#define DSGD_SIM_CUDA_CUDA_H

#include "sim/cuda/library.h"
#include "sim/device_ops.h"

/** The library; NULL before dsgd_cuda_open has succeeded. */
extern const struct dsgd_cuda_library *cuda_library;

static inline struct cuda_turn cuda_turn_of(const struct dsgd_rows *r)
{
    return (struct cuda_turn){.device = r->queue->ordinal, .rows = r->rows, .first = r->first, .step = r->step};
}
/** A turn of `rows` rows for operations that have a queue alone. */
static inline struct cuda_turn cuda_turn_on(const struct dsgd_queue *q, uint32_t rows)
{
    return (struct cuda_turn){.device = q->ordinal, .rows = rows, .first = DSGD_RNG_SERVER};
}

/* Each family's entries. */
void cuda_enter_vec(struct dsgd_device *device);
void cuda_enter_wire(struct dsgd_device *device);
void cuda_enter_select(struct dsgd_device *device);
void cuda_enter_sketch(struct dsgd_device *device);
void cuda_enter_sparse(struct dsgd_device *device);
void cuda_enter_group(struct dsgd_device *device);
void cuda_enter_level(struct dsgd_device *device);
void cuda_enter_fold(struct dsgd_device *device);
void cuda_enter_model(struct dsgd_device *device);

#endif
