/* engine.c - the engine's life: checks, allocation, the loop over rounds and rows, its state for snapshots. */
#include "sim/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine_internal.h"
#include "sim/rng.h"

static struct dsgd_setting setting_of(const struct dsgd_engine_args *args, const struct dsgd_layout *layout)
{
    const struct dsgd_run_config *config = args->config;
    return (struct dsgd_setting){.config = args->algorithm_config, .layout = layout, .backend = dsgd_backend_at(config->backend),
                                 .workers = (uint32_t)config->workers,
                                 .seed_hash = dsgd_run_seed(config, config->seed_hash),
                                 .seed_algorithm = dsgd_run_seed(config, config->seed_algorithm), .steps = config->steps};
}

static enum dsgd_status check(const struct dsgd_engine_args *args, const struct dsgd_setting *setting)
{
    const struct dsgd_algorithm *alg = args->algorithm;
    if (args->config->server_nesterov && !(args->config->server_momentum > 0.0)) {
        return dsgd_fail(DSGD_EINPUT, "server_nesterov = true: expected false with server_momentum = 0");
    }
    if (alg->check) { DSGD_TRY(alg->check(setting)); }
    if (args->config->emulation == DSGD_MERGED) {
        const char *reason = alg->unmergeable ? alg->unmergeable(setting) : "it does not declare that it can be merged";
        if (reason) {
            return dsgd_fail(DSGD_EINPUT, "emulation = merged: not possible with algorithm %s (%s); expected faithful",
                             alg->name, reason);
        }
    }
    return DSGD_OK;
}

static void *zeroed(const struct dsgd_backend *be, size_t bytes)
{
    void *data = be->alloc(bytes ? bytes : 1);
    if (data) { be->clear(data, bytes ? bytes : 1); }
    return data;
}

static size_t party_bytes(const struct dsgd_party *party)
{
    size_t bytes = sizeof *party->state;
    for (int j = 0; j < party->fields; ++j) { bytes += party->field[j].count * dsgd_field_size(party->field[j].type); }
    return bytes * party->count;
}

static enum dsgd_status party_create(const struct dsgd_backend *be, struct dsgd_party *party)
{
    party->state = calloc(party->count, sizeof *party->state);
    bool complete = party->state != NULL;
    for (int j = 0; complete && j < party->fields; ++j) {
        const size_t row = party->field[j].count * dsgd_field_size(party->field[j].type);
        party->block[j] = zeroed(be, row * party->count);
        complete = party->block[j] != NULL;
        for (uint32_t w = 0; complete && w < party->count; ++w) {
            party->state[w].field[j] = (char *)party->block[j] + row * w;
        }
    }
    return complete ? DSGD_OK : dsgd_fail(DSGD_ENOMEM, "no memory for the state of %u parties, %zu bytes", party->count,
                                          party_bytes(party));
}

static void party_destroy(const struct dsgd_backend *be, struct dsgd_party *party)
{
    for (int j = 0; j < party->fields; ++j) { be->release(party->block[j]); }
    free(party->state);
}

static enum dsgd_status lanes_create(struct dsgd_engine *e)
{
    e->lane = calloc((size_t)e->lanes, sizeof *e->lane);
    if (!e->lane) { return dsgd_fail(DSGD_ENOMEM, "no memory for %d threads", e->lanes); }
    for (int l = 0; l < e->lanes; ++l) {
        struct dsgd_lane *lane = &e->lane[l];
        dsgd_arena_init(&lane->up.arena, e->be);
        dsgd_arena_init(&lane->scratch, e->be);
    }
    for (int l = 0; l < e->lanes; ++l) {
        struct dsgd_lane *lane = &e->lane[l];
        lane->grad = zeroed(e->be, e->layout.d * sizeof *lane->grad);
        lane->example = calloc((size_t)e->args.config->batch, sizeof *lane->example);
        if (e->alg->point) { lane->point = zeroed(e->be, e->layout.d * sizeof *lane->point); }
        const bool lends = e->args.config->log.oracle && e->alg->lends && e->alg->lends(e->common);
        if (lends) { lane->input = zeroed(e->be, e->layout.d * sizeof *lane->input); }
        if (!lane->grad || !lane->example || (e->alg->point && !lane->point) || (lends && !lane->input)) {
            return dsgd_fail(DSGD_ENOMEM, "no memory for %d gradients of %zu parameters", e->lanes, e->layout.d);
        }
    }
    return DSGD_OK;
}

