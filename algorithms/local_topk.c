/* local_topk.c - local top-k with momentum and error accumulation, after Deep Gradient Compression.
 *
 * Lin, Han, Mao, Wang, Dally 2018 (arXiv:1712.01887, Alg. 1 and 4) as the Sketched-SGD paper runs it: u = m u + g,
 * v += u; the worker sends its k largest |v| and clears u and v there (momentum factor masking); the server averages the
 * sparse vectors; w -= eta_t average. The downlink is the union of what the workers sent, min(d, W k) at worst.
 * Departures from the DGC paper: no local clipping, no sparsity warm-up. lr_inside puts eta_t into the memory instead.
 */
#include <stdlib.h>

#include "algorithms/select.h"
#include "sim/algorithm.h"

struct config {
    int64_t k;
    double momentum;
    bool lr_inside;
};

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_INT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates a worker sends a step, 1..d; alias: compress_ratio = k/d"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker; alias: local_momentum"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "false", 0, 0, NULL,
     "accumulate eta_t u instead of u, update with the sent values as they are"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, k;
    float momentum;
    bool lr_inside;
    const struct dsgd_backend *be;
};

enum { V, SENT, U };   /* worker fields; U only with momentum */
enum { SUM, SEEN };    /* server fields; both are zero between rounds */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if ((uint64_t)config->k > setting->layout->d) {
        return dsgd_fail(DSGD_EINPUT, "local_topk.k = %lld: expected at most d = %zu", (long long)config->k,
                         setting->layout->d);
    }
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return "each worker chooses its own coordinates, which is not linear in its vector";
}

static double tau(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return (double)config->k / (double)setting->layout->d;
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm local_topk"); }
    *c = (struct common){.d = setting->layout->d, .k = (size_t)config->k, .momentum = (float)config->momentum,
                         .lr_inside = config->lr_inside, .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[V] = (struct dsgd_field){"v", DSGD_F32, c->d, false};
    field[SENT] = (struct dsgd_field){"sent", DSGD_U32, c->k, true};
    field[U] = (struct dsgd_field){"u", DSGD_F32, c->d, false};
    return c->momentum > 0.0f ? 3 : 2;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->d, true};
    field[SEEN] = (struct dsgd_field){"seen", DSGD_U32, (c->d + 31) / 32, true};
    return 2;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    const size_t sent = c->k * workers;
    bytes->up = 8 * c->k;
    bytes->down = 8 * (sent < c->d ? sent : c->d);
    bytes->worker_scratch = select_scratch_bytes(c->d);
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
    (void)down;
    const float eta = c->lr_inside ? (float)round->lr : 1.0f;
    if (c->momentum > 0.0f) {
        c->be->momentum_f32(c->d, c->momentum, eta, grad, worker->field[U], worker->field[V]); /* DGC Alg. 4, lines 5-6 */
    } else {
        c->be->add_scaled_f32(c->d, eta, grad, worker->field[V]);
    }
    void *scratch = dsgd_arena_take(round->scratch, select_scratch_bytes(c->d));
    if (!scratch) { return dsgd_fail(DSGD_ENOMEM, "local_topk: no memory to select among %zu coordinates", c->d); }
    uint32_t *index = NULL;
    float *value = NULL;
    DSGD_TRY(dsgd_message_add_u32(up, DSGD_INDEX, c->k, &index));
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_VALUE, c->k, &value));
    select_topk(c->d, worker->field[V], c->k, index, scratch); /* lines 8-10: the k largest, exactly */
    c->be->gather_f32(c->k, index, worker->field[V], value);
    c->be->copy(worker->field[SENT], index, c->k * sizeof *index);
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    (void)round, (void)i;
    const uint32_t *index = NULL;
    const float *value = NULL;
    DSGD_TRY(dsgd_message_get_indices(up, 0, DSGD_INDEX, c->k, c->d, &index));
    DSGD_TRY(dsgd_message_get_f32(up, 1, DSGD_VALUE, c->k, &value));
    c->be->scatter_add(c->k, index, value, server->field[SUM]);
    uint32_t *seen = server->field[SEEN];
    for (size_t j = 0; j < c->k; ++j) { seen[index[j] / 32] |= 1u << (index[j] % 32); }
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    double *sum = server->field[SUM];
    uint32_t *seen = server->field[SEEN];
    const size_t words = (c->d + 31) / 32;
    uint32_t n = 0;
    for (size_t w = 0; w < words; ++w) { n += (uint32_t)__builtin_popcount(seen[w]); }
    uint32_t *header = NULL, *index = NULL;
    float *value = NULL;
    DSGD_TRY(dsgd_message_add_u32(down, DSGD_HEADER, 1, &header));
    DSGD_TRY(dsgd_message_add_u32(down, DSGD_INDEX, n, &index));
    DSGD_TRY(dsgd_message_add_f32(down, DSGD_VALUE, n, &value));
    header[0] = n;
    const double factor = 1.0 / round->participants;
    size_t j = 0;
    for (size_t w = 0; w < words; ++w) {
        for (uint32_t bits = seen[w]; bits; bits &= bits - 1) {
            const uint32_t at = (uint32_t)(32 * w) + (uint32_t)__builtin_ctz(bits);
            index[j] = at;
            value[j++] = (float)(factor * sum[at]);
            sum[at] = 0.0;
        }
        seen[w] = 0;
    }
    return DSGD_OK;
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const struct common *c = common;
    (void)round, (void)down;
    c->be->scatter_clear_f32(c->k, worker->field[SENT], worker->field[V]); /* DGC Alg. 4, lines 11-12 */
    if (c->momentum > 0.0f) { c->be->scatter_clear_f32(c->k, worker->field[SENT], worker->field[U]); }
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    (void)round;
    const void *header = NULL;
    DSGD_TRY(dsgd_message_get(&down[0], 0, DSGD_HEADER, DSGD_RAW_U32, 1, sizeof(uint32_t), &header));
    update->n = *(const uint32_t *)header;
    DSGD_TRY(dsgd_message_get_indices(&down[0], 1, DSGD_INDEX, update->n, c->d, &update->index));
    DSGD_TRY(dsgd_message_get_f32(&down[0], 2, DSGD_VALUE, update->n, &update->value));
    if (c->lr_inside) { update->scale = 1.0; }
    return DSGD_OK;
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    const float *v = worker->field[V];
    for (size_t i = 0; i < c->d; ++i) { out[i] = (double)v[i]; }
}

const struct dsgd_algorithm dsgd_local_topk = {
    .name = "local_topk",
    .title = "local top-k",
    .reference = "Lin et al. 2018, arXiv:1712.01887 (DGC); Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599",
    .aliases = "topk, dgc",
    .departures = "the server sends the union of the workers' coordinates, not W separate messages",
    .params = params,
    .config_size = sizeof(struct config),
    .memory = true,
    .check = check,
    .unmergeable = unmergeable,
    .tau = tau,
    .create = create,
    .destroy = free,
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
};
