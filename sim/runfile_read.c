/* runfile_read.c - reads results and snapshots back, checks them, restores engines. */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/h5.h"
#include "sim/runfile.h"
#include "sim/seal.h"

static const char *const table_names[DSGD_TABLES] = {"trace", "ledger", "oracle", "time"};

static enum dsgd_status open_run(const char *path, hid_t *file)
{
    if (access(path, R_OK) != 0) { return dsgd_fail(DSGD_EINPUT, "%s: cannot be read; expected a result of dsgd run", path); }
    if (!dsgd_seal_intact(path)) {
        return dsgd_fail(DSGD_EINPUT, "%s: its bytes do not have their checksum; expected an unchanged result or snapshot "
                         "(--restart begins anew)", path);
    }
    dsgd_h5_quiet();
    *file = H5Fis_hdf5(path) > 0 ? H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT) : -1;
    if (*file < 0) { return dsgd_fail(DSGD_EINPUT, "%s: not a whole HDF5 file; expected a result of dsgd run", path); }
    return DSGD_OK;
}

/* A file that was not read for want of memory is not broken. */
static enum dsgd_status broken(const char *path, const char *what, enum dsgd_status status)
{
    if (status == DSGD_ENOMEM) { return dsgd_fail(DSGD_ENOMEM, "no memory to read %s of %s", what, path); }
    return dsgd_fail(DSGD_EINPUT, "%s: %s is missing or has another shape; expected a result of dsgd run", path, what);
}

/* Columns in order of creation are not stored in HDF5's earliest format: names come in alphabetical order, `step` first. */
static enum dsgd_status read_column(hid_t group, const char *name, struct dsgd_table *table, int64_t rows)
{
    hid_t id = H5Dopen2(group, name, H5P_DEFAULT);
    if (id < 0) { return DSGD_EINPUT; }
    hid_t type = H5Dget_type(id);
    const bool integer = H5Tget_class(type) == H5T_INTEGER;
    H5Tclose(type);
    char unit[16] = "", help[96] = "";
    const bool described = dsgd_h5_read_text(id, "units", unit, sizeof unit) && dsgd_h5_read_text(id, "long_name", help, sizeof help);
    H5Dclose(id);
    if (!described) { return DSGD_EINPUT; }
    const int c = dsgd_table_column(table, name, unit, help, integer);
    if (c < 0) { return DSGD_EINPUT; }
    table->column[c].cell = calloc(rows > 0 ? (size_t)rows : 1, sizeof(union dsgd_cell));
    if (!table->column[c].cell) { return DSGD_ENOMEM; }
    return dsgd_h5_read_array(group, name, integer ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE, (size_t)rows,
                              table->column[c].cell) ? DSGD_OK : DSGD_EINPUT;
}

static enum dsgd_status read_table(hid_t file, const char *name, struct dsgd_table *table)
{
    hid_t group = H5Lexists(file, name, H5P_DEFAULT) > 0 ? H5Gopen2(file, name, H5P_DEFAULT) : -1;
    if (group < 0) { return DSGD_EINPUT; }
    snprintf(table->name, sizeof table->name, "%s", name);
    const int64_t rows = dsgd_h5_count(group, "step");
    enum dsgd_status status = rows >= 0 ? read_column(group, "step", table, rows) : DSGD_EINPUT;
    H5G_info_t info = {.nlinks = 0};
    if (H5Gget_info(group, &info) < 0) { status = DSGD_EINPUT; }
    for (hsize_t j = 0; j < info.nlinks && status == DSGD_OK; ++j) {
        char column[32] = "";
        const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, j, column, sizeof column,
                                                  H5P_DEFAULT);
        if (length <= 0 || length >= (ssize_t)sizeof column) {
            status = DSGD_EINPUT;
        } else if (strcmp(column, "step") != 0) {
            status = read_column(group, column, table, rows);
        }
    }
    H5Gclose(group);
    table->rows = table->capacity = rows > 0 ? (size_t)rows : 0;
    return status;
}

