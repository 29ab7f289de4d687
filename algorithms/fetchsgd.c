/* fetchsgd.c - FetchSGD: momentum and error memory live in the server's sketch; one round, no exact values.
 *
 * Rothchild, Panda, Ullah, Ivkin, Stoica, Braverman, Gonzalez, Arora 2020, arXiv:2007.07682, Alg. 1: worker i sends the
 * Count Sketch S(g_i); the server keeps S = mean S(g_i), S_u = rho S_u + S, S_e += eta_t S_u, takes the k largest estimates
 * of S_e as the update Delta, sends them, and removes them from S_e; w -= Delta. Workers keep nothing, which is why the
 * method suits clients that come once. A worker sends r c values and receives k coordinates.
 * Hashes are drawn once per run: momentum and error are sums of tables of different steps.
 */
#include "algorithms/sketch_hash.h"
#include "sim/algorithm.h"

enum { CLEAR_SUBTRACT, CLEAR_ZERO }; /* config.clear */

struct config {
    int64_t rows, cols, k;
    double momentum;
    bool lr_inside, masking;
    int hash, clear, indices;
};

static const struct dsgd_param params[] = {
    {"rows", DSGD_PARAM_INT, offsetof(struct config, rows), "5", 1, DSGD_SKETCH_ROWS_MAX, NULL,
     "r, rows of the sketch, odd; alias: num_rows; default: authors' code"},
    {"cols", DSGD_PARAM_INT, offsetof(struct config, cols), "40", 1, 2147483647.0, NULL,
     "c, columns of the sketch; alias: num_cols; default: ours, for d = 785"},
    {"hash", DSGD_PARAM_CHOICE, offsetof(struct config, hash), "auto", 0, 0, DSGD_HASH_CHOICES,
     DSGD_HASH_HELP "; default: ours"},
    {"k", DSGD_PARAM_COUNT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated per step, 1..d; default: ours, for d = 785"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0.9", 0.0, 0.999999, NULL,
     "rho in S_u = rho S_u + S, kept by the server; alias: virtual_momentum; default: authors' scripts"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "true", 0, 0, NULL,
     "S_e += eta_t S_u, or S_e += S_u and w -= eta_t Delta (the authors' code); default: paper, Alg. 1"},
    {"clear", DSGD_PARAM_CHOICE, offsetof(struct config, clear), "zero", 0, 0, "subtract|zero",
     "S_e -= S(Delta) (paper, Alg. 1), or the cells of Delta become 0; default: authors' code"},
    {"masking", DSGD_PARAM_BOOL, offsetof(struct config, masking), "true", 0, 0, NULL,
     "the cells of Delta become 0 in S_u (momentum factor masking); default: authors' code"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, DSGD_INDICES_CHOICES,
     DSGD_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    size_t d, k, table; /* table: rows * cols */
    uint32_t rows, cols, seed_hash;
    enum dsgd_hash hash;
    float momentum;
    bool lr_inside, masking, subtract;
    enum dsgd_indices indices;
};

enum { HASHES };               /* known to all */
enum { SUM, MOMENTUM, ERROR }; /* server fields: sum of the workers' tables, S_u, S_e */
enum { TABLE };                /* section up */
enum { INDEX, VALUE };         /* sections down */

static struct dsgd_hash_wish wish_of(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    return (struct dsgd_hash_wish){.section = "fetchsgd", .key = config->hash, .may = true, .n = setting->layout->d, .cols = config->cols};
}

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if (config->rows % 2 == 0) {
        return dsgd_fail(DSGD_EINPUT, "fetchsgd.rows = %lld: expected an odd number (the estimate is a median of rows)",
                         (long long)config->rows);
    }
    const struct dsgd_hash_wish wish = wish_of(setting);
    return dsgd_hash_check(&wish);
}

static void hint(const struct dsgd_setting *setting, char *text, size_t size)
{
    const struct dsgd_hash_wish wish = wish_of(setting);
    dsgd_hash_hint(&wish, text, size);
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    const struct dsgd_hash_wish wish = wish_of(setting);
    *(struct common *)common = (struct common){
        .d = setting->layout->d, .k = (size_t)config->k, .table = (size_t)config->rows * (size_t)config->cols, .rows = (uint32_t)config->rows,
        .cols = (uint32_t)config->cols, .seed_hash = setting->seed_hash, .hash = dsgd_hash_of(&wish),
        .momentum = (float)config->momentum, .lr_inside = config->lr_inside, .masking = config->masking, .subtract = config->clear == CLEAR_SUBTRACT,
        .indices = (enum dsgd_indices)config->indices};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_field_sketch(d, HASHES, c->hash, c->d, c->rows, c->cols);
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, c->table, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_SERVER, MOMENTUM, "momentum", DSGD_F32, c->table, DSGD_KEPT);
    dsgd_field(d, DSGD_SERVER, ERROR, "error", DSGD_F32, c->table, DSGD_KEPT);
    dsgd_wire_f32(d, DSGD_UP, 0, TABLE, DSGD_TABLE, DSGD_FP32, dsgd_exactly(c->table));
    dsgd_wire_set(d, DSGD_DOWN, 0, INDEX, DSGD_INDEX, c->indices, dsgd_exactly(c->k), c->d);
    dsgd_wire_f32(d, DSGD_DOWN, 0, VALUE, DSGD_VALUE, DSGD_FP32, dsgd_as(INDEX));
}

static void prepare(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_sketch_reseed(all, dsgd_field_hashes(all, HASHES), c->seed_hash, DSGD_ONCE);
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    (void)common, (void)round;
    dsgd_sketch_vector(w, dsgd_all_hashes(w, HASHES), grad, dsgd_send_f32(w, TABLE)); /* Alg. 1, clients: S_i = S(g_i) */
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    const dsgd_sketch *hashes = dsgd_all_hashes(s, HASHES);
    dsgd_f32 *mean = dsgd_take_f32(s, c->table);
    dsgd_f32 *momentum = dsgd_field_f32(s, MOMENTUM), *error = dsgd_field_f32(s, ERROR), *value = dsgd_send_f32(s, VALUE);
    dsgd_set *delta = dsgd_send_set(s, INDEX);
    dsgd_mean(s, 1.0 / round->participants, dsgd_field_f64(s, SUM), mean);                              /* Alg. 1: S = mean S_i */
    dsgd_momentum(s, c->momentum, c->lr_inside ? (float)round->lr : 1.0f, mean, momentum, error);       /* S_u = rho S_u + S; S_e += eta S_u */
    dsgd_sketch_topk(s, hashes, error, c->k, delta, value);                                             /* Delta = Top-k(U(S_e)) */
    if (c->subtract) {
        dsgd_sketch_add_some(s, hashes, -1.0f, delta, value, error);                                    /* S_e -= S(Delta) */
    } else {
        dsgd_sketch_clear_some(s, hashes, delta, error);
    }
    if (c->masking) { dsgd_sketch_clear_some(s, hashes, delta, momentum); }
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    return dsgd_sparse(c->lr_inside ? 1.0 : round->lr, dsgd_down_set(all, 0, INDEX), dsgd_down_f32(all, 0, VALUE)); /* w -= Delta */
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
    .common_size = sizeof(struct common),
    .view = DSGD_VIEW_NONE,
    .unmergeable = DSGD_MERGEABLE, /* a sketch is linear, and its size fixed */
    .check = check,
    .tau = dsgd_tau_k,
    .hint = hint,
    .init = init,
    .declare = declare,
    .prepare = prepare,
    .encode = encode,
    .absorb = dsgd_absorb_sum,
    .finish = finish,
    .decode = decode,
};
