/* sketched_sgd.c - Sketched-SGD: workers send Count Sketches, the server finds the heavy coordinates of their mean.
 *
 * Ivkin, Rothchild, Ullah, Braverman, Stoica, Arora, "Communication-efficient Distributed SGD with Sketching", NeurIPS
 * 2019, arXiv:1903.04488. variant = heavymix: Algorithms 1 and 2, the theorems' object (sketched_heavymix.c);
 * variant = topk: Algorithm 3, the empirical training (sketched_topk.c). This file: configuration, checks, what all know.
 * The server works with the MEAN of the tables, as the exact values are means; HEAVYMIX's choice does not depend on scale.
 */
#include "algorithms/sketched_sgd.h"

enum { VARIANT_HEAVYMIX, VARIANT_TOPK };
enum { AUTO, YES_OR_STEP, NO_OR_RUN }; /* lr_inside: auto|true|false; sketch_reseed: auto|step|run */

static const struct dsgd_param params[] = {
    {"variant", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, variant), "heavymix", 0, 0, "heavymix|topk",
     "heavymix: Algorithms 1 and 2 (theory); topk: Algorithm 3 (practice); default: ours, the theorems' object"},
    {"rows", DSGD_PARAM_INT, offsetof(struct sketched_config, rows), "7", 1, DSGD_SKETCH_ROWS_MAX, NULL,
     "r, rows of the sketch, odd; alias: num_rows; default: arXiv:1903.04488, supplement E.1 (MNIST)"},
    {"cols", DSGD_PARAM_INT, offsetof(struct sketched_config, cols), "40", 1, 2147483647.0, NULL,
     "c, columns of the sketch; alias: num_cols; default: arXiv:1903.04488, supplement E.1 (MNIST)"},
    {"hash", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, hash), "auto", 0, 0, DSGD_HASH_CHOICES,
     DSGD_HASH_HELP ", with variant = topk; default: ours"},
    {"k", DSGD_PARAM_COUNT, offsetof(struct sketched_config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated per step, 1..d; default: arXiv:1903.04488, supplement E.1 (MNIST)"},
    {"candidates", DSGD_PARAM_INT, offsetof(struct sketched_config, candidates), "10", 0, 4294967295.0, NULL,
     "topk: P, the server asks for the exact values of P k coordinates; 0 = no second round; alias: p2; default: arXiv:1903.04488, supplement E.1 (MNIST)"},
    {"lr_inside", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, lr_inside), "auto", 0, 0, "auto|true|false",
     "learning rate inside the memory (Algorithm 2) or outside (Algorithm 3); auto = by variant; default: arXiv:1903.04488, Algorithms 2 and 3"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct sketched_config, momentum), "0", 0.0, 0.999999, NULL,
     "topk: m in u = m u + g, with factor masking; alias: local_momentum; default: ours"},
    {"sketch_reseed", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, sketch_reseed), "auto", 0, 0, "auto|step|run",
     "fresh hashes every step (what the theorems need) or once per run (the authors' code); auto = step for heavymix; default: the theorems (step), the authors' code (run)"},
    {"own_value", DSGD_PARAM_BOOL, offsetof(struct sketched_config, own_value), "false", 0, 0, NULL,
     "heavymix: a worker subtracts its own value at sent coordinates, not the mean (bounded memory, same mean); default: arXiv:1903.04488, Algorithm 2"},
    {"dense_below", DSGD_PARAM_INT, offsetof(struct sketched_config, dense_below), "0", 0, 4294967295.0, NULL,
     "topk: segments with fewer coordinates are sent dense (biases); 0 = none; default: arXiv:1903.04488, Algorithm 3"},
    {"values", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, values), "fp32", 0, 0, DSGD_VALUES_CHOICES,
     "how tables and values travel, up and down; alias: transferHalf = fp16; default: arXiv:1903.04488, section 5 (fp16 there too)"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct sketched_config, indices), "cheapest", 0, 0, DSGD_INDICES_CHOICES,
     DSGD_INDICES_HELP "; default: ours"},
    {"truncate", DSGD_PARAM_INT, offsetof(struct sketched_config, truncate), "0", 0, 4294967295.0, NULL,
     "topk: P1, a worker sketches only the P1 k largest |v|; 0 = all; alias: p1; default: the authors' code, example.py"},
    {"dense_roles", DSGD_PARAM_TEXT, offsetof(struct sketched_config, dense_roles), "none", 0, 0, NULL,
     "topk: segments of these roles are sent dense: bias, norm, embedding, weights, several with +; alias: sketchBiases = no bias; default: arXiv:1903.04488, Algorithm 3"},
    DSGD_PARAM_END,
};

bool sketched_is_dense(const void *settings, const struct dsgd_segment *segment)
{
    const struct sketched_config *config = settings;
    uint32_t roles = 0;
    return segment->count < (uint64_t)config->dense_below || (dsgd_roles_read(config->dense_roles, &roles) && (roles >> segment->role & 1u) != 0);
}

