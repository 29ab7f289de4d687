/* sketched_topk.c - Algorithm 3 of Sketched-SGD: the empirical training.
 *
 * arXiv:1903.04488, Algorithm 3: u_i = m u_i + g_i; v_i += u_i; S_i = S(v_i); the server takes the P k largest |estimate|
 * of the merged sketch, asks every worker for the exact v_i there, keeps the k largest of the sums; w -= eta_t g~;
 * u_i = v_i = 0 where g~ was sent (momentum factor masking, error reset), also where a sum is exactly 0.
 * P = 0: no second round, the update is the k largest estimates themselves.
 * Departures: means over workers, not sums (the learning rate then does not depend on W); segments below dense_below are
 * sent dense, for them v is cleared and u kept (the authors' code for biases); lr_inside accumulates eta_t u instead of u.
 * truncate = P1 (the authors' p1): S_i = S(the P1 k largest of v_i); v_i itself and the exact values stay whole.
 */
#include "algorithms/sketched_sgd.h"

enum { V, U };                                         /* worker; U only with momentum */
enum { TABLE_SUM, VALUE_SUM, REQUEST, DENSE_SUM };     /* server, all rewritten in a round */

static int worker_fields(const struct sketched_common *c, struct dsgd_field *field)
{
    field[V] = (struct dsgd_field){"v", DSGD_F32, c->d, false};
    field[U] = (struct dsgd_field){"u", DSGD_F32, c->d, false};
    return c->momentum > 0.0f ? 2 : 1;
}

static int server_fields(const struct sketched_common *c, struct dsgd_field *field)
{
    field[TABLE_SUM] = (struct dsgd_field){"table_sum", DSGD_F64, c->table, true};
    field[VALUE_SUM] = (struct dsgd_field){"value_sum", DSGD_F64, c->asked, true};
    field[REQUEST] = (struct dsgd_field){"request", DSGD_U32, c->asked, true};
    field[DENSE_SUM] = (struct dsgd_field){"dense_sum", DSGD_F64, c->dense, true};
    return 4;
}

static int exchanges(const struct sketched_common *c)
{
    return c->asked > 0 ? 2 : 1;
}

/* The runs of v, one behind the other, in `out`. */
static const float *compact(const struct sketched_common *c, const struct sketched_run *run, size_t runs, const float *v,
                            float *out)
{
    for (size_t j = 0; j < runs; ++j) {
        c->be->copy(out + run[j].place, v + run[j].offset, run[j].count * sizeof *v);
    }
    return out;
}

/* place in the sketched vector -> coordinate; indices ascend, so one walk over the runs does */
static void places_to_coordinates(const struct sketched_common *c, size_t n, uint32_t *index)
{
    size_t run = 0;
    for (size_t j = 0; j < n; ++j) {
        while (index[j] >= c->sketched_run[run].place + c->sketched_run[run].count) { ++run; }
        index[j] = (uint32_t)(index[j] - c->sketched_run[run].place + c->sketched_run[run].offset);
    }
}

static enum dsgd_status encode_table(const struct sketched_common *c, struct dsgd_state *worker,
                                     const struct dsgd_round *round, const float *grad, struct dsgd_message *up)
{
    float *v = worker->field[V], *packed = NULL;
    const float eta = c->lr_inside ? (float)round->lr : 1.0f;
    if (c->momentum > 0.0f) {
        c->be->momentum_f32(c->d, c->momentum, eta, grad, worker->field[U], v); /* u = m u + g; v += eta u */
    } else {
        c->be->add_scaled_f32(c->d, eta, grad, v);
    }
    const float *sketched = v;
    if (c->dense > 0) {
        DSGD_TRY(sketched_scratch(round, c->sketched * sizeof *packed, &packed));
        sketched = compact(c, c->sketched_run, c->sketched_runs, v, packed);
    }
    DSGD_TRY(sketched_send_table(c, round, sketched, up)); /* S_i = S(v_i) */
    if (c->dense == 0) { return DSGD_OK; }
    float *dense = NULL;
    DSGD_TRY(sketched_scratch(round, c->dense * sizeof *dense, &dense));
    return codec_add_values(up, DSGD_DENSE, c->values, c->dense, compact(c, c->dense_run, c->dense_runs, v, dense));
}

