/* sgd.c - synchronous distributed SGD without compression: the baseline.
 *
 * Each worker sends its gradient, the server averages, applies heavy-ball momentum (Polyak 1964, in the form that deep
 * learning uses: buffer = m buffer + g) and sends the buffer; w -= eta_t buffer. Dense up, dense down: 2d values a worker.
 * Weight decay is the engine's: coupled (added to each worker's gradient) or decoupled (Loshchilov, Hutter 2019).
 */
#include <stdlib.h>

#include "sim/algorithm.h"

struct config {
    double momentum;
};

static const struct dsgd_param params[] = {
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in buffer = m buffer + g, kept by the server"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    float momentum;
    const struct dsgd_backend *be;
};

enum { SUM, BUFFER }; /* server fields */

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm sgd"); }
    *c = (struct common){.d = setting->layout->d, .momentum = (float)config->momentum, .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return NULL;
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
    bytes->up = bytes->down = c->d * sizeof(float);
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
    float *dense = NULL;
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_DENSE, c->d, &dense));
    c->be->copy(dense, grad, c->d * sizeof *grad);
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    (void)round;
    const float *dense = NULL;
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_DENSE, c->d, &dense));
    if (i == 0) { c->be->clear(server->field[SUM], c->d * sizeof(double)); }
    c->be->add_f32(c->d, dense, server->field[SUM]);
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *dense = NULL;
    DSGD_TRY(dsgd_message_add_f32(down, DSGD_DENSE, c->d, &dense));
    c->be->mean_f32(c->d, 1.0 / round->participants, server->field[SUM], dense);
    if (c->momentum > 0.0f) {
        c->be->scale_add_f32(c->d, c->momentum, server->field[BUFFER], dense);
        c->be->copy(dense, server->field[BUFFER], c->d * sizeof *dense);
    }
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    (void)round;
    update->n = c->d;
    return dsgd_message_get_f32(&down[0], 0, DSGD_DENSE, c->d, &update->value);
}

const struct dsgd_algorithm dsgd_sgd = {
    .name = "sgd",
    .title = "SGD, uncompressed",
    .reference = "Robbins, Monro 1951; momentum: Polyak 1964; decoupled decay: Loshchilov, Hutter 2019",
    .aliases = "none, uncompressed, vanilla",
    .departures = "none",
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
