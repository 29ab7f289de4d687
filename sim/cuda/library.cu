/* library.cu - the one symbol that the CUDA library exports. */
#include "dsgd_cuda_build.h"
#include "sim/cuda/gpu.h"
#include "sim/cuda/library.h"
#include "sim/cuda/memory.h"

extern const struct cuda_memory cuda_memory_table;
extern const struct cuda_vec cuda_vec_table;
extern const struct cuda_wire cuda_wire_table;
extern const struct cuda_select cuda_select_table;
extern const struct cuda_sketch cuda_sketch_table;
extern const struct cuda_sparse cuda_sparse_table;
extern const struct cuda_group cuda_group_table;
extern const struct cuda_level cuda_level_table;
extern const struct cuda_fold cuda_fold_table;
extern const struct cuda_model cuda_model_table;
extern const struct cuda_convex cuda_convex_table;

extern "C" __attribute__((visibility("default"))) const struct dsgd_cuda_library dsgd_cuda_library = {
    DSGD_CUDA_BUILD,
    &cuda_memory_table,
    &cuda_vec_table,
    &cuda_sparse_table,
    &cuda_select_table,
    &cuda_group_table,
    &cuda_level_table,
    &cuda_sketch_table,
    &cuda_fold_table,
    &cuda_wire_table,
    &cuda_model_table,
    &cuda_convex_table,
};
