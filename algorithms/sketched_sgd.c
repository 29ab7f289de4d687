/* sketched_sgd.c - Sketched-SGD: workers send Count Sketches, the server finds the heavy coordinates of their mean.
 *
 * Ivkin, Rothchild, Ullah, Braverman, Stoica, Arora, "Communication-efficient Distributed SGD with Sketching", NeurIPS
 * 2019, arXiv:1903.04488. variant = heavymix: Algorithms 1 and 2, the theorems' object (sketched_heavymix.c);
 * variant = topk: Algorithm 3, the empirical training (sketched_topk.c). This file: configuration, checks, what all know.
 * The server works with the MEAN of the tables, as the exact values are means; HEAVYMIX's choice does not depend on scale.
 */
#include "algorithms/sketched_sgd.h"

#include <stdlib.h>
#include <string.h>

enum { VARIANT_HEAVYMIX, VARIANT_TOPK };
enum { AUTO, YES_OR_STEP, NO_OR_RUN }; /* lr_inside: auto|true|false; sketch_reseed: auto|step|run */

/* Cells kept at most, 64 MiB: small models share one evaluation of the hashes among workers and server. */
enum { CACHE_CELLS = 1 << 24 };

static const struct dsgd_param params[] = {
    {"variant", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, variant), "heavymix", 0, 0, "heavymix|topk",
     "heavymix: Algorithms 1 and 2 (theory); topk: Algorithm 3 (practice); default: ours, the theorems' object"},
    {"rows", DSGD_PARAM_INT, offsetof(struct sketched_config, rows), "7", 1, SKETCH_ROWS_MAX, NULL,
     "r, rows of the sketch, odd; alias: num_rows; default: arXiv:1903.04488, supplement E.1 (MNIST)"},
    {"cols", DSGD_PARAM_INT, offsetof(struct sketched_config, cols), "40", 1, 2147483647.0, NULL,
     "c, columns of the sketch; alias: num_cols; default: arXiv:1903.04488, supplement E.1 (MNIST)"},
    {"k", DSGD_PARAM_INT, offsetof(struct sketched_config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated a step, 1..d; default: arXiv:1903.04488, supplement E.1 (MNIST)"},
    {"candidates", DSGD_PARAM_INT, offsetof(struct sketched_config, candidates), "10", 0, 4294967295.0, NULL,
     "topk: P, the server asks for the exact values of P k coordinates; 0 = no second round; alias: p2; default: arXiv:1903.04488, supplement E.1 (MNIST)"},
    {"lr_inside", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, lr_inside), "auto", 0, 0, "auto|true|false",
     "learning rate inside the memory (Algorithm 2) or outside (Algorithm 3); auto = by variant; default: arXiv:1903.04488, Algorithms 2 and 3"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct sketched_config, momentum), "0", 0.0, 0.999999, NULL,
     "topk: m in u = m u + g, with factor masking; alias: local_momentum; default: ours"},
    {"sketch_reseed", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, sketch_reseed), "auto", 0, 0, "auto|step|run",
     "fresh hashes every step (what the theorems need) or once a run (the authors' code); auto = step for heavymix; default: the theorems (step), the authors' code (run)"},
    {"own_value", DSGD_PARAM_BOOL, offsetof(struct sketched_config, own_value), "false", 0, 0, NULL,
     "heavymix: a worker subtracts its own value at sent coordinates, not the mean (bounded memory, same mean); default: arXiv:1903.04488, Algorithm 2"},
    {"dense_below", DSGD_PARAM_INT, offsetof(struct sketched_config, dense_below), "0", 0, 4294967295.0, NULL,
     "topk: segments with fewer coordinates are sent dense (biases); 0 = none; default: arXiv:1903.04488, Algorithm 3"},
    {"values", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, values), "fp32", 0, 0, CODEC_VALUES_CHOICES,
     "how tables and values travel, up and down; alias: transferHalf = fp16; default: arXiv:1903.04488, section 5 (fp16 there too)"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, indices), "cheapest", 0, 0, CODEC_INDICES_CHOICES,
     CODEC_INDICES_HELP "; default: ours"},
    {"truncate", DSGD_PARAM_INT, offsetof(struct sketched_config, truncate), "0", 0, 4294967295.0, NULL,
     "topk: P1, a worker sketches only the P1 k largest |v|; 0 = all; alias: p1; default: the authors' code, example.py"},
    DSGD_PARAM_END,
};