static enum dsgd_status encode(const struct sketched_common *c, struct dsgd_state *worker, const struct dsgd_round *round,
                               const float *grad, const struct dsgd_message *down, struct dsgd_message *up)
{
    if (round->exchange == 0) { return encode_table(c, worker, round, grad, up); }
    const uint32_t *request = NULL;
    float *value = NULL;
    DSGD_TRY(codec_get_indices(&down[0], 0, DSGD_REQUEST, c->indices, c->asked, c->d, round->scratch, &request));
    DSGD_TRY(sketched_scratch(round, c->asked * sizeof *value, &value));
    c->be->gather_f32(c->asked, request, worker->field[V], value); /* exact values where the server asked */
    return codec_add_values(up, DSGD_VALUE, c->values, c->asked, value);
}

static enum dsgd_status absorb(const struct sketched_common *c, struct dsgd_state *server, const struct dsgd_round *round,
                               uint32_t i, const struct dsgd_message *up)
{
    if (round->exchange == 1) { return sketched_absorb_values(c, server->field[VALUE_SUM], c->asked, round, i, up); }
    DSGD_TRY(sketched_absorb_table(c, server->field[TABLE_SUM], round, i, up));
    if (c->dense > 0) {
        const float *dense = NULL;
        DSGD_TRY(codec_get_values(up, 1, DSGD_DENSE, c->values, c->dense, round->scratch, &dense));
        if (i == 0) { c->be->clear(server->field[DENSE_SUM], c->dense * sizeof(double)); }
        c->be->add_f32(c->dense, dense, server->field[DENSE_SUM]);
    }
    return DSGD_OK;
}

/* The last answer: k coordinates and their values, and the dense segments. */
static enum dsgd_status answer(const struct sketched_common *c, const struct dsgd_state *server,
                               const struct dsgd_round *round, const uint32_t *index, const float *value,
                               struct dsgd_message *down)
{
    DSGD_TRY(codec_add_indices(down, DSGD_INDEX, c->indices, c->k, c->d, index));
    DSGD_TRY(codec_add_values(down, DSGD_VALUE, c->values, c->k, value));
    if (c->dense == 0) { return DSGD_OK; }
    float *dense = NULL;
    DSGD_TRY(sketched_scratch(round, c->dense * sizeof *dense, &dense));
    c->be->mean_f32(c->dense, 1.0 / round->participants, server->field[DENSE_SUM], dense);
    return codec_add_values(down, DSGD_DENSE, c->values, c->dense, dense);
}

/* After the tables: the P k largest estimates become the request, or with P = 0 the k largest the update itself. */
static enum dsgd_status finish_table(const struct sketched_common *c, struct dsgd_state *server,
                                     const struct dsgd_round *round, struct dsgd_message *down)
{
    const float *table = NULL;
    float *estimate = NULL;
    void *scratch = NULL;
    DSGD_TRY(sketched_mean_table(c, server->field[TABLE_SUM], round, &table));
    DSGD_TRY(sketched_scratch(round, c->sketched * sizeof *estimate, &estimate));
    DSGD_TRY(sketched_scratch(round, select_scratch_bytes(c->sketched), &scratch));
    count_sketch_estimate(c->hash, table, estimate, round->threads);
    if (c->asked > 0) {
        uint32_t *request = server->field[REQUEST];
        select_topk(c->sketched, estimate, c->asked, request, scratch);
        places_to_coordinates(c, c->asked, request);
        return codec_add_indices(down, DSGD_REQUEST, c->indices, c->asked, c->d, request);
    }
    uint32_t *index = NULL;
    float *value = NULL;
    DSGD_TRY(sketched_scratch(round, c->k * sizeof *index, &index));
    DSGD_TRY(sketched_scratch(round, c->k * sizeof *value, &value));
    select_topk(c->sketched, estimate, c->k, index, scratch);
    c->be->gather_f32(c->k, index, estimate, value);
    places_to_coordinates(c, c->k, index);
    return answer(c, server, round, index, value, down);
}

