/* random_k.c - random-k: k coordinates that all parties draw from a shared seed.
 *
 * Stich, Cordonnier, Jaggi 2018 (arXiv:1809.07599), rand_k of Definition 2.2 in Algorithm 1 (MEM-SGD), with one draw for all
 * workers as in Ivkin et al. 2019 (arXiv:1903.04488; the authors' code: randomK): nobody sends an index. Each step u = m u + g,
 * v += u; the worker sends k values of v, the server answers with their mean; w -= eta_t of it; v, and with masking u, are
 * cleared there. memory = false sends g (or u) itself and forgets the rest; scale = unbiased then multiplies by d/k, which
 * makes the update's expectation the gradient (Wangni et al. 2018, arXiv:1710.09854, with equal probabilities).
 * A worker sends k values and receives k values.
 */
#include <stdlib.h>
#include <string.h>

#include "algorithms/error_memory.h"
#include "algorithms/select.h"

struct config {
    int64_t k;
    bool memory;
    int scale;
    double momentum;
    bool masking, lr_inside;
};

enum { SCALE_NONE, SCALE_UNBIASED };

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_INT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated a step, 1..d; alias: compress_ratio = k/d; default: ours"},
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
    size_t d, k;
    bool keeps;        /* an error memory */
    double scale;      /* d/k or 1 */
    struct error_memory memory;
    struct dsgd_rng_key key;
    uint32_t *index;   /* [k] of this step, ascending; rewritten by plan */
    void *scratch;
    const struct dsgd_backend *be;
};

/* Worker fields. V only with memory, U only with momentum. */
enum { V, U, U_ALONE = V };
enum { SUM }; /* server field */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if ((uint64_t)config->k > setting->layout->d) {
        return dsgd_fail(DSGD_EINPUT, "random_k.k = %lld: expected at most d = %zu", (long long)config->k, setting->layout->d);
    }
    if (config->memory && config->scale == SCALE_UNBIASED) {
        return dsgd_fail(DSGD_EINPUT, "random_k.scale = unbiased: expected none with memory = true (what is not sent comes later, "
                         "d/k would count it twice)");
    }
    if (!config->memory && config->lr_inside) {
        return dsgd_fail(DSGD_EINPUT, "random_k.lr_inside = true: expected false with memory = false (there is no memory to put it in)");
    }
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting; /* all workers send the same coordinates of vectors linear in the gradients */
    return NULL;
}

static double tau(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return (double)config->k / (double)setting->layout->d;
}

static void destroy(void *common)
{
    struct common *c = common;
    if (!c) { return; }
    free(c->index);
    free(c->scratch);
    free(c);
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    const size_t d = setting->layout->d, k = (size_t)config->k;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm random_k"); }
    *c = (struct common){.d = d, .k = k, .keeps = config->memory,
                         .scale = config->scale == SCALE_UNBIASED ? (double)d / (double)k : 1.0,
                         .memory = {.be = setting->backend, .d = d, .v = V, .u = config->memory ? U : U_ALONE, .momentum = (float)config->momentum,
                                    .masking = config->masking, .lr_inside = config->lr_inside},
                         .key = {setting->seed_algorithm, dsgd_rng_purpose("random_k")},
                         .index = malloc(k * sizeof *c->index), .scratch = malloc(select_scratch_bytes(d)),
                         .be = setting->backend};
    if (!c->index || !c->scratch) {
        destroy(c);
        return dsgd_fail(DSGD_ENOMEM, "random_k: no memory to draw %zu of %zu coordinates", k, d);
    }
    *common = c;
    return DSGD_OK;
}

static size_t common_bytes(const void *common)
{
    const struct common *c = common;
    return sizeof *c + c->k * sizeof *c->index + select_scratch_bytes(c->d);
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    const bool momentum = error_memory_has_momentum(&c->memory);
    if (c->keeps) { field[V] = (struct dsgd_field){"v", DSGD_F32, c->d, false}; }
    if (momentum) { field[c->memory.u] = (struct dsgd_field){"u", DSGD_F32, c->d, false}; }
    return c->keeps + momentum;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->k, true};
    return 1;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    (void)workers;
    bytes->up = c->k * sizeof(float);
    bytes->down = c->k * sizeof(float);
}

/* k of d without replacement, the same for all: seed, step and nothing else. */
static int plan(void *common, uint32_t step)
{
    struct common *c = common;
    select_uniform(c->d, c->k, c->key, step, c->index, c->scratch);
    return 1;
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    (void)down;
    float *value = NULL;
    const float *input = grad;
    if (c->keeps) {
        error_memory_add(&c->memory, worker, round, grad); /* Alg. 1, line 3: m_t + g_t, of which rand_k is sent */
        input = worker->field[V];
    } else if (error_memory_has_momentum(&c->memory)) {
        c->be->scale_add_f32(c->d, c->memory.momentum, worker->field[U_ALONE], grad);
        input = worker->field[U_ALONE];
    }
    if (round->input) { c->be->copy(round->input, input, c->d * sizeof *input); }
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_VALUE, c->k, &value));
    c->be->gather_f32(c->k, c->index, input, value);
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    (void)round;
    const float *value = NULL;
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_VALUE, c->k, &value));
    if (i == 0) { c->be->clear(server->field[SUM], c->k * sizeof(double)); }
    c->be->add_f32(c->k, value, server->field[SUM]);
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *value = NULL;
    DSGD_TRY(dsgd_message_add_f32(down, DSGD_VALUE, c->k, &value));
    c->be->mean_f32(c->k, 1.0 / round->participants, server->field[SUM], value);
    return DSGD_OK;
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const struct common *c = common;
    (void)round, (void)down;
    if (c->keeps) { error_memory_clear(&c->memory, worker, c->k, c->index); } /* Alg. 1, line 6: what was sent leaves the memory */
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    (void)round;
    update->n = c->k;
    update->index = c->index;
    DSGD_TRY(dsgd_message_get_f32(&down[0], 0, DSGD_VALUE, c->k, &update->value));
    if (c->memory.lr_inside) { update->scale = 1.0; }
    update->scale *= c->scale;
    update->gain = c->scale;
    return DSGD_OK;
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    if (c->keeps) {
        error_memory_view(&c->memory, worker, out);
    } else {
        memset(out, 0, c->d * sizeof *out); /* nothing is kept back */
    }
}

static bool lends(const void *common)
{
    const struct common *c = common;
    return !c->keeps;
}

const struct dsgd_algorithm dsgd_random_k = {
    .name = "random_k",
    .title = "random-k",
    .reference = "Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599; Wangni, Wang, Liu, Zhang 2018, arXiv:1710.09854",
    .aliases = "randomk, randomK, rand_k",
    .departures = "one draw for all workers instead of one a worker, so that no indices are sent\n"
                  "eta_t outside the memory by default, not inside as in Stich et al.\n"
                  "scale = unbiased draws exactly k coordinates with equal probabilities, not each by itself with its optimal one as in "
                  "Wangni et al.",
    .params = params,
    .config_size = sizeof(struct config),
    .memory = true,
    .check = check,
    .unmergeable = unmergeable,
    .tau = tau,
    .create = create,
    .destroy = destroy,
    .common_bytes = common_bytes,
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
    .lends = lends,
};
