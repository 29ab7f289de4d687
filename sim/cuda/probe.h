/* probe.h - the launchers of what the observer measures, by file; the table is in model.cu. C++. */
#ifndef DSGD_SIM_CUDA_PROBE_H
#define DSGD_SIM_CUDA_PROBE_H

#include "sim/cuda/model.h"

void probe_add(const struct cuda_turn *t, bool wide, struct dsgd_array v, bool first, double divisor, struct dsgd_array sum, struct dsgd_array norms);
void probe_divide(const struct cuda_turn *t, double divisor, struct dsgd_array v);
void probe_norm2(const struct cuda_turn *t, struct dsgd_array v, struct dsgd_array out);
void probe_error(const struct cuda_turn *t, struct dsgd_array p, double gain, bool sparse, struct dsgd_array at, struct dsgd_array value,
                 struct dsgd_array out);
size_t probe_recall_bytes(size_t d);
void probe_recall(const struct cuda_turn *t, struct dsgd_array p, struct dsgd_array at, struct dsgd_array out, void *scratch);

#endif
