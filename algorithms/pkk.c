/* pkk.c - Pk-k: the workers' local top-Pk are the candidates, the k largest of their sum the update.
 *
 * The exact-candidates counterpart of Sketched-SGD's topk variant, from its authors (Ivkin et al. 2019, arXiv:1903.04488,
 * section 5; their code: Pkk). Each step u = m u + g, v += u (Algorithm 3). Exchange 0: a worker sends the P k largest |v_i|
 * with indices; the server sums what arrived and chooses the k largest sums among the coordinates that arrived.
 * exact = true (the authors' code): it asks all workers for v_i there, exchange 1 brings k values up and k means down, and all
 * workers clear v_i, and with masking u_i, there. exact = false: it answers with the sums it has, divided by W, and a worker
 * clears what it had sent of the chosen. w -= eta_t of the answer.
 * A worker sends P k values and indices and, if exact, k values; it receives k indices and k values.
 */
#include <stdlib.h>

#include "algorithms/codec.h"
#include "algorithms/error_memory.h"
#include "algorithms/select.h"
#include "algorithms/sparse_sum.h"

struct config {
    int64_t k, candidates;
    bool exact;
    double momentum;
    bool masking, lr_inside;
    int indices; /* enum codec_indices */
};

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_INT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated a step, 1..d; default: ours"},
    {"candidates", DSGD_PARAM_INT, offsetof(struct config, candidates), "4", 1, 4294967295.0, NULL,
     "P, a worker sends its P k largest coordinates, at most d; alias: p2; default: the authors' code, example.py"},
    {"exact", DSGD_PARAM_BOOL, offsetof(struct config, exact), "true", 0, 0, NULL,
     "ask all workers for their values at the chosen coordinates; false: update with what arrived; default: the authors' code"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker; alias: local_momentum; default: ours"},
    {"masking", DSGD_PARAM_BOOL, offsetof(struct config, masking), "true", 0, 0, NULL,
     "clear u as well as v where v is cleared; alias: momentum factor masking; default: arXiv:1903.04488, Algorithm 3"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "false", 0, 0, NULL,
     "accumulate eta_t u instead of u, update with the values as they are; default: arXiv:1903.04488, Algorithm 3"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, CODEC_INDICES_CHOICES,
     CODEC_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, k;
    size_t sent; /* P k, at most d */
    bool exact;
    enum codec_indices indices;
    struct error_memory memory;
    const struct dsgd_backend *be;
};

enum { V, SENT, U };               /* worker fields; U only with momentum */
enum { SUM, SEEN, VALUE_SUM };     /* server fields; SUM and SEEN are zero between rounds, VALUE_SUM only if exact */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if ((uint64_t)config->k > setting->layout->d) {
        return dsgd_fail(DSGD_EINPUT, "pkk.k = %lld: expected at most d = %zu", (long long)config->k, setting->layout->d);
    }
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting;
    return "each worker chooses its own candidates, which is not linear in its vector";
}

static double tau(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return (double)config->k / (double)setting->layout->d;
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    const size_t d = setting->layout->d;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm pkk"); }
    const uint64_t sent = (uint64_t)config->k * (uint64_t)config->candidates; /* both below 2^32 */
    *c = (struct common){.d = d, .k = (size_t)config->k, .sent = sent < d ? (size_t)sent : d, .exact = config->exact,
                         .indices = (enum codec_indices)config->indices,
                         .memory = {.be = setting->backend, .d = d, .v = V, .u = U, .momentum = (float)config->momentum,
                                    .masking = config->masking, .lr_inside = config->lr_inside},
                         .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[V] = (struct dsgd_field){"v", DSGD_F32, c->d, false};
    field[SENT] = (struct dsgd_field){"sent", DSGD_U32, c->sent, true};
    field[U] = (struct dsgd_field){"u", DSGD_F32, c->d, false};
    return error_memory_has_momentum(&c->memory) ? 3 : 2;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->d, true};
    field[SEEN] = (struct dsgd_field){"seen", DSGD_U32, sparse_sum_words(c->d), true};
    field[VALUE_SUM] = (struct dsgd_field){"value_sum", DSGD_F64, c->k, true};
    return c->exact ? 3 : 2;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    const uint64_t most = (uint64_t)c->sent * workers;
    const size_t arrived = most < c->d ? (size_t)most : c->d;
    bytes->up = codec_indices_bytes_max(c->indices, c->sent, c->d) + c->sent * sizeof(float);
    bytes->down = codec_indices_bytes_max(c->indices, c->k, c->d) + c->k * sizeof(float);
    bytes->worker_scratch = select_scratch_bytes(c->d) > 2 * c->k * sizeof(uint32_t) ? select_scratch_bytes(c->d)
                                                                                   : 2 * c->k * sizeof(uint32_t);
    bytes->server_scratch = arrived * (sizeof(uint32_t) + sizeof(float)) + 3 * c->k * sizeof(uint32_t) + select_scratch_bytes(arrived);
    const size_t absorbed = c->sent * sizeof(uint32_t);
    if (bytes->server_scratch < absorbed) { bytes->server_scratch = absorbed; }
}

static int plan(void *common, uint32_t step)
{
    const struct common *c = common;
    (void)step;
    return c->exact ? 2 : 1;
}

static enum dsgd_status no_memory(const struct common *c)
{
    return dsgd_fail(DSGD_ENOMEM, "pkk: no memory to select among %zu coordinates", c->d);
}

/* The coordinates that the server chose: asked for if exact, else told with their values. */
static enum dsgd_status chosen(const struct common *c, const struct dsgd_round *round, const struct dsgd_message *down,
                               const uint32_t **index)
{
    return codec_get_indices(&down[0], 0, c->exact ? DSGD_REQUEST : DSGD_INDEX, c->indices, c->k, c->d, round->scratch, index);
}

