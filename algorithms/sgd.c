/* sgd.c - synchronous distributed SGD without compression: the baseline.
 *
 * Each worker sends its gradient, the server averages, applies heavy-ball momentum (Polyak 1964, in the form that deep
 * learning uses: buffer = m buffer + g) and sends the buffer; w -= eta_t buffer. Dense up, dense down: 2d values per worker.
 * values = fp16 | bf16: gradients and update are rounded to 16 bits on their way, sums and buffer keep 32 and 64.
 * Weight decay is the engine's: coupled (added to each worker's gradient) or decoupled (Loshchilov, Hutter 2019).
 */
#include "sim/algorithm.h"

struct config {
    double momentum;
    int values; /* enum dsgd_values */
};

static const struct dsgd_param params[] = {
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in buffer = m buffer + g, kept by the server; default: ours"},
    {"values", DSGD_PARAM_CHOICE, offsetof(struct config, values), "fp32", 0, 0, DSGD_VALUES_CHOICES,
     "how gradients and update travel: 32 bits, IEEE half precision (beyond 65504 infinite), bfloat16; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    float momentum;
    enum dsgd_values values;
};

enum { SUM, BUFFER }; /* server fields; BUFFER only with momentum */

static const char *may_merge(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return config->values == DSGD_FP32 ? DSGD_MERGEABLE : "rounding to 16 bits is not linear in a worker's gradient";
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    *(struct common *)common = (struct common){setting->layout->d, (float)config->momentum, (enum dsgd_values)config->values};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, c->d, DSGD_TRANSIENT);
    if (c->momentum > 0.0f) { dsgd_field(d, DSGD_SERVER, BUFFER, "buffer", DSGD_F32, c->d, DSGD_KEPT); }
    dsgd_wire_f32(d, DSGD_UP, 0, 0, DSGD_DENSE, c->values, dsgd_exactly(c->d));
    dsgd_wire_f32(d, DSGD_DOWN, 0, 0, DSGD_DENSE, c->values, dsgd_exactly(c->d));
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)round;
    dsgd_copy(w, grad, dsgd_send_f32(w, 0)); /* Robbins, Monro: a sample of the gradient */
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    dsgd_f32 *update = dsgd_send_f32(s, 0);
    dsgd_mean(s, 1.0 / round->participants, dsgd_field_f64(s, SUM), update);
    if (c->momentum > 0.0f) {
        dsgd_scale_add(s, c->momentum, dsgd_field_f32(s, BUFFER), update); /* Polyak: buffer = m buffer + g */
        dsgd_copy(s, dsgd_field_f32(s, BUFFER), update);
    }
}

const struct dsgd_algorithm dsgd_sgd = {
    .name = "sgd",
    .title = "SGD, uncompressed",
    .reference = "Robbins, Monro 1951; momentum: Polyak 1964; decoupled decay: Loshchilov, Hutter 2019",
    .aliases = "none, uncompressed, vanilla",
    .departures = "values = fp16, bf16: rounded to nearest on the way, without error memory",
    .params = params,
    .config_size = sizeof(struct config),
    .common_size = sizeof(struct common),
    .view = DSGD_VIEW_NONE,
    .may_merge = may_merge,
    .init = init,
    .declare = declare,
    .encode = encode,
    .absorb = dsgd_absorb_sum,
    .finish = finish,
    .decode = dsgd_decode_dense, /* w -= eta_t buffer */
};
