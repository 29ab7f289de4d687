/* ops.h - the CPU's operations: one function for each entry of struct dsgd_device. Included by cpu.h. */
#ifndef DSGD_SIM_CPU_OPS_H
#define DSGD_SIM_CPU_OPS_H

#include "sim/device_ops.h"

/* mem */
void *cpu_alloc(int ordinal, size_t bytes);
void cpu_release(void *memory);
void cpu_read(struct dsgd_queue *q, void *host, const void *from, size_t bytes);
void cpu_write(struct dsgd_queue *q, void *to, const void *host, size_t bytes);
void cpu_move(struct dsgd_queue *q, void *to, struct dsgd_queue *from_q, const void *from, size_t bytes);

/* vec */
void cpu_clear(struct dsgd_rows *, dsgd_f32 *);
void cpu_copy(struct dsgd_rows *, const dsgd_f32 *, dsgd_f32 *);
void cpu_copy_i32(struct dsgd_rows *, const dsgd_i32 *, dsgd_i32 *);
void cpu_subtract(struct dsgd_rows *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *);
void cpu_scale(struct dsgd_rows *, double, const dsgd_f32 *, dsgd_f32 *);
void cpu_add_scaled(struct dsgd_rows *, float, const dsgd_f32 *, dsgd_f32 *);
void cpu_scale_add(struct dsgd_rows *, float, dsgd_f32 *, const dsgd_f32 *);
void cpu_moving_average(struct dsgd_rows *, float, dsgd_f32 *, const dsgd_f32 *);
void cpu_momentum(struct dsgd_rows *, float, float, const dsgd_f32 *, dsgd_f32 *, dsgd_f32 *);
void cpu_nesterov(struct dsgd_rows *, float, float, const dsgd_f32 *, dsgd_f32 *, dsgd_f32 *);
void cpu_axpy(struct dsgd_rows *, double, const dsgd_f64 *, dsgd_f32 *);
void cpu_error_add(struct dsgd_rows *, double, const dsgd_f32 *, dsgd_f64 *);
void cpu_round(struct dsgd_rows *, const dsgd_f64 *, dsgd_f32 *);
void cpu_mean(struct dsgd_rows *, double, const dsgd_f64 *, dsgd_f32 *);
void cpu_where_positive(struct dsgd_rows *, double, const dsgd_f64 *, const dsgd_f32 *, dsgd_f32 *);

/* sparse */
void cpu_gather(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, dsgd_f32 *);
void cpu_gather_f64(struct dsgd_rows *, const dsgd_set *, const dsgd_f64 *, dsgd_f32 *);
void cpu_scatter(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, dsgd_f32 *);
void cpu_scatter_subtract(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, dsgd_f64 *);
void cpu_scatter_clear(struct dsgd_rows *, const dsgd_set *, dsgd_f32 *);
void cpu_copy_set(struct dsgd_rows *, const dsgd_set *, dsgd_set *);
void cpu_subset(struct dsgd_rows *, const dsgd_set *, const dsgd_set *, dsgd_set *);
void cpu_intersect(struct dsgd_rows *, const dsgd_set *, const dsgd_set *, dsgd_set *);
void cpu_sparse_take(struct dsgd_rows *, double, dsgd_f64 *, dsgd_i32 *, dsgd_set *, dsgd_f32 *);
void cpu_pack(struct dsgd_rows *, const struct dsgd_runs *, const dsgd_f32 *, dsgd_f32 *);
void cpu_unpack(struct dsgd_rows *, const struct dsgd_runs *, const dsgd_f32 *, dsgd_f32 *);
void cpu_clear_runs(struct dsgd_rows *, const struct dsgd_runs *, dsgd_f32 *);
void cpu_unpack_places(struct dsgd_rows *, const struct dsgd_runs *, dsgd_set *);
void cpu_merge_runs(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, const struct dsgd_runs *, const dsgd_f32 *, dsgd_set *, dsgd_f32 *);

