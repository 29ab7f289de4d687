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

enum { A, OWN };                       /* worker: the memory; with own_value, the values just sent */
enum { TABLE_SUM, VALUE_SUM };         /* server, both rewritten in a round */

static int worker_fields(const struct sketched_common *c, struct dsgd_field *field)
{
    field[A] = (struct dsgd_field){"a", DSGD_F64, c->d, false};
    field[OWN] = (struct dsgd_field){"own", DSGD_F32, c->k, true};
    return c->own_value ? 2 : 1;
}

static int server_fields(const struct sketched_common *c, struct dsgd_field *field)
{
    field[TABLE_SUM] = (struct dsgd_field){"table_sum", DSGD_F64, c->table, true};
    field[VALUE_SUM] = (struct dsgd_field){"value_sum", DSGD_F64, c->k, true};
    return 2;
}

static int exchanges(const struct sketched_common *c)
{
    (void)c;
    return 2;
}

static enum dsgd_status encode(const struct sketched_common *c, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    double *a = worker->field[A];
    if (round->exchange == 0) {
        float *rounded = NULL;
        c->be->error_add_f64(c->d, round->lr, grad, a); /* Alg. 2 line 4: gbar_i = eta_t g_i + a_i, in place */
        DSGD_TRY(sketched_scratch(round, c->d * sizeof *rounded, &rounded));
        c->be->round_f32(c->d, a, rounded);
        return sketched_send_table(c, round, rounded, up); /* Alg. 2 line 5: S_i = S(gbar_i) */
    }
    const uint32_t *chosen = NULL;
    float *value = NULL;
    DSGD_TRY(codec_get_indices(&down[0], 0, DSGD_REQUEST, c->indices, c->k, c->d, round->scratch, &chosen));
    DSGD_TRY(sketched_scratch(round, c->k * sizeof *value, &value));
    c->be->gather_f64(c->k, chosen, a, value);
    if (c->own_value) {
        c->be->copy(worker->field[OWN], value, c->k * sizeof *value);
        codec_round_values(c->values, c->k, worker->field[OWN]);
    }
    return codec_add_values(up, DSGD_VALUE, c->values, c->k, value); /* Alg. 1 line 5: second round of communication */
}

static enum dsgd_status absorb(const struct sketched_common *c, struct dsgd_state *server, const struct dsgd_round *round,
                               uint32_t i, const struct dsgd_message *up)
{
    if (round->exchange == 0) { return sketched_absorb_table(c, server->field[TABLE_SUM], round, i, up); }
    return sketched_absorb_values(c, server->field[VALUE_SUM], c->k, round, i, up);
}

/* Alg. 1 lines 1-4 on the merged sketch */
static enum dsgd_status heavymix(const struct sketched_common *c, const struct dsgd_state *server,
                                 const struct dsgd_round *round, struct dsgd_message *down)
{
    const float *table = NULL;
    float *estimate = NULL;
    void *scratch = NULL;
    uint32_t *chosen = NULL;
    size_t heavy = 0;
    DSGD_TRY(sketched_mean_table(c, server->field[TABLE_SUM], round, &table));
    DSGD_TRY(sketched_scratch(round, c->d * sizeof *estimate, &estimate));
    DSGD_TRY(sketched_scratch(round, select_scratch_bytes(c->d), &scratch));
    DSGD_TRY(sketched_scratch(round, c->k * sizeof *chosen, &chosen));
    const double norm2 = count_sketch_norm2(c->hash, table);                    /* line 1 */
    count_sketch_estimate(c->hash, table, estimate, round->threads);            /* line 2 */
    select_heavymix(c->d, estimate, norm2, c->k, c->key_fill, round->step, chosen, &heavy, scratch); /* lines 3, 4 */
    return codec_add_indices(down, DSGD_REQUEST, c->indices, c->k, c->d, chosen);
}

static enum dsgd_status finish(const struct sketched_common *c, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    if (round->exchange == 0) { return heavymix(c, server, round, down); }
    float *value = NULL;
    DSGD_TRY(sketched_scratch(round, c->k * sizeof *value, &value));
    c->be->mean_f32(c->k, 1.0 / round->participants, server->field[VALUE_SUM], value); /* line 5: exact values of g~ */
    return codec_add_values(down, DSGD_VALUE, c->values, c->k, value);
}

/* The answers of both exchanges make g~: which coordinates, then their values. */
static enum dsgd_status read_answer(const struct sketched_common *c, const struct dsgd_round *round,
                                    const struct dsgd_message *down, const uint32_t **chosen, const float **value)
{
    DSGD_TRY(codec_get_indices(&down[0], 0, DSGD_REQUEST, c->indices, c->k, c->d, round->scratch, chosen));
    return codec_get_values(&down[1], 0, DSGD_VALUE, c->values, c->k, round->scratch, value);
}

static enum dsgd_status settle(const struct sketched_common *c, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const uint32_t *chosen = NULL;
    const float *value = NULL;
    DSGD_TRY(read_answer(c, round, down, &chosen, &value));
    if (c->own_value) { value = worker->field[OWN]; }
    c->be->scatter_sub_f64(c->k, chosen, value, worker->field[A]); /* Alg. 2 line 9: a_i = gbar_i - g~ */
    return DSGD_OK;
}

static enum dsgd_status decode(const struct sketched_common *c, const struct dsgd_round *round,
                               const struct dsgd_message *down, struct dsgd_update *update)
{
    update->n = c->k;
    update->scale = 1.0; /* Alg. 2 line 8: w -= g~, the learning rate is inside */
    return read_answer(c, round, down, &update->index, &update->value);
}

static void view(const struct sketched_common *c, const struct dsgd_state *worker, double *out)
{
    const double *a = worker->field[A];
    for (size_t i = 0; i < c->d; ++i) { out[i] = a[i]; }
}

const struct sketched_variant sketched_heavymix = {
    .worker_fields = worker_fields,
    .server_fields = server_fields,
    .exchanges = exchanges,
    .encode = encode,
    .absorb = absorb,
    .finish = finish,
    .settle = settle,
    .decode = decode,
    .view = view,
};