static enum dsgd_status model_create(struct dsgd_engine *e)
{
    const size_t d = e->layout.d;
    e->x = zeroed(e->be, d * sizeof *e->x);
    e->replica = zeroed(e->be, d * sizeof *e->replica);
    const bool averaging = e->args.config->average != DSGD_AVERAGE_NONE, merged = e->args.config->emulation == DSGD_MERGED;
    const bool momentum = e->args.config->server_momentum > 0.0;
    if (averaging) { e->average = zeroed(e->be, d * sizeof *e->average); }
    if (momentum) { e->momentum = zeroed(e->be, d * sizeof *e->momentum); }
    if (merged) { e->merged_sum = zeroed(e->be, d * sizeof *e->merged_sum); }
    if (!e->x || !e->replica || (averaging && !e->average) || (merged && !e->merged_sum) ||
        (momentum && !e->momentum)) {
        return dsgd_fail(DSGD_ENOMEM, "no memory for a model of %zu parameters", d);
    }
    if (e->args.problem->start) { e->args.problem->start(e->args.problem_self, e->x); }
    e->be->round_f32(d, e->x, e->replica);
    if (averaging) { e->be->copy(e->average, e->x, d * sizeof *e->x); } /* row 0 shows the start */
    return DSGD_OK;
}

static enum dsgd_status build(struct dsgd_engine *e, const struct dsgd_setting *setting)
{
    const struct dsgd_run_config *config = e->args.config;
    DSGD_TRY(dsgd_schedule_resolve(config, &e->args.constants, e->alg->tau ? e->alg->tau(setting) : 1.0, &e->schedule));
    DSGD_TRY(e->alg->create(setting, &e->common));
    e->workers.fields = e->alg->worker_fields(e->common, e->workers.field);
    e->workers.count = e->emulated;
    DSGD_TRY(party_create(e->be, &e->workers));
    e->server.fields = e->alg->server_fields(e->common, e->server.field);
    e->server.count = 1;
    DSGD_TRY(party_create(e->be, &e->server));
    DSGD_TRY(lanes_create(e));
    DSGD_TRY(model_create(e));
    DSGD_TRY(dsgd_observer_create(e));
    return dsgd_engine_tables_create(e);
}

enum dsgd_status dsgd_engine_create(const struct dsgd_engine_args *args, struct dsgd_engine **out)
{
    struct dsgd_layout layout;
    size_t n = 0;
    args->problem->shape(args->problem_self, &layout, &n);
    const struct dsgd_setting setting = setting_of(args, &layout);
    DSGD_TRY(check(args, &setting));
    struct dsgd_engine *e = calloc(1, sizeof *e);
    if (!e) { return dsgd_fail(DSGD_ENOMEM, "no memory for the engine"); }
    e->args = *args;
    e->layout = layout;
    e->n = n;
    e->be = setting.backend;
    e->alg = args->algorithm;
    e->emulated = args->config->emulation == DSGD_MERGED ? 1 : (uint32_t)args->config->workers;
    e->key_batch = (struct dsgd_rng_key){dsgd_run_seed(args->config, args->config->seed_data), dsgd_rng_purpose("minibatch")};
    e->lanes = args->threads < args->config->workers ? args->threads : (int)args->config->workers;
    e->last_row = -1;
    dsgd_ledger_clear(&e->ledger);
    dsgd_arena_init(&e->server_scratch, e->be);
    for (int j = 0; j < DSGD_EXCHANGES_MAX; ++j) { dsgd_arena_init(&e->down[j].arena, e->be); }
    enum dsgd_status status = build(e, &setting);
    if (status != DSGD_OK) {
        dsgd_engine_destroy(e);
        return status;
    }
    *out = e;
    return DSGD_OK;
}

void dsgd_engine_destroy(struct dsgd_engine *e)
{
    if (!e) { return; }
    for (int l = 0; e->lane && l < e->lanes; ++l) {
        dsgd_arena_destroy(&e->lane[l].up.arena);
        dsgd_arena_destroy(&e->lane[l].scratch);
        e->be->release(e->lane[l].grad);
        e->be->release(e->lane[l].input);
        e->be->release(e->lane[l].point);
        free(e->lane[l].example);
    }
    free(e->lane);
    for (int j = 0; j < DSGD_EXCHANGES_MAX; ++j) { dsgd_arena_destroy(&e->down[j].arena); }
    dsgd_arena_destroy(&e->server_scratch);
    party_destroy(e->be, &e->workers);
    party_destroy(e->be, &e->server);
    e->alg->destroy(e->common);
    e->be->release(e->x);
    e->be->release(e->replica);
    e->be->release(e->average);
    e->be->release(e->momentum);
    e->be->release(e->merged_sum);
    dsgd_observer_destroy(e);
    for (int j = 0; j < DSGD_TABLES; ++j) { dsgd_table_destroy(&e->table[j]); }
    free(e);
}

