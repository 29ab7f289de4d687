/* ef_signsgd.c - signSGD with error feedback: signs with a scale, and a memory of what they left out.
 *
 * Karimireddy, Rebjock, Stich, Jaggi 2019 (arXiv:1901.09847), Algorithm 1: p = eta_t g + e; Delta = (||p||_1/d) sign(p);
 * x -= Delta; e = p - Delta. Momentum as in the authors' code: u = m u + g in place of g. The server sends the mean of the
 * workers' Delta (down = mean: dense), or compresses it in the same way with an error of its own (down = sign: dist-EF-SGD of
 * Zheng, Huang, Kwok 2019, arXiv:1905.10936, Algorithm 1). scale = segment has one scale for each segment (ibid., blockwise
 * compressor). Up: s scales and d signs, ceil(d/8) + 4 s bytes; down: 4 d bytes, or as up.
 * Departures: in `departures` below. lr_inside = false accumulates u and multiplies what arrives by eta_t.
 */
#include <stdlib.h>

#include "algorithms/codec.h"
#include "algorithms/sign_rule.h"
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
    size_t d;
    size_t groups;                    /* of coordinates with one scale */
    const struct dsgd_segment *group; /* [groups] the layout's segments, or &whole */
    struct dsgd_segment whole;
    float momentum;
    enum sign_rule zero;
    bool lr_inside, down_sign;
    const struct dsgd_backend *be;
};

enum { E, SENT_SCALE, U }; /* worker: p between encode and settle, else e; U only with momentum */
enum { SUM, SERVER_E };    /* server; SERVER_E only with down = sign */

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return "a sign is not linear in a worker's vector";
}

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

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    const struct dsgd_layout *layout = setting->layout;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm ef_signsgd"); }
    *c = (struct common){.d = layout->d, .whole = {.name = "all", .count = layout->d}, .momentum = (float)config->momentum,
                         .zero = config->zero == SIGN_MINUS ? SIGN_MINUS : SIGN_PLUS, .lr_inside = config->lr_inside,
                         .down_sign = config->down == DOWN_SIGN, .be = setting->backend};
    c->groups = config->scale == SCALE_SEGMENT ? layout->segments : 1;
    c->group = config->scale == SCALE_SEGMENT ? layout->segment : &c->whole;
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[E] = (struct dsgd_field){"e", DSGD_F32, c->d, false};
    field[SENT_SCALE] = (struct dsgd_field){"scale", DSGD_F32, c->groups, true};
    field[U] = (struct dsgd_field){"u", DSGD_F32, c->d, false};
    return c->momentum > 0.0f ? 3 : 2;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->d, true};
    field[SERVER_E] = (struct dsgd_field){"e", DSGD_F32, c->d, false};
    return c->down_sign ? 2 : 1;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    (void)workers;
    bytes->up = c->groups * sizeof(float) + codec_signs_bytes(c->d);
    bytes->down = c->down_sign ? bytes->up : c->d * sizeof(float);
    bytes->server_scratch = c->d * sizeof(float) + c->groups * sizeof(float);
}

static int plan(void *common, uint32_t step)
{
    (void)common, (void)step;
    return 1;
}

/* Algorithm 1, line 5: Delta = (||p||_1/d) sign(p) as a message. `scale` [groups] gets what is sent. */
static enum dsgd_status compress(const struct common *c, const float *p, float *scale, struct dsgd_message *message)
{
    float *sent = NULL;
    void *plane = NULL;
    for (size_t j = 0; j < c->groups; ++j) {
        const struct dsgd_segment *group = &c->group[j];
        scale[j] = group->count > 0 ? (float)(c->be->sum_abs_f32(group->count, p + group->offset) / (double)group->count) : 0.0f;
    }
    DSGD_TRY(dsgd_message_add_f32(message, DSGD_SCALE, c->groups, &sent));
    c->be->copy(sent, scale, c->groups * sizeof *scale);
    DSGD_TRY(dsgd_message_add(message, DSGD_VALUE, DSGD_BIT_PLANE, c->d, codec_signs_bytes(c->d), &plane));
    sign_rule_pack(c->d, p, c->zero, (struct dsgd_rng_key){0, 0}, 0, 0, plane); /* no coin: the memory repeats the rule */
    return DSGD_OK;
}