static enum dsgd_status finish(const struct sketched_common *c, struct dsgd_state *server, const struct dsgd_round *round,
                               struct dsgd_message *down)
{
    if (round->exchange == 0) { return finish_table(c, server, round, down); }
    const uint32_t *request = server->field[REQUEST];
    float *mean = NULL, *value = NULL;
    uint32_t *place = NULL;
    void *scratch = NULL;
    DSGD_TRY(sketched_scratch(round, c->asked * sizeof *mean, &mean));
    DSGD_TRY(sketched_scratch(round, c->k * sizeof *place, &place));
    DSGD_TRY(sketched_scratch(round, select_scratch_bytes(c->asked), &scratch));
    c->be->mean_f32(c->asked, 1.0 / round->participants, server->field[VALUE_SUM], mean);
    select_topk_positions(c->asked, mean, c->k, place, scratch); /* the k largest of the exact sums */
    DSGD_TRY(sketched_scratch(round, c->k * sizeof *value, &value));
    c->be->gather_f32(c->k, place, mean, value);
    for (size_t j = 0; j < c->k; ++j) { place[j] = request[place[j]]; } /* now coordinates, still ascending */
    return answer(c, server, round, place, value, down);
}

static const struct dsgd_message *last_answer(const struct sketched_common *c, const struct dsgd_message *down)
{
    return &down[exchanges(c) - 1];
}

static enum dsgd_status settle(const struct sketched_common *c, struct dsgd_state *worker, const struct dsgd_round *round,
                               const struct dsgd_message *down)
{
    const uint32_t *index = NULL;
    DSGD_TRY(codec_get_indices(last_answer(c, down), 0, DSGD_INDEX, c->indices, c->k, c->d, round->scratch, &index));
    float *v = worker->field[V];
    c->be->scatter_clear_f32(c->k, index, v); /* error reset */
    if (c->momentum > 0.0f) { c->be->scatter_clear_f32(c->k, index, worker->field[U]); } /* momentum factor masking */
    for (size_t j = 0; j < c->dense_runs; ++j) { /* dense segments: everything was sent, momentum goes on */
        c->be->clear(v + c->dense_run[j].offset, c->dense_run[j].count * sizeof *v);
    }
    return DSGD_OK;
}

/* Merges the sparse and the dense part into one ascending list. */
static enum dsgd_status merge_dense(const struct sketched_common *c, const struct dsgd_round *round, const float *dense,
                                    struct dsgd_update *update)
{
    uint32_t *index = NULL;
    float *value = NULL;
    DSGD_TRY(sketched_scratch(round, (c->k + c->dense) * sizeof *index, &index));
    DSGD_TRY(sketched_scratch(round, (c->k + c->dense) * sizeof *value, &value));
    size_t n = 0, j = 0;
    for (size_t run = 0; run <= c->dense_runs; ++run) {
        const size_t before = run < c->dense_runs ? c->dense_run[run].offset : c->d;
        for (; j < c->k && update->index[j] < before; ++j, ++n) {
            index[n] = update->index[j];
            value[n] = update->value[j];
        }
        for (size_t i = 0; run < c->dense_runs && i < c->dense_run[run].count; ++i, ++n) {
            index[n] = (uint32_t)(before + i);
            value[n] = dense[c->dense_run[run].place + i];
        }
    }
    update->n = n;
    update->index = index;
    update->value = value;
    return DSGD_OK;
}

static enum dsgd_status decode(const struct sketched_common *c, const struct dsgd_round *round,
                               const struct dsgd_message *down, struct dsgd_update *update)
{
    const struct dsgd_message *last = last_answer(c, down);
    update->n = c->k;
    if (c->lr_inside) { update->scale = 1.0; }
    DSGD_TRY(codec_get_indices(last, 0, DSGD_INDEX, c->indices, c->k, c->d, round->scratch, &update->index));
    DSGD_TRY(codec_get_values(last, 1, DSGD_VALUE, c->values, c->k, round->scratch, &update->value));
    if (c->dense == 0) { return DSGD_OK; }
    const float *dense = NULL;
    DSGD_TRY(codec_get_values(last, 2, DSGD_DENSE, c->values, c->dense, round->scratch, &dense));
    return merge_dense(c, round, dense, update);
}

static void view(const struct sketched_common *c, const struct dsgd_state *worker, double *out)
{
    const float *v = worker->field[V];
    for (size_t i = 0; i < c->d; ++i) { out[i] = (double)v[i]; }
}

const struct sketched_variant sketched_topk = {
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
