/* local_topk.c - local top-k with momentum and error accumulation: Deep Gradient Compression and its relatives.
 *
 * Lin, Han, Mao, Wang, Dally 2018 (arXiv:1712.01887, Alg. 1 and 4). Each step u = m u + g, v += u; the worker sends its k
 * largest |v| and clears v and (momentum factor masking) u there; the server averages the sparse vectors; w -= eta_t average.
 * The defaults are what the Sketched-SGD paper runs (Ivkin et al. 2019, arXiv:1903.04488, section 5). The rest of DGC: nesterov
 * (the authors' code), clip (section 3.2), warmup (section 3.3, dgc_warmup.c). lr_inside puts eta_t into the memory instead.
 * A worker sends k values and indices and receives the union of what all sent, min(d, W k) values and indices at worst.
 * Departure: k is exact; the paper's code estimates the threshold from a sample, hierarchically (section 5).
 */
#include <math.h>
#include <stdlib.h>

#include "algorithms/codec.h"
#include "algorithms/dgc_warmup.h"
#include "algorithms/error_memory.h"
#include "algorithms/select.h"
#include "algorithms/sparse_sum.h"

struct config {
    int64_t k;
    double momentum;
    bool nesterov, masking, lr_inside;
    double clip;
    int64_t warmup;
    char warmup_ratios[DSGD_TEXT_MAX];
    int indices; /* enum codec_indices */
};

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_INT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates a worker sends a step, 1..d; alias: compress_ratio = k/d; default: ours"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker; alias: local_momentum; default: ours"},
    {"nesterov", DSGD_PARAM_BOOL, offsetof(struct config, nesterov), "false", 0, 0, NULL,
     "u = m (u + g), v += u + g instead; default: DGC's code, DGCSGDMemory"},
    {"masking", DSGD_PARAM_BOOL, offsetof(struct config, masking), "true", 0, 0, NULL,
     "clear u as well as v where it was sent; alias: momentum_masking, momentum factor masking; default: DGC, section 3.3"},
    {"clip", DSGD_PARAM_REAL, offsetof(struct config, clip), "0", 0.0, 1e30, NULL,
     "scale a worker's gradient down to the l2 norm clip / sqrt(W) before momentum; 0 = never; alias: gradient_clipping; "
     "default: arXiv:1903.04488, section 5"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "false", 0, 0, NULL,
     "accumulate eta_t u instead of u, update with the sent values as they are; default: DGC, Alg. 4"},
    {"warmup", DSGD_PARAM_INT, offsetof(struct config, warmup), "0", 0, 4294967295.0, NULL,
     "steps of each stage of the sparsity warm-up; 0 = none; alias: warmup_epochs, there of all stages; default: arXiv:1903.04488, section 5"},
    {"warmup_ratios", DSGD_PARAM_TEXT, offsetof(struct config, warmup_ratios), "0.25 0.063 0.015 0.004 0.001", 0, 0, NULL,
     "share of the coordinates sent in each stage, never fewer than k; alias: warmup_coeff; default: DGC, section 3.3, rounded as in its code"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, CODEC_INDICES_CHOICES,
     CODEC_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, k;
    size_t k_now, k_most; /* in this step (plan), in any step; both k without warm-up */
    double clip;
    enum codec_indices indices;
    struct error_memory memory;
    struct dgc_warmup warmup;
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
    if (config->nesterov && !(config->momentum > 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "local_topk.nesterov = true: expected false with momentum = 0");
    }
    struct dgc_warmup warmup;
    DSGD_TRY(dgc_warmup_parse(config->warmup_ratios, (uint32_t)config->warmup, &warmup));
    const uint64_t length = dgc_warmup_length(&warmup, (size_t)config->k, setting->layout->d);
    if (setting->steps > 0 && length > (uint64_t)setting->steps) {
        return dsgd_fail(DSGD_EINPUT, "local_topk.warmup = %lld: the warm-up lasts %llu steps, expected at most steps = %lld",
                         (long long)config->warmup, (unsigned long long)length, (long long)setting->steps);
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
    const size_t d = setting->layout->d, k = (size_t)config->k;
    *c = (struct common){.d = d, .k = k, .clip = config->clip, .indices = (enum codec_indices)config->indices,
                         .memory = {.be = setting->backend, .d = d, .v = V, .u = U, .momentum = (float)config->momentum,
                                    .nesterov = config->nesterov, .masking = config->masking, .lr_inside = config->lr_inside},
                         .be = setting->backend};
    enum dsgd_status status = dgc_warmup_parse(config->warmup_ratios, (uint32_t)config->warmup, &c->warmup);
    if (status != DSGD_OK) {
        free(c);
        return status;
    }
    c->k_now = dgc_warmup_k(&c->warmup, 0, k, d);
    c->k_most = dgc_warmup_k_max(&c->warmup, k, d);
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[V] = (struct dsgd_field){"v", DSGD_F32, c->d, false};
    field[SENT] = (struct dsgd_field){"sent", DSGD_U32, c->k_most, true};
    field[U] = (struct dsgd_field){"u", DSGD_F32, c->d, false};
    return error_memory_has_momentum(&c->memory) ? 3 : 2;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->d, true};
    field[SEEN] = (struct dsgd_field){"seen", DSGD_U32, sparse_sum_words(c->d), true};
    return 2;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    const uint64_t sent = (uint64_t)c->k_most * workers;
    const size_t all = sent < c->d ? (size_t)sent : c->d;
    /* the union's size varies: its indices are a bitmap or, in the other codes, hardly ever longer than raw ones */
    const size_t raw = all * sizeof(uint32_t), map = (c->d + 7) / 8, header = 2 * sizeof(uint32_t); /* n, and a tag */
    const size_t indices = c->indices == CODEC_BITMAP || (c->indices == CODEC_CHEAPEST && map < raw) ? map : raw;
    bytes->up = codec_indices_bytes_max(c->indices, c->k_most, c->d) + c->k_most * sizeof(float);
    bytes->down = header + indices + all * sizeof(float);
    bytes->worker_scratch = select_scratch_bytes(c->d) + (c->clip > 0.0 ? c->d * sizeof(float) : 0);
    bytes->server_scratch = raw + all * sizeof(float);
}

