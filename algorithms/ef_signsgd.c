/* ef_signsgd.c - signSGD with error feedback: signs with a scale, and a memory of what they left out.
 *
 * Karimireddy, Rebjock, Stich, Jaggi 2019 (arXiv:1901.09847), Algorithm 1: p = eta_t g + e; Delta = (||p||_1/d) sign(p);
 * x -= Delta; e = p - Delta. Momentum as in the authors' code: u = m u + g in place of g. The server sends the mean of the
 * workers' Delta (down = mean: dense), or compresses it in the same way with an error of its own (down = sign: dist-EF-SGD of
 * Zheng, Huang, Kwok 2019, arXiv:1905.10936, Algorithm 1). scale = segment has one scale for each segment (ibid., blockwise
 * compressor). Up: s scales and d signs, ceil(d/8) + 4 s bytes; down: 4 d bytes, or as up.
 * Departures: in `departures` below. lr_inside = false accumulates u and multiplies what arrives by eta_t.
 */
#include "sim/algorithm.h"

struct config {
    double momentum;
    int scale, down, zero;
    bool lr_inside;
};

enum { SCALE_WHOLE, SCALE_SEGMENT }; /* config.scale */
enum { DOWN_MEAN, DOWN_SIGN };       /* config.down */

static const struct dsgd_param params[] = {
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker; default: the authors' code (0 with error feedback)"},
    {"scale", DSGD_PARAM_CHOICE, offsetof(struct config, scale), "whole", 0, 0, "whole|segment",
     "one scale ||p||_1/d, or one for each segment; alias: per tensor; default: arXiv:1901.09847, Algorithm 1"},
    {"down", DSGD_PARAM_CHOICE, offsetof(struct config, down), "mean", 0, 0, "mean|sign",
     "mean: dense; sign: the server compresses too, with an error of its own (dist-EF-SGD); default: ours, one worker is the paper's"},
    {"zero", DSGD_PARAM_CHOICE, offsetof(struct config, zero), "plus", 0, 0, "plus|minus",
     "sign that is sent for an exact zero; default: ours"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "true", 0, 0, NULL,
     "eta_t multiplies what enters the memory; default: arXiv:1901.09847, Algorithm 1"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, groups;
    const struct dsgd_groups *group; /* of coordinates with one scale */
    float momentum;
    enum dsgd_zero zero;
    bool lr_inside, down_sign;
};

enum { E, SENT_SCALE, U }; /* worker: p between encode and settle, else e; U only with momentum */
enum { SUM, SERVER_E };    /* server; SERVER_E only with down = sign */
enum { SCALE, SIGNS };     /* sections up, and down with down = sign */
enum { MEAN };             /* section down otherwise */

/* ||Delta - p||^2 = ||p||^2 - ||p||_1^2/d <= (1 - 1/d) ||p||^2 (the scaled sign as an approximate compressor), for each group. */
static double tau(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    size_t largest = setting->layout->d;
    if (config->scale == SCALE_SEGMENT) {
        largest = 1;
        for (size_t j = 0; j < setting->layout->segments; ++j) {
            const size_t count = setting->layout->segment[j].count;
            largest = count > largest ? count : largest;
        }
    }
    return 1.0 / (double)largest;
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    const struct dsgd_groups *group = config->scale == SCALE_SEGMENT ? dsgd_groups_segments(setting) : dsgd_groups_whole(setting);
    *(struct common *)common = (struct common){
        .d = setting->layout->d, .groups = dsgd_groups_count(group), .group = group, .momentum = (float)config->momentum,
        .zero = (enum dsgd_zero)config->zero, .lr_inside = config->lr_inside, .down_sign = config->down == DOWN_SIGN};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_field(d, DSGD_WORKER, E, "e", DSGD_F32, c->d, DSGD_KEPT);
    dsgd_field(d, DSGD_WORKER, SENT_SCALE, "scale", DSGD_F32, c->groups, DSGD_TRANSIENT);
    if (c->momentum > 0.0f) { dsgd_field(d, DSGD_WORKER, U, "u", DSGD_F32, c->d, DSGD_KEPT); }
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, c->d, DSGD_TRANSIENT);
    if (c->down_sign) { dsgd_field(d, DSGD_SERVER, SERVER_E, "e", DSGD_F32, c->d, DSGD_KEPT); }
    for (int way = DSGD_UP; way <= DSGD_DOWN; ++way) {
        if (way == DSGD_DOWN && !c->down_sign) {
            dsgd_wire_f32(d, DSGD_DOWN, 0, MEAN, DSGD_DENSE, DSGD_FP32, dsgd_exactly(c->d));
        } else {
            dsgd_wire_f32(d, (enum dsgd_way)way, 0, SCALE, DSGD_SCALE, DSGD_FP32, dsgd_exactly(c->groups));
            dsgd_wire_signs(d, (enum dsgd_way)way, 0, SIGNS, DSGD_VALUE, c->d);
        }
    }
}

