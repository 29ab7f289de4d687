/* group.c - staged operations on groups, signs, ternary vectors and levels. Interface: staged.h. */
#include "sim/staged/staged.h"

static void group_max_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->group_max_abs(&s.turn, g, v_host, out_host); }
    staged_end(&s);
}

static void group_mean_abs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->group_mean_abs(&s.turn, g, v_host, out_host); }
    staged_end(&s);
}

static void group_norm(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f64 *out_host = staged_f64(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->group_norm(&s.turn, g, v_host, out_host); }
    staged_end(&s);
}

static void group_std(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *v, dsgd_f64 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f64 *out_host = staged_f64(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->group_std(&s.turn, g, v_host, out_host); }
    staged_end(&s);
}

static void group_clip(struct dsgd_rows *r, const struct dsgd_groups *g, double factor, const dsgd_f64 *unit, const dsgd_f32 *v, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f64 *unit_host = staged_f64(&s, unit, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->group_clip(&s.turn, g, factor, unit_host, v_host, out_host); }
    staged_end(&s);
}

static void group_shorten(struct dsgd_rows *r, const struct dsgd_groups *g, double bound, const dsgd_f64 *norm, const dsgd_f32 *v, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f64 *norm_host = staged_f64(&s, norm, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->group_shorten(&s.turn, g, bound, norm_host, v_host, out_host); }
    staged_end(&s);
}

static void group_units(struct dsgd_rows *r, const struct dsgd_groups *g, float divisor, const dsgd_f32 *unit, const dsgd_i32 *level, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *unit_host = staged_f32(&s, unit, rows, DSGD_READ);
    dsgd_i32 *level_host = staged_i32(&s, level, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->group_units(&s.turn, g, divisor, unit_host, level_host, out_host); }
    staged_end(&s);
}

static void group_signs(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_signs *signs, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *scale_host = staged_f32(&s, scale, rows, DSGD_READ);
    dsgd_signs *signs_host = staged_signs(&s, signs, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->group_signs(&s.turn, g, scale_host, signs_host, out_host); }
    staged_end(&s);
}

static void sign_pack(struct dsgd_rows *r, const dsgd_f32 *v, enum dsgd_zero zero, struct dsgd_rng_key key, dsgd_signs *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_signs *out_host = staged_signs(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->sign_pack(&s.turn, v_host, zero, key, out_host); }
    staged_end(&s);
}

static void sign_pack_votes(struct dsgd_rows *r, const dsgd_votes *votes, enum dsgd_zero tie, struct dsgd_rng_key key, dsgd_signs *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_votes *votes_host = staged_votes(&s, votes, rows, DSGD_READ);
    dsgd_signs *out_host = staged_signs(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->sign_pack_votes(&s.turn, votes_host, tie, key, out_host); }
    staged_end(&s);
}

static void sign_unpack(struct dsgd_rows *r, const dsgd_signs *signs, dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_signs *signs_host = staged_signs(&s, signs, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->sign_unpack(&s.turn, signs_host, out_host); }
    staged_end(&s);
}

static void sign_subtract(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, enum dsgd_zero zero, dsgd_f32 *v)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *scale_host = staged_f32(&s, scale, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ_WRITE);
    if (staged_ready(&s)) { s.cpu->sign_subtract(&s.turn, g, scale_host, zero, v_host); }
    staged_end(&s);
}

static void ternarise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_f32 *v, struct dsgd_rng_key key,
                      dsgd_ternary *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *scale_host = staged_f32(&s, scale, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_ternary *out_host = staged_ternary(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->ternarise(&s.turn, g, scale_host, v_host, key, out_host); }
    staged_end(&s);
}

static void quantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t levels, const dsgd_f32 *v,
                     struct dsgd_rng_key key, dsgd_i32 *level)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *norm_host = staged_f32(&s, norm, rows, DSGD_READ);
    dsgd_f32 *v_host = staged_f32(&s, v, rows, DSGD_READ);
    dsgd_i32 *level_host = staged_i32(&s, level, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->quantise(&s.turn, g, norm_host, levels, v_host, key, level_host); }
    staged_end(&s);
}

static void dequantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t levels, const dsgd_i32 *level,
                       dsgd_f32 *out)
{
    struct staged s;
    const uint32_t rows = r->rows;
    staged_turn(&s, r);
    dsgd_f32 *norm_host = staged_f32(&s, norm, rows, DSGD_READ);
    dsgd_i32 *level_host = staged_i32(&s, level, rows, DSGD_READ);
    dsgd_f32 *out_host = staged_f32(&s, out, rows, DSGD_WRITE);
    if (staged_ready(&s)) { s.cpu->dequantise(&s.turn, g, norm_host, levels, level_host, out_host); }
    staged_end(&s);
}

void staged_enter_group(struct dsgd_device *d)
{
    d->group_max_abs = group_max_abs;
    d->group_mean_abs = group_mean_abs;
    d->group_norm = group_norm;
    d->group_std = group_std;
    d->group_clip = group_clip;
    d->group_shorten = group_shorten;
    d->group_units = group_units;
    d->group_signs = group_signs;
    d->sign_pack = sign_pack;
    d->sign_pack_votes = sign_pack_votes;
    d->sign_unpack = sign_unpack;
    d->sign_subtract = sign_subtract;
    d->ternarise = ternarise;
    d->quantise = quantise;
    d->dequantise = dequantise;
}
