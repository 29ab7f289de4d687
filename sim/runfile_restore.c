/* runfile_restore.c - puts a snapshot's state back into an engine. */
#include <stdio.h>
#include <string.h>

#include "sim/h5.h"
#include "sim/runfile_open.h"

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

static enum dsgd_status restore(const struct dsgd_reader *r, struct dsgd_engine *engine)
{
    struct dsgd_array array[DSGD_ARRAYS_MAX];
    const int arrays = dsgd_engine_arrays(engine, array);
    for (int j = 0; j < arrays; ++j) {
        char name[80];
        snprintf(name, sizeof name, "state/%.63s", array[j].name);
        if (!dsgd_h5_read_array(r->file, name, dsgd_h5_memory_type(array[j].type), array[j].rows * array[j].cols, array[j].data)) {
            return dsgd_reader_broken(r, name, DSGD_EINPUT);
        }
    }
    for (int t = 0; t < DSGD_TABLES; ++t) { DSGD_TRY(restore_table(r, dsgd_engine_table(engine, t))); }
    char stored[65] = "", restored[65];
    dsgd_runfile_state_sha256(engine, array, arrays, restored);
    if (dsgd_h5_read_text(r->file, "state_sha256", r->variable, stored, sizeof stored) && strcmp(stored, restored) == 0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "%s: its state does not have its checksum; expected an unchanged snapshot (--restart begins anew)", r->path);
}

enum dsgd_status dsgd_runfile_restore(const char *path, struct dsgd_engine *engine)
{
    struct dsgd_reader reader;
    DSGD_TRY(dsgd_reader_open(path, false, &reader));
    const enum dsgd_status status = restore(&reader, engine);
    dsgd_reader_close(&reader);
    return status == DSGD_OK ? dsgd_engine_restored(engine) : status;
}
