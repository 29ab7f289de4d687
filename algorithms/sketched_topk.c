/* sketched_topk.c - Algorithm 3 of Sketched-SGD: the empirical training.
 *
 * arXiv:1903.04488, Algorithm 3: u_i = m u_i + g_i; v_i += u_i; S_i = S(v_i); the server takes the P k largest |estimate|
 * of the merged sketch, asks every worker for the exact v_i there, keeps the k largest of the sums; w -= eta_t g~;
 * u_i = v_i = 0 where g~ was sent (momentum factor masking, error reset), also where a sum is exactly 0.
 * P = 0: no second round, the update is the k largest estimates themselves.
 * Departures: means over workers, not sums (the learning rate then does not depend on W); segments below dense_below or
 * with one of dense_roles are sent dense, for them v is cleared and u kept (the authors' code for biases); lr_inside accumulates eta_t u instead of u.
 * truncate = P1 (the authors' p1): S_i = S(the P1 k largest of v_i); v_i itself and the exact values stay whole.
 */
#include "algorithms/error_memory.h"
#include "algorithms/sketched_sgd.h"

struct common {
    struct sketched_common shared;
    struct dsgd_error_memory memory;
    const struct dsgd_runs *sketched, *dense; /* the two parts of the model, by size of segments */
    size_t n_sketched, n_dense;
    size_t asked; /* coordinates asked for in the second exchange (P k, at most n_sketched) */
    size_t kept;  /* coordinates that a worker sketches (P1 k); n_sketched without truncation */
    int last;     /* the exchange whose answer is the update */
};

enum { TABLE_SUM, VALUE_SUM, DENSE_SUM };    /* server fields, all rewritten in a round */
enum { UP_TABLE, UP_DENSE };                 /* sections up in exchange 0; in exchange 1 the values that were asked for */
enum { DOWN_INDEX, DOWN_VALUE, DOWN_DENSE }; /* sections of the last answer; the first answer of two is the request */
enum { ONLY };

static bool is_sketched(const void *config, const struct dsgd_segment *segment)
{
    return !sketched_is_dense(config, segment);
}

static size_t at_most(uint64_t n, size_t limit)
{
    return n < limit ? (size_t)n : limit;
}

static enum dsgd_status init(const struct dsgd_setting *setting, void *common)
{
    const struct sketched_config *config = setting->config;
    struct common *c = common;
    c->shared = sketched_common_of(setting);
    c->memory = (struct dsgd_error_memory){.d = c->shared.d, .momentum = (float)config->momentum, .masking = true, .lr_inside = c->shared.lr_inside};
    c->sketched = dsgd_runs_of(setting, is_sketched, config);
    c->dense = dsgd_runs_of(setting, sketched_is_dense, config);
    c->n_sketched = dsgd_runs_count(c->sketched);
    c->n_dense = dsgd_runs_count(c->dense);
    c->asked = at_most((uint64_t)config->k * (uint64_t)config->candidates, c->n_sketched); /* both below 2^32 */
    c->kept = config->truncate > 0 ? at_most((uint64_t)config->k * (uint64_t)config->truncate, c->n_sketched) : c->n_sketched;
    c->last = c->asked > 0 ? 1 : 0;
    return DSGD_OK;
}

static void declare(const void *common, struct dsgd_declaration *d)
{
    const struct common *c = common;
    const struct sketched_common *s = &c->shared;
    dsgd_error_memory_declare(&c->memory, d);
    dsgd_field_sketch(d, SKETCHED_HASHES, s->hash, c->n_sketched, s->rows, s->cols);
    dsgd_field(d, DSGD_SERVER, TABLE_SUM, "table_sum", DSGD_F64, s->table, DSGD_TRANSIENT);
    dsgd_wire_f32(d, DSGD_UP, 0, UP_TABLE, DSGD_TABLE, s->values, dsgd_exactly(s->table));
    if (c->last == 1) {
        dsgd_field(d, DSGD_SERVER, VALUE_SUM, "value_sum", DSGD_F64, c->asked, DSGD_TRANSIENT);
        dsgd_wire_set(d, DSGD_DOWN, 0, ONLY, DSGD_REQUEST, s->indices, dsgd_exactly(c->asked), s->d);
        dsgd_wire_f32(d, DSGD_UP, 1, ONLY, DSGD_VALUE, s->values, dsgd_exactly(c->asked));
    }
    dsgd_wire_set(d, DSGD_DOWN, c->last, DOWN_INDEX, DSGD_INDEX, s->indices, dsgd_exactly(s->k), s->d);
    dsgd_wire_f32(d, DSGD_DOWN, c->last, DOWN_VALUE, DSGD_VALUE, s->values, dsgd_as(DOWN_INDEX));
    if (c->n_dense > 0) {
        dsgd_field(d, DSGD_SERVER, DENSE_SUM, "dense_sum", DSGD_F64, c->n_dense, DSGD_TRANSIENT);
        dsgd_wire_f32(d, DSGD_UP, 0, UP_DENSE, DSGD_DENSE, s->values, dsgd_exactly(c->n_dense));
        dsgd_wire_f32(d, DSGD_DOWN, c->last, DOWN_DENSE, DSGD_DENSE, s->values, dsgd_exactly(c->n_dense));
    }
}

static void plan(const void *common, uint32_t step, struct dsgd_round *round)
{
    (void)step;
    round->exchanges = ((const struct common *)common)->last + 1;
}

