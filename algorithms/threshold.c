/* threshold.c - threshold sparsification: a worker sends every coordinate of its memory of at least a given magnitude.
 *
 * Sahu et al. 2021 (arXiv:2108.00951, "hard-threshold"), with the error memory of Stich, Cordonnier, Jaggi 2018
 * (arXiv:1809.07599, Algorithm 1). Each step u = m u + g, v += u; what has |v_i| >= threshold is sent and cleared; the server
 * averages; w -= eta_t average. A worker sends and receives what the data give: from 0 to d values and indices, and their number.
 * Departure from both: eta_t outside the memory by default (lr_inside puts it inside).
 */
#include "algorithms/sparsifier.h"

struct config { double threshold, momentum; bool masking, lr_inside; int indices; /* enum dsgd_indices */ };

static const struct dsgd_param params[] = {
    {"threshold", DSGD_PARAM_REAL, offsetof(struct config, threshold), "0.01", 0.0, 1e30, NULL,
     "least magnitude that is sent, in units of the memory; alias: lambda; default: GRACE's threshold compressor"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker; alias: local_momentum; default: ours"},
    {"masking", DSGD_PARAM_BOOL, offsetof(struct config, masking), "true", 0, 0, NULL,
     "clear u as well as v where it was sent; alias: momentum factor masking; default: DGC, section 3.3"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "false", 0, 0, NULL,
     "accumulate eta_t u instead of u, update with the sent values as they are; default: DGC, Alg. 4"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, DSGD_INDICES_CHOICES,
     DSGD_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common { struct dsgd_sparsifier sparsifier; float threshold; };

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    *(struct common *)common = (struct common){
        {{setting->layout->d, (float)config->momentum, false, config->masking, config->lr_inside}, dsgd_at_most(setting->layout->d),
         (enum dsgd_indices)config->indices, setting->workers}, (float)config->threshold};
    return DSGD_OK;
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    dsgd_error_memory_add(&c->sparsifier.memory, w, round, grad); /* Stich et al., Alg. 1 line 3: the memory and the gradient */
    dsgd_select_at_least(w, dsgd_field_f32(w, DSGD_ERROR_V), c->threshold, dsgd_sparsifier_chosen(w)); /* Sahu et al.: |v_i| >= lambda */
    dsgd_sparsifier_send(w); /* line 4 */
}

const struct dsgd_algorithm dsgd_threshold = {
    .name = "threshold", .title = "hard threshold", .aliases = "hard-threshold",
    .reference = "Sahu et al. 2021, arXiv:2108.00951; Stich, Cordonnier, Jaggi 2018, arXiv:1809.07599",
    .departures = "the server sends the union of the workers' coordinates, not W separate messages\n"
                  "eta_t outside the memory by default, not inside as in both papers",
    .params = params, .config_size = sizeof(struct config), .common_size = sizeof(struct common), .view = DSGD_ERROR_V, .memory = true,
    .unmergeable = "each worker chooses its own coordinates, which is not linear in its vector",
    .init = init, .declare = dsgd_sparsifier_declare, .encode = encode, .absorb = dsgd_sparsifier_absorb, .finish = dsgd_sparsifier_finish,
    .settle = dsgd_sparsifier_settle, .decode = dsgd_sparsifier_decode,
};
