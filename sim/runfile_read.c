/* runfile_read.c - reads results and snapshots back, checks them, restores engines. */
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/h5.h"
#include "sim/h5_file.h"
#include "sim/runfile.h"
#include "sim/seal.h"

static const char *const table_names[DSGD_TABLES] = {"trace", "ledger", "oracle", "time"};

/* A file that is being read: closed by close_run. */
struct reader {
    const char *path;
    struct dsgd_h5_source source; /* fd -1: not open */
    hid_t file;
    bool sealed;
};

static void close_run(struct reader *r)
{
    if (r->file >= 0) { H5Fclose(r->file); }
    if (r->source.fd >= 0) { close(r->source.fd); }
    r->file = -1;
    r->source.fd = -1;
}

static enum dsgd_status cannot_read(const char *path, int error)
{
    return error == EIO ? dsgd_fail(DSGD_EIO, "%s: reading it failed (%s); expected a file that can be read", path, strerror(error))
                        : dsgd_fail(DSGD_EINPUT, "%s: cannot be read (%s); expected a result of dsgd run", path, strerror(error));
}

/* Seal and signature; HDF5 has not seen a byte of it. */
static enum dsgd_status check_bytes(struct reader *r, bool unsealed)
{
    static const unsigned char signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n'};
    unsigned char head[sizeof signature];
    if (dsgd_read_at(r->source.fd, head, sizeof head, 0) != sizeof head || memcmp(head, signature, sizeof head) != 0) {
        return errno ? cannot_read(r->path, errno) : dsgd_fail(DSGD_EINPUT, "%s: not a whole HDF5 file; expected a result of dsgd run", r->path);
    }
    const enum dsgd_seal seal = dsgd_seal_look(r->source.fd, &r->source.size);
    if (seal == DSGD_SEAL_UNREAD) { return cannot_read(r->path, errno); }
    r->sealed = seal == DSGD_SEAL_INTACT;
    if (r->sealed || unsealed) { return DSGD_OK; }
    return seal == DSGD_SEAL_BROKEN
        ? dsgd_fail(DSGD_EINPUT, "%s: its bytes do not have their checksum; expected an unchanged result or snapshot (--restart of "
                    "dsgd run begins anew; --unsealed of reading commands takes it as it is)", r->path)
        : dsgd_fail(DSGD_EINPUT, "%s: it does not end in its checksum; expected an unchanged result or snapshot (--restart of "
                    "dsgd run begins anew; --unsealed of reading commands takes it as it is)", r->path);
}

static enum dsgd_status open_run(const char *path, bool unsealed, struct reader *r)
{
    struct stat info;
    *r = (struct reader){.path = path, .file = -1, .source = {.fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)}};
    if (r->source.fd < 0) { return cannot_read(path, errno); }
    enum dsgd_status status = DSGD_OK;
    if (fstat(r->source.fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        status = dsgd_fail(DSGD_EINPUT, "%s: not a regular file; expected a result of dsgd run", path);
    }
    if (status == DSGD_OK) { status = check_bytes(r, unsealed); }
    if (status == DSGD_OK) {
        dsgd_h5_quiet();
        r->file = dsgd_h5_file_open(&r->source);
        if (r->file < 0) {
            status = r->source.error ? cannot_read(path, r->source.error)
                                     : dsgd_fail(DSGD_EINPUT, "%s: not a whole HDF5 file; expected a result of dsgd run", path);
        }
    }
    if (status != DSGD_OK) { close_run(r); }
    return status;
}

/* A file that was not read for want of memory, or because a read failed, is not broken. A sealed one holds what was written:
 * where HDF5 cannot give it back, memory is what is missing. */
static enum dsgd_status broken(const struct reader *r, const char *what, enum dsgd_status status)
{
    const char *path = r->path;
    if (r->source.error) { return cannot_read(path, r->source.error); }
    if (status == DSGD_ENOMEM) { return dsgd_fail(DSGD_ENOMEM, "no memory to read %s of %s", what, path); }
    return dsgd_fail(DSGD_EINPUT, "%s: %s is missing or has another shape; expected a result of dsgd run", path, what);
}

