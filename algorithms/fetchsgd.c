/* fetchsgd.c - FetchSGD: momentum and error memory live in the server's sketch; one round, no exact values.
 *
 * Rothchild, Panda, Ullah, Ivkin, Stoica, Braverman, Gonzalez, Arora 2020, arXiv:2007.07682, Alg. 1: worker i sends the
 * Count Sketch S(g_i); the server keeps S = mean S(g_i), S_u = rho S_u + S, S_e += eta_t S_u, takes the k largest estimates
 * of S_e as the update Delta, sends them, and removes them from S_e; w -= Delta. Workers keep nothing, which is why the
 * method suits clients that come once. A worker sends r c values and receives k coordinates.
 * Hashes are drawn once a run: momentum and error are sums of tables of different steps.
 */
#include <stdlib.h>

#include "algorithms/codec.h"
#include "sim/cpu/count_sketch.h"
#include "sim/cpu/select.h"
#include "sim/algorithm.h"

enum { CLEAR_SUBTRACT, CLEAR_ZERO };

/* Cells kept at most, 64 MiB: small models share one evaluation of the hashes among workers and server. */
enum { CACHE_CELLS = 1 << 24 };

struct config {
    int64_t rows, cols, k;
    double momentum;
    bool lr_inside, masking;
    int clear, indices;
};

static const struct dsgd_param params[] = {
    {"rows", DSGD_PARAM_INT, offsetof(struct config, rows), "5", 1, SKETCH_ROWS_MAX, NULL,
     "r, rows of the sketch, odd; alias: num_rows; default: authors' code"},
    {"cols", DSGD_PARAM_INT, offsetof(struct config, cols), "40", 1, 2147483647.0, NULL,
     "c, columns of the sketch; alias: num_cols; default: ours, for d = 785"},
    {"k", DSGD_PARAM_INT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated a step, 1..d; default: ours, for d = 785"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0.9", 0.0, 0.999999, NULL,
     "rho in S_u = rho S_u + S, kept by the server; alias: virtual_momentum; default: authors' scripts"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "true", 0, 0, NULL,
     "S_e += eta_t S_u, or S_e += S_u and w -= eta_t Delta (the authors' code); default: paper, Alg. 1"},
    {"clear", DSGD_PARAM_CHOICE, offsetof(struct config, clear), "zero", 0, 0, "subtract|zero",
     "S_e -= S(Delta) (paper, Alg. 1), or the cells of Delta become 0; default: authors' code"},
    {"masking", DSGD_PARAM_BOOL, offsetof(struct config, masking), "true", 0, 0, NULL,
     "the cells of Delta become 0 in S_u (momentum factor masking); default: authors' code"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, CODEC_INDICES_CHOICES,
     CODEC_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, k, table; /* table: rows * cols */
    float momentum;
    bool lr_inside, masking, subtract;
    enum codec_indices indices;
    struct sketch_hash *hash;
    const struct dsgd_backend *be;
};

enum { SUM, MOMENTUM, ERROR }; /* server fields: sum of the workers' tables, S_u, S_e */

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if (config->rows % 2 == 0) {
        return dsgd_fail(DSGD_EINPUT, "fetchsgd.rows = %lld: expected an odd number (the estimate is a median of rows)",
                         (long long)config->rows);
    }
    if ((uint64_t)config->k > setting->layout->d) {
        return dsgd_fail(DSGD_EINPUT, "fetchsgd.k = %lld: expected at most d = %zu", (long long)config->k, setting->layout->d);
    }
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    (void)setting; /* a sketch is linear, and its size fixed */
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
    sketch_hash_destroy(c->hash);
    free(c);
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct config *config = setting->config;
    struct common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm fetchsgd"); }
    *c = (struct common){.d = setting->layout->d, .k = (size_t)config->k, .table = (size_t)config->rows * (size_t)config->cols,
                         .momentum = (float)config->momentum, .lr_inside = config->lr_inside, .masking = config->masking,
                         .subtract = config->clear == CLEAR_SUBTRACT, .indices = (enum codec_indices)config->indices,
                         .be = setting->backend};
    const enum dsgd_status status = sketch_hash_create(&sketch_hash_polynomial, c->d, (uint32_t)config->rows,
                                                       (uint32_t)config->cols, CACHE_CELLS, &c->hash);
    if (status != DSGD_OK) {
        destroy(c);
        return status;
    }
    sketch_hash_reseed(c->hash, setting->seed_hash, 0);
    *common = c;
    return DSGD_OK;
}

static size_t common_bytes(const void *common)
{
    const struct common *c = common;
    return sizeof *c + sketch_hash_bytes(c->d, sketch_hash_rows(c->hash), CACHE_CELLS);
}

