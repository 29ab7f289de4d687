/* ops_fold.c - fronts of the sums over the workers that arrived (sim/algorithm.h). */
#include "sim/ops.h"

void dsgd_fold_sum(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, dsgd_f64 *sum)
{
    const struct dsgd_handle *a = dsgd_op_arrived(s, up, section, DSGD_F32);
    if (dsgd_op_ready(s, "fold_sum", dsgd_op_same(&a->as.array, &sum->array), &sum->array)) {
        dsgd_op_device(s)->fold_sum(s->queue, up->rows, up->first, &a->as.f32, sum);
    }
}

void dsgd_fold_max(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, dsgd_f32 *most)
{
    const struct dsgd_handle *a = dsgd_op_arrived(s, up, section, DSGD_F32);
    if (dsgd_op_ready(s, "fold_max", dsgd_op_same(&a->as.array, &most->array), &most->array)) {
        dsgd_op_device(s)->fold_max(s->queue, up->rows, up->first, &a->as.f32, most);
    }
}

void dsgd_fold_signs(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, dsgd_votes *votes)
{
    const struct dsgd_handle *a = dsgd_op_arrived(s, up, section, DSGD_SIGNS);
    if (!dsgd_op_ready(s, "fold_signs", a->as.array.count == votes->n, &votes->array)) { return; }
    const uint32_t before = up->first ? 0 : votes->counted;
    if (up->rows > votes->most - before) { /* counters have no bits for more */
        dsgd_queue_fail(s->queue, DSGD_EINTERNAL, "fold_signs: more votes than the field was declared for");
        return;
    }
    dsgd_op_device(s)->fold_signs(s->queue, up->rows, &a->as.signs, before, votes);
    votes->counted = before + up->rows;
}

void dsgd_fold_signs_scaled(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, const struct dsgd_groups *g, int scale_section, dsgd_f64 *sum)
{
    const struct dsgd_handle *a = dsgd_op_arrived(s, up, section, DSGD_SIGNS), *scale = dsgd_op_arrived(s, up, scale_section, DSGD_F32);
    const bool fits = dsgd_op_same(&a->as.array, &sum->array) && scale->as.array.count == g->count && dsgd_op_covers(g, &sum->array);
    if (dsgd_op_ready(s, "fold_signs_scaled", fits, &sum->array)) {
        dsgd_op_device(s)->fold_signs_scaled(s->queue, up->rows, up->first, &a->as.signs, g, &scale->as.f32, sum);
    }
}

void dsgd_fold_ternary(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, dsgd_i32 *sum)
{
    const struct dsgd_handle *a = dsgd_op_arrived(s, up, section, DSGD_TERNARY);
    if (dsgd_op_ready(s, "fold_ternary", dsgd_op_same(&a->as.array, &sum->array), &sum->array)) {
        dsgd_op_device(s)->fold_ternary(s->queue, up->rows, up->first, &a->as.ternary, sum);
    }
}

void dsgd_fold_ternary_scaled(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, const struct dsgd_groups *g, int scale_section, dsgd_f64 *sum)
{
    const struct dsgd_handle *a = dsgd_op_arrived(s, up, section, DSGD_TERNARY), *scale = dsgd_op_arrived(s, up, scale_section, DSGD_F32);
    const bool fits = dsgd_op_same(&a->as.array, &sum->array) && scale->as.array.count == g->count && dsgd_op_covers(g, &sum->array);
    if (dsgd_op_ready(s, "fold_ternary_scaled", fits, &sum->array)) {
        dsgd_op_device(s)->fold_ternary_scaled(s->queue, up->rows, up->first, &a->as.ternary, g, &scale->as.f32, sum);
    }
}

void dsgd_fold_levels_scaled(struct dsgd_rows *s, const struct dsgd_arrivals *up, int section, const struct dsgd_groups *g, int norm_section, uint32_t m,
                             dsgd_f64 *sum)
{
    const struct dsgd_handle *a = dsgd_op_arrived(s, up, section, DSGD_I32), *norm = dsgd_op_arrived(s, up, norm_section, DSGD_F32);
    const bool fits = dsgd_op_same(&a->as.array, &sum->array) && norm->as.array.count == g->count && dsgd_op_covers(g, &sum->array);
    if (dsgd_op_ready(s, "fold_levels_scaled", fits, &sum->array)) {
        dsgd_op_device(s)->fold_levels_scaled(s->queue, up->rows, up->first, &a->as.i32, g, &norm->as.f32, m, sum);
    }
}

void dsgd_fold_sparse(struct dsgd_rows *s, const struct dsgd_arrivals *up, int set_section, int value_section, dsgd_f64 *sum, dsgd_i32 *seen)
{
    const struct dsgd_handle *at = dsgd_op_arrived(s, up, set_section, DSGD_SET), *value = dsgd_op_arrived(s, up, value_section, DSGD_F32);
    const bool fits = at->as.array.count <= value->as.array.count && seen->array.count * 32 >= sum->array.count;
    if (dsgd_op_ready(s, "fold_sparse", fits, &sum->array)) {
        dsgd_op_device(s)->fold_sparse(s->queue, up->rows, &at->as.set, &value->as.f32, sum, seen);
    }
}