static enum dsgd_status read_reference(hid_t file, struct dsgd_runfile *run)
{
    hid_t group = H5Lexists(file, "optimum", H5P_DEFAULT) > 0 ? H5Gopen2(file, "optimum", H5P_DEFAULT) : -1;
    if (group < 0) { return DSGD_EINPUT; }
    const bool ok = dsgd_h5_read_real(group, "f_star", &run->f_star) && dsgd_h5_read_real(group, "gap", &run->f_star_gap) &&
                    dsgd_h5_read_real(group, "mu", &run->mu) && dsgd_h5_read_real(group, "L", &run->L) &&
                    dsgd_h5_read_real(group, "xi", &run->xi);
    const struct dsgd_table *trace = &run->table[0];
    for (int c = 0; c < trace->columns; ++c) {
        char name[48];
        snprintf(name, sizeof name, "metric_%s", trace->column[c].name);
        double value = NAN;
        if (dsgd_h5_read_real(group, name, &value)) {
            strcpy(run->optimum_metric[run->optimum_metrics], trace->column[c].name);
            run->optimum_value[run->optimum_metrics++] = value;
        }
    }
    H5Gclose(group);
    return ok ? DSGD_OK : DSGD_EINPUT;
}

static enum dsgd_status read_model(hid_t file, struct dsgd_runfile *run)
{
    const int64_t d = dsgd_h5_count(file, "model/x");
    if (d < 1) { return DSGD_EINPUT; }
    run->d = (size_t)d;
    run->x = calloc(run->d, sizeof *run->x);
    run->output = calloc(run->d, sizeof *run->output);
    if (!run->x || !run->output) { return DSGD_ENOMEM; }
    return dsgd_h5_read_array(file, "model/x", H5T_NATIVE_DOUBLE, run->d, run->x) &&
           dsgd_h5_read_array(file, "model/output", H5T_NATIVE_DOUBLE, run->d, run->output) ? DSGD_OK : DSGD_EINPUT;
}

static enum dsgd_status read_all(hid_t file, const char *path, struct dsgd_runfile *run)
{
    run->path = strdup(path);
    if (!run->path) { return broken(path, "the name", DSGD_ENOMEM); }
    if (dsgd_h5_read_integer(file, "schema_version", &run->schema_version) && run->schema_version != DSGD_SCHEMA_VERSION) {
        return dsgd_fail(DSGD_EINPUT, "%s has schema version %lld: expected %d", path, (long long)run->schema_version,
                         DSGD_SCHEMA_VERSION);
    }
    const bool attributes =
        dsgd_h5_read_text(file, "config_sha256", run->config_sha256, sizeof run->config_sha256) &&
        dsgd_h5_read_text(file, "dataset_sha256", run->dataset_sha256, sizeof run->dataset_sha256) &&
        dsgd_h5_read_text(file, "status", run->status, sizeof run->status) &&
        dsgd_h5_read_text(file, "problem", run->problem, sizeof run->problem) &&
        dsgd_h5_read_text(file, "dataset", run->dataset, sizeof run->dataset) &&
        dsgd_h5_read_text(file, "dataset_title", run->dataset_title, sizeof run->dataset_title) &&
        dsgd_h5_read_text(file, "algorithm", run->algorithm, sizeof run->algorithm) &&
        dsgd_h5_read_text(file, "label", run->label, sizeof run->label) &&
        dsgd_h5_read_integer(file, "schema_version", &run->schema_version) &&
        dsgd_h5_read_integer(file, "results_version", &run->results_version) &&
        dsgd_h5_read_integer(file, "seed", &run->seed) && dsgd_h5_read_integer(file, "steps", &run->steps);
    run->config = dsgd_h5_read_long_text(file, "config");
    if (!attributes || !run->config) { return broken(path, "an attribute of the configuration", DSGD_EINPUT); }
    for (int t = 0; t < DSGD_TABLES; ++t) {
        const enum dsgd_status status = read_table(file, table_names[t], &run->table[t]);
        if (status != DSGD_OK) { return broken(path, table_names[t], status); }
    }
    enum dsgd_status status = read_reference(file, run);
    if (status != DSGD_OK) { return broken(path, "optimum", status); }
    status = read_model(file, run);
    return status == DSGD_OK ? DSGD_OK : broken(path, "model", status);
}