/* select */
size_t cpu_select_bytes(size_t n, uint32_t rows);
void cpu_select_topk(struct dsgd_rows *, const dsgd_f32 *, size_t, dsgd_set *, void *scratch);
void cpu_select_topk_sparse(struct dsgd_rows *, const dsgd_set *, const dsgd_f32 *, size_t, dsgd_set *, void *scratch);
void cpu_select_at_least(struct dsgd_rows *, const dsgd_f32 *, float, dsgd_set *, void *scratch);
void cpu_select_heavymix(struct dsgd_rows *, const dsgd_f32 *, const dsgd_f64 *, size_t, struct dsgd_rng_key, dsgd_set *, dsgd_set *heavy, void *scratch);
void cpu_select_uniform(struct dsgd_rows *, size_t, size_t, struct dsgd_rng_key, dsgd_set *, void *scratch);

/* group */
void cpu_group_max_abs(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, dsgd_f32 *);
void cpu_group_mean_abs(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, dsgd_f32 *);
void cpu_group_norm(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, dsgd_f64 *);
void cpu_group_std(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, dsgd_f64 *);
void cpu_group_clip(struct dsgd_rows *, const struct dsgd_groups *, double, const dsgd_f64 *, const dsgd_f32 *, dsgd_f32 *);
void cpu_group_shorten(struct dsgd_rows *, const struct dsgd_groups *, double, const dsgd_f64 *, const dsgd_f32 *, dsgd_f32 *);
void cpu_group_units(struct dsgd_rows *, const struct dsgd_groups *, float, const dsgd_f32 *, const dsgd_i32 *, dsgd_f32 *);
void cpu_group_signs(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, const dsgd_signs *, dsgd_f32 *);

/* sign */
void cpu_sign_pack(struct dsgd_rows *, const dsgd_f32 *, enum dsgd_zero, struct dsgd_rng_key, dsgd_signs *);
void cpu_sign_pack_votes(struct dsgd_rows *, const dsgd_votes *, enum dsgd_zero, struct dsgd_rng_key, dsgd_signs *);
void cpu_sign_unpack(struct dsgd_rows *, const dsgd_signs *, dsgd_f32 *);
void cpu_sign_subtract(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, enum dsgd_zero, dsgd_f32 *);

/* ternary, levels */
void cpu_ternarise(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, const dsgd_f32 *, struct dsgd_rng_key, dsgd_ternary *);
void cpu_quantise(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, uint32_t, const dsgd_f32 *, struct dsgd_rng_key, dsgd_i32 *);
void cpu_dequantise(struct dsgd_rows *, const struct dsgd_groups *, const dsgd_f32 *, uint32_t, const dsgd_i32 *, dsgd_f32 *);

/* sketch */
size_t cpu_sketch_bytes(enum dsgd_hash hash, size_t n, uint32_t rows, uint32_t cols);
void cpu_sketch_reseed(struct dsgd_rows *, dsgd_sketch *);
size_t cpu_sketch_vector_bytes(const dsgd_sketch *, uint32_t rows, int threads);
void cpu_sketch_vector(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, dsgd_f32 *, void *scratch);
void cpu_sketch_momentum(struct dsgd_rows *, const dsgd_sketch *, float, float, const dsgd_f32 *, dsgd_f32 *, dsgd_f32 *, dsgd_f32 *, void *scratch);
void cpu_sketch_add_some(struct dsgd_rows *, const dsgd_sketch *, float, const dsgd_set *, const dsgd_f32 *, dsgd_f32 *);
void cpu_sketch_clear_some(struct dsgd_rows *, const dsgd_sketch *, const dsgd_set *, dsgd_f32 *);
void cpu_sketch_estimate(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, dsgd_f32 *);
void cpu_sketch_norm2(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, dsgd_f64 *);
size_t cpu_sketch_select_bytes(const dsgd_sketch *, size_t k, int threads);
void cpu_sketch_topk(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, size_t, dsgd_set *, dsgd_f32 *, void *scratch);
void cpu_sketch_heavymix(struct dsgd_rows *, const dsgd_sketch *, const dsgd_f32 *, const dsgd_f64 *, size_t, struct dsgd_rng_key, dsgd_set *, dsgd_set *,
                         void *scratch);

