/* true_topk.c - true top-k: the k largest coordinates of the workers' true mean.
 *
 * What Sketched-SGD approximates with a sketch (Ivkin et al. 2019, arXiv:1903.04488, section 5, "true top-k"; the authors'
 * code: trueTopk), with the error memory of Stich, Cordonnier, Jaggi 2018 (arXiv:1809.07599, Algorithm 1), whose bound holds:
 * top-k of the mean is a k-contraction of the mean memory. Each step u = m u + g, v += u; the worker sends all of v; the
 * server averages and answers with the k largest; w -= eta_t of these; every worker clears v, and with masking u, there.
 * A worker sends d values and receives k values and k indices. It saves nothing on the way up: it is a yardstick.
 * Departure from Stich et al.: eta_t outside the memory by default (lr_inside puts it inside), as in Algorithm 3 of Ivkin et al.
 */
#include <stdlib.h>

#include "algorithms/codec.h"
#include "algorithms/error_memory.h"
#include "algorithms/select.h"

struct config {
    int64_t k;
    double momentum;
    bool masking, lr_inside;
    int indices; /* enum codec_indices */
};

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_INT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated a step, 1..d; default: ours"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker; alias: local_momentum; default: ours"},
    {"masking", DSGD_PARAM_BOOL, offsetof(struct config, masking), "true", 0, 0, NULL,
     "clear u as well as v where the server chose; alias: momentum factor masking; default: arXiv:1903.04488, Algorithm 3"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "false", 0, 0, NULL,
     "accumulate eta_t u instead of u, update with the values as they are; default: arXiv:1903.04488, Algorithm 3"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, CODEC_INDICES_CHOICES,
     CODEC_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, k;
    enum codec_indices indices;
    struct error_memory memory;
    const struct dsgd_backend *be;
};

enum { V, U };  /* worker fields; U only with momentum */
enum { SUM };   /* server field */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if ((uint64_t)config->k > setting->layout->d) {
        return dsgd_fail(DSGD_EINPUT, "true_topk.k = %lld: expected at most d = %zu", (long long)config->k, setting->layout->d);
    }
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting; /* a worker sends all of v; v, u are linear in the gradients and cleared at common coordinates */
    return NULL;
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
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm true_topk"); }
    *c = (struct common){.d = setting->layout->d, .k = (size_t)config->k, .indices = (enum codec_indices)config->indices,
                         .memory = {.be = setting->backend, .d = setting->layout->d, .v = V, .u = U,
                                    .momentum = (float)config->momentum, .masking = config->masking,
                                    .lr_inside = config->lr_inside},
                         .be = setting->backend};
    *common = c;
    return DSGD_OK;
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[V] = (struct dsgd_field){"v", DSGD_F32, c->d, false};
    field[U] = (struct dsgd_field){"u", DSGD_F32, c->d, false};
    return error_memory_has_momentum(&c->memory) ? 2 : 1;
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
    bytes->up = c->d * sizeof(float);
    bytes->down = codec_indices_bytes_max(c->indices, c->k, c->d) + c->k * sizeof(float);
    bytes->worker_scratch = c->k * sizeof(uint32_t); /* settle: the indices */
    bytes->server_scratch = c->d * sizeof(float) + c->k * sizeof(uint32_t) + select_scratch_bytes(c->d);
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
    float *all = NULL;
    error_memory_add(&c->memory, worker, round, grad); /* u_i = m u_i + g_i, v_i += u_i */
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_DENSE, c->d, &all));
    c->be->copy(all, worker->field[V], c->d * sizeof *all);
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    (void)round;
    const float *all = NULL;
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_DENSE, c->d, &all));
    if (i == 0) { c->be->clear(server->field[SUM], c->d * sizeof(double)); }
    c->be->add_f32(c->d, all, server->field[SUM]);
    return DSGD_OK;
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *mean = dsgd_arena_take(round->scratch, c->d * sizeof *mean), *value = NULL;
    uint32_t *index = dsgd_arena_take(round->scratch, c->k * sizeof *index);
    void *scratch = dsgd_arena_take(round->scratch, select_scratch_bytes(c->d));
    if (!mean || !index || !scratch) { return dsgd_fail(DSGD_ENOMEM, "true_topk: no memory to select among %zu coordinates", c->d); }
    c->be->mean_f32(c->d, 1.0 / round->participants, server->field[SUM], mean);
    select_topk(c->d, mean, c->k, index, scratch); /* the k largest of the true mean */
    DSGD_TRY(codec_add_indices(down, DSGD_INDEX, c->indices, c->k, c->d, index));
    DSGD_TRY(dsgd_message_add_f32(down, DSGD_VALUE, c->k, &value));
    c->be->gather_f32(c->k, index, mean, value);
    return DSGD_OK;
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const struct common *c = common;
    const uint32_t *index = NULL;
    DSGD_TRY(codec_get_indices(&down[0], 0, DSGD_INDEX, c->indices, c->k, c->d, round->scratch, &index));
    error_memory_clear(&c->memory, worker, c->k, index); /* Algorithm 3: v_i = 0, u_i = 0 where g~ was sent */
    return DSGD_OK;
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    update->n = c->k;
    DSGD_TRY(codec_get_indices(&down[0], 0, DSGD_INDEX, c->indices, c->k, c->d, round->scratch, &update->index));
    DSGD_TRY(dsgd_message_get_f32(&down[0], 1, DSGD_VALUE, c->k, &update->value));
    if (c->memory.lr_inside) { update->scale = 1.0; }
    return DSGD_OK;
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct common *c = common;
    error_memory_view(&c->memory, worker, out);
}

const struct dsgd_algorithm dsgd_true_topk = {
    .name = "true_topk",
    .title = "true top-k",
    .reference = "Ivkin et al. 2019, arXiv:1903.04488; Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599",
    .aliases = "trueTopk, global top-k",
    .departures = "eta_t outside the memory by default, not inside as in Stich et al.\n"
                  "v and u are cleared at all chosen coordinates, also where the mean is exactly 0",
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
