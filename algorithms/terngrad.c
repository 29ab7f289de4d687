/* terngrad.c - TernGrad: stochastic ternary gradients, with one scaler for all workers or one for each.
 *
 * Wen et al. 2017 (arXiv:1705.07878), Alg. 1: g is clipped at c standard deviations ("gradient clipping") and t_i = s sign(g_i)
 * Bernoulli(|g_i|/s). With "scaler sharing": exchange 0: s_i = max |g_i| up, s = max_i s_i down; exchange 1: the
 * ternary vector up, the integer sum of signs, in [-W, W], in ceil(log2(2W+1)) bits down; w -= eta_t (s/W) sum. Without:
 * one exchange, own scaler and ternary vector up, the mean down in floats. A ternary vector is two bit planes, or an
 * arithmetic code close to its entropy. per = segment: deviation, clipping and scaler for each segment ("layer-wise ternarizing").
 * scaler = std is the public code's: s_i = c std(g_i), which also clips; with sharing the largest of them does.
 */
#include <math.h>
#include <stdlib.h>

#include "algorithms/codec.h"
#include "algorithms/ternary.h"
#include "sim/algorithm.h"

struct config {
    double clip;
    int scaler, per, coding;
    bool share;
};

enum { SCALER_MAX, SCALER_STD };   /* config.scaler */
enum { PER_VECTOR, PER_SEGMENT };  /* config.per */

static const struct dsgd_param params[] = {
    {"clip", DSGD_PARAM_REAL, offsetof(struct config, clip), "2.5", 0.0, 1e6, NULL,
     "clip gradients at this many standard deviations, 0 = never; alias: clip_factor; default: arXiv:1705.07878, gradient clipping"},
    {"scaler", DSGD_PARAM_CHOICE, offsetof(struct config, scaler), "max", 0, 0, "max|std",
     "s_i = max |clipped g|, or clip times the standard deviation; default: arXiv:1705.07878, Algorithm 1 (std: the authors' code)"},
    {"share", DSGD_PARAM_BOOL, offsetof(struct config, share), "true", 0, 0, NULL,
     "all workers use the largest scaler: sums of integers come down; default: arXiv:1705.07878, scaler sharing"},
    {"per", DSGD_PARAM_CHOICE, offsetof(struct config, per), "vector", 0, 0, "vector|segment",
     "what has a scaler of its own; alias: layer-wise = segment; default: ours (arXiv:1705.07878: segment)"},
    {"coding", DSGD_PARAM_CHOICE, offsetof(struct config, coding), "planes", 0, 0, CODEC_TERNARY_CHOICES,
     "code of ternary vectors: 2 bits a coordinate, or close to their entropy; default: the authors' code (2 bits)"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    size_t groups;                    /* of coordinates with one scaler */
    const struct dsgd_segment *group; /* [groups] the layout's segments, or &whole */
    struct dsgd_segment whole;
    double clip;
    bool scaler_std, share;
    enum codec_ternary coding;
    struct dsgd_rng_key key;
    const struct dsgd_backend *be;
};

enum { G };            /* worker field with share: the gradient, clipped unless scaler = std, kept for exchange 1 */
enum { SUM, SCALE };   /* server fields: integers and the largest scalers if shared, else doubles alone */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if (config->scaler == SCALER_STD && !(config->clip > 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "terngrad.clip = %g: expected a positive number with scaler = std (the scaler is clip "
                         "standard deviations)", config->clip);
    }
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return "ternarisation and clipping are not linear in a worker's gradient";
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    const struct dsgd_layout *layout = setting->layout;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm terngrad"); }
    *c = (struct common){.d = layout->d, .whole = {.name = "all", .count = layout->d}, .clip = config->clip,
                         .scaler_std = config->scaler == SCALER_STD, .share = config->share,
                         .coding = (enum codec_ternary)config->coding,
                         .key = {setting->seed_algorithm, dsgd_rng_purpose("terngrad")}, .be = setting->backend};
    c->groups = config->per == PER_SEGMENT ? layout->segments : 1;
    c->group = config->per == PER_SEGMENT ? layout->segment : &c->whole;
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[G] = (struct dsgd_field){"g", DSGD_F32, c->d, true};
    return c->share; /* else it is needed in its exchange alone */
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", c->share ? DSGD_I32 : DSGD_F64, c->d, true};
    field[SCALE] = (struct dsgd_field){"scale", DSGD_F32, c->groups, true};
    return c->share ? 2 : 1;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    const size_t planes = 2 * ternary_plane_bytes(c->d), scales = c->groups * sizeof(float);
    bytes->up = scales + codec_ternary_bytes_max(c->coding, c->d);
    bytes->down = c->share ? scales + levels_bytes(c->d, workers) : c->d * sizeof(float);
    bytes->worker_scratch = planes + scales + (c->share ? 0 : c->d * sizeof(float)); /* the clipped gradient */
    bytes->server_scratch = planes + c->d * sizeof(float); /* decoded planes and integers, or decode */
}

