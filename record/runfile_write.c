/* runfile_write.c - writes a result or a snapshot: a whole new file with its seal, synced, renamed.
 *
 * Plain contiguous 1-D columns with dimension scales and units, in HDF5's earliest format: h5py, xarray, ncdump and h5dump
 * open them as they are.
 */
#include <errno.h>
#include <hdf5.h>
#include <hdf5_hl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/h5.h"
#include "record/h5_file.h"
#include "record/runfile.h"
#include "record/seal.h"

static hid_t file_type(enum dsgd_saved_type type)
{
    return type == DSGD_SAVED_F32 ? H5T_IEEE_F32LE : type == DSGD_SAVED_F64 ? H5T_IEEE_F64LE : H5T_STD_U64LE;
}

static void write_table(struct dsgd_h5 *h5, const struct dsgd_table *table)
{
    hid_t group = dsgd_h5_group(h5, table->name);
    hid_t scale = -1;
    const hsize_t rows = table->rows;
    for (int c = 0; c < table->columns && !h5->failed; ++c) {
        const struct dsgd_column *column = &table->column[c];
        hid_t id = dsgd_h5_array(h5, group, column->name, column->integer ? H5T_STD_I64LE : H5T_IEEE_F64LE,
                                 column->integer ? H5T_NATIVE_INT64 : H5T_NATIVE_DOUBLE, 1, &rows, column->cell);
        dsgd_h5_text(h5, id, "units", column->unit);
        dsgd_h5_text(h5, id, "long_name", column->help);
        if (h5->failed) {
            if (id >= 0) { H5Dclose(id); }
            break;
        }
        if (c == 0) { /* step */
            scale = id;
            dsgd_h5_check(h5, H5DSset_scale(scale, "step") >= 0);
            continue;
        }
        dsgd_h5_check(h5, H5DSattach_scale(id, scale, 0) >= 0);
        dsgd_h5_check(h5, H5Dclose(id) >= 0);
    }
    if (scale >= 0) { dsgd_h5_check(h5, H5Dclose(scale) >= 0); }
    if (group >= 0) { dsgd_h5_check(h5, H5Gclose(group) >= 0); }
}

static void write_vector(struct dsgd_h5 *h5, hid_t group, hid_t scale, const char *name, const char *help, const double *v, size_t d)
{
    const hsize_t extent = d;
    hid_t id = dsgd_h5_array(h5, group, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, 1, &extent, v);
    dsgd_h5_text(h5, id, "units", "1");
    dsgd_h5_text(h5, id, "long_name", help);
    if (!h5->failed) { dsgd_h5_check(h5, H5DSattach_scale(id, scale, 0) >= 0); }
    if (id >= 0) { dsgd_h5_check(h5, H5Dclose(id) >= 0); }
}

