/* terngrad.c - TernGrad: stochastic ternary gradients, with one scaler for all workers or one for each.
 *
 * Wen et al. 2017 (arXiv:1705.07878), Alg. 1: g is clipped at c standard deviations ("gradient clipping") and t_i = s sign(g_i)
 * Bernoulli(|g_i|/s). With "scaler sharing": exchange 0: s_i = max |g_i| up, s = max_i s_i down; exchange 1: the
 * ternary vector up, the integer sum of signs, in [-W, W], in ceil(log2(2W+1)) bits down; w -= eta_t (s/W) sum. Without:
 * one exchange, own scaler and ternary vector up, the mean down in floats. A ternary vector is two bit planes, or an
 * arithmetic code close to its entropy. per = segment: deviation, clipping and scaler for each segment ("layer-wise ternarizing").
 * scaler = std is the public code's: s_i = c std(g_i), which also clips; with sharing the largest of them does.
 */
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
    {"coding", DSGD_PARAM_CHOICE, offsetof(struct config, coding), "planes", 0, 0, DSGD_TERNARIES_CHOICES,
     "code of ternary vectors: 2 bits per coordinate, or close to their entropy; default: the authors' code (2 bits)"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, n; /* n scalers */
    const struct dsgd_groups *group;
    double clip;
    bool scaler_std, share;
    enum dsgd_ternaries coding;
    struct dsgd_rng_key key;
};

enum { G };          /* worker field with share: the gradient, clipped unless scaler = std, kept for exchange 1 */
enum { SUM, SHARED }; /* server fields: integers and the largest scalers if shared, else doubles alone */
enum { SCALE, OWN }; /* sections up in exchange 0; OWN, the ternary vector, unless shared */
enum { ONLY };       /* the section of the other messages */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if (config->scaler == SCALER_STD && !(config->clip > 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "terngrad.clip = %g: expected a positive number with scaler = std (the scaler is clip "
                         "standard deviations)", config->clip);
    }
    return DSGD_OK;
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    const struct dsgd_groups *group = config->per == PER_SEGMENT ? dsgd_groups_segments(setting) : dsgd_groups_whole(setting);
    *(struct common *)common = (struct common){
        .d = setting->layout->d, .n = dsgd_groups_count(group), .group = group, .clip = config->clip, .scaler_std = config->scaler == SCALER_STD,
        .share = config->share, .coding = (enum dsgd_ternaries)config->coding, .key = {setting->seed_algorithm, dsgd_rng_purpose("terngrad")}};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_field(d, DSGD_SERVER, SUM, "sum", c->share ? DSGD_I32 : DSGD_F64, c->d, DSGD_TRANSIENT);
    dsgd_wire_f32(d, DSGD_UP, 0, SCALE, DSGD_SCALE, DSGD_FP32, dsgd_exactly(c->n));
    if (!c->share) {
        dsgd_wire_ternary(d, DSGD_UP, 0, OWN, DSGD_VALUE, c->coding, c->d);
        dsgd_wire_f32(d, DSGD_DOWN, 0, ONLY, DSGD_DENSE, DSGD_FP32, dsgd_exactly(c->d));
        return;
    }
    dsgd_field(d, DSGD_WORKER, G, "g", DSGD_F32, c->d, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_SERVER, SHARED, "scale", DSGD_F32, c->n, DSGD_TRANSIENT);
    dsgd_wire_f32(d, DSGD_DOWN, 0, ONLY, DSGD_SCALE, DSGD_FP32, dsgd_exactly(c->n));
    dsgd_wire_ternary(d, DSGD_UP, 1, ONLY, DSGD_VALUE, c->coding, c->d);
    dsgd_wire_levels(d, DSGD_DOWN, 1, ONLY, DSGD_VALUE, DSGD_PACKED, DSGD_PARTICIPANTS, c->d);
}

static void plan(const void *common, uint32_t step, struct dsgd_round *round)
{
    (void)step;
    round->exchanges = ((const struct common *)common)->share ? 2 : 1;
}

/* Gradient clipping, and the worker's own scalers. Where all components are equal nothing is clipped: a bound or a scaler of 0 would
 * silence the worker. */
static void clip_and_scale(const struct common *c, struct dsgd_rows *w, const dsgd_f32 *grad, dsgd_f32 *g, dsgd_f32 *scale)
{
    dsgd_f64 *deviation = dsgd_take_f64(w, c->n);
    if (c->clip > 0.0) { dsgd_group_std(w, c->group, grad, deviation); }
    if (c->scaler_std || !(c->clip > 0.0)) { /* what exceeds the scaler, own or shared, is clipped by it, as in the public code */
        dsgd_copy(w, grad, g);
    } else {
        dsgd_group_clip(w, c->group, c->clip, deviation, grad, g);
    }
    dsgd_group_max_abs(w, c->group, g, scale);                                              /* Alg. 1: s = max |g| */
    if (c->scaler_std) { dsgd_where_positive(w, c->clip, deviation, scale, scale); }
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    dsgd_f32 *g = c->share ? dsgd_field_f32(w, G) : dsgd_take_f32(w, c->d);
    if (round->exchange == 1) {
        dsgd_ternarise(w, c->group, dsgd_down_f32(w, 0, ONLY), g, c->key, dsgd_send_ternary(w, ONLY)); /* Alg. 1: with the shared scaler */
        return;
    }
    clip_and_scale(c, w, grad, g, dsgd_send_f32(w, SCALE));
    dsgd_show(w, g);
    if (!c->share) { dsgd_ternarise(w, c->group, dsgd_send_f32(w, SCALE), g, c->key, dsgd_send_ternary(w, OWN)); }
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    const struct common *c = common;
    if (!c->share) {
        dsgd_fold_ternary_scaled(s, up, OWN, c->group, SCALE, dsgd_field_f64(s, SUM)); /* sum += s_i t_i */
    } else if (round->exchange == 0) {
        dsgd_fold_max(s, up, SCALE, dsgd_field_f32(s, SHARED)); /* scaler sharing */
    } else {
        dsgd_fold_ternary(s, up, ONLY, dsgd_field_i32(s, SUM));
    }
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    if (!c->share) {
        dsgd_mean(s, 1.0 / round->participants, dsgd_field_f64(s, SUM), dsgd_send_f32(s, ONLY));
    } else if (round->exchange == 0) {
        dsgd_copy(s, dsgd_field_f32(s, SHARED), dsgd_send_f32(s, ONLY));
    } else {
        dsgd_copy_i32(s, dsgd_field_i32(s, SUM), dsgd_send_levels(s, ONLY));
    }
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    if (!c->share) { return dsgd_dense(round->lr, dsgd_down_f32(all, 0, ONLY)); }
    dsgd_f32 *value = dsgd_take_f32(all, c->d);
    dsgd_group_units(all, c->group, (float)round->participants, dsgd_down_f32(all, 0, ONLY), dsgd_down_levels(all, 1, ONLY), value); /* (s/W) sum */
    return dsgd_dense(round->lr, value);
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
    .common_size = sizeof(struct common),
    .view = DSGD_VIEW_SHOWN,
    .unmergeable = "ternarisation and clipping are not linear in a worker's gradient",
    .check = check,
    .init = init,
    .declare = declare,
    .plan = plan,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .decode = decode,
};
