/* runfile_restore.c - puts a snapshot's state back into an engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/h5.h"
#include "record/runfile_open.h"

/* Rows of a stored table go into the engine's own columns, by name. */
static enum dsgd_status restore_table(const struct dsgd_reader *r, struct dsgd_table *table)
{
    struct dsgd_table stored = {.columns = 0};
    enum dsgd_status status = dsgd_reader_table(r, table->name, &stored);
    if (status == DSGD_OK && stored.columns != table->columns) { status = DSGD_EINPUT; }
    const struct dsgd_column *from[DSGD_COLUMNS_MAX];
    for (int c = 0; status == DSGD_OK && c < table->columns; ++c) {
        from[c] = dsgd_table_find(&stored, table->column[c].name);
        if (!from[c] || from[c]->integer != table->column[c].integer) { status = DSGD_EINPUT; }
    }
    for (size_t row = 0; status == DSGD_OK && row < stored.rows; ++row) {
        status = dsgd_table_append(table);
        for (int c = 0; status == DSGD_OK && c < table->columns; ++c) { *dsgd_table_last(table, c) = from[c]->cell[row]; }
    }
    dsgd_table_destroy(&stored);
    return status == DSGD_OK ? DSGD_OK : dsgd_reader_broken(r, table->name, status);
}

/* The state of another program, or none. */
static enum dsgd_status other_state(const struct dsgd_reader *r, const char *name)
{
    return dsgd_fail(DSGD_EINPUT, "%s: %s is missing or has another shape; expected a snapshot that this version of dsgd left (--restart begins anew)",
                     r->path, name);
}

/* One array of the state, row by row: host memory holds one. */
static enum dsgd_status restore_array(const struct dsgd_reader *r, struct dsgd_engine *engine, const struct dsgd_saved *saved, void *row)
{
    char name[80];
    snprintf(name, sizeof name, "state/%.63s", saved->name);
    hid_t id = dsgd_h5_open_array(r->file, name);
    if (id < 0) { return other_state(r, name); }
    enum dsgd_status status = DSGD_OK;
    for (size_t j = 0; status == DSGD_OK && j < saved->rows; ++j) {
        status = dsgd_h5_read_row(id, dsgd_h5_memory_type(saved->type), saved->rows, saved->cols, j, row)
                     ? dsgd_engine_saved_put(engine, saved, j, row) : other_state(r, name);
    }
    H5Dclose(id);
    return status;
}

static enum dsgd_status restore_state(const struct dsgd_reader *r, struct dsgd_engine *engine, const struct dsgd_saved saved[], int arrays,
                                      void *row)
{
    for (int j = 0; j < arrays; ++j) { DSGD_TRY(restore_array(r, engine, &saved[j], row)); }
    for (int t = 0; t < DSGD_TABLES; ++t) { DSGD_TRY(restore_table(r, dsgd_engine_table(engine, t))); }
    char stored[65] = "", restored[65];
    DSGD_TRY(dsgd_runfile_state_sha256(engine, saved, arrays, row, restored));
    if (dsgd_h5_read_text(r->file, "state_sha256", r->variable, stored, sizeof stored) && strcmp(stored, restored) == 0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "%s: its state does not have its checksum; expected an unchanged snapshot (--restart begins anew)", r->path);
}

static enum dsgd_status restore(const struct dsgd_reader *r, struct dsgd_engine *engine)
{
    struct dsgd_saved saved[DSGD_SAVED_MAX];
    const int arrays = dsgd_engine_saved(engine, saved);
    void *row = NULL;
    DSGD_TRY(dsgd_runfile_row(saved, arrays, &row));
    const enum dsgd_status status = restore_state(r, engine, saved, arrays, row);
    free(row);
    return status;
}

enum dsgd_status dsgd_runfile_restore(const char *path, struct dsgd_engine *engine)
{
    struct dsgd_reader reader;
    DSGD_TRY(dsgd_reader_open(path, false, &reader));
    const enum dsgd_status status = restore(&reader, engine);
    dsgd_reader_close(&reader);
    return status == DSGD_OK ? dsgd_engine_restored(engine) : status;
}