enum dsgd_status dsgd_runfile_read(const char *path, struct dsgd_runfile **out)
{
    hid_t file = -1;
    DSGD_TRY(open_run(path, &file));
    struct dsgd_runfile *run = calloc(1, sizeof *run);
    enum dsgd_status status = run ? read_all(file, path, run) : dsgd_fail(DSGD_ENOMEM, "no memory to read %s", path);
    H5Fclose(file);
    if (status != DSGD_OK) {
        dsgd_runfile_destroy(run);
        return status;
    }
    *out = run;
    return DSGD_OK;
}

void dsgd_runfile_destroy(struct dsgd_runfile *run)
{
    if (!run) { return; }
    for (int t = 0; t < DSGD_TABLES; ++t) { dsgd_table_destroy(&run->table[t]); }
    free(run->path);
    free(run->config);
    free(run->x);
    free(run->output);
    free(run);
}

const struct dsgd_table *dsgd_runfile_table(const struct dsgd_runfile *run, const char *name)
{
    for (int t = 0; t < DSGD_TABLES; ++t) {
        if (strcmp(name, table_names[t]) == 0) { return &run->table[t]; }
    }
    return NULL;
}

/* Rows of a stored table go into the engine's own columns, by name. */
static enum dsgd_status restore_table(hid_t file, struct dsgd_table *table, const char *path)
{
    struct dsgd_table stored = {.columns = 0};
    enum dsgd_status status = read_table(file, table->name, &stored);
    if (status == DSGD_OK && stored.columns != table->columns) { status = DSGD_EINPUT; }
    const struct dsgd_column *from[DSGD_COLUMNS_MAX];
    for (int c = 0; status == DSGD_OK && c < table->columns; ++c) {
        from[c] = dsgd_table_find(&stored, table->column[c].name);
        if (!from[c] || from[c]->integer != table->column[c].integer) { status = DSGD_EINPUT; }
    }
    for (size_t r = 0; status == DSGD_OK && r < stored.rows; ++r) {
        status = dsgd_table_append(table);
        for (int c = 0; status == DSGD_OK && c < table->columns; ++c) { *dsgd_table_last(table, c) = from[c]->cell[r]; }
    }
    dsgd_table_destroy(&stored);
    return status == DSGD_OK ? DSGD_OK : broken(path, table->name, status);
}

enum dsgd_status dsgd_runfile_restore(const char *path, struct dsgd_engine *engine)
{
    hid_t file = -1;
    DSGD_TRY(open_run(path, &file));
    struct dsgd_array array[DSGD_ARRAYS_MAX];
    const int arrays = dsgd_engine_arrays(engine, array);
    enum dsgd_status status = DSGD_OK;
    for (int j = 0; j < arrays && status == DSGD_OK; ++j) {
        char name[80];
        snprintf(name, sizeof name, "state/%.63s", array[j].name);
        if (H5Lexists(file, "state", H5P_DEFAULT) <= 0 ||
            !dsgd_h5_read_array(file, name, dsgd_h5_memory_type(array[j].type), array[j].rows * array[j].cols,
                                array[j].data)) {
            status = broken(path, name, DSGD_EINPUT);
        }
    }
    for (int t = 0; t < DSGD_TABLES && status == DSGD_OK; ++t) {
        status = restore_table(file, dsgd_engine_table(engine, t), path);
    }
    char stored[65] = "", restored[65];
    if (status == DSGD_OK) {
        dsgd_runfile_state_sha256(engine, array, arrays, restored);
        if (!dsgd_h5_read_text(file, "state_sha256", stored, sizeof stored) || strcmp(stored, restored) != 0) {
            status = dsgd_fail(DSGD_EINPUT, "%s: its state does not have its checksum; expected an unchanged snapshot (--restart "
                               "begins anew)", path);
        }
    }
    H5Fclose(file);
    return status == DSGD_OK ? dsgd_engine_restored(engine) : status;
}
