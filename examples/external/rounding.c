/* rounding.c - an algorithm outside the tree: SGD whose workers round their gradients at random to a few bits.
 *
 * A worker sends s = max |g_i| and, for each coordinate, one of the levels -m .. m, m = 2^(b-1) - 1, that divide [-s, s] evenly, the
 * upper neighbour with the probability that makes the mean g_i (quantisation with stochastic rounding as in QSGD, Alistarh et
 * al. 2017, arXiv:1610.02132, with the maximum norm; b = 2 has the levels -1, 0, 1). Up: 1 scale and ceil(d b / 8) bytes. Down:
 * the mean, d values. The rounding is a loop of its own, in C on host memory: dsgd_host_op calls it for each worker, on any device.
 */
#include <math.h>

#include "lab/plugin.h"
#include "sim/kernel/rng.h"

struct config {
    int64_t bits;
};

static const struct dsgd_param params[] = {
    {"bits", DSGD_PARAM_INT, offsetof(struct config, bits), "4", 2, 8, NULL, "bits per coordinate"},
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
    const struct config *config = setting->config;
    *(struct common *)common = (struct common){setting->layout->d, (1u << (config->bits - 1)) - 1,
                                               {setting->seed_algorithm, dsgd_rng_purpose("rounding")}, dsgd_groups_whole(setting)};
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
    dsgd_group_max_abs(w, c->whole, grad, dsgd_send_f32(w, SCALE));
    const struct dsgd_operand operand[] = {dsgd_operand_f32(DSGD_READ, grad), dsgd_operand_f32(DSGD_READ, dsgd_send_f32(w, SCALE)),
                                           dsgd_operand_i32(DSGD_WRITE, dsgd_send_levels(w, LEVEL))};
    dsgd_host_op(w, round_row, c, operand, 3);
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_fold_levels_scaled(s, up, LEVEL, c->whole, SCALE, c->most, dsgd_field_f64(s, SUM));
}

static const struct dsgd_algorithm rounding = {
    .name = "rounding", .title = "SGD, gradients rounded at random", .departures = "none",
    .reference = "Alistarh, Grubic, Li, Tomioka, Vojnovic 2017, arXiv:1610.02132",
    .params = params, .config_size = sizeof(struct config), .common_size = sizeof(struct common), .view = DSGD_VIEW_NONE,
    .init = init, .declare = declare, .encode = encode, .absorb = absorb, .finish = dsgd_finish_mean, .decode = dsgd_decode_dense,
};

static const struct dsgd_algorithm *const algorithms[] = {&rounding, NULL};
const struct dsgd_plugin dsgd_plugin = {.contract = DSGD_CONTRACT_VERSION, .algorithms = algorithms};
