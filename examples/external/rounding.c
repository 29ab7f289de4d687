/* rounding.c - an algorithm outside the tree: SGD whose workers round their gradients at random to a few bits.
 *
 * A worker sends s = max |g_i| and, for each coordinate, one of the levels -m .. m, m = 2^(b-1) - 1, that divide [-s, s] evenly, the
 * upper neighbour with the probability that makes the mean g_i (quantisation with stochastic rounding as in QSGD, Alistarh et
 * al. 2017, arXiv:1610.02132, with the maximum norm; b = 2 has the levels -1, 0, 1). Up: 1 scale and ceil(d b / 8) bytes. Down:
 * the mean, d values. The rounding is a loop of its own, in C on host memory: dsgd_host_op calls it for each worker, on any device.
 * The program registers the algorithm and compares it with sgd on the library's quadratic.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "algorithms/registry.h"
#include "convex/registry.h"
#include "sim/engine.h"
#include "sim/kernel/rng.h"

struct config {
    int64_t bits;
};

static const struct dsgd_param params[] = {
    {"bits", DSGD_PARAM_INT, offsetof(struct config, bits), "4", 2, 8, NULL, "bits a coordinate"},
    DSGD_PARAM_END,
};

struct common {
    size_t d;
    uint32_t most; /* m */
    struct dsgd_rng_key key;
    const struct dsgd_groups *whole;
};

enum { SUM };          /* field of the server */
enum { SCALE, LEVEL }; /* sections up */

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    struct common *c = common;
    c->d = setting->layout->d;
    c->most = (1u << (((const struct config *)setting->config)->bits - 1)) - 1;
    c->key = (struct dsgd_rng_key){setting->seed_algorithm, dsgd_rng_purpose("rounding")};
    c->whole = dsgd_groups_whole(setting);
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, c->d, DSGD_TRANSIENT);
    dsgd_wire_f32(d, DSGD_UP, 0, SCALE, DSGD_SCALE, DSGD_FP32, dsgd_exactly(1));
    dsgd_wire_levels(d, DSGD_UP, 0, LEVEL, DSGD_VALUE, DSGD_PACKED, c->most, c->d);
    dsgd_wire_f32(d, DSGD_DOWN, 0, 0, DSGD_DENSE, DSGD_FP32, dsgd_exactly(c->d));
}

/* One worker's gradient to levels. */
static void round_row(const struct dsgd_host_row *row)
{
    const struct common *c = row->arguments;
    const float *grad = row->array[0], *scale = row->array[1];
    int32_t *level = row->array[2];
    const double most = c->most;
    const int sends = scale[0] > 0.0f && !isinf(scale[0]); /* else nothing to send, or diverged */
    for (size_t i = 0; i < c->d; ++i) {
        const struct dsgd_rng4 words = dsgd_rng_draw(c->key, (uint32_t)i, row->step, row->worker, 0);
        const double place = (double)grad[i] / (double)scale[0] * most; /* in [-m, m] */
        level[i] = sends ? (int32_t)fmin(most, floor(place + dsgd_rng_unit(dsgd_rng_u64(&words, 0)))) : 0;
    }
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    (void)round;
    dsgd_f32 *scale = dsgd_send_f32(w, SCALE);
    dsgd_group_max_abs(w, c->whole, grad, scale);
    const struct dsgd_operand operand[] = {dsgd_operand_f32(DSGD_READ, grad), dsgd_operand_f32(DSGD_READ, scale),
                                           dsgd_operand_i32(DSGD_WRITE, dsgd_send_levels(w, LEVEL))};
    dsgd_host_op(w, round_row, c, operand, 3);
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_fold_levels_scaled(s, up, LEVEL, c->whole, SCALE, c->most, dsgd_field_f64(s, SUM));
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    (void)common;
    return dsgd_dense(round->lr, dsgd_down_f32(all, 0, 0));
}

static const struct dsgd_algorithm rounding = {
    .name = "rounding",
    .title = "SGD, gradients rounded at random",
    .reference = "Alistarh, Grubic, Li, Tomioka, Vojnovic 2017, arXiv:1610.02132",
    .departures = "none",
    .params = params,
    .config_size = sizeof(struct config),
    .common_size = sizeof(struct common),
    .view = DSGD_VIEW_NONE,
    .init = init,
    .declare = declare,
    .encode = encode,
    .absorb = absorb,
    .finish = dsgd_finish_mean,
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
    static const char *const bits[] = {"2", "4", "8"};
    enum dsgd_status status = dsgd_algorithm_register(&rounding);
    if (status == DSGD_OK) { status = run("sgd", NULL); }
    for (int j = 0; j < 3 && status == DSGD_OK; ++j) { status = run("rounding", bits[j]); }
    if (status != DSGD_OK) { fprintf(stderr, "rounding: %s\n", dsgd_error()); }
    return dsgd_status_exit_code(status);
}
