/* terngrad.c - TernGrad: stochastic ternary gradients with a shared scale.
 *
 * Wen et al. 2017 (arXiv:1705.07878), Alg. 1 with scaler sharing (section 3.3) and gradient clipping (section 3.4):
 * g is clipped at c standard deviations; exchange 0: s_i = max |g_i| up, s = max_i s_i down; exchange 1: t_i = s sign(g_i)
 * Bernoulli(|g_i|/s) as two bit planes up, the integer sum of signs, an integer in [-W, W], in ceil(log2(2W+1)) bits down.
 * w -= eta_t (s/W) sum. Departure: one scaler for the whole vector instead of one for each layer.
 */
#include <math.h>
#include <stdlib.h>

#include "algorithms/ternary.h"
#include "sim/algorithm.h"

struct config {
    double clip;
};

static const struct dsgd_param params[] = {
    {"clip", DSGD_PARAM_REAL, offsetof(struct config, clip), "2.5", 0.0, 1e6, NULL,
     "clip gradients at this many standard deviations (paper: 2.5); 0 = never"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    double clip;
    struct dsgd_rng_key key;
    const struct dsgd_backend *be;
};

enum { G };            /* worker field: the clipped gradient, kept for exchange 1 */
enum { SCALE, SUM };   /* server fields */

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return "ternarisation and clipping are not linear in a worker's gradient";
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm terngrad"); }
    *c = (struct common){.d = setting->layout->d, .clip = config->clip,
                         .key = {setting->seed_algorithm, dsgd_rng_purpose("terngrad")}, .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[G] = (struct dsgd_field){"g", DSGD_F32, c->d, true};
    return 1;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SCALE] = (struct dsgd_field){"scale", DSGD_F32, 1, true};
    field[SUM] = (struct dsgd_field){"sum", DSGD_I32, c->d, true};
    return 2;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    bytes->up = 2 * ternary_plane_bytes(c->d);
    bytes->down = levels_bytes(c->d, workers);
    bytes->server_scratch = c->d * sizeof(float); /* decode */
}

static int plan(void *common, uint32_t step)
{
    (void)common, (void)step;
    return 2;
}

static enum dsgd_status encode_scale(const struct common *c, struct dsgd_state *worker, const float *grad,
                                     struct dsgd_message *up)
{
    float *g = worker->field[G], *scale = NULL;
    const double deviation = c->clip > 0.0 ? c->be->std_f32(c->d, grad) : 0.0;
    if (deviation > 0.0) {
        c->be->clip_f32(c->d, (float)(c->clip * deviation), grad, g); /* section 3.4, eq. 10 */
    } else { /* also where all components are equal: a bound of 0 would silence the worker */
        c->be->copy(g, grad, c->d * sizeof *g);
    }
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_SCALE, 1, &scale));
    scale[0] = (float)c->be->max_abs_f32(c->d, g);
    return DSGD_OK;
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    if (round->exchange == 0) { return encode_scale(c, worker, grad, up); }
    const float *scale = NULL;
    void *nonzero = NULL, *negative = NULL;
    DSGD_TRY(dsgd_message_get_f32(&down[0], 0, DSGD_SCALE, 1, &scale));
    DSGD_TRY(dsgd_message_add(up, DSGD_VALUE, DSGD_BIT_PLANE, c->d, ternary_plane_bytes(c->d), &nonzero));
    DSGD_TRY(dsgd_message_add(up, DSGD_VALUE, DSGD_BIT_PLANE, c->d, ternary_plane_bytes(c->d), &negative));
    if (!isfinite(scale[0])) { /* diverged; decode turns the scale into a non-finite update, whatever the signs */
        c->be->clear(nonzero, ternary_plane_bytes(c->d));
        c->be->clear(negative, ternary_plane_bytes(c->d));
        return DSGD_OK;
    }
    ternary_encode(c->d, worker->field[G], scale[0], c->key, round->step, round->worker, nonzero, negative);
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    if (round->exchange == 0) {
        float *shared = server->field[SCALE];
        const float *scale = NULL;
        DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_SCALE, 1, &scale));
        if (i == 0 || scale[0] > shared[0] || isnan(scale[0])) { shared[0] = scale[0]; } /* a NaN stays */
        return DSGD_OK;
    }
    const void *nonzero = NULL, *negative = NULL;
    const size_t bytes = ternary_plane_bytes(c->d);
    DSGD_TRY(dsgd_message_get(up, 0, DSGD_VALUE, DSGD_BIT_PLANE, c->d, bytes, &nonzero));
    DSGD_TRY(dsgd_message_get(up, 1, DSGD_VALUE, DSGD_BIT_PLANE, c->d, bytes, &negative));
    if (i == 0) { c->be->clear(server->field[SUM], c->d * sizeof(int32_t)); }
    return ternary_accumulate(c->d, nonzero, negative, server->field[SUM]);
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    if (round->exchange == 0) {
        float *scale = NULL;
        DSGD_TRY(dsgd_message_add_f32(down, DSGD_SCALE, 1, &scale));
        scale[0] = *(const float *)server->field[SCALE];
        return DSGD_OK;
    }
    void *levels = NULL;
    DSGD_TRY(dsgd_message_add(down, DSGD_VALUE, DSGD_LEVELS, c->d, levels_bytes(c->d, round->participants), &levels));
    levels_pack(c->d, server->field[SUM], round->participants, levels);
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    const float *scale = NULL;
    const void *levels = NULL;
    DSGD_TRY(dsgd_message_get_f32(&down[0], 0, DSGD_SCALE, 1, &scale));
    DSGD_TRY(dsgd_message_get(&down[1], 0, DSGD_VALUE, DSGD_LEVELS, c->d, levels_bytes(c->d, round->participants),
                              &levels));
    float *value = dsgd_arena_take(round->scratch, c->d * sizeof *value);
    if (!value) { return dsgd_fail(DSGD_ENOMEM, "terngrad: no memory for an update of %zu coordinates", c->d); }
    DSGD_TRY(levels_unpack(c->d, levels, round->participants, scale[0] / (float)round->participants, value));
    update->n = c->d;
    update->value = value;
    return DSGD_OK;
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    const float *g = worker->field[G];
    for (size_t i = 0; i < c->d; ++i) { out[i] = (double)g[i]; }
}

const struct dsgd_algorithm dsgd_terngrad = {
    .name = "terngrad",
    .title = "TernGrad",
    .reference = "Wen, Xu, Yan, Wu, Wang, Chen, Li 2017, arXiv:1705.07878",
    .aliases = "ternary",
    .departures = "one scaler for the whole vector, not one for each layer\n"
                  "no clipping where the standard deviation is 0",
    .params = params,
    .config_size = sizeof(struct config),
    .unmergeable = unmergeable,
    .create = create,
    .destroy = free,
    .worker_fields = worker_fields,
    .server_fields = server_fields,
    .round_bytes = round_bytes,
    .plan = plan,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .decode = decode,
    .view = view,
};