/* A dimension without values, as netCDF writes it: nothing is stored for it, and readers of netCDF take its name. */
static hid_t bare_scale(struct dsgd_h5 *h5, hid_t group, const char *name, size_t d)
{
    char title[96];
    const hsize_t extent = d;
    if (h5->failed) { return -1; }
    snprintf(title, sizeof title, "This is a netCDF dimension but not a netCDF variable.%10zu", d);
    hid_t space = H5Screate_simple(1, &extent, NULL);
    hid_t id = H5Dcreate2(group, name, H5T_IEEE_F32BE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    dsgd_h5_check(h5, id >= 0 && H5DSset_scale(id, title) >= 0);
    if (space >= 0) { H5Sclose(space); }
    return id;
}

static void write_model(struct dsgd_h5 *h5, const struct dsgd_engine *engine)
{
    const size_t d = dsgd_engine_d(engine);
    hid_t group = dsgd_h5_group(h5, "model"), scale = bare_scale(h5, group, "coordinate", d);
    write_vector(h5, group, scale, "x", "w_T, the last iterate", dsgd_engine_model(engine), d);
    write_vector(h5, group, scale, "output", "the evaluated iterate: the average, or w_T without averaging", dsgd_engine_output(engine), d);
    if (scale >= 0) { dsgd_h5_check(h5, H5Dclose(scale) >= 0); }
    if (group >= 0) { dsgd_h5_check(h5, H5Gclose(group) >= 0); }
}

static void write_reference(struct dsgd_h5 *h5, const struct dsgd_run_reference *reference, const struct dsgd_engine *engine)
{
    hid_t group = dsgd_h5_group(h5, "optimum");
    dsgd_h5_real(h5, group, "f_star", reference->f_star);
    dsgd_h5_real(h5, group, "gap", reference->gap);
    dsgd_h5_text(h5, group, "certificate", reference->certificate);
    dsgd_h5_text(h5, group, "solver", reference->solver);
    dsgd_h5_real(h5, group, "mu", reference->constants.mu);
    dsgd_h5_real(h5, group, "L", reference->constants.L);
    dsgd_h5_real(h5, group, "sigma2", reference->constants.sigma2);
    dsgd_h5_real(h5, group, "xi", dsgd_engine_schedule(engine)->xi);
    for (int m = 0; m < reference->metrics; ++m) {
        char name[48];
        snprintf(name, sizeof name, "metric_%s", reference->metric[m].name);
        dsgd_h5_real(h5, group, name, reference->metric_value[m]);
    }
    if (group >= 0) { dsgd_h5_check(h5, H5Gclose(group) >= 0); }
}

/* Row by row: host memory holds one. */
static enum dsgd_status write_array(struct dsgd_h5 *h5, struct dsgd_engine *engine, const struct dsgd_saved *saved, void *row)
{
    char name[80];
    snprintf(name, sizeof name, "state/%.63s", saved->name);
    const hsize_t extent[2] = {saved->rows, saved->cols};
    const hid_t memory_type = dsgd_h5_memory_type(saved->type);
    hid_t id = dsgd_h5_array(h5, h5->file, name, file_type(saved->type), memory_type, 2, extent, NULL);
    enum dsgd_status status = DSGD_OK;
    for (size_t j = 0; status == DSGD_OK && !h5->failed && j < saved->rows; ++j) {
        status = dsgd_engine_saved_get(engine, saved, j, row);
        if (status == DSGD_OK) { dsgd_h5_write_row(h5, id, memory_type, j, saved->cols, row); }
    }
    if (id >= 0) { dsgd_h5_check(h5, H5Dclose(id) >= 0); }
    return status;
}

static enum dsgd_status write_arrays(struct dsgd_h5 *h5, struct dsgd_engine *engine, const struct dsgd_saved saved[], int arrays, void *row)
{
    char sha256[65];
    DSGD_TRY(dsgd_runfile_state_sha256(engine, saved, arrays, row, sha256));
    dsgd_h5_text(h5, h5->file, "state_sha256", sha256);
    static const char *const groups[] = {"state", "state/engine", "state/worker", "state/server"};
    for (int g = 0; g < 4; ++g) {
        hid_t group = dsgd_h5_group(h5, groups[g]);
        if (group >= 0) { dsgd_h5_check(h5, H5Gclose(group) >= 0); }
    }
    for (int j = 0; j < arrays && !h5->failed; ++j) { DSGD_TRY(write_array(h5, engine, &saved[j], row)); }
    return DSGD_OK;
}

static enum dsgd_status write_state(struct dsgd_h5 *h5, struct dsgd_engine *engine, const struct dsgd_saved saved[], int arrays)
{
    void *row = NULL;
    DSGD_TRY(dsgd_runfile_row(saved, arrays, &row));
    const enum dsgd_status status = write_arrays(h5, engine, saved, arrays, row);
    free(row);
    return status;
}

static enum dsgd_status write_file(struct dsgd_h5 *h5, struct dsgd_engine *engine, const struct dsgd_runfile_args *args, bool snapshot)
{
    static const char *const status[] = {"running", "complete", "diverged"};
    struct dsgd_saved saved[DSGD_SAVED_MAX];
    const int arrays = dsgd_engine_saved(engine, saved);
    for (int j = 0; j < args->attributes; ++j) {
        const struct dsgd_attribute *a = &args->attribute[j];
        if (a->text) {
            dsgd_h5_text(h5, h5->file, a->name, a->text);
        } else if (a->is_integer) {
            dsgd_h5_integer(h5, h5->file, a->name, a->integer);
        } else {
            dsgd_h5_real(h5, h5->file, a->name, a->number);
        }
    }
    dsgd_h5_text(h5, h5->file, "status", status[dsgd_engine_status(engine)]);
    dsgd_h5_integer(h5, h5->file, "steps_done", dsgd_engine_steps_done(engine));
    dsgd_h5_text(h5, h5->file, "hash_family", dsgd_engine_hashes(engine));
    dsgd_h5_integer(h5, h5->file, "threads_used", dsgd_engine_threads_used(engine));
    for (int t = 0; t < DSGD_TABLES; ++t) { write_table(h5, dsgd_engine_table(engine, t)); }
    write_model(h5, engine);
    write_reference(h5, args->reference, engine);
    if (!snapshot) { return DSGD_OK; }
    dsgd_h5_text(h5, h5->file, "replaces", args->replaces ? args->replaces : "");
    return write_state(h5, engine, saved, arrays);
}

enum dsgd_status dsgd_runfile_write(const char *path, struct dsgd_engine *engine, const struct dsgd_runfile_args *args,
                                    bool snapshot)
{
    struct dsgd_replace replace;
    struct dsgd_h5_sink sink;
    DSGD_TRY(dsgd_replace_begin(path, &replace));
    dsgd_h5_quiet();
    sink.fd = replace.fd;
    struct dsgd_h5 h5 = {.file = dsgd_h5_file_create(&sink, 0)};
    dsgd_h5_check(&h5, h5.file >= 0);
    const enum dsgd_status status = write_file(&h5, engine, args, snapshot);
    if (h5.file >= 0) { dsgd_h5_check(&h5, H5Fclose(h5.file) >= 0); }
    errno = 0;
    if (status == DSGD_OK && !h5.failed && sink.error == 0 && !dsgd_seal_append_with(sink.fd, sink.head, sink.held)) { sink.error = errno ? errno : EIO; }
    if (status != DSGD_OK || h5.failed || sink.error) {
        dsgd_replace_cancel(&replace);
        if (status != DSGD_OK) { return status; } /* its sentence is the engine's */
        return sink.error ? dsgd_fail_write(path, sink.error)
                          : dsgd_fail(DSGD_ENOMEM, "HDF5 cannot make %s although every write succeeded: most likely no memory", path);
    }
    return dsgd_replace_commit(&replace, sink.head, sink.held);
}