static int plan(void *common, uint32_t step)
{
    struct common *c = common;
    c->k_now = dgc_warmup_k(&c->warmup, step, c->k, c->d);
    return 1;
}

static enum dsgd_status no_memory(const struct common *c)
{
    return dsgd_fail(DSGD_ENOMEM, "local_topk: no memory to select among %zu coordinates", c->d);
}

/* DGC, section 3.2: the norm of a mean of W independent gradients is about sqrt(1/W) of one's, so each is held to that share. */
static enum dsgd_status clipped(const struct common *c, const struct dsgd_round *round, const float **grad)
{
    if (!(c->clip > 0.0)) { return DSGD_OK; }
    const double bound = c->clip / sqrt((double)round->participants), norm = c->be->norm_f32(c->d, *grad);
    if (!(norm > bound)) { return DSGD_OK; } /* also a NaN: a diverging run must show */
    float *out = dsgd_arena_take(round->scratch, c->d * sizeof *out);
    if (!out) { return no_memory(c); }
    c->be->scale_f32(c->d, bound / norm, *grad, out);
    *grad = out;
    return DSGD_OK;
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct common *c = common;
    (void)down;
    uint32_t *index = worker->field[SENT];
    float *value = NULL;
    DSGD_TRY(clipped(c, round, &grad));
    error_memory_add(&c->memory, worker, round, grad); /* DGC Alg. 4, lines 5-6 */
    void *scratch = dsgd_arena_take(round->scratch, select_scratch_bytes(c->d));
    if (!scratch) { return no_memory(c); }
    select_topk(c->d, worker->field[V], c->k_now, index, scratch); /* lines 8-10: the k largest, exactly */
    DSGD_TRY(codec_add_indices(up, DSGD_INDEX, c->indices, c->k_now, c->d, index));
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_VALUE, c->k_now, &value));
    c->be->gather_f32(c->k_now, index, worker->field[V], value);
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    (void)i;
    const uint32_t *index = NULL;
    const float *value = NULL;
    DSGD_TRY(codec_get_indices(up, 0, DSGD_INDEX, c->indices, c->k_now, c->d, round->scratch, &index));
    DSGD_TRY(dsgd_message_get_f32(up, 1, DSGD_VALUE, c->k_now, &value));
    sparse_sum_add(c->be, c->k_now, index, value, server->field[SUM], server->field[SEEN]);
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    const size_t n = sparse_sum_count(c->d, server->field[SEEN]);
    uint32_t *header = NULL, *index = dsgd_arena_take(round->scratch, n * sizeof *index);
    float *value = dsgd_arena_take(round->scratch, n * sizeof *value);
    if (!index || !value) { return no_memory(c); }
    sparse_sum_take(c->d, 1.0 / round->participants, server->field[SUM], server->field[SEEN], index, value);
    DSGD_TRY(dsgd_message_add_u32(down, DSGD_HEADER, 1, &header));
    header[0] = (uint32_t)n;
    DSGD_TRY(codec_add_indices(down, DSGD_INDEX, c->indices, n, c->d, index));
    return codec_add_values(down, DSGD_VALUE, CODEC_FP32, n, value);
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const struct common *c = common;
    (void)round, (void)down;
    error_memory_clear(&c->memory, worker, c->k_now, worker->field[SENT]); /* DGC Alg. 4, lines 11-12 */
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    const void *header = NULL;
    DSGD_TRY(dsgd_message_get(&down[0], 0, DSGD_HEADER, DSGD_RAW_U32, 1, sizeof(uint32_t), &header));
    update->n = *(const uint32_t *)header;
    DSGD_TRY(codec_get_indices(&down[0], 1, DSGD_INDEX, c->indices, update->n, c->d, round->scratch, &update->index));
    DSGD_TRY(dsgd_message_get_f32(&down[0], 2, DSGD_VALUE, update->n, &update->value));
    if (c->memory.lr_inside) { update->scale = 1.0; }
    return DSGD_OK;
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    error_memory_view(&c->memory, worker, out);
}

const struct dsgd_algorithm dsgd_local_topk = {
    .name = "local_topk",
    .title = "local top-k",
    .reference = "Lin et al. 2018, arXiv:1712.01887 (DGC); Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599",
    .aliases = "topk, dgc",
    .departures = "the server sends the union of the workers' coordinates, not W separate messages\n"
                  "the k largest exactly, not a threshold estimated from a sample\n"
                  "a stage of the warm-up is counted in steps, not epochs, and never sends fewer than k\n"
                  "every segment is sparsified, also biases",
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