static int plan(void *common, uint32_t step)
{
    const struct common *c = common;
    (void)step;
    return c->share ? 2 : 1;
}

/* Gradient clipping, and the worker's own scalers, which are sent. */
static enum dsgd_status encode_scale(const struct common *c, float *clipped, const float *grad, struct dsgd_message *up,
                                     const float **own)
{
    float *scale = NULL;
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_SCALE, c->groups, &scale));
    for (size_t j = 0; j < c->groups; ++j) {
        const size_t n = c->group[j].count;
        const float *from = grad + c->group[j].offset;
        float *g = clipped + c->group[j].offset;
        const double deviation = c->clip > 0.0 ? c->be->std_f32(n, from) : 0.0;
        const float bound = (float)(c->clip * deviation);
        if (deviation > 0.0 && !c->scaler_std) {
            c->be->clip_f32(n, bound, from, g);
        } else { /* std: what exceeds the scaler, own or shared, is clipped by it, as in the public code. Also where all
                  * components are equal: a bound or a scaler of 0 would silence the worker */
            c->be->copy(g, from, n * sizeof *g);
        }
        scale[j] = c->scaler_std && deviation > 0.0 ? bound : (float)c->be->max_abs_f32(n, g);
    }
    *own = scale;
    return DSGD_OK;
}

static enum dsgd_status encode_ternary(const struct common *c, const float *g, const float *scale,
                                       const struct dsgd_round *round, struct dsgd_message *up)
{
    const size_t bytes = ternary_plane_bytes(c->d);
    uint8_t *nonzero = dsgd_arena_take(round->scratch, bytes), *negative = dsgd_arena_take(round->scratch, bytes);
    float *used = dsgd_arena_take(round->scratch, c->groups * sizeof *used);
    if (!nonzero || !negative || !used) {
        return dsgd_fail(DSGD_ENOMEM, "terngrad: no memory for the planes of %zu coordinates", c->d);
    }
    /* a scaler that is not finite has diverged: its product with any level is NaN or infinite, so no sign is needed */
    for (size_t j = 0; j < c->groups; ++j) { used[j] = isfinite(scale[j]) ? scale[j] : 0.0f; }
    ternary_encode_groups(c->groups, c->group, used, g, c->key, round->step, round->worker, nonzero, negative);
    return codec_add_ternary(up, DSGD_VALUE, c->coding, c->d, nonzero, negative);
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    float *g = c->share ? worker->field[G] : dsgd_arena_take(round->scratch, c->d * sizeof *g);
    const float *scale = NULL;
    if (!g) { return dsgd_fail(DSGD_ENOMEM, "terngrad: no memory for a clipped gradient of %zu coordinates", c->d); }
    if (round->exchange == 0) {
        DSGD_TRY(encode_scale(c, g, grad, up, &scale));
        if (round->input) { c->be->copy(round->input, g, c->d * sizeof *g); }
        return c->share ? DSGD_OK : encode_ternary(c, g, scale, round, up);
    }
    DSGD_TRY(dsgd_message_get_f32(&down[0], 0, DSGD_SCALE, c->groups, &scale));
    return encode_ternary(c, g, scale, round, up);
}

/* Scaler sharing: the largest scaler of all workers; a NaN stays. */
static enum dsgd_status absorb_scale(const struct common *c, float *shared, uint32_t i, const struct dsgd_message *up)
{
    const float *scale = NULL;
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_SCALE, c->groups, &scale));
    for (size_t j = 0; j < c->groups; ++j) {
        if (i == 0 || scale[j] > shared[j] || isnan(scale[j])) { shared[j] = scale[j]; }
    }
    return DSGD_OK;
}

