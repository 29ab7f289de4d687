/* state.c - a run's state for snapshots: what is kept of every party, by name, and the engine's scalars. */
#include <stdio.h>
#include <string.h>

#include "sim/engine_internal.h"

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
                                 &o->error_norm2, &o->recall, &o->update_nnz, &o->heavy, &o->exact_ratio, &o->memory_mean_norm2, &o->memory_norm2_mean};
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

static int add_party(struct dsgd_engine *e, struct dsgd_saved *saved, int n, const char *who, enum dsgd_party party, size_t rows)
{
    for (int j = 0; j < DSGD_FIELDS_MAX; ++j) {
        const struct dsgd_field_spec *field = &e->declaration.field[party][j];
        if (!field->name || field->life == DSGD_TRANSIENT || field->n == 0) { continue; }
        saved[n] = (struct dsgd_saved){.type = field->type == DSGD_F32 ? DSGD_SAVED_F32 : DSGD_SAVED_F64, .rows = rows, .cols = field->n};
        snprintf(saved[n].name, sizeof saved[n].name, "%s/%s", who, field->name);
        ++n;
    }
    return n;
}

int dsgd_engine_saved(struct dsgd_engine *e, struct dsgd_saved saved[DSGD_SAVED_MAX])
{
    const size_t d = e->layout.d;
    int n = 0;
    exchange_scalars(e, true);
    saved[n++] = (struct dsgd_saved){"engine/counter", DSGD_SAVED_U64, 1, COUNTERS};
    saved[n++] = (struct dsgd_saved){"engine/measure", DSGD_SAVED_F64, 1, MEASURES};
    saved[n++] = (struct dsgd_saved){"engine/x", DSGD_SAVED_F64, 1, d};
    if (e->average.used) { saved[n++] = (struct dsgd_saved){"engine/average", DSGD_SAVED_F64, 1, d}; }
    if (e->momentum.used) { saved[n++] = (struct dsgd_saved){"engine/momentum", DSGD_SAVED_F32, 1, d}; }
    n = add_party(e, saved, n, "worker", DSGD_WORKER, e->emulated);
    return add_party(e, saved, n, "server", DSGD_SERVER, 1);
}

/* The array on the device, or in *host one of the engine's images; NULL and NULL if there is none. */
static const struct dsgd_handle *find(struct dsgd_engine *e, const char *name, void **host)
{
    static const char *const own[] = {"engine/x", "engine/average", "engine/momentum"};
    const struct dsgd_handle *const handle[] = {&e->x, &e->average, &e->momentum};
    *host = strcmp(name, "engine/counter") == 0 ? (void *)e->counter : strcmp(name, "engine/measure") == 0 ? (void *)e->measure : NULL;
    for (int j = 0; j < 3; ++j) {
        if (strcmp(name, own[j]) == 0 && handle[j]->used) { return handle[j]; }
    }
    const bool worker = strncmp(name, "worker/", 7) == 0, server = strncmp(name, "server/", 7) == 0;
    for (int j = 0; (worker || server) && j < DSGD_FIELDS_MAX; ++j) {
        const struct dsgd_field_spec *field = &e->declaration.field[worker ? DSGD_WORKER : DSGD_SERVER][j];
        if (field->name && strcmp(field->name, name + 7) == 0) { return worker ? &e->worker[j] : &e->server[j]; }
    }
    return NULL;
}

static size_t element_size(enum dsgd_saved_type type)
{
    return type == DSGD_SAVED_F32 ? sizeof(float) : sizeof(double);
}

/* Moves one row. */
static enum dsgd_status move(struct dsgd_engine *e, const struct dsgd_saved *saved, size_t row, void *out, const void *in)
{
    void *host;
    const struct dsgd_handle *handle = find(e, saved->name, &host);
    const size_t bytes = saved->cols * element_size(saved->type);
    if ((!handle && !host) || row >= saved->rows) {
        return dsgd_fail(DSGD_EINTERNAL, "row %zu of %s: expected an array of the state and one of its %zu rows", row, saved->name, saved->rows);
    }
    if (host) {
        memcpy(out ? out : host, out ? host : in, bytes);
        return DSGD_OK;
    }
    const struct dsgd_array array = dsgd_array_rows(handle->type, &handle->as.array, row);
    if (out) {
        e->device->read(&e->queue, out, array.at, bytes);
    } else {
        e->device->write(&e->queue, array.at, in, bytes);
    }
    return dsgd_engine_failure(&e->queue);
}

enum dsgd_status dsgd_engine_saved_get(struct dsgd_engine *e, const struct dsgd_saved *saved, size_t row, void *out)
{
    return move(e, saved, row, out, NULL);
}

enum dsgd_status dsgd_engine_saved_put(struct dsgd_engine *e, const struct dsgd_saved *saved, size_t row, const void *in)
{
    return move(e, saved, row, NULL, in);
}

enum dsgd_status dsgd_engine_read(struct dsgd_engine *e, const char *name, size_t row, double *out)
{
    struct dsgd_saved saved[DSGD_SAVED_MAX];
    const int n = dsgd_engine_saved(e, saved);
    for (int j = 0; j < n; ++j) {
        if (strcmp(saved[j].name, name) != 0 || saved[j].type == DSGD_SAVED_U64) { continue; }
        DSGD_TRY(dsgd_engine_saved_get(e, &saved[j], row, out));
        for (size_t i = saved[j].cols; saved[j].type == DSGD_SAVED_F32 && i-- > 0;) { /* floats widen from the back */
            float one;
            memcpy(&one, (const char *)out + i * sizeof one, sizeof one);
            out[i] = (double)one;
        }
        return DSGD_OK;
    }
    return dsgd_fail(DSGD_EINTERNAL, "the state has no numbers called %s", name);
}

enum dsgd_status dsgd_engine_restored(struct dsgd_engine *e)
{
    exchange_scalars(e, false);
    if (e->step < 0 || e->step > e->args.config->steps || e->status > DSGD_DIVERGED) {
        return dsgd_fail(DSGD_EINPUT, "snapshot is at step %lld of %lld: expected an earlier one", (long long)e->step,
                         (long long)e->args.config->steps);
    }
    e->device->replicate(&e->queue, &e->x.as.f64, &e->replica.as.f32);
    return DSGD_OK;
}
