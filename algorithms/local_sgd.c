/* local_sgd.c - local SGD: every worker walks alone for H steps, then models are averaged.
 *
 * Stich 2019 (arXiv:1805.09767, Alg. 1); FedAvg, McMahan et al. 2017 (arXiv:1602.05629, Alg. 1) with all clients and equal
 * weights. A worker keeps its displacement delta from the last common model x: its own model is x - delta, where it takes
 * its gradient; u = m u + g, delta += eta_t u. In the steps t with (t + 1) % H == 0, and in the last one, it sends delta;
 * x -= mean delta, which is the mean of the workers' models; delta = 0, u goes on. 2d values a worker every H steps, nothing in
 * between.
 * The common model is the last average: what workers have done since is in no model that all know.
 */
#include <stdlib.h>

#include "sim/algorithm.h"

struct config {
    int64_t local_steps;
    double momentum;
};

static const struct dsgd_param params[] = {
    {"local_steps", DSGD_PARAM_INT, offsetof(struct config, local_steps), "8", 1, 4294967295.0, NULL,
     "H, steps of a worker from one averaging to the next; alias: tau, communication period; default: ours"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker, also across averagings; alias: local_momentum; default: Stich 2019 (none)"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    uint32_t local_steps;
    int64_t steps;
    float momentum;
    const struct dsgd_backend *be;
};

enum { DELTA, U }; /* worker fields; U only with momentum */
enum { SUM };      /* server field */

static const char *unmergeable(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return config->local_steps == 1 ? NULL : "each worker takes its gradients at its own model (local_steps > 1)";
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm local_sgd"); }
    *c = (struct common){.d = setting->layout->d, .local_steps = (uint32_t)config->local_steps, .steps = setting->steps,
                         .momentum = (float)config->momentum, .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[DELTA] = (struct dsgd_field){"delta", DSGD_F32, c->d, false};
    field[U] = (struct dsgd_field){"u", DSGD_F32, c->d, false};
    return c->momentum > 0.0f ? 2 : 1;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->d, true};
    return 1;
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

/* Stich's I_T: the steps after which models are averaged. T is one of them, or the last walks would be in no model. */
static bool averages(const struct common *c, uint32_t step)
{
    return ((uint64_t)step + 1) % c->local_steps == 0 || (int64_t)step + 1 == c->steps;
}

static void point(const void *common, const struct dsgd_state *worker, const float *model, float *out)
{
    const struct common *c = common;
    c->be->copy(out, model, c->d * sizeof *out);
    c->be->add_scaled_f32(c->d, -1.0f, worker->field[DELTA], out);
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    (void)down;
    const float eta = (float)round->lr;
    float *delta = worker->field[DELTA], *dense = NULL;
    if (c->momentum > 0.0f) {
        c->be->momentum_f32(c->d, c->momentum, eta, grad, worker->field[U], delta);
    } else {
        c->be->add_scaled_f32(c->d, eta, grad, delta); /* Stich, Alg. 1 line 8: a local step */
    }
    if (!averages(c, round->step)) { return DSGD_OK; }
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_DENSE, c->d, &dense));
    c->be->copy(dense, delta, c->d * sizeof *dense);
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    if (!averages(c, round->step)) {
        return up->sections == 0 ? DSGD_OK
                                 : dsgd_fail(DSGD_EMESSAGE, "message with %d sections in a step between two averagings; expected none",
                                             up->sections);
    }
    const float *delta = NULL;
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_DENSE, c->d, &delta));
    if (i == 0) { c->be->clear(server->field[SUM], c->d * sizeof(double)); }
    c->be->add_f32(c->d, delta, server->field[SUM]);
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *mean = NULL;
    if (!averages(c, round->step)) { return DSGD_OK; }
    DSGD_TRY(dsgd_message_add_f32(down, DSGD_DENSE, c->d, &mean));
    c->be->mean_f32(c->d, 1.0 / round->participants, server->field[SUM], mean); /* Stich, Alg. 1 line 6 */
    return DSGD_OK;
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const struct common *c = common;
    (void)down;
    if (averages(c, round->step)) { c->be->clear(worker->field[DELTA], c->d * sizeof(float)); }
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    static const uint32_t no_index; /* the list of an update of no coordinates: NULL would mean all */
    static const float no_value;
    const struct common *c = common;
    if (!averages(c, round->step)) {
        update->n = 0;
        update->index = &no_index;
        update->value = &no_value;
        return DSGD_OK;
    }
    update->n = c->d;
    update->scale = 1.0; /* the learning rate is in the displacement */
    return dsgd_message_get_f32(&down[0], 0, DSGD_DENSE, c->d, &update->value);
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    const float *delta = worker->field[DELTA];
    for (size_t i = 0; i < c->d; ++i) { out[i] = (double)delta[i]; }
}

const struct dsgd_algorithm dsgd_local_sgd = {
    .name = "local_sgd",
    .title = "local SGD",
    .reference = "Stich 2019, arXiv:1805.09767; McMahan et al. 2017, arXiv:1602.05629 (FedAvg)",
    .aliases = "fedavg, periodic averaging",
    .departures = "displacements are averaged, not models: the same mean, and weights far from zero lose no digits\n"
                  "all clients take part with equal weights (FedAvg draws some and weights them by their data)\n"
                  "decoupled weight decay shrinks the common model in every step, not the displacements",
    .params = params,
    .config_size = sizeof(struct config),
    .memory = true,
    .unmergeable = unmergeable,
    .create = create,
    .destroy = free,
    .worker_fields = worker_fields,
    .server_fields = server_fields,
    .round_bytes = round_bytes,
    .plan = plan,
    .point = point,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .settle = settle,
    .decode = decode,
    .view = view,
};