static enum dsgd_status encode_candidates(const struct common *c, struct dsgd_state *worker, const struct dsgd_round *round,
                                          const float *grad, struct dsgd_message *up)
{
    uint32_t *index = worker->field[SENT];
    float *value = NULL;
    error_memory_add(&c->memory, worker, round, grad); /* Algorithm 3: u_i = m u_i + g_i, v_i += u_i */
    void *scratch = dsgd_arena_take(round->scratch, select_scratch_bytes(c->d));
    if (!scratch) { return no_memory(c); }
    select_topk(c->d, worker->field[V], c->sent, index, scratch); /* local top-Pk */
    DSGD_TRY(codec_add_indices(up, DSGD_INDEX, c->indices, c->sent, c->d, index));
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_VALUE, c->sent, &value));
    c->be->gather_f32(c->sent, index, worker->field[V], value);
    return DSGD_OK;
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    if (round->exchange == 0) { return encode_candidates(c, worker, round, grad, up); }
    const uint32_t *index = NULL;
    float *value = NULL;
    DSGD_TRY(chosen(c, round, down, &index));
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_VALUE, c->k, &value));
    c->be->gather_f32(c->k, index, worker->field[V], value); /* exact values, also of those that were no candidates here */
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    const uint32_t *index = NULL;
    const float *value = NULL;
    if (round->exchange == 0) {
        DSGD_TRY(codec_get_indices(up, 0, DSGD_INDEX, c->indices, c->sent, c->d, round->scratch, &index));
        DSGD_TRY(dsgd_message_get_f32(up, 1, DSGD_VALUE, c->sent, &value));
        sparse_sum_add(c->be, c->sent, index, value, server->field[SUM], server->field[SEEN]);
        return DSGD_OK;
    }
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_VALUE, c->k, &value));
    if (i == 0) { c->be->clear(server->field[VALUE_SUM], c->k * sizeof(double)); }
    c->be->add_f32(c->k, value, server->field[VALUE_SUM]);
    return DSGD_OK;
}

/* The k largest sums among the coordinates that arrived; there are at least k since every worker sends P k >= k. */
static enum dsgd_status choose(const struct common *c, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const size_t n = sparse_sum_count(c->d, server->field[SEEN]);
    uint32_t *index = dsgd_arena_take(round->scratch, n * sizeof *index);
    float *mean = dsgd_arena_take(round->scratch, n * sizeof *mean), *value = NULL;
    uint32_t *place = dsgd_arena_take(round->scratch, c->k * sizeof *place);
    uint32_t *best = dsgd_arena_take(round->scratch, c->k * sizeof *best);
    void *scratch = dsgd_arena_take(round->scratch, select_scratch_bytes(n));
    if (!index || !mean || !place || !best || !scratch) { return no_memory(c); }
    sparse_sum_take(c->d, 1.0 / round->participants, server->field[SUM], server->field[SEEN], index, mean);
    select_topk_positions(n, mean, c->k, place, scratch);
    for (size_t j = 0; j < c->k; ++j) { best[j] = index[place[j]]; }
    DSGD_TRY(codec_add_indices(down, c->exact ? DSGD_REQUEST : DSGD_INDEX, c->indices, c->k, c->d, best));
    if (c->exact) { return DSGD_OK; }
    DSGD_TRY(dsgd_message_add_f32(down, DSGD_VALUE, c->k, &value));
    for (size_t j = 0; j < c->k; ++j) { value[j] = mean[place[j]]; }
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *value = NULL;
    if (round->exchange == 0) { return choose(c, server, round, down); }
    DSGD_TRY(dsgd_message_add_f32(down, DSGD_VALUE, c->k, &value));
    c->be->mean_f32(c->k, 1.0 / round->participants, server->field[VALUE_SUM], value);
    return DSGD_OK;
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const struct common *c = common;
    const uint32_t *index = NULL, *sent = worker->field[SENT];
    DSGD_TRY(chosen(c, round, down, &index));
    if (c->exact) {
        error_memory_clear(&c->memory, worker, c->k, index); /* everybody's value was used */
        return DSGD_OK;
    }
    uint32_t *both = dsgd_arena_take(round->scratch, c->k * sizeof *both);
    if (!both) { return no_memory(c); }
    size_t n = 0, s = 0;
    for (size_t j = 0; j < c->k; ++j) { /* chosen and sent by this worker; both lists ascend */
        while (s < c->sent && sent[s] < index[j]) { ++s; }
        if (s < c->sent && sent[s] == index[j]) { both[n++] = index[j]; }
    }
    error_memory_clear(&c->memory, worker, n, both);
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    update->n = c->k;
    DSGD_TRY(chosen(c, round, down, &update->index));
    DSGD_TRY(dsgd_message_get_f32(&down[c->exact ? 1 : 0], c->exact ? 0 : 1, DSGD_VALUE, c->k, &update->value));
    if (c->memory.lr_inside) { update->scale = 1.0; }
    return DSGD_OK;
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    error_memory_view(&c->memory, worker, out);
}

const struct dsgd_algorithm dsgd_pkk = {
    .name = "pkk",
    .title = "Pk-k",
    .reference = "Ivkin et al. 2019, arXiv:1903.04488 (authors' code: Pkk)",
    .aliases = "Pkk, Pk-k",
    .departures = "the mean over workers, not their sum, is the update\n"
                  "v and u are cleared at all chosen coordinates, also where the sum is exactly 0\n"
                  "exact = false is ours: one round trip",
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