/* Algorithm 1, line 5: Delta = (||p||_1/d) sign(p) as sections. No coin: the memory repeats the rule. */
static void compress(const struct common *c, struct dsgd_rows *r, const dsgd_f32 *p, dsgd_f32 *scale)
{
    dsgd_group_mean_abs(r, c->group, p, scale);
    dsgd_copy(r, scale, dsgd_send_f32(r, SCALE));
    dsgd_sign_pack(r, p, c->zero, (struct dsgd_rng_key){0, 0}, dsgd_send_signs(r, SIGNS));
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    const float eta = c->lr_inside ? (float)round->lr : 1.0f;
    dsgd_f32 *p = dsgd_field_f32(w, E);
    if (c->momentum > 0.0f) {
        dsgd_momentum(w, c->momentum, eta, grad, dsgd_field_f32(w, U), p);
    } else {
        dsgd_add_scaled(w, eta, grad, p); /* line 4: p = eta_t g + e, in place */
    }
    compress(c, w, p, dsgd_field_f32(w, SENT_SCALE));
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_fold_signs_scaled(s, up, SIGNS, c->group, SCALE, dsgd_field_f64(s, SUM)); /* sum of Delta_i */
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    const double factor = 1.0 / round->participants;
    if (!c->down_sign) {
        dsgd_mean(s, factor, dsgd_field_f64(s, SUM), dsgd_send_f32(s, MEAN));
        return;
    }
    dsgd_f32 *mean = dsgd_take_f32(s, c->d), *scale = dsgd_take_f32(s, c->groups), *p = dsgd_field_f32(s, SERVER_E);
    dsgd_mean(s, factor, dsgd_field_f64(s, SUM), mean);
    dsgd_add_scaled(s, 1.0f, mean, p); /* dist-EF-SGD: p~ = mean of Delta_i + e~ */
    compress(c, s, p, scale);
    dsgd_sign_subtract(s, c->group, scale, c->zero, p); /* e~ = p~ - Delta~ */
}

static void settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_sign_subtract(w, c->group, dsgd_field_f32(w, SENT_SCALE), c->zero, dsgd_field_f32(w, E)); /* line 7: e = p - Delta */
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    const double scale = c->lr_inside ? 1.0 : round->lr; /* line 6: x -= Delta */
    if (!c->down_sign) { return dsgd_dense(scale, dsgd_down_f32(all, 0, MEAN)); }
    dsgd_f32 *value = dsgd_take_f32(all, c->d);
    dsgd_group_signs(all, c->group, dsgd_down_f32(all, 0, SCALE), dsgd_down_signs(all, 0, SIGNS), value);
    return dsgd_dense(scale, value);
}

const struct dsgd_algorithm dsgd_ef_signsgd = {
    .name = "ef_signsgd",
    .title = "signSGD with error feedback",
    .reference = "Karimireddy, Rebjock, Stich, Jaggi 2019, arXiv:1901.09847; down = sign: Zheng, Huang, Kwok 2019, arXiv:1905.10936",
    .aliases = "ef-signsgd, dist-ef-sgd, onebit",
    .departures = "several workers: the server averages what they send (the paper has one)\n"
                  "zeros are sent as plus or minus the scale, since one bit has no third symbol\n"
                  "down = sign: the error is not rescaled when the learning rate changes, since eta_t is inside it",
    .params = params,
    .config_size = sizeof(struct config),
    .common_size = sizeof(struct common),
    .view = E,
    .memory = true,
    .unmergeable = "a sign is not linear in a worker's vector",
    .tau = tau,
    .init = init,
    .declare = declare,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .settle = settle,
    .decode = decode,
};