enum dsgd_status dsgd_engine_step(struct dsgd_engine *e)
{
    const struct dsgd_run_config *config = e->args.config;
    if (e->step == e->next_row && e->last_row < e->step) { DSGD_TRY(dsgd_engine_row(e)); }
    if (e->status != DSGD_RUNNING) { return DSGD_OK; }
    if (e->step >= e->next_row) { e->next_row = dsgd_run_next_row(config, e->step); } /* logarithms: not in every step */
    DSGD_TRY(dsgd_engine_round(e, config->log.oracle && e->step + 1 == e->next_row));
    if (e->status == DSGD_DIVERGED) { e->next_row = e->step; } /* the row shows it, whatever the grid says */
    if (e->step == config->steps && e->status == DSGD_RUNNING) { e->status = DSGD_COMPLETE; }
    if (e->status != DSGD_RUNNING) { DSGD_TRY(dsgd_engine_row(e)); }
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_check(const struct dsgd_engine_args *args)
{
    struct dsgd_layout layout;
    size_t n = 0;
    args->problem->shape(args->problem_self, &layout, &n);
    const struct dsgd_setting setting = setting_of(args, &layout);
    return check(args, &setting);
}

enum dsgd_status dsgd_engine_memory(const struct dsgd_engine_args *args, size_t *engine_bytes, size_t *worker_bytes)
{
    struct dsgd_layout layout;
    size_t n = 0;
    args->problem->shape(args->problem_self, &layout, &n);
    const struct dsgd_setting setting = setting_of(args, &layout);
    DSGD_TRY(check(args, &setting));
    void *common = NULL;
    DSGD_TRY(args->algorithm->create(&setting, &common));
    const struct dsgd_run_config *config = args->config;
    const bool merged = config->emulation == DSGD_MERGED;
    const size_t d = layout.d, lanes = (size_t)(args->threads < config->workers ? args->threads : config->workers);
    struct dsgd_party workers = {.count = merged ? 1 : (uint32_t)config->workers}, server = {.count = 1};
    struct dsgd_round_bytes round = {.up = 0};
    workers.fields = args->algorithm->worker_fields(common, workers.field);
    server.fields = args->algorithm->server_fields(common, server.field);
    if (args->algorithm->round_bytes) { args->algorithm->round_bytes(common, workers.count, &round); }
    *worker_bytes = party_bytes(&workers);
    size_t bytes = party_bytes(&server) + d * (sizeof(double) + sizeof(float));        /* master copy and replica */
    bytes += lanes * (d * sizeof(float) + round.up + round.worker_scratch);            /* a gradient a thread */
    bytes += args->algorithm->point ? lanes * d * sizeof(float) : 0;
    bytes += config->server_momentum > 0.0 ? 2 * d * sizeof(float) : 0;
    bytes += round.down + round.server_scratch;
    bytes += config->average != DSGD_AVERAGE_NONE ? d * sizeof(double) : 0;
    bytes += merged ? d * sizeof(double) : 0;
    const bool lends = args->algorithm->lends && args->algorithm->lends(common);
    bytes += config->log.oracle ? (args->algorithm->view || lends ? 3 : 1) * d * sizeof(double) : 0;
    bytes += config->log.oracle && lends ? lanes * d * sizeof(float) : 0;
    bytes += args->algorithm->common_bytes ? args->algorithm->common_bytes(common) : 0;
    bytes += args->problem->bytes ? args->problem->bytes(args->problem_self) : 0;
    bytes += (size_t)dsgd_run_rows(config) * DSGD_TABLES * 16 * sizeof(union dsgd_cell); /* 60 columns in four tables */
    *engine_bytes = bytes;
    args->algorithm->destroy(common);
    return DSGD_OK;
}

enum dsgd_run_status dsgd_engine_status(const struct dsgd_engine *e) { return e->status; }
int64_t dsgd_engine_steps_done(const struct dsgd_engine *e) { return e->step; }
const struct dsgd_schedule *dsgd_engine_schedule(const struct dsgd_engine *e) { return &e->schedule; }
const struct dsgd_ledger *dsgd_engine_ledger(const struct dsgd_engine *e) { return &e->ledger; }
size_t dsgd_engine_d(const struct dsgd_engine *e) { return e->layout.d; }
const double *dsgd_engine_model(const struct dsgd_engine *e) { return e->x; }
const double *dsgd_engine_output(const struct dsgd_engine *e) { return e->average ? e->average : e->x; }
struct dsgd_table *dsgd_engine_table(struct dsgd_engine *e, int which) { return &e->table[which]; }
struct dsgd_state *dsgd_engine_worker(struct dsgd_engine *e, uint32_t w) { return &e->workers.state[w]; }

int dsgd_engine_threads_used(const struct dsgd_engine *e)
{
    int used = 0;
    for (int l = 0; l < e->lanes; ++l) { used += e->lane[l].worked; }
    return used > 0 ? used : e->step > 0;
}

void dsgd_engine_seconds(const struct dsgd_engine *e, double *rounds, double *evaluation)
{
    *rounds = e->round_s;
    *evaluation = e->evaluation_s;
}

void dsgd_lane_seconds(const struct dsgd_engine *e, double *gradient, double *encode, double *settle)
{
    *gradient = *encode = *settle = 0.0;
    for (int l = 0; l < e->lanes; ++l) {
        *gradient += e->lane[l].gradient_s;
        *encode += e->lane[l].encode_s;
        *settle += e->lane[l].settle_s;
    }
}

/* Scalars that a snapshot must carry, in one order for saving and restoring. */
static void exchange_scalars(struct dsgd_engine *e, bool save)
{
    uint64_t step = (uint64_t)e->step, status = (uint64_t)e->status, next = (uint64_t)e->next_row,
             last = (uint64_t)(e->last_row + 1);
    uint64_t *counter[COUNTERS] = {&step, &status, &next, &last, &e->ledger.broadcast, &e->ledger.messages_up,
                                   &e->ledger.messages_down, &e->ledger.worker_steps};
    int counters = 0;
    while (counter[counters]) { ++counters; }
    for (int k = 0; k < DSGD_KINDS; ++k) { counter[counters++] = &e->ledger.up[k]; }
    for (int k = 0; k < DSGD_KINDS; ++k) { counter[counters++] = &e->ledger.down[k]; }
    struct dsgd_observer *o = &e->observer;
    double gradient, encode, settle; /* restored into lane 0 */
    dsgd_lane_seconds(e, &gradient, &encode, &settle);
    double *measure[MEASURES] = {&e->ledger.values_min, &e->ledger.values_max, &e->ledger.wire_min, &e->ledger.wire_max,
                                 &e->weight_sum, &e->plan_s, &e->server_s, &e->decode_s, &e->round_s, &e->evaluation_s,
                                 &gradient, &encode, &settle, &o->input_norm2,
                                 &o->error_norm2, &o->recall, &o->update_nnz, &o->memory_mean_norm2, &o->memory_norm2_mean};
    for (int j = 0; j < counters; ++j) {
        if (save) {
            e->counter[j] = *counter[j];
        } else {
            *counter[j] = e->counter[j];
        }
    }
    for (int j = 0; j < MEASURES && measure[j]; ++j) {
        if (save) {
            e->measure[j] = *measure[j];
        } else {
            *measure[j] = e->measure[j];
        }
    }
    if (!save) {
        e->step = (int64_t)step;
        e->status = (enum dsgd_run_status)status;
        e->next_row = (int64_t)next;
        e->last_row = (int64_t)last - 1;
        e->lane[0].gradient_s = gradient;
        e->lane[0].encode_s = encode;
        e->lane[0].settle_s = settle;
    }
}

static int add_party(struct dsgd_array *array, int n, const char *who, const struct dsgd_party *party)
{
    for (int j = 0; j < party->fields; ++j) {
        const struct dsgd_field *field = &party->field[j];
        if (field->transient || field->count == 0) { continue; }
        array[n] = (struct dsgd_array){.type = field->type, .rows = party->count, .cols = field->count,
                                       .data = party->block[j]};
        snprintf(array[n].name, sizeof array[n].name, "%s/%s", who, field->name);
        ++n;
    }
    return n;
}

int dsgd_engine_arrays(struct dsgd_engine *e, struct dsgd_array array[DSGD_ARRAYS_MAX])
{
    exchange_scalars(e, true);
    int n = 0;
    array[n++] = (struct dsgd_array){"engine/counter", DSGD_U64, 1, COUNTERS, e->counter};
    array[n++] = (struct dsgd_array){"engine/measure", DSGD_F64, 1, MEASURES, e->measure};
    array[n++] = (struct dsgd_array){"engine/x", DSGD_F64, 1, e->layout.d, e->x};
    if (e->average) { array[n++] = (struct dsgd_array){"engine/average", DSGD_F64, 1, e->layout.d, e->average}; }
    if (e->momentum) { array[n++] = (struct dsgd_array){"engine/momentum", DSGD_F32, 1, e->layout.d, e->momentum}; }
    n = add_party(array, n, "worker", &e->workers);
    return add_party(array, n, "server", &e->server);
}

enum dsgd_status dsgd_engine_restored(struct dsgd_engine *e)
{
    exchange_scalars(e, false);
    if (e->step < 0 || e->step > e->args.config->steps || e->status > DSGD_DIVERGED) {
        return dsgd_fail(DSGD_EINPUT, "snapshot is at step %lld of %lld: expected an earlier one", (long long)e->step,
                         (long long)e->args.config->steps);
    }
    e->be->round_f32(e->layout.d, e->x, e->replica);
    return DSGD_OK;
}
