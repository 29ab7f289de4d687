/* rounding.c - an algorithm outside the tree: SGD whose workers round their gradients at random to a few bits.
 *
 * A worker sends s = max |g_i| and, for each coordinate, one of 2^b levels spaced evenly over [-s, s], the upper
 * neighbour with the probability that makes the mean g_i (quantisation with stochastic rounding as in QSGD, Alistarh et
 * al. 2017, arXiv:1610.02132, with the maximum norm; b = 1 is a random sign). Up: 1 scale and ceil(d b / 8) bytes. Down:
 * the mean, d values. The program registers it and compares it with sgd on the library's quadratic.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "algorithms/registry.h"
#include "convex/registry.h"
#include "sim/engine.h"
#include "sim/rng.h"

struct config {
    int64_t bits;
};

static const struct dsgd_param params[] = {
    {"bits", DSGD_PARAM_INT, offsetof(struct config, bits), "4", 1, 8, NULL, "bits a coordinate"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    unsigned bits;
    struct dsgd_rng_key key;
    const struct dsgd_backend *be;
};

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm rounding"); }
    c->d = setting->layout->d;
    c->bits = (unsigned)((const struct config *)setting->config)->bits;
    c->key = (struct dsgd_rng_key){setting->seed_algorithm, dsgd_rng_purpose("rounding")};
    c->be = setting->backend;
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    (void)common, (void)field;
    return 0;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    field[0] = (struct dsgd_field){"sum", DSGD_F64, ((const struct common *)common)->d, true};
    return 1;
}

static int plan(void *common, uint32_t step)
{
    (void)common, (void)step;
    return 1;
}

static size_t packed_bytes(const struct common *c) { return (c->d * c->bits + 7) / 8; }

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    (void)worker, (void)down;
    float *scale = NULL;
    void *data = NULL;
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_SCALE, 1, &scale));
    DSGD_TRY(dsgd_message_add(up, DSGD_VALUE, DSGD_LEVELS, c->d, packed_bytes(c), &data));
    scale[0] = (float)c->be->max_abs_f32(c->d, grad);
    c->be->clear(data, packed_bytes(c));
    if (!(scale[0] > 0.0f) || isinf(scale[0])) { return DSGD_OK; } /* nothing to send, or diverged */
    const double top = (double)((1u << c->bits) - 1);
    uint8_t *byte = data;
    for (size_t i = 0, bit = 0; i < c->d; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(c->key, (uint32_t)i, round->step, round->worker, 0);
        const double place = ((double)grad[i] / (double)scale[0] + 1.0) / 2.0 * top; /* in [0, top] */
        const unsigned level = (unsigned)fmin(top, floor(place + dsgd_rng_unit(dsgd_rng_u64(&words, 0))));
        for (unsigned b = 0; b < c->bits; ++b, ++bit) { byte[bit / 8] |= (uint8_t)((level >> b & 1u) << bit % 8); }
    }
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    (void)round;
    const float *scale = NULL;
    const void *data = NULL;
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_SCALE, 1, &scale));
    DSGD_TRY(dsgd_message_get(up, 1, DSGD_VALUE, DSGD_LEVELS, c->d, packed_bytes(c), &data));
    const double top = (double)((1u << c->bits) - 1);
    const uint8_t *byte = data;
    double *sum = server->field[0];
    if (i == 0) { c->be->clear(sum, c->d * sizeof *sum); }
    for (size_t j = 0, bit = 0; j < c->d; ++j) {
        unsigned level = 0;
        for (unsigned b = 0; b < c->bits; ++b, ++bit) { level |= (byte[bit / 8] >> bit % 8 & 1u) << b; }
        sum[j] += (double)scale[0] * (2.0 * level / top - 1.0);
    }
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *mean = NULL;
    DSGD_TRY(dsgd_message_add_f32(down, DSGD_DENSE, c->d, &mean));
    c->be->mean_f32(c->d, 1.0 / round->participants, server->field[0], mean);
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

