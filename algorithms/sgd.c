/* sgd.c - synchronous distributed SGD without compression: the baseline.
 *
 * Each worker sends its gradient, the server averages, applies heavy-ball momentum (Polyak 1964, in the form that deep
 * learning uses: buffer = m buffer + g) and sends the buffer; w -= eta_t buffer. Dense up, dense down: 2d values a worker.
 * values = fp16 | bf16: gradients and update are rounded to 16 bits on their way, sums and buffer keep 32 and 64.
 * Weight decay is the engine's: coupled (added to each worker's gradient) or decoupled (Loshchilov, Hutter 2019).
 */
#include <stdlib.h>

#include "algorithms/codec.h"
#include "sim/algorithm.h"

struct config {
    double momentum;
    int values;
};

static const struct dsgd_param params[] = {
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in buffer = m buffer + g, kept by the server; default: ours"},
    {"values", DSGD_PARAM_CHOICE, offsetof(struct config, values), "fp32", 0, 0, CODEC_VALUES_CHOICES,
     "how gradients and update travel: 32 bits, IEEE half precision (beyond 65504 infinite), bfloat16; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    float momentum;
    enum codec_values values;
    const struct dsgd_backend *be;
};

enum { SUM, BUFFER }; /* server fields */

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm sgd"); }
    *c = (struct common){.d = setting->layout->d, .momentum = (float)config->momentum,
                         .values = (enum codec_values)config->values, .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return config->values == CODEC_FP32 ? NULL : "rounding to 16 bits is not linear in a worker's gradient";
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    (void)common, (void)field;
    return 0;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->d, true};
    field[BUFFER] = (struct dsgd_field){"buffer", DSGD_F32, c->d, false};
    return c->momentum > 0.0f ? 2 : 1;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    (void)workers;
    bytes->up = bytes->down = codec_values_bytes(c->values, c->d);
    bytes->server_scratch = c->d * sizeof(float);
}

static int plan(void *common, uint32_t step)
{
    (void)common, (void)step;
    return 1;
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    (void)worker, (void)round, (void)down;
    return codec_add_values(up, DSGD_DENSE, c->values, c->d, grad);
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    const float *dense = NULL;
    DSGD_TRY(codec_get_values(up, 0, DSGD_DENSE, c->values, c->d, round->scratch, &dense));
    if (i == 0) { c->be->clear(server->field[SUM], c->d * sizeof(double)); }
    c->be->add_f32(c->d, dense, server->field[SUM]);
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *mean = dsgd_arena_take(round->scratch, c->d * sizeof *mean);
    if (!mean) { return dsgd_fail(DSGD_ENOMEM, "sgd: no memory for a mean of %zu coordinates", c->d); }
    c->be->mean_f32(c->d, 1.0 / round->participants, server->field[SUM], mean);
    if (c->momentum > 0.0f) { c->be->scale_add_f32(c->d, c->momentum, server->field[BUFFER], mean); }
    return codec_add_values(down, DSGD_DENSE, c->values, c->d, c->momentum > 0.0f ? server->field[BUFFER] : mean);
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    update->n = c->d;
    return codec_get_values(&down[0], 0, DSGD_DENSE, c->values, c->d, round->scratch, &update->value);
}

const struct dsgd_algorithm dsgd_sgd = {
    .name = "sgd",
    .title = "SGD, uncompressed",
    .reference = "Robbins, Monro 1951; momentum: Polyak 1964; decoupled decay: Loshchilov, Hutter 2019",
    .aliases = "none, uncompressed, vanilla",
    .departures = "values = fp16, bf16: rounded to nearest on the way, without error memory",
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
};
