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
#include "algorithms/error_memory.h"

struct config {
    int64_t k, candidates;
    bool exact;
    double momentum;
    bool masking, lr_inside;
    int indices; /* enum dsgd_indices */
};

static const struct dsgd_param params[] = {
    {"k", DSGD_PARAM_COUNT, offsetof(struct config, k), "10", 1, 4294967295.0, NULL,
     "coordinates updated per step, 1..d; default: ours"},
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
    {"indices", DSGD_PARAM_CHOICE, offsetof(struct config, indices), "cheapest", 0, 0, DSGD_INDICES_CHOICES,
     DSGD_INDICES_HELP "; default: ours"},
    DSGD_PARAM_END,
};

struct common {
    struct dsgd_error_memory memory;
    size_t k, sent, arrived; /* sent: P k, arrived: from all workers at most; both at most d */
    bool exact;
    enum dsgd_indices indices;
};

enum { SENT = DSGD_ERROR_MEMORY_FIELDS }; /* worker */
enum { SUM, SEEN, VALUE_SUM };       /* server; SUM and SEEN are zero between rounds, VALUE_SUM only if exact */
enum { INDEX, VALUE };               /* sections; in the second exchange there is only a value, number 0 */

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct config *config = setting->config;
    const size_t d = setting->layout->d;
    const uint64_t wanted = (uint64_t)config->k * (uint64_t)config->candidates; /* both below 2^32 */
    const size_t sent = wanted < d ? (size_t)wanted : d;
    *(struct common *)common = (struct common){
        .memory = {.d = d, .momentum = (float)config->momentum, .masking = config->masking, .lr_inside = config->lr_inside},
        .k = (size_t)config->k, .sent = sent, .arrived = sent <= d / setting->workers ? sent * setting->workers : d, .exact = config->exact,
        .indices = (enum dsgd_indices)config->indices};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    const size_t n = c->memory.d;
    dsgd_error_memory_declare(&c->memory, d);
    dsgd_field(d, DSGD_WORKER, SENT, "sent", DSGD_SET, c->sent, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_SERVER, SUM, "sum", DSGD_F64, n, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_SERVER, SEEN, "seen", DSGD_I32, (n + 31) / 32, DSGD_TRANSIENT);
    dsgd_wire_set(d, DSGD_UP, 0, INDEX, DSGD_INDEX, c->indices, dsgd_exactly(c->sent), n);
    dsgd_wire_f32(d, DSGD_UP, 0, VALUE, DSGD_VALUE, DSGD_FP32, dsgd_as(INDEX));
    dsgd_wire_set(d, DSGD_DOWN, 0, INDEX, c->exact ? DSGD_REQUEST : DSGD_INDEX, c->indices, dsgd_exactly(c->k), n);
    if (!c->exact) {
        dsgd_wire_f32(d, DSGD_DOWN, 0, VALUE, DSGD_VALUE, DSGD_FP32, dsgd_as(INDEX));
        return;
    }
    dsgd_field(d, DSGD_SERVER, VALUE_SUM, "value_sum", DSGD_F64, c->k, DSGD_TRANSIENT);
    dsgd_wire_f32(d, DSGD_UP, 1, 0, DSGD_VALUE, DSGD_FP32, dsgd_exactly(c->k));
    dsgd_wire_f32(d, DSGD_DOWN, 1, 0, DSGD_VALUE, DSGD_FP32, dsgd_exactly(c->k));
}

static void plan(const void *common, uint32_t step, struct dsgd_round *round)
{
    const struct common *c = common;
    (void)step;
    round->exchanges = c->exact ? 2 : 1;
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    dsgd_f32 *v = dsgd_field_f32(w, DSGD_ERROR_V);
    if (round->exchange == 1) {
        dsgd_gather(w, dsgd_down_set(w, 0, INDEX), v, dsgd_send_f32(w, 0)); /* exact values, also of those that were no candidates here */
        return;
    }
    dsgd_error_memory_add(&c->memory, w, round, grad);             /* Algorithm 3: u_i = m u_i + g_i, v_i += u_i */
    dsgd_select_topk(w, v, c->sent, dsgd_field_set(w, SENT)); /* section 5: local top-Pk */
    dsgd_copy_set(w, dsgd_field_set(w, SENT), dsgd_send_set(w, INDEX));
    dsgd_gather(w, dsgd_field_set(w, SENT), v, dsgd_send_f32(w, VALUE));
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    (void)common;
    if (round->exchange == 0) {
        dsgd_fold_sparse(s, up, INDEX, VALUE, dsgd_field_f64(s, SUM), dsgd_field_i32(s, SEEN)); /* section 5: their sum */
    } else {
        dsgd_fold_sum(s, up, 0, dsgd_field_f64(s, VALUE_SUM));
    }
}

/* The k largest sums among the coordinates that arrived; there are at least k since every worker sends P k >= k. */
static void choose(const struct common *c, struct dsgd_rows *s, double factor)
{
    dsgd_set *index = dsgd_take_set(s, c->arrived), *place = dsgd_take_set(s, c->k);
    dsgd_f32 *mean = dsgd_take_f32(s, c->arrived);
    dsgd_sparse_take(s, factor, dsgd_field_f64(s, SUM), dsgd_field_i32(s, SEEN), index, mean);
    dsgd_select_topk_sparse(s, index, mean, c->k, place); /* section 5: top-k of the candidates */
    dsgd_subset(s, index, place, dsgd_send_set(s, INDEX));
    if (!c->exact) { dsgd_gather(s, place, mean, dsgd_send_f32(s, VALUE)); }
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    if (round->exchange == 0) {
        choose(common, s, 1.0 / round->participants);
    } else {
        dsgd_mean(s, 1.0 / round->participants, dsgd_field_f64(s, VALUE_SUM), dsgd_send_f32(s, 0)); /* Algorithm 3: g~, of exact values */
    }
}

static void settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    const struct common *c = common;
    const dsgd_set *chosen = dsgd_down_set(w, 0, INDEX);
    (void)round;
    if (c->exact) {
        dsgd_error_memory_clear(&c->memory, w, chosen); /* Algorithm 3, v_i = 0, u_i = 0: everybody's value was used */
    } else {
        dsgd_set *both = dsgd_take_set(w, c->k);
        dsgd_intersect(w, chosen, dsgd_field_set(w, SENT), both); /* of the chosen only what this worker had sent */
        dsgd_error_memory_clear(&c->memory, w, both);
    }
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    const dsgd_f32 *value = c->exact ? dsgd_down_f32(all, 1, 0) : dsgd_down_f32(all, 0, VALUE);
    return dsgd_sparse(dsgd_error_memory_scale(&c->memory, round), dsgd_down_set(all, 0, INDEX), value); /* Algorithm 3: w -= eta_t g~ */
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
    .common_size = sizeof(struct common),
    .view = DSGD_ERROR_V,
    .memory = true,
    .unmergeable = "each worker chooses its own candidates, which is not linear in its vector",
    .tau = dsgd_tau_k,
    .init = init,
    .declare = declare,
    .plan = plan,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .settle = settle,
    .decode = decode,
};
