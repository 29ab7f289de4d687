/* fold.c - entries of the sums over workers. */
#include "sim/cuda/fold.h"

#include "sim/cuda/cuda.h"

static void fold_sum(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f64 *sum)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->fold->sum(&t, first, a->array, sum->array);
}

static void fold_max(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_f32 *a, dsgd_f32 *most)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->fold->max(&t, first, a->array, most->array);
}

static size_t votes_bytes(size_t n, uint32_t most)
{
    return cuda_library->fold->votes_bytes(n, most);
}

static void fold_signs(struct dsgd_queue *q, uint32_t rows, const dsgd_signs *a, uint32_t before, dsgd_votes *votes)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    const struct cuda_votes v = {votes->array, votes->n, before + rows};
    cuda_library->fold->signs(&t, a->array, before, v);
}

static void fold_signs_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_signs *a, const struct dsgd_groups *g, const dsgd_f32 *scale,
                              dsgd_f64 *sum)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->fold->signs_scaled(&t, first, a->array, g, scale->array, sum->array);
}

static void fold_ternary(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, dsgd_i32 *sum)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->fold->ternary(&t, first, a->array, sum->array);
}

static void fold_ternary_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_ternary *a, const struct dsgd_groups *g, const dsgd_f32 *scale,
                                dsgd_f64 *sum)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->fold->ternary_scaled(&t, first, a->array, g, scale->array, sum->array);
}

static void fold_levels_scaled(struct dsgd_queue *q, uint32_t rows, bool first, const dsgd_i32 *a, const struct dsgd_groups *g, const dsgd_f32 *norm,
                               uint32_t m, dsgd_f64 *sum)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->fold->levels_scaled(&t, first, a->array, g, norm->array, m, sum->array);
}

static void fold_sparse(struct dsgd_queue *q, uint32_t rows, const dsgd_set *at, const dsgd_f32 *value, dsgd_f64 *sum, dsgd_i32 *seen)
{
    const struct cuda_turn t = cuda_turn_on(q, rows);
    cuda_library->fold->sparse(&t, at->array, value->array, sum->array, seen->array);
}

void cuda_enter_fold(struct dsgd_device *d)
{
    d->fold_sum = fold_sum;
    d->fold_max = fold_max;
    d->votes_bytes = votes_bytes;
    d->fold_signs = fold_signs;
    d->fold_signs_scaled = fold_signs_scaled;
    d->fold_ternary = fold_ternary;
    d->fold_ternary_scaled = fold_ternary_scaled;
    d->fold_levels_scaled = fold_levels_scaled;
    d->fold_sparse = fold_sparse;
}