static int worker_fields(const void *common, struct dsgd_field *field)
{
    (void)common, (void)field;
    return 0;
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct common *c = common;
    field[SUM] = (struct dsgd_field){"sum", DSGD_F64, c->table, true};
    field[MOMENTUM] = (struct dsgd_field){"momentum", DSGD_F32, c->table, false};
    field[ERROR] = (struct dsgd_field){"error", DSGD_F32, c->table, false};
    return 3;
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct common *c = common;
    (void)workers;
    bytes->up = c->table * sizeof(float);
    bytes->down = codec_indices_bytes_max(c->indices, c->k, c->d) + c->k * sizeof(float);
    bytes->server_scratch = (c->table + c->d + 2 * c->k) * sizeof(float) + select_scratch_bytes(c->d);
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
    (void)worker, (void)round, (void)down;
    float *table = NULL;
    DSGD_TRY(dsgd_message_add_f32(up, DSGD_TABLE, c->table, &table));
    c->be->clear(table, c->table * sizeof *table);
    count_sketch_accumulate(c->hash, grad, table); /* Alg. 1, clients: S_i = S(g_i) */
    return DSGD_OK;
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct common *c = common;
    (void)round;
    const float *table = NULL;
    DSGD_TRY(dsgd_message_get_f32(up, 0, DSGD_TABLE, c->table, &table));
    if (i == 0) { c->be->clear(server->field[SUM], c->table * sizeof(double)); }
    c->be->add_f32(c->table, table, server->field[SUM]);
    return DSGD_OK;
}

static enum dsgd_status take(const struct dsgd_round *round, size_t bytes, void **memory)
{
    *memory = dsgd_arena_take(round->scratch, bytes);
    return *memory ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "fetchsgd: no memory for %zu bytes of working space", bytes);
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct common *c = common;
    float *momentum = server->field[MOMENTUM], *error = server->field[ERROR];
    void *mean = NULL, *estimate = NULL, *index = NULL, *value = NULL, *scratch = NULL;
    DSGD_TRY(take(round, c->table * sizeof(float), &mean));
    DSGD_TRY(take(round, c->d * sizeof(float), &estimate));
    DSGD_TRY(take(round, c->k * sizeof(uint32_t), &index));
    DSGD_TRY(take(round, c->k * sizeof(float), &value));
    DSGD_TRY(take(round, select_scratch_bytes(c->d), &scratch));
    c->be->mean_f32(c->table, 1.0 / round->participants, server->field[SUM], mean); /* Alg. 1: S = mean S_i */
    /* S_u = rho S_u + S; S_e += eta S_u */
    c->be->momentum_f32(c->table, c->momentum, c->lr_inside ? (float)round->lr : 1.0f, mean, momentum, error);
    count_sketch_estimate(c->hash, error, estimate, round->threads); /* U(S_e) */
    select_topk(c->d, estimate, c->k, index, scratch);               /* Delta = Top-k(U(S_e)) */
    c->be->gather_f32(c->k, index, estimate, value);
    if (c->subtract) {
        count_sketch_accumulate_some(c->hash, -1.0f, c->k, index, value, error); /* S_e -= S(Delta) */
    } else {
        count_sketch_clear_some(c->hash, c->k, index, error);
    }
    if (c->masking) { count_sketch_clear_some(c->hash, c->k, index, momentum); }
    DSGD_TRY(codec_add_indices(down, DSGD_INDEX, c->indices, c->k, c->d, index));
    return codec_add_values(down, DSGD_VALUE, CODEC_FP32, c->k, value);
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct common *c = common;
    update->n = c->k;
    if (c->lr_inside) { update->scale = 1.0; } /* w -= Delta */
    DSGD_TRY(codec_get_indices(&down[0], 0, DSGD_INDEX, c->indices, c->k, c->d, round->scratch, &update->index));
    return dsgd_message_get_f32(&down[0], 1, DSGD_VALUE, c->k, &update->value);
}

const struct dsgd_algorithm dsgd_fetchsgd = {
    .name = "fetchsgd",
    .title = "FetchSGD",
    .reference = "Rothchild et al. 2020, arXiv:2007.07682",
    .aliases = "sketch (CommEfficient, error_type = virtual)",
    .departures = "every worker takes part in every step; the paper draws a few of many clients\n"
                  "clear = zero, masking: as in the authors' code, the paper's Algorithm 1 subtracts S(Delta) and leaves S_u alone\n"
                  "tables are not clipped",
    .params = params,
    .config_size = sizeof(struct config),
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
    .decode = decode,
};
