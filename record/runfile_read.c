/* runfile_read.c - reads results and snapshots back, and refuses what no run writes. */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/h5.h"
#include "record/runfile_open.h"

static const char *const table_names[DSGD_TABLES] = {"trace", "ledger", "oracle", "time"};

/* Columns in order of creation are not stored in HDF5's earliest format: names come in alphabetical order, `step` first. */
static enum dsgd_status read_column(const struct dsgd_reader *r, hid_t group, const char *name, struct dsgd_table *table, int64_t rows)
{
    hid_t id = dsgd_h5_open_array(group, name);
    if (id < 0) { return DSGD_EINPUT; }
    hid_t type = H5Dget_type(id);
    const bool integer = H5Tget_class(type) == H5T_INTEGER;
    H5Tclose(type);
    char unit[16] = "", help[96] = "";
    const bool described = dsgd_h5_read_text(id, "units", r->variable, unit, sizeof unit) &&
                           dsgd_h5_read_text(id, "long_name", r->variable, help, sizeof help);
    H5Dclose(id);
    if (!described) { return DSGD_EINPUT; }
    const int c = dsgd_table_column(table, name, unit, help, integer);
    if (c < 0) { return DSGD_EINPUT; }
    table->column[c].cell = calloc(rows > 0 ? (size_t)rows : 1, sizeof(union dsgd_cell));
    if (!table->column[c].cell) { return DSGD_ENOMEM; }
    return dsgd_h5_read_array(group, name, integer ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE, (size_t)rows,
                              table->column[c].cell) ? DSGD_OK : DSGD_EINPUT;
}

enum dsgd_status dsgd_reader_table(const struct dsgd_reader *r, const char *name, struct dsgd_table *table)
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

/* The ledger has a row for each logged step, and the others one for each of its rows; the trace for some of them, the last one among them. */
static bool rows_differ(const struct dsgd_table *table, const struct dsgd_table *ledger, bool some)
{
    size_t at = 0;
    for (size_t r = 0; r < table->rows; ++r, ++at) {
        const int64_t step = table->column[0].cell[r].i;
        while (some && at < ledger->rows && ledger->column[0].cell[at].i < step) { ++at; }
        if (at >= ledger->rows || ledger->column[0].cell[at].i != step) { return true; }
    }
    return !some && at != ledger->rows;
}

/* What no run writes: steps that do not ascend, a negative or shrinking ledger, groups of different steps. */
static const char *impossible(const struct dsgd_runfile *run)
{
    const struct dsgd_table *trace = dsgd_runfile_table(run, "trace"), *rows = dsgd_runfile_table(run, "ledger");
    for (int t = 0; t < DSGD_TABLES; ++t) {
        const struct dsgd_table *table = &run->table[t];
        const bool ledger = table == rows;
        if (!table->column[0].integer) { return "steps that are no integers"; }
        for (size_t r = 0; r < table->rows; ++r) {
            const int64_t step = table->column[0].cell[r].i;
            if (step < 0 || step > run->steps || (r > 0 && step <= table->column[0].cell[r - 1].i)) { return "steps that do not ascend from 0 to the last"; }
            for (int c = 1; ledger && c < table->columns; ++c) {
                const struct dsgd_column *column = &table->column[c];
                if (column->integer && (column->cell[r].i < 0 || (r > 0 && column->cell[r].i < column->cell[r - 1].i))) { return "a ledger that is negative or shrinks"; }
                if (!column->integer && column->cell[r].f < 0.0) { return "a ledger that is negative"; }
            }
        }
    }
    for (int t = 0; t < DSGD_TABLES; ++t) {
        if (rows_differ(&run->table[t], rows, &run->table[t] == trace)) { return "groups of different steps"; }
    }
    if (run->steps < 0) { return "a negative number of steps"; }
    if (strcmp(run->status, "running") != 0 && strcmp(run->status, "complete") != 0 && strcmp(run->status, "diverged") != 0) { return "an unknown status"; }
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
    /* only snapshots have the first, and those of the first version do not; earlier programs knew no plug-ins */
    if (H5Aexists(file, "replaces") > 0 && !dsgd_h5_read_text(file, "replaces", variable, run->replaces, sizeof run->replaces)) { return false; }
    if (H5Aexists(file, "plugins") > 0 && !dsgd_h5_read_text(file, "plugins", variable, run->plugins, sizeof run->plugins)) { return false; }
    if (H5Aexists(file, "problem_library") > 0 &&
        !dsgd_h5_read_text(file, "problem_library", variable, run->problem_library, sizeof run->problem_library)) {
        return false;
    }
    if (H5Aexists(file, "hash_family") > 0 && !dsgd_h5_read_text(file, "hash_family", variable, run->hash_family, sizeof run->hash_family)) {
        return false;
    }
    /* earlier programs, which knew no plug-ins, gave a run without a label the name of its configuration */
    char name[sizeof run->label] = "";
    if (H5Aexists(file, "plugins") == 0 && H5Aexists(file, "config_name") > 0 && dsgd_h5_read_text(file, "config_name", variable, name, sizeof name) &&
        strcmp(name, run->label) == 0) {
        run->label[0] = '\0';
    }
    run->config = dsgd_h5_read_long_text(file, "config", variable);
    return run->config && dsgd_h5_read_integer(file, "results_version", &run->results_version) &&
           dsgd_h5_read_integer(file, "seed", &run->seed) && dsgd_h5_read_integer(file, "steps", &run->steps);
}

static enum dsgd_status read_all(const struct dsgd_reader *r, struct dsgd_runfile *run)
{
    const char *path = r->path;
    run->path = strdup(path);
    run->sealed = r->sealed;
    if (!run->path) { return dsgd_reader_broken(r, "the name", DSGD_ENOMEM); }
    if (!dsgd_h5_read_integer(r->file, "schema_version", &run->schema_version)) { return dsgd_reader_broken(r, "an attribute of the configuration", DSGD_EINPUT); }
    if (run->schema_version != DSGD_SCHEMA_VERSION) {
        return dsgd_fail(DSGD_EINPUT, "%s has schema version %lld: expected %d", path, (long long)run->schema_version,
                         DSGD_SCHEMA_VERSION);
    }
    if (!read_attributes(r->file, r->variable, run)) { return dsgd_reader_broken(r, "an attribute of the configuration", DSGD_EINPUT); }
    for (int t = 0; t < DSGD_TABLES; ++t) {
        const enum dsgd_status status = dsgd_reader_table(r, table_names[t], &run->table[t]);
        if (status != DSGD_OK) { return dsgd_reader_broken(r, table_names[t], status); }
    }
    enum dsgd_status status = read_reference(r->file, run);
    if (status != DSGD_OK) { return dsgd_reader_broken(r, "optimum", status); }
    status = read_model(r->file, run);
    if (status != DSGD_OK) { return dsgd_reader_broken(r, "model", status); }
    const char *why = impossible(run);
    return why ? dsgd_fail(DSGD_EINPUT, "%s holds %s: expected a result of dsgd run", path, why) : DSGD_OK;
}

static enum dsgd_status read_run(const char *path, bool unsealed, struct dsgd_runfile **out)
{
    struct dsgd_reader reader;
    DSGD_TRY(dsgd_reader_open(path, unsealed, &reader));
    struct dsgd_runfile *run = calloc(1, sizeof *run);
    enum dsgd_status status = run ? read_all(&reader, run) : dsgd_fail(DSGD_ENOMEM, "no memory to read %s", path);
    dsgd_reader_close(&reader);
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