/* Columns in order of creation are not stored in HDF5's earliest format: names come in alphabetical order, `step` first. */
static enum dsgd_status read_column(const struct reader *r, hid_t group, const char *name, struct dsgd_table *table, int64_t rows)
{
    hid_t id = dsgd_h5_open_array(group, name);
    if (id < 0) { return DSGD_EINPUT; }
    hid_t type = H5Dget_type(id);
    const bool integer = H5Tget_class(type) == H5T_INTEGER;
    H5Tclose(type);
    char unit[16] = "", help[96] = "";
    const bool described = dsgd_h5_read_text(id, "units", r->sealed, unit, sizeof unit) &&
                           dsgd_h5_read_text(id, "long_name", r->sealed, help, sizeof help);
    H5Dclose(id);
    if (!described) { return DSGD_EINPUT; }
    const int c = dsgd_table_column(table, name, unit, help, integer);
    if (c < 0) { return DSGD_EINPUT; }
    table->column[c].cell = calloc(rows > 0 ? (size_t)rows : 1, sizeof(union dsgd_cell));
    if (!table->column[c].cell) { return DSGD_ENOMEM; }
    return dsgd_h5_read_array(group, name, integer ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE, (size_t)rows,
                              table->column[c].cell) ? DSGD_OK : DSGD_EINPUT;
}

static enum dsgd_status read_table(const struct reader *r, const char *name, struct dsgd_table *table)
{
    hid_t group = dsgd_h5_open_group(r->file, name);
    if (group < 0) { return DSGD_EINPUT; }
    snprintf(table->name, sizeof table->name, "%s", name);
    const int64_t rows = dsgd_h5_count(group, "step");
    enum dsgd_status status = rows >= 0 ? read_column(r, group, "step", table, rows) : DSGD_EINPUT;
    H5G_info_t info = {.nlinks = 0};
    if (H5Gget_info(group, &info) < 0) { status = DSGD_EINPUT; }
    for (hsize_t j = 0; j < info.nlinks && status == DSGD_OK; ++j) {
        char column[32] = "";
        const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, j, column, sizeof column,
                                                  H5P_DEFAULT);
        if (length <= 0 || length >= (ssize_t)sizeof column) {
            status = DSGD_EINPUT;
        } else if (strcmp(column, "step") != 0) {
            status = read_column(r, group, column, table, rows);
        }
    }
    H5Gclose(group);
    table->rows = table->capacity = rows > 0 ? (size_t)rows : 0;
    return status;
}