/* sum += s_i t_i, exact integers first */
static enum dsgd_status absorb_own(const struct common *c, double *sum, struct dsgd_arena *scratch, uint32_t i,
                                   const struct dsgd_message *up)
{
    const float *scale = NULL;
    const uint8_t *nonzero = NULL, *negative = NULL;
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_SCALE, c->groups, &scale));
    DSGD_TRY(codec_get_ternary(up, 1, DSGD_VALUE, c->coding, c->d, scratch, &nonzero, &negative));
    int32_t *sign = dsgd_arena_take(scratch, c->d * sizeof *sign);
    if (!sign) { return dsgd_fail(DSGD_ENOMEM, "terngrad: no memory for the signs of %zu coordinates", c->d); }
    c->be->clear(sign, c->d * sizeof *sign);
    DSGD_TRY(ternary_accumulate(c->d, nonzero, negative, sign));
    if (i == 0) { c->be->clear(sum, c->d * sizeof *sum); }
    for (size_t j = 0; j < c->groups; ++j) {
        const double unit = (double)scale[j];
        const size_t end = c->group[j].offset + c->group[j].count;
        for (size_t l = c->group[j].offset; l < end; ++l) { sum[l] += unit * (double)sign[l]; }
    }
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    if (!c->share) { return absorb_own(c, server->field[SUM], round->scratch, i, up); }
    if (round->exchange == 0) { return absorb_scale(c, server->field[SCALE], i, up); }
    const uint8_t *nonzero = NULL, *negative = NULL;
    DSGD_TRY(codec_get_ternary(up, 0, DSGD_VALUE, c->coding, c->d, round->scratch, &nonzero, &negative));
    if (i == 0) { c->be->clear(server->field[SUM], c->d * sizeof(int32_t)); }
    return ternary_accumulate(c->d, nonzero, negative, server->field[SUM]);
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *out = NULL;
    if (!c->share) {
        DSGD_TRY(dsgd_message_add_f32(down, DSGD_DENSE, c->d, &out));
        c->be->mean_f32(c->d, 1.0 / round->participants, server->field[SUM], out);
        return DSGD_OK;
    }
    if (round->exchange == 0) {
        DSGD_TRY(dsgd_message_add_f32(down, DSGD_SCALE, c->groups, &out));
        c->be->copy(out, server->field[SCALE], c->groups * sizeof *out);
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
    update->n = c->d;
    if (!c->share) { return dsgd_message_get_f32(&down[0], 0, DSGD_DENSE, c->d, &update->value); }
    const float *scale = NULL;
    const void *levels = NULL;
    DSGD_TRY(dsgd_message_get_f32(&down[0], 0, DSGD_SCALE, c->groups, &scale));
    DSGD_TRY(dsgd_message_get(&down[1], 0, DSGD_VALUE, DSGD_LEVELS, c->d, levels_bytes(c->d, round->participants),
                              &levels));
    float *value = dsgd_arena_take(round->scratch, c->d * sizeof *value);
    if (!value) { return dsgd_fail(DSGD_ENOMEM, "terngrad: no memory for an update of %zu coordinates", c->d); }
    DSGD_TRY(levels_unpack(c->d, levels, round->participants, 1.0f, value));
    for (size_t j = 0; j < c->groups; ++j) {
        const float unit = scale[j] / (float)round->participants;
        const size_t end = c->group[j].offset + c->group[j].count;
        for (size_t i = c->group[j].offset; i < end; ++i) { value[i] *= unit; }
    }
    update->value = value;
    return DSGD_OK;
}

static bool lends(const void *common)
{
    (void)common;
    return true;
}

const struct dsgd_algorithm dsgd_terngrad = {
    .name = "terngrad",
    .title = "TernGrad",
    .reference = "Wen, Xu, Yan, Wu, Wang, Chen, Li 2017, arXiv:1705.07878",
    .aliases = "ternary",
    .departures = "one scaler for the whole vector unless per = segment\n"
                  "no clipping where the standard deviation is 0; the scaler is then the maximum",
    .params = params,
    .config_size = sizeof(struct config),
    .check = check,
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
    .lends = lends,
};