/* lowrank */
size_t cpu_lowrank_bytes(const struct dsgd_matrices *, uint32_t rows);
void cpu_lowrank_times(struct dsgd_rows *, const struct dsgd_matrices *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *, void *scratch);
void cpu_lowrank_transposed_times(struct dsgd_rows *, const struct dsgd_matrices *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *, void *scratch);
void cpu_lowrank_orthonormalise(struct dsgd_rows *, const struct dsgd_matrices *, dsgd_f32 *, void *scratch);
void cpu_lowrank_product(struct dsgd_rows *, const struct dsgd_matrices *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *);
void cpu_lowrank_subtract(struct dsgd_rows *, const struct dsgd_matrices *, const dsgd_f32 *, const dsgd_f32 *, dsgd_f32 *);
void cpu_lowrank_fresh(struct dsgd_rows *, const struct dsgd_matrices *, bool, struct dsgd_rng_key, dsgd_f32 *);

/* host op */
void cpu_host_op(struct dsgd_rows *, dsgd_host_function *, const void *arguments, const struct dsgd_operand *, int operands);

/* folds */
void cpu_fold_sum(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f64 *sum);
void cpu_fold_max(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f32 *most);
size_t cpu_votes_bytes(size_t n, uint32_t most);
void cpu_fold_signs(struct dsgd_queue *, uint32_t rows, const dsgd_signs *a, uint32_t before, dsgd_votes *votes);
void cpu_fold_signs_scaled(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_signs *a, const struct dsgd_groups *, const dsgd_f32 *scale, dsgd_f64 *sum);
void cpu_fold_ternary(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_ternary *a, dsgd_i32 *sum);
void cpu_fold_ternary_scaled(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_ternary *a, const struct dsgd_groups *, const dsgd_f32 *scale, dsgd_f64 *sum);
void cpu_fold_levels_scaled(struct dsgd_queue *, uint32_t rows, bool first, const dsgd_i32 *a, const struct dsgd_groups *, const dsgd_f32 *norm, uint32_t m, dsgd_f64 *sum);
void cpu_fold_sparse(struct dsgd_queue *, uint32_t rows, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *sum, dsgd_i32 *seen);

/* codec */
size_t cpu_encode(struct dsgd_queue *, const struct dsgd_wire *wire, const struct dsgd_array *a, size_t row, size_t n, uint32_t participants, void *bytes);
const char *cpu_decode(struct dsgd_queue *, const struct dsgd_wire *wire, const void *bytes, size_t length, size_t n, uint32_t participants, const struct dsgd_array *a, size_t row);

/* model */
void cpu_apply(struct dsgd_queue *, const struct dsgd_apply *update, dsgd_f64 *x, dsgd_f32 *replica, void *diverged);
void cpu_average(struct dsgd_queue *, double weight, const dsgd_f64 *x, dsgd_f64 *mean, const void *diverged);
void cpu_replicate(struct dsgd_queue *, const dsgd_f64 *x, dsgd_f32 *replica);

/* probe */
void cpu_probe_add(struct dsgd_queue *, const struct dsgd_handle *v, uint32_t rows, bool first, double divisor, dsgd_f64 *sum, dsgd_f64 *norm2);
void cpu_probe_divide(struct dsgd_queue *, double divisor, dsgd_f64 *v);
void cpu_probe_norm2(struct dsgd_queue *, const dsgd_f64 *v, dsgd_f64 *out /*[1]*/);
void cpu_probe_error(struct dsgd_queue *, const dsgd_f64 *p, double gain, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *out);
size_t cpu_probe_bytes(size_t d);
void cpu_probe_recall(struct dsgd_queue *, const dsgd_f64 *p, const dsgd_set *at, dsgd_f64 *out /*[1]*/, void *scratch);

#endif
