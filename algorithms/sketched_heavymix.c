/* sketched_heavymix.c - Algorithms 1 and 2 of Sketched-SGD: HEAVYMIX with error memory, the theorems' object.
 *
 * arXiv:1903.04488, Algorithm 2: gbar_i = eta_t g_i + a_i; S_i = S(gbar_i); S = mean S_i; g~ = HEAVYMIX(S, k), whose values
 * are the exact means of gbar_i at the chosen coordinates; w -= g~; a_i = gbar_i - g~. a_i is kept in doubles: the part
 * of a_i that differs from the mean is never sent and grows, so floats would lose the mean by cancellation.
 * Departures: heaviness compares est^2 with l2^2 / k (the paper prints est, the square is meant); exact values go over
 * the wire as floats (or 16 bits), and w and all a_i change by the number that arrived, so w_t - mean a_t stays an exact
 * sum of gradients: the rounding of means is fed back too.
 */
#include "algorithms/sketched_sgd.h"

struct common {
    struct sketched_common shared;
    bool own_value;
    struct dsgd_rng_key key_fill;
};

enum { A, OWN };               /* worker: the memory; with own_value, the values just sent */
enum { TABLE_SUM, VALUE_SUM, HEAVY }; /* server, all rewritten in a round */
enum { ONLY };                 /* the section of every message: table, request, values, their means */

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct sketched_config *config = setting->config;
    *(struct common *)common = (struct common){.shared = sketched_common_of(setting), .own_value = config->own_value,
                                               .key_fill = {setting->seed_algorithm, dsgd_rng_purpose("sketched_sgd heavymix fill")}};
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    const struct sketched_common *s = &c->shared;
    dsgd_field(d, DSGD_WORKER, A, "a", DSGD_F64, s->d, DSGD_KEPT);
    if (c->own_value) { dsgd_field(d, DSGD_WORKER, OWN, "own", DSGD_F32, s->k, DSGD_TRANSIENT); }
    dsgd_field(d, DSGD_SERVER, TABLE_SUM, "table_sum", DSGD_F64, s->table, DSGD_TRANSIENT);
    dsgd_field(d, DSGD_SERVER, VALUE_SUM, "value_sum", DSGD_F64, s->k, DSGD_TRANSIENT);
    dsgd_field_heavy(d, HEAVY, s->k);
    dsgd_field_sketch(d, SKETCHED_HASHES, s->hash, s->d, s->rows, s->cols);
    dsgd_wire_f32(d, DSGD_UP, 0, ONLY, DSGD_TABLE, s->values, dsgd_exactly(s->table));
    dsgd_wire_set(d, DSGD_DOWN, 0, ONLY, DSGD_REQUEST, s->indices, dsgd_exactly(s->k), s->d);
    dsgd_wire_f32(d, DSGD_UP, 1, ONLY, DSGD_VALUE, s->values, dsgd_exactly(s->k));
    dsgd_wire_f32(d, DSGD_DOWN, 1, ONLY, DSGD_VALUE, s->values, dsgd_exactly(s->k));
}

static void plan(const void *common, uint32_t step, struct dsgd_round *round)
{
    (void)common, (void)step;
    round->exchanges = 2;
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    dsgd_f64 *a = dsgd_field_f64(w, A);
    if (round->exchange == 0) {
        dsgd_f32 *rounded = dsgd_take_f32(w, c->shared.d);
        dsgd_error_add(w, round->lr, grad, a); /* Alg. 2 line 4: gbar_i = eta_t g_i + a_i, in place */
        dsgd_round(w, a, rounded);
        dsgd_sketch_vector(w, dsgd_all_hashes(w, SKETCHED_HASHES), rounded, dsgd_send_f32(w, ONLY)); /* line 5: S_i = S(gbar_i) */
        return;
    }
    dsgd_f32 *value = dsgd_send_f32(w, ONLY);
    dsgd_gather_f64(w, dsgd_down_set(w, 0, ONLY), a, value); /* Alg. 1 line 5: second round of communication */
    if (c->own_value) { dsgd_copy(w, value, dsgd_field_f32(w, OWN)); }
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    (void)common;
    dsgd_fold_sum(s, up, ONLY, dsgd_field_f64(s, round->exchange == 0 ? TABLE_SUM : VALUE_SUM)); /* Alg. 2 line 6 */
}

/* Alg. 1 lines 1-4 on the merged sketch */
static void heavymix(const struct common *c, struct dsgd_rows *s, double mean)
{
    const dsgd_sketch *hashes = dsgd_all_hashes(s, SKETCHED_HASHES);
    dsgd_f32 *table = dsgd_take_f32(s, c->shared.table);
    dsgd_f64 *norm2 = dsgd_take_f64(s, 1);
    dsgd_mean(s, mean, dsgd_field_f64(s, TABLE_SUM), table);
    dsgd_sketch_norm2(s, hashes, table, norm2); /* line 1 */
    dsgd_sketch_heavymix(s, hashes, table, norm2, c->shared.k, c->key_fill, dsgd_send_set(s, ONLY), dsgd_field_set(s, HEAVY)); /* lines 2-4 */
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const double mean = 1.0 / round->participants;
    if (round->exchange == 0) {
        heavymix(common, s, mean);
    } else {
        dsgd_mean(s, mean, dsgd_field_f64(s, VALUE_SUM), dsgd_send_f32(s, ONLY)); /* line 5: exact values of g~ */
    }
}

static void settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    const struct common *c = common;
    const dsgd_f32 *value = c->own_value ? dsgd_field_f32(w, OWN) : dsgd_down_f32(w, 1, ONLY);
    (void)round;
    dsgd_scatter_subtract(w, dsgd_down_set(w, 0, ONLY), value, dsgd_field_f64(w, A)); /* Alg. 2 line 9: a_i = gbar_i - g~ */
}

/* The answers of both exchanges make g~: which coordinates, then their values. */
static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    (void)common, (void)round;
    return dsgd_sparse(1.0, dsgd_down_set(all, 0, ONLY), dsgd_down_f32(all, 1, ONLY)); /* line 8: w -= g~, the learning rate is inside */
}

const struct dsgd_algorithm dsgd_sketched_heavymix = {
    .common_size = sizeof(struct common),
    .view = A,
    .memory = true,
    .init = init,
    .declare = declare,
    .plan = plan,
    .prepare = sketched_prepare,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .settle = settle,
    .decode = decode,
};
