/* group.c - entries of the operations on groups of coordinates. */
#include "sim/cuda/group.h"

#include "sim/cuda/cuda.h"

static void max_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->group->max_abs(&t, g, v->array, out->array);
}

static void mean_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->group->mean_abs(&t, g, v->array, out->array);
}

static void norm(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->group->norm(&t, g, v->array, out->array);
}

static void standard_deviation(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->group->std(&t, g, v->array, out->array);
}

static void clip(struct dsgd_rows *r, const struct dsgd_groups *g, double factor, const dsgd_f64 *unit, const dsgd_f32 *v, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->group->clip(&t, g, factor, unit->array, v->array, out->array);
}

static void shorten(struct dsgd_rows *r, const struct dsgd_groups *g, double bound, const dsgd_f64 *norms, const dsgd_f32 *v, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->group->shorten(&t, g, bound, norms->array, v->array, out->array);
}

static void units(struct dsgd_rows *r, const struct dsgd_groups *g, float divisor, const dsgd_f32 *unit, const dsgd_i32 *level, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->group->units(&t, g, divisor, unit->array, level->array, out->array);
}

static void signs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_signs *plane, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->group->signs(&t, g, scale->array, plane->array, out->array);
}

void cuda_enter_group(struct dsgd_device *d)
{
    d->group_max_abs = max_abs;
    d->group_mean_abs = mean_abs;
    d->group_norm = norm;
    d->group_std = standard_deviation;
    d->group_clip = clip;
    d->group_shorten = shorten;
    d->group_units = units;
    d->group_signs = signs;
}