static size_t dense_coordinates(const struct dsgd_setting *setting)
{
    const struct dsgd_layout *layout = setting->layout;
    size_t dense = 0;
    for (size_t s = 0; s < layout->segments; ++s) {
        if (sketched_is_dense(setting->config, &layout->segment[s])) { dense += layout->segment[s].count; }
    }
    return dense;
}

/* Theorems are proved for textbook hashes: HEAVYMIX has others only if they are asked for. */
static struct dsgd_hash_wish wish_of(const struct dsgd_setting *setting)
{
    const struct sketched_config *config = setting->config;
    return (struct dsgd_hash_wish){.section = "sketched_sgd", .key = config->hash, .may = config->variant == VARIANT_TOPK,
                                   .n = setting->layout->d - dense_coordinates(setting), .cols = config->cols};
}

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct sketched_config *config = setting->config;
    const size_t d = setting->layout->d;
    if (config->rows % 2 == 0) {
        return dsgd_fail(DSGD_EINPUT, "sketched_sgd.rows = %lld: expected an odd number (the estimate is a median of rows)",
                         (long long)config->rows);
    }
    uint32_t roles = 0;
    if (!dsgd_roles_read(config->dense_roles, &roles)) {
        return dsgd_fail(DSGD_EINPUT, "sketched_sgd.dense_roles = %s: expected none, or some of weights, bias, norm, embedding with + between them", config->dense_roles);
    }
    const size_t sketched = d - dense_coordinates(setting);
    if (sketched == 0 && roles != 0) {
        return dsgd_fail(DSGD_EINPUT, "sketched_sgd.dense_roles = %s: expected a segment of another role%s", config->dense_roles,
                         config->dense_below > 0 ? " that dense_below leaves too" : "");
    }
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
        if (roles != 0) {
            return dsgd_fail(DSGD_EINPUT, "sketched_sgd.dense_roles = %s: expected none with variant = heavymix "
                             "(Algorithm 2 sketches every coordinate)", config->dense_roles);
        }
        if (config->truncate > 0) {
            return dsgd_fail(DSGD_EINPUT, "sketched_sgd.truncate = %lld: expected 0 with variant = heavymix "
                             "(Algorithm 2 sketches the whole vector)", (long long)config->truncate);
        }
        if (config->own_value && config->values != DSGD_FP32) {
            return dsgd_fail(DSGD_EINPUT, "sketched_sgd.own_value = true: expected false with 16-bit values (the rounding of the mean "
                             "would be in no memory)");
        }
    } else if (config->own_value) {
        return dsgd_fail(DSGD_EINPUT, "sketched_sgd.own_value = true: expected false with variant = topk "
                         "(Algorithm 3 clears the memory at sent coordinates)");
    }
    const struct dsgd_hash_wish wish = wish_of(setting);
    return dsgd_hash_check(&wish);
}

static void hint(const struct dsgd_setting *setting, char *text, size_t size)
{
    const struct dsgd_hash_wish wish = wish_of(setting);
    dsgd_hash_hint(&wish, text, size);
}

static const char *may_merge(const struct dsgd_setting *setting)
{
    const struct sketched_config *config = setting->config;
    if (config->values != DSGD_FP32) { return "rounding to 16 bits is not linear in a worker's vector"; }
    if (config->truncate > 0) { return "each worker truncates its own vector, which is not linear"; }
    return DSGD_MERGEABLE; /* sketches, momentum and masking at common coordinates are linear; lengths depend on k, P, r, c only */
}

static const struct dsgd_algorithm *variant(const struct dsgd_setting *setting)
{
    const struct sketched_config *config = setting->config;
    return config->variant == VARIANT_HEAVYMIX ? &dsgd_sketched_heavymix : &dsgd_sketched_topk;
}

struct sketched_common sketched_common_of(const struct dsgd_setting *setting)
{
    const struct sketched_config *config = setting->config;
    const bool heavymix = config->variant == VARIANT_HEAVYMIX;
    const struct dsgd_hash_wish wish = wish_of(setting);
    const bool each_step = config->sketch_reseed == AUTO ? heavymix : config->sketch_reseed == YES_OR_STEP;
    return (struct sketched_common){
        .d = setting->layout->d, .k = (size_t)config->k, .table = (size_t)config->rows * (size_t)config->cols, .rows = (uint32_t)config->rows,
        .cols = (uint32_t)config->cols, .hash = dsgd_hash_of(&wish),
        .lr_inside = config->lr_inside == YES_OR_STEP, /* of Algorithm 3; in Algorithm 2 it is inside by definition */
        .fresh = each_step ? DSGD_EACH_STEP : DSGD_ONCE, .values = (enum dsgd_values)config->values,
        .indices = (enum dsgd_indices)config->indices, .seed_hash = setting->seed_hash};
}

void sketched_prepare(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct sketched_common *c = common;
    (void)round;
    dsgd_sketch_reseed(all, dsgd_field_hashes(all, SKETCHED_HASHES), c->seed_hash, c->fresh);
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
    .variant = variant,
    .check = check,
    .may_merge = may_merge,
    .tau = dsgd_tau_k,
    .hint = hint,
};