/* Line 7: e = p - Delta, in place, with the signs that sign_rule_pack gave. */
static void subtract_sent(const struct common *c, const float *scale, float *p)
{
    const bool zero_is_minus = c->zero == SIGN_MINUS;
    for (size_t j = 0; j < c->groups; ++j) {
        float *part = p + c->group[j].offset;
        for (size_t i = 0; i < c->group[j].count; ++i) {
            const bool minus = zero_is_minus ? part[i] <= 0.0f : part[i] < 0.0f;
            part[i] -= minus ? -scale[j] : scale[j];
        }
    }
}

/* The signs of a message as +-1 in scratch, and its scales. */
static enum dsgd_status receive(const struct common *c, const struct dsgd_message *message, struct dsgd_arena *scratch,
                                const float **scale, float **sign)
{
    const void *plane = NULL;
    DSGD_TRY(dsgd_message_get_f32(message, 0, DSGD_SCALE, c->groups, scale));
    DSGD_TRY(dsgd_message_get(message, 1, DSGD_VALUE, DSGD_BIT_PLANE, c->d, codec_signs_bytes(c->d), &plane));
    *sign = dsgd_arena_take(scratch, c->d * sizeof **sign);
    if (!*sign) { return dsgd_fail(DSGD_ENOMEM, "ef_signsgd: no memory for the signs of %zu coordinates", c->d); }
    return codec_signs_unpack(c->d, plane, 1.0f, *sign);
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    (void)down;
    const float eta = c->lr_inside ? (float)round->lr : 1.0f;
    if (c->momentum > 0.0f) {
        c->be->momentum_f32(c->d, c->momentum, eta, grad, worker->field[U], worker->field[E]);
    } else {
        c->be->add_scaled_f32(c->d, eta, grad, worker->field[E]); /* line 4: p = eta g + e */
    }
    return compress(c, worker->field[E], worker->field[SENT_SCALE], up);
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    const float *scale = NULL;
    float *sign = NULL;
    double *sum = server->field[SUM];
    DSGD_TRY(receive(c, up, round->scratch, &scale, &sign));
    if (i == 0) { c->be->clear(sum, c->d * sizeof *sum); }
    for (size_t j = 0; j < c->groups; ++j) {
        const size_t offset = c->group[j].offset;
        c->be->error_add_f64(c->group[j].count, (double)scale[j], sign + offset, sum + offset);
    }
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    const double factor = 1.0 / round->participants;
    float *mean = NULL;
    if (!c->down_sign) {
        DSGD_TRY(dsgd_message_add_f32(down, DSGD_DENSE, c->d, &mean));
        c->be->mean_f32(c->d, factor, server->field[SUM], mean);
        return DSGD_OK;
    }
    mean = dsgd_arena_take(round->scratch, c->d * sizeof *mean);
    float *scale = dsgd_arena_take(round->scratch, c->groups * sizeof *scale);
    if (!mean || !scale) { return dsgd_fail(DSGD_ENOMEM, "ef_signsgd: no memory for the mean of %zu coordinates", c->d); }
    c->be->mean_f32(c->d, factor, server->field[SUM], mean);
    c->be->add_scaled_f32(c->d, 1.0f, mean, server->field[SERVER_E]); /* dist-EF-SGD: p~ = mean of Delta_i + e~ */
    DSGD_TRY(compress(c, server->field[SERVER_E], scale, down));
    subtract_sent(c, scale, server->field[SERVER_E]);                 /* e~ = p~ - Delta~ */
    return DSGD_OK;
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    (void)round, (void)down;
    subtract_sent(common, worker->field[SENT_SCALE], worker->field[E]);
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    if (c->lr_inside) { update->scale = 1.0; } /* line 6: x -= Delta */
    update->n = c->d;
    if (!c->down_sign) { return dsgd_message_get_f32(&down[0], 0, DSGD_DENSE, c->d, &update->value); }
    const float *scale = NULL;
    float *value = NULL;
    DSGD_TRY(receive(c, &down[0], round->scratch, &scale, &value));
    for (size_t j = 0; j < c->groups; ++j) {
        float *part = value + c->group[j].offset;
        for (size_t i = 0; i < c->group[j].count; ++i) { part[i] *= scale[j]; }
    }
    update->value = value;
    return DSGD_OK;
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    const float *e = worker->field[E];
    for (size_t i = 0; i < c->d; ++i) { out[i] = (double)e[i]; }
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
    .memory = true,
    .unmergeable = unmergeable,
    .tau = tau,
    .create = create,
    .destroy = free,
    .worker_fields = worker_fields,
    .server_fields = server_fields,
    .round_bytes = round_bytes,
    .plan = plan,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .settle = settle,
    .decode = decode,
    .view = view,
};
