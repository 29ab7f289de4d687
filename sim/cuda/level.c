/* level.c - entries of signs, ternary vectors and levels. */
#include "sim/cuda/level.h"

#include "sim/cuda/cuda.h"

_Static_assert((int)CUDA_PLUS == (int)DSGD_PLUS && (int)CUDA_MINUS == (int)DSGD_MINUS && (int)CUDA_COIN == (int)DSGD_COIN,
               "launchers know the rules for zeros");

static void sign_pack(struct dsgd_rows *r, const dsgd_f32 *v, enum dsgd_zero zero, struct dsgd_rng_key key, dsgd_signs *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->level->sign_pack(&t, v->array, (int)zero, key, out->array);
}

static void sign_pack_votes(struct dsgd_rows *r, const dsgd_votes *votes, enum dsgd_zero tie, struct dsgd_rng_key key, dsgd_signs *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    const struct cuda_votes v = {votes->array, votes->n, votes->counted};
    cuda_library->level->sign_pack_votes(&t, v, (int)tie, key, out->array);
}

static void sign_unpack(struct dsgd_rows *r, const dsgd_signs *signs, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->level->sign_unpack(&t, signs->array, out->array);
}

static void sign_subtract(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, enum dsgd_zero zero, dsgd_f32 *v)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->level->sign_subtract(&t, g, scale->array, (int)zero, v->array);
}

static void ternarise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *scale, const dsgd_f32 *v, struct dsgd_rng_key key, dsgd_ternary *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->level->ternarise(&t, g, scale->array, v->array, key, out->array);
}

static void quantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_f32 *v, struct dsgd_rng_key key,
                     dsgd_i32 *level)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->level->quantise(&t, g, norm->array, s, v->array, key, level->array);
}

static void dequantise(struct dsgd_rows *r, const struct dsgd_groups *g, const dsgd_f32 *norm, uint32_t s, const dsgd_i32 *level, dsgd_f32 *out)
{
    const struct cuda_turn t = cuda_turn_of(r);
    cuda_library->level->dequantise(&t, g, norm->array, s, level->array, out->array);
}

void cuda_enter_level(struct dsgd_device *d)
{
    d->sign_pack = sign_pack;
    d->sign_pack_votes = sign_pack_votes;
    d->sign_unpack = sign_unpack;
    d->sign_subtract = sign_subtract;
    d->ternarise = ternarise;
    d->quantise = quantise;
    d->dequantise = dequantise;
}
