/* native.c - which operations CUDA's table has itself: those whose entry is not the staged one. */
#include <stddef.h>
#include <string.h>

#include "sim/cuda/cuda.h"
#include "sim/engine.h"

typedef void entry(void);

#define OP(name) {#name, offsetof(struct dsgd_device, name)}
static const struct { const char *name; size_t at; } ops[] = {
    OP(clear), OP(copy), OP(copy_i32), OP(subtract), OP(scale), OP(add_scaled), OP(scale_add), OP(moving_average), OP(momentum),
    OP(nesterov), OP(axpy), OP(error_add), OP(round), OP(mean), OP(where_positive), OP(gather), OP(gather_f64), OP(scatter),
    OP(scatter_subtract), OP(scatter_clear), OP(copy_set), OP(subset), OP(intersect), OP(sparse_take), OP(pack), OP(unpack), OP(clear_runs),
    OP(unpack_places), OP(merge_runs), OP(select_topk), OP(select_topk_sparse), OP(select_at_least), OP(select_heavymix),
    OP(select_uniform), OP(group_max_abs), OP(group_mean_abs), OP(group_norm), OP(group_std), OP(group_clip), OP(group_shorten),
    OP(group_units), OP(group_signs), OP(sign_pack), OP(sign_pack_votes), OP(sign_unpack), OP(sign_subtract), OP(ternarise), OP(quantise),
    OP(dequantise), OP(sketch_reseed), OP(sketch_vector), OP(sketch_add_some), OP(sketch_clear_some), OP(sketch_estimate), OP(sketch_norm2),
    OP(sketch_topk), OP(sketch_heavymix), OP(lowrank_times), OP(lowrank_transposed_times), OP(lowrank_orthonormalise), OP(lowrank_product),
    OP(lowrank_subtract), OP(lowrank_fresh), OP(host_op), OP(fold_sum), OP(fold_max), OP(fold_signs), OP(fold_signs_scaled),
    OP(fold_ternary), OP(fold_ternary_scaled), OP(fold_levels_scaled), OP(fold_sparse), OP(encode), OP(decode), OP(apply), OP(average),
    OP(replicate), OP(probe_add), OP(probe_divide), OP(probe_norm2), OP(probe_error), OP(probe_recall),
};
#undef OP

bool dsgd_engine_native(const char *op)
{
    struct dsgd_device staged = {.name = "staged"};
    const struct dsgd_device *cuda = dsgd_device_cuda();
    dsgd_staged_enter(&staged);
    for (size_t j = 0; j < sizeof ops / sizeof *ops; ++j) {
        entry *own, *other;
        if (strcmp(ops[j].name, op) != 0) { continue; }
        memcpy(&own, (const char *)cuda + ops[j].at, sizeof own);
        memcpy(&other, (const char *)&staged + ops[j].at, sizeof other);
        return own != other;
    }
    return false;
}