static size_t dense_coordinates(const struct dsgd_layout *layout, int64_t dense_below)
{
    size_t dense = 0;
    for (size_t s = 0; s < layout->segments; ++s) {
        if (layout->segment[s].count < (uint64_t)dense_below) { dense += layout->segment[s].count; }
    }
    return dense;
}

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct sketched_config *config = setting->config;
    const size_t d = setting->layout->d;
    if (config->rows % 2 == 0) {
        return dsgd_fail(DSGD_EINPUT, "sketched_sgd.rows = %lld: expected an odd number (the estimate is a median of rows)",
                         (long long)config->rows);
    }
    const size_t sketched = d - dense_coordinates(setting->layout, config->dense_below);
    if (sketched == 0) {
        return dsgd_fail(DSGD_EINPUT, "sketched_sgd.dense_below = %lld: expected at least one segment of that many coordinates",
                         (long long)config->dense_below);
    }
    if ((uint64_t)config->k > sketched) {
        return dsgd_fail(DSGD_EINPUT, "sketched_sgd.k = %lld: expected at most d = %zu sketched coordinates",
                         (long long)config->k, sketched);
    }
    if (config->variant == VARIANT_HEAVYMIX) {
        if (config->lr_inside == NO_OR_RUN) {
            return dsgd_fail(DSGD_EINPUT, "sketched_sgd.lr_inside = false: expected true with variant = heavymix "
                             "(Algorithm 2 keeps the learning rate inside the memory)");
        }
        if (config->momentum > 0.0) {
            return dsgd_fail(DSGD_EINPUT, "sketched_sgd.momentum = %g: expected 0 with variant = heavymix (Algorithm 2 has none)",
                             config->momentum);
        }
        if (config->dense_below > 0) {
            return dsgd_fail(DSGD_EINPUT, "sketched_sgd.dense_below = %lld: expected 0 with variant = heavymix "
                             "(Algorithm 2 sketches every coordinate)", (long long)config->dense_below);
        }
        if (config->truncate > 0) {
            return dsgd_fail(DSGD_EINPUT, "sketched_sgd.truncate = %lld: expected 0 with variant = heavymix "
                             "(Algorithm 2 sketches the whole vector)", (long long)config->truncate);
        }
        if (config->own_value && config->values != CODEC_FP32) {
            return dsgd_fail(DSGD_EINPUT, "sketched_sgd.own_value = true: expected false with 16-bit values (the rounding of the mean "
                             "would be in no memory)");
        }
    } else if (config->own_value) {
        return dsgd_fail(DSGD_EINPUT, "sketched_sgd.own_value = true: expected false with variant = topk "
                         "(Algorithm 3 clears the memory at sent coordinates)");
    }
    return DSGD_OK;
}

static const char *unmergeable(const struct dsgd_setting *setting)
{
    const struct sketched_config *config = setting->config;
    if (config->values != CODEC_FP32) { return "rounding to 16 bits is not linear in a worker's vector"; }
    if (config->truncate > 0) { return "each worker truncates its own vector, which is not linear"; }
    return NULL; /* sketches, momentum and masking at common coordinates are linear; lengths depend on k, P, r, c only */
}

static double tau(const struct dsgd_setting *setting)
{
    const struct sketched_config *config = setting->config;
    return (double)config->k / (double)setting->layout->d;
}

/* Splits the layout into what is sketched and what is sent dense; neighbouring segments of a kind become one run. */
static void split_layout(struct sketched_common *c, int64_t dense_below)
{
    for (size_t s = 0; s < c->layout.segments; ++s) {
        const struct dsgd_segment *segment = &c->layout.segment[s];
        const bool dense = segment->count < (uint64_t)dense_below;
        struct sketched_run *runs = dense ? c->dense_run : c->sketched_run;
        size_t *n = dense ? &c->dense_runs : &c->sketched_runs, *place = dense ? &c->dense : &c->sketched;
        if (*n > 0 && runs[*n - 1].offset + runs[*n - 1].count == segment->offset) {
            runs[*n - 1].count += segment->count;
        } else {
            runs[(*n)++] = (struct sketched_run){segment->offset, segment->count, *place};
        }
        *place += segment->count;
    }
}

static void destroy(void *common)
{
    struct sketched_common *c = common;
    if (!c) { return; }
    sketch_hash_destroy(c->hash);
    free(c->sketched_run);
    free(c->dense_run);
    free(c);
}

