/* library.cu - the one symbol that the CUDA library exports. */
#include "dsgd_cuda_build.h"
#include "sim/cuda/gpu.h"
#include "sim/cuda/library.h"

extern const struct cuda_memory cuda_memory_table;
extern const struct cuda_vec cuda_vec_table;
extern const struct cuda_wire cuda_wire_table;

extern "C" __attribute__((visibility("default"))) const struct dsgd_cuda_library dsgd_cuda_library = {
    DSGD_CUDA_BUILD,
    &cuda_memory_table,
    &cuda_vec_table,
    nullptr, /* sparse */
    nullptr, /* select */
    nullptr, /* group */
    nullptr, /* level */
    nullptr, /* sketch */
    nullptr, /* fold */
    &cuda_wire_table,
    nullptr, /* model */
    nullptr, /* convex */
};