static void encode(const void *common, struct dsgd_rows *w, const struct dsgd_round *round, const dsgd_f32 *grad)
{
    const struct common *c = common;
    const dsgd_sketch *hashes = dsgd_all_hashes(w, SKETCHED_HASHES);
    dsgd_f32 *v = dsgd_field_f32(w, DSGD_ERROR_V), *sketched = v;
    if (round->exchange == 1) {
        dsgd_gather(w, dsgd_down_set(w, 0, ONLY), v, dsgd_send_f32(w, ONLY)); /* exact values where the server asked */
        return;
    }
    dsgd_f32 *table = dsgd_send_f32(w, UP_TABLE);
    if (c->memory.momentum > 0.0f && c->n_dense == 0 && c->kept == c->n_sketched) { /* all of v_i: in one pass */
        dsgd_error_memory_sketch(&c->memory, w, round, grad, hashes, table);
        return;
    }
    dsgd_error_memory_add(&c->memory, w, round, grad); /* u_i = m u_i + g_i; v_i += u_i */
    if (c->n_dense > 0) {
        sketched = dsgd_take_f32(w, c->n_sketched);
        dsgd_pack(w, c->sketched, v, sketched);
        dsgd_pack(w, c->dense, v, dsgd_send_f32(w, UP_DENSE));
    }
    if (c->kept < c->n_sketched) { /* the authors' p1: only the P1 k largest |v| */
        dsgd_set *at = dsgd_take_set(w, c->kept);
        dsgd_f32 *value = dsgd_take_f32(w, c->kept);
        dsgd_select_topk(w, sketched, c->kept, at);
        dsgd_gather(w, at, sketched, value);
        dsgd_clear(w, table);
        dsgd_sketch_add_some(w, hashes, 1.0f, at, value, table);
    } else {
        dsgd_sketch_vector(w, hashes, sketched, table); /* S_i = S(v_i) */
    }
}

static void absorb(const void *common, struct dsgd_rows *s, const struct dsgd_arrivals *up, const struct dsgd_round *round)
{
    const struct common *c = common;
    if (round->exchange == 1) {
        dsgd_fold_sum(s, up, ONLY, dsgd_field_f64(s, VALUE_SUM));
        return;
    }
    dsgd_fold_sum(s, up, UP_TABLE, dsgd_field_f64(s, TABLE_SUM)); /* S = sum of S_i */
    if (c->n_dense > 0) { dsgd_fold_sum(s, up, UP_DENSE, dsgd_field_f64(s, DENSE_SUM)); }
}

/* After the tables: the P k largest estimates become the request, or with P = 0 the k largest the update itself. */
static void choose(const struct common *c, struct dsgd_rows *s, double mean)
{
    dsgd_f32 *table = dsgd_take_f32(s, c->shared.table);
    dsgd_set *chosen = dsgd_send_set(s, c->last == 1 ? ONLY : DOWN_INDEX);
    dsgd_mean(s, mean, dsgd_field_f64(s, TABLE_SUM), table);
    dsgd_sketch_topk(s, dsgd_all_hashes(s, SKETCHED_HASHES), table, c->last == 1 ? c->asked : c->shared.k, chosen,
                     c->last == 1 ? NULL : dsgd_send_f32(s, DOWN_VALUE));
    dsgd_unpack_places(s, c->sketched, chosen);
}

static void finish(const void *common, struct dsgd_rows *s, const struct dsgd_round *round)
{
    const struct common *c = common;
    const double mean = 1.0 / round->participants;
    if (round->exchange == 0) {
        choose(c, s, mean);
    } else {
        dsgd_f32 *value = dsgd_take_f32(s, c->asked);
        dsgd_set *place = dsgd_take_set(s, c->shared.k);
        dsgd_mean(s, mean, dsgd_field_f64(s, VALUE_SUM), value);
        dsgd_select_topk(s, value, c->shared.k, place); /* the k largest of the exact sums */
        dsgd_gather(s, place, value, dsgd_send_f32(s, DOWN_VALUE));
        dsgd_subset(s, dsgd_down_set(s, 0, ONLY), place, dsgd_send_set(s, DOWN_INDEX)); /* coordinates, still ascending */
    }
    if (round->exchange == c->last && c->n_dense > 0) { dsgd_mean(s, mean, dsgd_field_f64(s, DENSE_SUM), dsgd_send_f32(s, DOWN_DENSE)); }
}

static void settle(const void *common, struct dsgd_rows *w, const struct dsgd_round *round)
{
    const struct common *c = common;
    (void)round;
    dsgd_error_memory_clear(&c->memory, w, dsgd_down_set(w, c->last, DOWN_INDEX));                 /* error reset, momentum factor masking */
    if (c->n_dense > 0) { dsgd_clear_runs(w, c->dense, dsgd_field_f32(w, DSGD_ERROR_V)); } /* everything was sent, momentum goes on */
}

static struct dsgd_update decode(const void *common, struct dsgd_rows *all, const struct dsgd_round *round)
{
    const struct common *c = common;
    const double scale = dsgd_error_memory_scale(&c->memory, round);
    const dsgd_set *at = dsgd_down_set(all, c->last, DOWN_INDEX);
    const dsgd_f32 *value = dsgd_down_f32(all, c->last, DOWN_VALUE);
    if (c->n_dense == 0) { return dsgd_sparse(scale, at, value); } /* w -= eta_t g~ */
    dsgd_set *at_all = dsgd_take_set(all, c->shared.k + c->n_dense);
    dsgd_f32 *value_all = dsgd_take_f32(all, c->shared.k + c->n_dense);
    dsgd_merge_runs(all, at, value, c->dense, dsgd_down_f32(all, c->last, DOWN_DENSE), at_all, value_all);
    return dsgd_sparse(scale, at_all, value_all);
}

const struct dsgd_algorithm dsgd_sketched_topk = {
    .common_size = sizeof(struct common),
    .view = DSGD_ERROR_V,
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
