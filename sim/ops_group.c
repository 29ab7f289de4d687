/* ops_group.c - fronts of the operations on groups of coordinates (sim/device.h, group). */
#include "sim/ops.h"

/* A vector, its groups, and one number for each. */
static bool divided(const struct dsgd_groups *g, const struct dsgd_array *v, const struct dsgd_array *number)
{
    return dsgd_op_covers(g, v) && number->count == g->count;
}

void dsgd_group_max_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    if (dsgd_op_ready(r, "group_max_abs", divided(g, &v->array, &out->array), &out->array)) { dsgd_op_device(r)->group_max_abs(r, g, v, out); }
}

void dsgd_group_mean_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    if (dsgd_op_ready(r, "group_mean_abs", divided(g, &v->array, &out->array), &out->array)) { dsgd_op_device(r)->group_mean_abs(r, g, v, out); }
}

void dsgd_group_norm(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    if (dsgd_op_ready(r, "group_norm", divided(g, &v->array, &out->array), &out->array)) { dsgd_op_device(r)->group_norm(r, g, v, out); }
}

void dsgd_group_std(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    if (dsgd_op_ready(r, "group_std", divided(g, &v->array, &out->array), &out->array)) { dsgd_op_device(r)->group_std(r, g, v, out); }
}

void dsgd_group_clip(struct dsgd_rows *r, const struct dsgd_groups *g, double factor, const dsgd_f64 *unit, const dsgd_f32 *v, dsgd_f32 *out)
{
    const bool fits = divided(g, &v->array, &unit->array) && dsgd_op_same(&v->array, &out->array);
    if (dsgd_op_ready(r, "group_clip", fits, &out->array)) { dsgd_op_device(r)->group_clip(r, g, factor, unit, v, out); }
}

void dsgd_group_shorten(struct dsgd_rows *r, const struct dsgd_groups *g, double bound, const dsgd_f64 *norm, const dsgd_f32 *v, dsgd_f32 *out)
{
    const bool fits = divided(g, &v->array, &norm->array) && dsgd_op_same(&v->array, &out->array);
    if (dsgd_op_ready(r, "group_shorten", fits, &out->array)) { dsgd_op_device(r)->group_shorten(r, g, bound, norm, v, out); }
}

void dsgd_group_units(struct dsgd_rows *r, const struct dsgd_groups *g, float divisor, const dsgd_f32 *unit, const dsgd_i32 *level, dsgd_f32 *out)
{
    const bool fits = divided(g, &level->array, &unit->array) && dsgd_op_same(&level->array, &out->array);
    if (dsgd_op_ready(r, "group_units", fits, &out->array)) { dsgd_op_device(r)->group_units(r, g, divisor, unit, level, out); }
}

void dsgd_group_signs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_signs *signs, dsgd_f32 *out)
{
    const bool fits = divided(g, &signs->array, &scale->array) && dsgd_op_same(&signs->array, &out->array);
    if (dsgd_op_ready(r, "group_signs", fits, &out->array)) { dsgd_op_device(r)->group_signs(r, g, scale, signs, out); }
}
