/* true_topk.c - true top-k: the k largest coordinates of the workers' true mean.
 *
 * What Sketched-SGD approximates with a sketch (Ivkin et al. 2019, arXiv:1903.04488, section 5, "true top-k"; the authors'
 * code: trueTopk), with the error memory of Stich, Cordonnier, Jaggi 2018 (arXiv:1809.07599, Algorithm 1), whose bound holds:
 * top-k of the mean is a k-contraction of the mean memory. Each step u = m u + g, v += u; the worker sends all of v; the
 * server averages and answers with the k largest; w -= eta_t of these; every worker clears v, and with masking u, there.
 * A worker sends d values and receives k values and k indices. It saves nothing on the way up: it is a yardstick.
 * Departure from Stich et al.: eta_t outside the memory by default (lr_inside puts it inside), as in Algorithm 3 of Ivkin et al.
 */
#include "algorithms/error_memory.h"

struct config {
    int64_t k;
    double momentum;
    bool masking, lr_inside;
    int indices; /* enum dsgd_indices */
};

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_COUNT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated per step, 1..d; default: ours"},
    {"momentum", DSGD_PARAM_REAL, offsetof(struct config, momentum), "0", 0.0, 0.999999, NULL,
     "m in u = m u + g, kept by each worker; alias: local_momentum; default: ours"},
    {"masking", DSGD_PARAM_BOOL, offsetof(struct config, masking), "true", 0, 0, NULL,
     "clear u as well as v where the server chose; alias: momentum factor masking; default: arXiv:1903.04488, Algorithm 3"},
    {"lr_inside", DSGD_PARAM_BOOL, offsetof(struct config, lr_inside), "false", 0, 0, NULL,
     "accumulate eta_t u instead of u, update with the values as they are; default: arXiv:1903.04488, Algorithm 3"},
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, DSGD_INDICES_CHOICES,
     DSGD_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    struct dsgd_error_memory memory;
    size_t k;
    enum dsgd_indices indices;
};

enum { SUM };          /* server field */
enum { INDEX, VALUE }; /* sections down */

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    *(struct common *)common = (struct common){
        .memory = {.d = setting->layout->d, .momentum = (float)config->momentum, .masking = config->masking,
                   .lr_inside = config->lr_inside},
        .k = (size_t)config->k, .indices = (enum dsgd_indices)config->indices};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    dsgd_error_memory_declare(&c->memory, d);
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, c->memory.d, DSGD_TRANSIENT);
    dsgd_wire_f32(d, DSGD_UP, 0, 0, DSGD_DENSE, DSGD_FP32, dsgd_exactly(c->memory.d));
    dsgd_wire_set(d, DSGD_DOWN, 0, INDEX, DSGD_INDEX, c->indices, dsgd_exactly(c->k), c->memory.d);
    dsgd_wire_f32(d, DSGD_DOWN, 0, VALUE, DSGD_VALUE, DSGD_FP32, dsgd_as(INDEX));
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    dsgd_error_memory_add(&c->memory, w, round, grad); /* Algorithm 3: u_i = m u_i + g_i, v_i += u_i */
    dsgd_copy(w, dsgd_field_f32(w, DSGD_ERROR_V), dsgd_send_f32(w, 0));
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    dsgd_f32 *mean = dsgd_take_f32(s, c->memory.d);
    dsgd_set *index = dsgd_send_set(s, INDEX);
    dsgd_mean(s, 1.0 / round->participants, dsgd_field_f64(s, SUM), mean);
    dsgd_select_topk(s, mean, c->k, index); /* the k largest of the true mean; Stich et al., Alg. 1 line 4 */
    dsgd_gather(s, index, mean, dsgd_send_f32(s, VALUE));
}

static void settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_error_memory_clear(&c->memory, w, dsgd_down_set(w, 0, INDEX)); /* Algorithm 3: v_i = 0, u_i = 0 where g~ was sent */
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common; /* Algorithm 3: w -= eta_t g~ */
    return dsgd_sparse(dsgd_error_memory_scale(&c->memory, round), dsgd_down_set(all, 0, INDEX), dsgd_down_f32(all, 0, VALUE));
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
    .common_size = sizeof(struct common),
    .view = DSGD_ERROR_V,
    .memory = true,
    .unmergeable = DSGD_MERGEABLE, /* a worker sends all of v; v, u are linear in the gradients and cleared at common coordinates */
    .tau = dsgd_tau_k,
    .init = init,
    .declare = declare,
    .encode = encode,
    .absorb = dsgd_absorb_sum,
    .finish = finish,
    .settle = settle,
    .decode = decode,
};