static const struct dsgd_algorithm rounding = {
    .name = "rounding",
    .title = "SGD, gradients rounded at random",
    .reference = "Alistarh, Grubic, Li, Tomioka, Vojnovic 2017, arXiv:1610.02132",
    .departures = "none",
    .params = params,
    .config_size = sizeof(struct config),
    .create = create,
    .destroy = free,
    .worker_fields = worker_fields,
    .server_fields = server_fields,
    .plan = plan,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .decode = decode,
};

/* One run on the quadratic problem with every key at its default but these. */
static enum dsgd_status run(const char *name, const char *bits)
{
    const struct dsgd_algorithm *algorithm = dsgd_algorithm_find(name);
    const struct dsgd_problem_ops *problem = dsgd_problem_find("quadratic");
    struct dsgd_run_config config;
    _Alignas(16) char algorithm_config[256], problem_config[256];
    if (algorithm->config_size > sizeof algorithm_config || problem->config_size > sizeof problem_config) {
        return dsgd_fail(DSGD_EINTERNAL, "a configuration of more than 256 bytes");
    }
    DSGD_TRY(dsgd_param_defaults(dsgd_run_params, "", &config));
    DSGD_TRY(dsgd_param_defaults(dsgd_step_params, "step", &config));
    DSGD_TRY(dsgd_param_defaults(dsgd_log_params, "log", &config));
    DSGD_TRY(dsgd_param_defaults(problem->params, problem->name, problem_config));
    DSGD_TRY(dsgd_param_defaults(algorithm->params, name, algorithm_config));
    DSGD_TRY(dsgd_param_set(dsgd_param_find(problem->params, "kappa"), "quadratic", problem_config, "10"));
    DSGD_TRY(dsgd_param_set(dsgd_param_find(dsgd_step_params, "constant"), "step", &config, "0.01"));
    if (bits) { DSGD_TRY(dsgd_param_set(dsgd_param_find(algorithm->params, "bits"), name, algorithm_config, bits)); }

    void *self = NULL;
    struct dsgd_engine *engine = NULL;
    const struct dsgd_problem_args problem_args = {.config = problem_config, .seed_data = dsgd_run_seed(&config, config.seed_data)};
    DSGD_TRY(problem->create(&problem_args, &self));
    const struct dsgd_engine_args args = {.config = &config, .problem = problem, .problem_self = self, .algorithm = algorithm,
                                          .algorithm_config = algorithm_config, .constants = {NAN, NAN, NAN}, .f_star = 0.0,
                                          .threads = 1};
    enum dsgd_status status = dsgd_engine_create(&args, &engine);
    while (status == DSGD_OK && dsgd_engine_status(engine) == DSGD_RUNNING) { status = dsgd_engine_step(engine); }
    if (status == DSGD_OK) {
        const struct dsgd_table *trace = dsgd_engine_table(engine, 0);
        const struct dsgd_ledger *ledger = dsgd_engine_ledger(engine);
        uint64_t up = 0;
        for (int k = 0; k < DSGD_KINDS; ++k) { up += ledger->up[k]; }
        printf("%-9s %-4s  f - f* %.3e  %8.1f bytes up a worker and step\n", name, bits ? bits : "-",
               dsgd_table_find(trace, "gap")->cell[trace->rows - 1].f, (double)up / (double)ledger->worker_steps);
    }
    dsgd_engine_destroy(engine);
    problem->destroy(self);
    return status;
}

int main(void)
{
    static const char *const bits[] = {"1", "2", "4", "8"};
    enum dsgd_status status = dsgd_algorithm_register(&rounding);
    if (status == DSGD_OK) { status = run("sgd", NULL); }
    for (int j = 0; j < 4 && status == DSGD_OK; ++j) { status = run("rounding", bits[j]); }
    if (status != DSGD_OK) { fprintf(stderr, "rounding: %s\n", dsgd_error()); }
    return dsgd_status_exit_code(status);
}
