/* local_sgd.c - local SGD: every worker walks alone for H steps, then models are averaged.
 *
 * Stich 2019 (arXiv:1805.09767, Alg. 1); FedAvg, McMahan et al. 2017 (arXiv:1602.05629, Alg. 1) with all clients and equal
 * weights. A worker keeps its displacement delta from the last common model x: its own model is x - delta, where it takes
 * its gradient; u = m u + g, delta += eta_t u. In the steps t with (t + 1) % H == 0, and in the last one, it sends delta;
 * x -= mean delta, which is the mean of the workers' models; delta = 0, u goes on. 2d values per worker every H steps, nothing in
 * between.
 * The common model is the last average: what workers have done since is in no model that all know.
 */
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
};

enum { DELTA, U }; /* worker fields; U only with momentum */
enum { SUM };      /* server field */

static const char *may_merge(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return config->local_steps == 1 ? DSGD_MERGEABLE : "each worker takes its gradients at its own model (local_steps > 1)";
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    *(struct common *)common = (struct common){setting->layout->d, (uint32_t)config->local_steps, setting->steps, (float)config->momentum};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_field(d, DSGD_WORKER, DELTA, "delta", DSGD_F32, c->d, DSGD_KEPT);
    if (c->momentum > 0.0f) { dsgd_field(d, DSGD_WORKER, U, "u", DSGD_F32, c->d, DSGD_KEPT); }
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, c->d, DSGD_TRANSIENT);
    dsgd_wire_f32(d, DSGD_UP, 0, 0, DSGD_DENSE, DSGD_FP32, dsgd_exactly(c->d));
    dsgd_wire_f32(d, DSGD_DOWN, 0, 0, DSGD_DENSE, DSGD_FP32, dsgd_exactly(c->d));
}

static void plan(const void *common, uint32_t step, struct dsgd_round *round)
{
    const struct common *c = common;
    const int64_t after = (int64_t)step + 1;
    round->silent = after % c->local_steps != 0 && after != c->steps; /* Stich's I_T. T is in it, or the last walks would be in no model */
}

static void point(const void *common, struct dsgd_rows *w, const dsgd_f32 *model, dsgd_f32 *out)
{
    (void)common;
    dsgd_subtract(w, model, dsgd_field_f32(w, DELTA), out); /* Stich, Alg. 1 line 4: the gradient at the worker's own model */
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    dsgd_f32 *delta = dsgd_field_f32(w, DELTA);
    if (c->momentum > 0.0f) {
        dsgd_momentum(w, c->momentum, (float)round->lr, grad, dsgd_field_f32(w, U), delta);
    } else {
        dsgd_add_scaled(w, (float)round->lr, grad, delta); /* Stich, Alg. 1 line 8: a local step */
    }
    if (!round->silent) { dsgd_copy(w, delta, dsgd_send_f32(w, 0)); } /* line 6, t + 1 in I_T: all models are averaged */
}

static void settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    (void)common, (void)round;
    dsgd_clear(w, dsgd_field_f32(w, DELTA)); /* line 6: everybody goes on from the average */
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    (void)common, (void)round;
    return dsgd_dense(1.0, dsgd_down_f32(all, 0, 0)); /* line 6; the learning rate is in the displacement */
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
    .common_size = sizeof(struct common),
    .view = DELTA,
    .memory = true,
    .may_merge = may_merge,
    .init = init,
    .declare = declare,
    .plan = plan,
    .point = point,
    .encode = encode,
    .absorb = dsgd_absorb_sum,
    .finish = dsgd_finish_mean,
    .settle = settle,
    .decode = decode,
};
