/* random_k.c - random-k: k coordinates that all parties draw from a shared seed.
 *
 * Stich, Cordonnier, Jaggi 2018 (arXiv:1809.07599), rand_k of Definition 2.2 in Algorithm 1 (MEM-SGD), with one draw for all
 * workers as in Ivkin et al. 2019 (arXiv:1903.04488; the authors' code: randomK): nobody sends an index. Each step u = m u + g,
 * v += u; the worker sends k values of v, the server answers with their mean; w -= eta_t of it; v, and with masking u, are
 * cleared there. memory = false sends g (or u) itself and forgets the rest; scale = unbiased then multiplies by d/k, which
 * makes the update's expectation the gradient (Wangni et al. 2018, arXiv:1710.09854, with equal probabilities).
 * A worker sends k values and receives k values.
 */
#include "algorithms/error_memory.h"

struct config {
    int64_t k;
    bool memory;
    int scale;
    double momentum;
    bool masking, lr_inside;
};

enum { SCALE_NONE, SCALE_UNBIASED };

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_COUNT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated per step, 1..d; alias: compress_ratio = k/d; default: ours"},
    {"memory", DSGD_PARAM_BOOL, offsetof(struct config, memory), "true", 0, 0, NULL,
     "keep what was not sent for later steps; alias: error feedback, residual; default: arXiv:1809.07599, Algorithm 1"},
    {"scale", DSGD_PARAM_CHOICE, offsetof(struct config, scale), "none", 0, 0, "none|unbiased",
     "unbiased: multiply the update by d/k, without memory only; default: arXiv:1809.07599, Definition 2.2"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker; alias: local_momentum; default: ours"},
    {"masking", DSGD_PARAM_BOOL, offsetof(struct config, masking), "true", 0, 0, NULL,
     "with memory: clear u as well as v at the drawn coordinates; alias: momentum factor masking; default: arXiv:1903.04488, Algorithm 3"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "false", 0, 0, NULL,
     "with memory: accumulate eta_t u instead of u, update with the values as they are; default: arXiv:1903.04488, Algorithm 3"},
    DSGD_PARAM_END,
};

struct common {
    struct dsgd_error_memory memory;
    size_t k;
    bool keeps;   /* an error memory */
    double scale; /* d/k or 1 */
    struct dsgd_rng_key key;
};

enum { SUM };   /* server field */
enum { DRAWN }; /* known to all: the coordinates of this step */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if (config->memory && config->scale == SCALE_UNBIASED) {
        return dsgd_fail(DSGD_EINPUT, "random_k.scale = unbiased: expected none with memory = true (what is not sent comes later, "
                         "d/k would count it twice)");
    }
    if (!config->memory && config->lr_inside) {
        return dsgd_fail(DSGD_EINPUT, "random_k.lr_inside = true: expected false with memory = false (there is no memory to put it in)");
    }
    return DSGD_OK;
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    const size_t d = setting->layout->d, k = (size_t)config->k;
    *(struct common *)common = (struct common){
        .memory = {.d = d, .momentum = (float)config->momentum, .masking = config->masking, .lr_inside = config->lr_inside}, .k = k,
        .keeps = config->memory, .scale = config->scale == SCALE_UNBIASED ? (double)d / (double)k : 1.0,
        .key = {setting->seed_algorithm, dsgd_rng_purpose("random_k")}};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    if (c->keeps) {
        dsgd_error_memory_declare(&c->memory, d);
    } else if (c->memory.momentum > 0.0f) {
        dsgd_field(d, DSGD_WORKER, DSGD_ERROR_U, "u", DSGD_F32, c->memory.d, DSGD_KEPT);
    }
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, c->k, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_ALL, DRAWN, "drawn", DSGD_SET, c->k, DSGD_TRANSIENT);
    dsgd_wire_f32(d, DSGD_UP, 0, 0, DSGD_VALUE, DSGD_FP32, dsgd_exactly(c->k));
    dsgd_wire_f32(d, DSGD_DOWN, 0, 0, DSGD_VALUE, DSGD_FP32, dsgd_exactly(c->k));
}

/* k of d without replacement, the same for all: seed, step and nothing else. */
static void prepare(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_select_uniform(all, c->memory.d, c->k, c->key, dsgd_field_set(all, DRAWN)); /* Definition 2.2, rand_k */
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    const double scale = c->scale * dsgd_error_memory_scale(&c->memory, round);
    struct dsgd_update update = dsgd_sparse(scale, dsgd_all_set(all, DRAWN), dsgd_down_f32(all, 0, 0)); /* Alg. 1, line 5 */
    update.gain = c->scale; /* Wangni et al., section 2: 1/p_i = d/k makes it unbiased */
    return update;
}

/* ---- memory = true ---- */

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    dsgd_error_memory_add(&c->memory, w, round, grad); /* Alg. 1, line 3: m_t + g_t, of which rand_k is sent */
    dsgd_gather(w, dsgd_all_set(w, DRAWN), dsgd_field_f32(w, DSGD_ERROR_V), dsgd_send_f32(w, 0)); /* line 4 */
}

static void settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_error_memory_clear(&c->memory, w, dsgd_all_set(w, DRAWN)); /* Alg. 1, line 6: what was sent leaves the memory */
}

/* ---- memory = false: nothing is kept back ---- */

static void forgetful_encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    const dsgd_f32 *input = grad;
    (void)round;
    if (c->memory.momentum > 0.0f) {
        dsgd_scale_add(w, c->memory.momentum, dsgd_field_f32(w, DSGD_ERROR_U), grad); /* u = m u + g */
        input = dsgd_field_f32(w, DSGD_ERROR_U);
    }
    dsgd_show(w, input);
    dsgd_gather(w, dsgd_all_set(w, DRAWN), input, dsgd_send_f32(w, 0)); /* Wangni et al., section 2: Q(g), before it is scaled */
}

static const struct dsgd_algorithm forgetful = {
    .common_size = sizeof(struct common),
    .view = DSGD_VIEW_SHOWN,
    .memory = true, /* which is 0 */
    .init = init,
    .declare = declare,
    .prepare = prepare,
    .encode = forgetful_encode,
    .absorb = dsgd_absorb_sum,
    .finish = dsgd_finish_mean,
    .decode = decode,
};

extern const struct dsgd_algorithm dsgd_random_k;

static const struct dsgd_algorithm *variant(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return config->memory ? &dsgd_random_k : &forgetful;
}

const struct dsgd_algorithm dsgd_random_k = {
    .name = "random_k",
    .title = "random-k",
    .reference = "Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599; Wangni, Wang, Liu, Zhang 2018, arXiv:1710.09854",
    .aliases = "randomk, randomK, rand_k",
    .departures = "one draw for all workers instead of one per worker, so that no indices are sent\n"
                  "eta_t outside the memory by default, not inside as in Stich et al.\n"
                  "scale = unbiased draws exactly k coordinates with equal probabilities, not each by itself with its optimal one as in "
                  "Wangni et al.",
    .params = params,
    .config_size = sizeof(struct config),
    .common_size = sizeof(struct common),
    .view = DSGD_ERROR_V,
    .memory = true,
    .unmergeable = DSGD_MERGEABLE, /* all workers send the same coordinates of vectors linear in the gradients */
    .variant = variant,
    .check = check,
    .tau = dsgd_tau_k,
    .init = init,
    .declare = declare,
    .prepare = prepare,
    .encode = encode,
    .absorb = dsgd_absorb_sum,
    .finish = dsgd_finish_mean,
    .settle = settle,
    .decode = decode,
};
