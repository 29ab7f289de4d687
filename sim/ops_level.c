/* ops_level.c - fronts of signs, ternary vectors and levels (sim/device.h, sign, ternary and levels). */
#include "sim/ops.h"

void dsgd_sign_pack(struct dsgd_rows *r, const dsgd_f32 *v, enum dsgd_zero zero, struct dsgd_rng_key key, dsgd_signs *out)
{
    if (dsgd_op_ready(r, "sign_pack", dsgd_op_same(&v->array, &out->array), &out->array)) { dsgd_op_device(r)->sign_pack(r, v, zero, key, out); }
}

void dsgd_sign_pack_votes(struct dsgd_rows *s, const dsgd_votes *votes, enum dsgd_zero tie, struct dsgd_rng_key key, dsgd_signs *out)
{
    if (dsgd_op_ready(s, "sign_pack_votes", votes->n == out->array.count && s->rows == 1, &out->array)) {
        dsgd_op_device(s)->sign_pack_votes(s, votes, tie, key, out);
    }
}

void dsgd_sign_unpack(struct dsgd_rows *r, const dsgd_signs *signs, dsgd_f32 *out)
{
    if (dsgd_op_ready(r, "sign_unpack", dsgd_op_same(&signs->array, &out->array), &out->array)) { dsgd_op_device(r)->sign_unpack(r, signs, out); }
}

void dsgd_sign_subtract(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, enum dsgd_zero zero, dsgd_f32 *v)
{
    if (dsgd_op_ready(r, "sign_subtract", dsgd_op_covers(g, &v->array) && scale->array.count == g->count && zero != DSGD_COIN, &v->array)) {
        dsgd_op_device(r)->sign_subtract(r, g, scale, zero, v);
    }
}

/* A vector, its groups, and one number for each. */
static bool divided(const struct dsgd_groups *g, const struct dsgd_array *v, const struct dsgd_array *number)
{
    return dsgd_op_covers(g, v) && number->count == g->count;
}

void dsgd_ternarise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_f32 *v, struct dsgd_rng_key key, dsgd_ternary *out)
{
    const bool fits = divided(g, &v->array, &scale->array) && dsgd_op_same(&v->array, &out->array);
    if (dsgd_op_ready(r, "ternarise", fits, &out->array)) { dsgd_op_device(r)->ternarise(r, g, scale, v, key, out); }
}

void dsgd_quantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_f32 *v, struct dsgd_rng_key key,
                   dsgd_i32 *level)
{
    const bool fits = divided(g, &v->array, &norm->array) && dsgd_op_same(&v->array, &level->array);
    if (dsgd_op_ready(r, "quantise", fits, &level->array)) { dsgd_op_device(r)->quantise(r, g, norm, s, v, key, level); }
}

void dsgd_dequantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_i32 *level, dsgd_f32 *out)
{
    const bool fits = divided(g, &level->array, &norm->array) && dsgd_op_same(&level->array, &out->array);
    if (dsgd_op_ready(r, "dequantise", fits, &out->array)) { dsgd_op_device(r)->dequantise(r, g, norm, s, level, out); }
}
