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

#include "algorithms/dgc_warmup.h"
#include "algorithms/sparsifier.h"

struct config {
    int64_t k;
    double momentum;
    bool nesterov, masking, lr_inside;
    double clip;
    int64_t warmup;
    char warmup_ratios[DSGD_TEXT_MAX];
    int indices; /* enum dsgd_indices */
};

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_COUNT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
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
     "steps of each stage of the sparsity warm-up; 0 = none; alias: warmup_epochs, there of all stages; "
     "default: arXiv:1903.04488, section 5"},
    {"warmup_ratios", DSGD_PARAM_TEXT, offsetof(struct config, warmup_ratios), "0.25 0.063 0.015 0.004 0.001", 0, 0, NULL,
     "share of the coordinates sent in each stage, never fewer than k; alias: warmup_coeff; "
     "default: DGC, section 3.3, rounded as in its code"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, DSGD_INDICES_CHOICES,
     DSGD_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    struct dsgd_sparsifier sparsifier;
    size_t k;
    double clip;
    const struct dsgd_groups *whole;
    struct dsgd_dgc_warmup warmup;
};

static enum dsgd_status check(const struct dsgd_setting *setting)
{
    const struct config *config = setting->config;
    if (config->nesterov && !(config->momentum > 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "local_topk.nesterov = true: expected false with momentum = 0");
    }
    struct dsgd_dgc_warmup warmup;
    DSGD_TRY(dsgd_dgc_warmup_parse(config->warmup_ratios, (uint32_t)config->warmup, &warmup));
    return dsgd_dgc_warmup_check(&warmup, (size_t)config->k, setting->layout->d, setting->steps);
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    const size_t d = setting->layout->d;
    struct common *c = common;
    DSGD_TRY(dsgd_dgc_warmup_parse(config->warmup_ratios, (uint32_t)config->warmup, &c->warmup));
    c->k = (size_t)config->k;
    c->clip = config->clip;
    c->whole = dsgd_groups_whole(setting);
    c->sparsifier = (struct dsgd_sparsifier){
        .memory = {.d = d, .momentum = (float)config->momentum, .nesterov = config->nesterov, .masking = config->masking,
                   .lr_inside = config->lr_inside},
        .length = dsgd_planned(dsgd_dgc_warmup_k_max(&c->warmup, c->k, d)),
        .indices = (enum dsgd_indices)config->indices, .workers = setting->workers};
    return DSGD_OK;
}

static void plan(const void *common, uint32_t step, struct dsgd_round *round)
{
    const struct common *c = common;
    round->k = dsgd_dgc_warmup_k(&c->warmup, step, c->k, c->sparsifier.memory.d); /* DGC, section 3.3 */
}

/* DGC, section 3.2: the norm of a mean of W independent gradients is about sqrt(1/W) of one's, so each is held to that share. */
static const dsgd_f32 *clipped(const struct common *c, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    if (!(c->clip > 0.0)) { return grad; }
    dsgd_f64 *norm = dsgd_take_f64(w, 1);
    dsgd_f32 *out = dsgd_take_f32(w, c->sparsifier.memory.d);
    dsgd_group_norm(w, c->whole, grad, norm);
    dsgd_group_shorten(w, c->whole, c->clip / sqrt((double)round->participants), norm, grad, out);
    return out;
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    const dsgd_f32 *g = clipped(c, w, round, grad);                                  /* DGC, Alg. 4 line 4 */
    dsgd_error_memory_add(&c->sparsifier.memory, w, round, g);                            /* lines 5-6 */
    dsgd_select_topk(w, dsgd_field_f32(w, DSGD_ERROR_V), round->k, dsgd_sparsifier_chosen(w)); /* lines 7-9: the k largest, exactly */
    dsgd_sparsifier_send(w);                                                              /* line 10 */
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
    .common_size = sizeof(struct common),
    .view = DSGD_ERROR_V,
    .memory = true,
    .unmergeable = "each worker chooses its own coordinates, which is not linear in its vector",
    .check = check,
    .tau = dsgd_tau_k,
    .init = init,
    .declare = dsgd_sparsifier_declare,
    .plan = plan,
    .encode = encode,
    .absorb = dsgd_sparsifier_absorb,
    .finish = dsgd_sparsifier_finish,
    .settle = dsgd_sparsifier_settle,
    .decode = dsgd_sparsifier_decode,
};