static enum dsgd_status create(const struct dsgd_setting *setting, void **common)
{
    const struct sketched_config *config = setting->config;
    const size_t segments = setting->layout->segments;
    struct sketched_common *c = calloc(1, sizeof *c);
    if (!c) { return dsgd_fail(DSGD_ENOMEM, "no memory for algorithm sketched_sgd"); }
    c->layout = *setting->layout;
    c->sketched_run = calloc(segments, sizeof *c->sketched_run);
    c->dense_run = calloc(segments, sizeof *c->dense_run);
    if (!c->sketched_run || !c->dense_run) {
        destroy(c);
        return dsgd_fail(DSGD_ENOMEM, "no memory for %zu segments of sketched_sgd", segments);
    }
    const bool heavymix = config->variant == VARIANT_HEAVYMIX;
    split_layout(c, config->dense_below);
    c->variant = heavymix ? &sketched_heavymix : &sketched_topk;
    c->be = setting->backend;
    c->d = setting->layout->d;
    c->table = (size_t)config->rows * (size_t)config->cols;
    c->k = (size_t)config->k;
    const uint64_t asked = (uint64_t)config->k * (uint64_t)config->candidates; /* both below 2^32 */
    c->asked = asked < c->sketched ? (size_t)asked : c->sketched;
    const uint64_t kept = (uint64_t)config->k * (uint64_t)config->truncate;
    c->kept = config->truncate > 0 && kept < c->sketched ? (size_t)kept : c->sketched;
    c->values = (enum codec_values)config->values;
    c->indices = (enum codec_indices)config->indices;
    c->momentum = (float)config->momentum;
    c->lr_inside = config->lr_inside == AUTO ? heavymix : config->lr_inside == YES_OR_STEP;
    c->reseed_step = config->sketch_reseed == AUTO ? heavymix : config->sketch_reseed == YES_OR_STEP;
    c->own_value = config->own_value;
    c->seed_hash = setting->seed_hash;
    c->key_fill = (struct dsgd_rng_key){setting->seed_algorithm, dsgd_rng_purpose("sketched_sgd heavymix fill")};
    enum dsgd_status status = sketch_hash_create(&sketch_hash_polynomial, c->sketched, (uint32_t)config->rows,
                                                 (uint32_t)config->cols, CACHE_CELLS, &c->hash);
    if (status != DSGD_OK) {
        destroy(c);
        return status;
    }
    if (!c->reseed_step) { sketch_hash_reseed(c->hash, c->seed_hash, 0); }
    *common = c;
    return DSGD_OK;
}

static size_t common_bytes(const void *common)
{
    const struct sketched_common *c = common;
    return sizeof *c + 2 * c->layout.segments * sizeof *c->dense_run +
           sketch_hash_bytes(c->sketched, sketch_hash_rows(c->hash), CACHE_CELLS);
}

static void round_bytes(const void *common, uint32_t workers, struct dsgd_round_bytes *bytes)
{
    const struct sketched_common *c = common;
    (void)workers;
    const size_t asked = c->asked > c->k ? c->asked : c->k;
    bytes->up = codec_values_bytes(c->values, (c->table > asked ? c->table : asked) + c->dense);
    bytes->down = codec_indices_bytes_max(c->indices, asked, c->d) + codec_indices_bytes_max(c->indices, c->k, c->d) +
                  codec_values_bytes(c->values, c->k + c->dense);
    bytes->worker_scratch = (c->table + 2 * asked + c->dense) * sizeof(float); /* what codecs read and write */
    if (c->variant == &sketched_heavymix || c->dense > 0) { bytes->worker_scratch += c->sketched * sizeof(float); }
    if (c->kept < c->sketched) { bytes->worker_scratch += 2 * c->kept * sizeof(float) + select_scratch_bytes(c->sketched); }
    bytes->server_scratch = (c->table + c->sketched + 2 * asked + 2 * (c->k + c->dense)) * sizeof(float) +
                            select_scratch_bytes(c->sketched);
}

static int plan(void *common, uint32_t step)
{
    struct sketched_common *c = common;
    if (c->reseed_step) { sketch_hash_reseed(c->hash, c->seed_hash, step); }
    return c->variant->exchanges(c);
}

enum dsgd_status sketched_scratch(const struct dsgd_round *round, size_t bytes, void *memory)
{
    void *taken = dsgd_arena_take(round->scratch, bytes);
    if (!taken) { return dsgd_fail(DSGD_ENOMEM, "sketched_sgd: no memory for %zu bytes of working space", bytes); }
    memcpy(memory, &taken, sizeof taken);
    return DSGD_OK;
}

