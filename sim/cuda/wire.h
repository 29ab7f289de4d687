/* wire.h - launchers for sections on their way (sim/carry.c). */
#ifndef DSGD_SIM_CUDA_WIRE_H
#define DSGD_SIM_CUDA_WIRE_H

#include "sim/cuda/library.h"

struct cuda_wire {
    void (*weigh)(const struct cuda_turn *t, struct dsgd_array set, size_t limit, uint64_t *out /*[rows][2]*/);
    void (*round_values)(const struct cuda_turn *t, struct dsgd_array v, bool bfloat, struct dsgd_array out);
};

#endif