static enum dsgd_status read_reference(hid_t file, struct dsgd_runfile *run)
{
    hid_t group = dsgd_h5_open_group(file, "optimum");
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

/* What no run writes: steps that do not ascend, a negative or shrinking ledger, groups of different length. */
static const char *impossible(const struct dsgd_runfile *run)
{
    const struct dsgd_table *trace = &run->table[0];
    for (int t = 0; t < DSGD_TABLES; ++t) {
        const struct dsgd_table *table = &run->table[t];
        const bool ledger = strcmp(table->name, "ledger") == 0;
        if (table->rows != trace->rows) { return "groups of different length"; }
        if (!table->column[0].integer) { return "steps that are no integers"; }
        for (size_t r = 0; r < table->rows; ++r) {
            const int64_t step = table->column[0].cell[r].i;
            if (step < 0 || step > run->steps || (r > 0 && step <= table->column[0].cell[r - 1].i)) { return "steps that do not ascend from 0 to the last"; }
            if (step != trace->column[0].cell[r].i) { return "groups of different steps"; }
            for (int c = 1; ledger && c < table->columns; ++c) {
                const struct dsgd_column *column = &table->column[c];
                if (column->integer && (column->cell[r].i < 0 || (r > 0 && column->cell[r].i < column->cell[r - 1].i))) { return "a ledger that is negative or shrinks"; }
                if (!column->integer && column->cell[r].f < 0.0) { return "a ledger that is negative"; }
            }
        }
    }
    if (run->steps < 0) { return "a negative number of steps"; }
    if (strcmp(run->status, "running") != 0 && trace->rows == 0) { return "a finished run without rows"; }
    return NULL;
}

static bool read_attributes(hid_t file, bool variable, struct dsgd_runfile *run)
{
    const struct {
        const char *name;
        char *text;
        size_t size;
    } texts[] = {
        {"config_sha256", run->config_sha256, sizeof run->config_sha256}, {"dataset_sha256", run->dataset_sha256, sizeof run->dataset_sha256},
        {"status", run->status, sizeof run->status},                      {"problem", run->problem, sizeof run->problem},
        {"dataset", run->dataset, sizeof run->dataset},                   {"dataset_title", run->dataset_title, sizeof run->dataset_title},
        {"algorithm", run->algorithm, sizeof run->algorithm},             {"label", run->label, sizeof run->label},
    };
    for (size_t a = 0; a < sizeof texts / sizeof *texts; ++a) {
        if (!dsgd_h5_read_text(file, texts[a].name, variable, texts[a].text, texts[a].size)) { return false; }
    }
    run->config = dsgd_h5_read_long_text(file, "config", variable);
    return run->config && dsgd_h5_read_integer(file, "results_version", &run->results_version) &&
           dsgd_h5_read_integer(file, "seed", &run->seed) && dsgd_h5_read_integer(file, "steps", &run->steps);
}

static enum dsgd_status read_all(const struct reader *r, struct dsgd_runfile *run)
{
    const char *path = r->path;
    run->path = strdup(path);
    run->sealed = r->sealed;
    if (!run->path) { return broken(r, "the name", DSGD_ENOMEM); }
    if (!dsgd_h5_read_integer(r->file, "schema_version", &run->schema_version)) { return broken(r, "an attribute of the configuration", DSGD_EINPUT); }
    if (run->schema_version != DSGD_SCHEMA_VERSION) {
        return dsgd_fail(DSGD_EINPUT, "%s has schema version %lld: expected %d", path, (long long)run->schema_version,
                         DSGD_SCHEMA_VERSION);
    }
    if (!read_attributes(r->file, r->sealed, run)) { return broken(r, "an attribute of the configuration", DSGD_EINPUT); }
    for (int t = 0; t < DSGD_TABLES; ++t) {
        const enum dsgd_status status = read_table(r, table_names[t], &run->table[t]);
        if (status != DSGD_OK) { return broken(r, table_names[t], status); }
    }
    enum dsgd_status status = read_reference(r->file, run);
    if (status != DSGD_OK) { return broken(r, "optimum", status); }
    status = read_model(r->file, run);
    if (status != DSGD_OK) { return broken(r, "model", status); }
    const char *why = impossible(run);
    return why ? dsgd_fail(DSGD_EINPUT, "%s holds %s: expected a result of dsgd run", path, why) : DSGD_OK;
}

static enum dsgd_status read_run(const char *path, bool unsealed, struct dsgd_runfile **out)
{
    struct reader reader;
    DSGD_TRY(open_run(path, unsealed, &reader));
    struct dsgd_runfile *run = calloc(1, sizeof *run);
    enum dsgd_status status = run ? read_all(&reader, run) : dsgd_fail(DSGD_ENOMEM, "no memory to read %s", path);
    close_run(&reader);
    if (status != DSGD_OK) {
        dsgd_runfile_destroy(run);
        return status;
    }
    *out = run;
    return DSGD_OK;
}

enum dsgd_status dsgd_runfile_read(const char *path, struct dsgd_runfile **out)
{
    return read_run(path, false, out);
}

enum dsgd_status dsgd_runfile_read_unsealed(const char *path, struct dsgd_runfile **out)
{
    return read_run(path, true, out);
}

bool dsgd_runfile_whole(int fd)
{
    size_t content = 0;
    return dsgd_seal_look(fd, &content) == DSGD_SEAL_INTACT;
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
static enum dsgd_status restore_table(const struct reader *r, struct dsgd_table *table)
{
    struct dsgd_table stored = {.columns = 0};
    enum dsgd_status status = read_table(r, table->name, &stored);
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
    return status == DSGD_OK ? DSGD_OK : broken(r, table->name, status);
}

static enum dsgd_status restore(const struct reader *r, struct dsgd_engine *engine)
{
    struct dsgd_array array[DSGD_ARRAYS_MAX];
    const int arrays = dsgd_engine_arrays(engine, array);
    for (int j = 0; j < arrays; ++j) {
        char name[80];
        snprintf(name, sizeof name, "state/%.63s", array[j].name);
        if (!dsgd_h5_read_array(r->file, name, dsgd_h5_memory_type(array[j].type), array[j].rows * array[j].cols, array[j].data)) {
            return broken(r, name, DSGD_EINPUT);
        }
    }
    for (int t = 0; t < DSGD_TABLES; ++t) { DSGD_TRY(restore_table(r, dsgd_engine_table(engine, t))); }
    char stored[65] = "", restored[65];
    dsgd_runfile_state_sha256(engine, array, arrays, restored);
    if (dsgd_h5_read_text(r->file, "state_sha256", r->sealed, stored, sizeof stored) && strcmp(stored, restored) == 0) { return DSGD_OK; }
    return dsgd_fail(DSGD_EINPUT, "%s: its state does not have its checksum; expected an unchanged snapshot (--restart begins anew)", r->path);
}

enum dsgd_status dsgd_runfile_restore(const char *path, struct dsgd_engine *engine)
{
    struct reader reader;
    DSGD_TRY(open_run(path, false, &reader));
    const enum dsgd_status status = restore(&reader, engine);
    close_run(&reader);
    return status == DSGD_OK ? dsgd_engine_restored(engine) : status;
}
