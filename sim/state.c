/* state.c - a run's state for snapshots: what is kept of every party, by name, and the engine's numbers. */
#include <stdio.h>
#include <string.h>

#include "sim/engine_internal.h"

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

/* "engine/time_round": columns of two tables may have one name. */
static void name_quantity(const struct dsgd_quantity *q, char *name, size_t size)
{
    static const char *const table[] = {[DSGD_TRACE] = "", [DSGD_LEDGER] = "ledger_", [DSGD_ORACLE] = "oracle_", [DSGD_TIME] = "time_"};
    snprintf(name, size, "engine/%.8s%.31s", q->table == DSGD_NO_TABLE ? "" : table[q->table], q->name);
}

static void *find_quantity(struct dsgd_engine *e, const char *name)
{
    struct dsgd_quantity quantity[DSGD_QUANTITIES_MAX];
    const int quantities = dsgd_engine_quantities(e, quantity);
    for (int j = 0; j < quantities; ++j) {
        char one[64];
        name_quantity(&quantity[j], one, sizeof one);
        if (quantity[j].kept && strcmp(one, name) == 0) { return quantity[j].integer ? (void *)quantity[j].as.count : (void *)quantity[j].as.real; }
    }
    return NULL;
}

int dsgd_engine_saved(struct dsgd_engine *e, struct dsgd_saved saved[DSGD_SAVED_MAX])
{
    const size_t d = e->layout.d;
    int n = 0;
    struct dsgd_quantity quantity[DSGD_QUANTITIES_MAX];
    const int quantities = dsgd_engine_quantities(e, quantity);
    dsgd_engine_image(e, false);
    for (int j = 0; j < quantities; ++j) {
        if (!quantity[j].kept) { continue; }
        saved[n] = (struct dsgd_saved){.type = quantity[j].integer ? DSGD_SAVED_U64 : DSGD_SAVED_F64, .rows = 1, .cols = 1};
        name_quantity(&quantity[j], saved[n].name, sizeof saved[n].name);
        ++n;
    }
    saved[n++] = (struct dsgd_saved){"engine/x", DSGD_SAVED_F64, 1, d};
    if (e->average.used) { saved[n++] = (struct dsgd_saved){"engine/average", DSGD_SAVED_F64, 1, d}; }
    if (e->place->momentum.used) { saved[n++] = (struct dsgd_saved){"engine/momentum", DSGD_SAVED_F32, 1, d}; }
    n = add_party(e, saved, n, "worker", DSGD_WORKER, e->emulated);
    return add_party(e, saved, n, "server", DSGD_SERVER, 1);
}

/* The array on the device, or in *host one number of the engine; NULL and NULL if there is none. */
static const struct dsgd_handle *find(struct dsgd_engine *e, const char *name, const struct dsgd_place *place, void **host)
{
    static const char *const own[] = {"engine/x", "engine/average", "engine/momentum"};
    const struct dsgd_handle *const handle[] = {&e->place->x, &e->average, &e->place->momentum};
    *host = NULL;
    for (int j = 0; j < 3; ++j) {
        if (strcmp(name, own[j]) == 0 && handle[j]->used) { return handle[j]; }
    }
    if (strncmp(name, "engine/", 7) == 0) { return *host = find_quantity(e, name), NULL; }
    const bool worker = strncmp(name, "worker/", 7) == 0, server = strncmp(name, "server/", 7) == 0;
    for (int j = 0; (worker || server) && j < DSGD_FIELDS_MAX; ++j) {
        const struct dsgd_field_spec *field = &e->declaration.field[worker ? DSGD_WORKER : DSGD_SERVER][j];
        if (field->name && strcmp(field->name, name + 7) == 0) { return worker ? &place->worker[j] : &e->server[j]; }
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
    struct dsgd_place *place = e->place; /* a worker's is where it lives */
    if (strncmp(saved->name, "worker/", 7) == 0 && row < e->emulated) { place = dsgd_engine_place_of(e, (uint32_t)row); }
    const struct dsgd_handle *handle = find(e, saved->name, place, &host);
    const size_t bytes = saved->cols * element_size(saved->type);
    if ((!handle && !host) || row >= saved->rows) {
        return dsgd_fail(DSGD_EINTERNAL, "row %zu of %s: expected an array of the state and one of its %zu rows", row, saved->name, saved->rows);
    }
    if (host) {
        memcpy(out ? out : host, out ? host : in, bytes);
        return DSGD_OK;
    }
    const struct dsgd_array array = dsgd_array_rows(handle->type, &handle->as.array, row - place->first);
    if (out) {
        e->device->read(&place->queue, out, array.at, bytes);
    } else {
        e->device->write(&place->queue, array.at, in, bytes);
    }
    return dsgd_engine_failure(&place->queue);
}

enum dsgd_status dsgd_engine_saved_get(struct dsgd_engine *e, const struct dsgd_saved *saved, size_t row, void *out)
{
    return move(e, saved, row, out, NULL);
}

enum dsgd_status dsgd_engine_saved_put(struct dsgd_engine *e, const struct dsgd_saved *saved, size_t row, const void *in)
{
    return move(e, saved, row, NULL, in);
}

enum dsgd_status dsgd_engine_saved_real(struct dsgd_engine *e, const struct dsgd_saved *saved, size_t row, double *out)
{
    DSGD_TRY(dsgd_engine_saved_get(e, saved, row, out));
    for (size_t i = saved->cols; saved->type == DSGD_SAVED_F32 && i-- > 0;) { /* floats widen from the back */
        float one;
        memcpy(&one, (const char *)out + i * sizeof one, sizeof one);
        out[i] = (double)one;
    }
    return DSGD_OK;
}

enum dsgd_status dsgd_engine_read(struct dsgd_engine *e, const char *name, size_t row, double *out)
{
    struct dsgd_saved saved[DSGD_SAVED_MAX];
    const int n = dsgd_engine_saved(e, saved);
    for (int j = 0; j < n; ++j) {
        if (strcmp(saved[j].name, name) == 0 && saved[j].type != DSGD_SAVED_U64) { return dsgd_engine_saved_real(e, &saved[j], row, out); }
    }
    return dsgd_fail(DSGD_EINTERNAL, "the state has no numbers called %s", name);
}

enum dsgd_status dsgd_engine_restored(struct dsgd_engine *e)
{
    dsgd_engine_image(e, true);
    if (e->step < 0 || e->step > e->args.config->steps || e->status > DSGD_DIVERGED) {
        return dsgd_fail(DSGD_EINPUT, "snapshot is at step %lld of %lld: expected an earlier one", (long long)e->step,
                         (long long)e->args.config->steps);
    }
    dsgd_engine_spread_model(e);
    return dsgd_engine_places_failure(e);
}