enum dsgd_status sketched_send_table(const struct sketched_common *c, const struct dsgd_round *round, const float *v,
                                     struct dsgd_message *up)
{
    float *table = NULL;
    if (c->values == CODEC_FP32) { /* straight into the message */
        DSGD_TRY(dsgd_message_add_f32(up, DSGD_TABLE, c->table, &table));
    } else {
        DSGD_TRY(sketched_scratch(round, c->table * sizeof *table, &table));
    }
    c->be->clear(table, c->table * sizeof *table);
    if (c->kept < c->sketched) { /* the authors' p1: only the P1 k largest |v| */
        uint32_t *index = NULL;
        float *value = NULL;
        void *scratch = NULL;
        DSGD_TRY(sketched_scratch(round, c->kept * sizeof *index, &index));
        DSGD_TRY(sketched_scratch(round, c->kept * sizeof *value, &value));
        DSGD_TRY(sketched_scratch(round, select_scratch_bytes(c->sketched), &scratch));
        select_topk(c->sketched, v, c->kept, index, scratch);
        c->be->gather_f32(c->kept, index, v, value);
        count_sketch_accumulate_some(c->hash, 1.0f, c->kept, index, value, table);
    } else {
        count_sketch_accumulate(c->hash, v, table);
    }
    return c->values == CODEC_FP32 ? DSGD_OK : codec_add_values(up, DSGD_TABLE, c->values, c->table, table);
}

enum dsgd_status sketched_absorb_table(const struct sketched_common *c, double *sum, const struct dsgd_round *round,
                                       uint32_t i, const struct dsgd_message *up)
{
    const float *table = NULL;
    DSGD_TRY(codec_get_values(up, 0, DSGD_TABLE, c->values, c->table, round->scratch, &table));
    if (i == 0) { c->be->clear(sum, c->table * sizeof *sum); }
    c->be->add_f32(c->table, table, sum);
    return DSGD_OK;
}

enum dsgd_status sketched_mean_table(const struct sketched_common *c, const double *sum, const struct dsgd_round *round,
                                     const float **table)
{
    float *mean = NULL;
    DSGD_TRY(sketched_scratch(round, c->table * sizeof *mean, &mean));
    c->be->mean_f32(c->table, 1.0 / round->participants, sum, mean);
    *table = mean;
    return DSGD_OK;
}

enum dsgd_status sketched_absorb_values(const struct sketched_common *c, double *sum, size_t n, const struct dsgd_round *round,
                                        uint32_t i, const struct dsgd_message *up)
{
    const float *value = NULL;
    DSGD_TRY(codec_get_values(up, 0, DSGD_VALUE, c->values, n, round->scratch, &value));
    if (i == 0) { c->be->clear(sum, n * sizeof *sum); }
    c->be->add_f32(n, value, sum);
    return DSGD_OK;
}

/* The contract's slots: each hands over to the variant. */
static int worker_fields(const void *common, struct dsgd_field *field)
{
    const struct sketched_common *c = common;
    return c->variant->worker_fields(c, field);
}

static int server_fields(const void *common, struct dsgd_field *field)
{
    const struct sketched_common *c = common;
    return c->variant->server_fields(c, field);
}

static enum dsgd_status encode(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    const struct sketched_common *c = common;
    return c->variant->encode(c, worker, round, grad, down, up);
}

static enum dsgd_status absorb(const void *common, struct dsgd_state *server, const struct dsgd_round *round, uint32_t i,
                               const struct dsgd_message *up)
{
    const struct sketched_common *c = common;
    return c->variant->absorb(c, server, round, i, up);
}

static enum dsgd_status finish(const void *common, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    const struct sketched_common *c = common;
    return c->variant->finish(c, server, round, down);
}

static enum dsgd_status settle(const void *common, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const struct sketched_common *c = common;
    return c->variant->settle(c, worker, round, down);
}

static enum dsgd_status decode(const void *common, const struct dsgd_round *round, const struct dsgd_message *down,
                               struct dsgd_update *update)
{
    const struct sketched_common *c = common;
    return c->variant->decode(c, round, down, update);
}

static void view(const void *common, const struct dsgd_state *worker, double *out)
{
    const struct sketched_common *c = common;
    c->variant->view(c, worker, out);
}

const struct dsgd_algorithm dsgd_sketched_sgd = {
    .name = "sketched_sgd",
    .title = "Sketched-SGD",
    .reference = "Ivkin et al. 2019, arXiv:1903.04488, Algorithms 1, 2 (heavymix) and 3 (topk)",
    .aliases = "sketch, sketched, csvec",
    .departures = "the server works with the mean of the tables and values, not the sum: the learning rate does not depend on W\n"
                  "heavymix compares squared estimates with l2sq/k (the paper prints the estimate itself); an estimate of 0 is never heavy\n"
                  "heavymix's second answer carries values only: the request has named the coordinates",
    .params = params,
    .config_size = sizeof(struct sketched_config),
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
};
