/* h5.c - HDF5 idioms. */
#include "sim/h5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dsgd_h5_quiet(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

hid_t dsgd_h5_memory_type(enum dsgd_field_type type)
{
    switch (type) {
    case DSGD_F32: return H5T_NATIVE_FLOAT;
    case DSGD_F64: return H5T_NATIVE_DOUBLE;
    case DSGD_U32: return H5T_NATIVE_UINT32;
    case DSGD_I32: return H5T_NATIVE_INT32;
    default: return H5T_NATIVE_UINT64;
    }
}

void dsgd_h5_check(struct dsgd_h5 *h5, bool ok)
{
    if (!ok) { h5->failed = true; }
}

hid_t dsgd_h5_group(struct dsgd_h5 *h5, const char *name)
{
    if (h5->failed) { return -1; }
    hid_t group = H5Gcreate2(h5->file, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    dsgd_h5_check(h5, group >= 0);
    return group;
}

static void attribute(struct dsgd_h5 *h5, hid_t where, const char *name, hid_t file_type, hid_t memory_type, const void *data)
{
    if (h5->failed) { return; }
    hid_t space = H5Screate(H5S_SCALAR);
    hid_t id = H5Acreate2(where, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT);
    dsgd_h5_check(h5, id >= 0 && H5Awrite(id, memory_type, data) >= 0);
    if (id >= 0) { dsgd_h5_check(h5, H5Aclose(id) >= 0); }
    H5Sclose(space);
}

void dsgd_h5_text(struct dsgd_h5 *h5, hid_t where, const char *name, const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1); /* variable length: fixed-length attributes end at 64 KiB */
    H5Tset_size(type, H5T_VARIABLE);
    H5Tset_cset(type, H5T_CSET_UTF8);
    attribute(h5, where, name, type, type, &text);
    H5Tclose(type);
}

void dsgd_h5_integer(struct dsgd_h5 *h5, hid_t where, const char *name, int64_t value)
{
    attribute(h5, where, name, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void dsgd_h5_real(struct dsgd_h5 *h5, hid_t where, const char *name, double value)
{
    attribute(h5, where, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

hid_t dsgd_h5_array(struct dsgd_h5 *h5, hid_t where, const char *name, hid_t file_type, hid_t memory_type, int rank,
                    const hsize_t *extent, const void *data)
{
    if (h5->failed) { return -1; }
    hid_t space = H5Screate_simple(rank, extent, NULL);
    hid_t id = H5Dcreate2(where, name, file_type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    dsgd_h5_check(h5, id >= 0 && H5Dwrite(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Sclose(space);
    return id;
}

char *dsgd_h5_read_long_text(hid_t where, const char *name)
{
    char *text = NULL;
    if (H5Aexists(where, name) <= 0) { return NULL; }
    hid_t id = H5Aopen(where, name, H5P_DEFAULT);
    hid_t type = id >= 0 ? H5Aget_type(id) : -1;
    hid_t space = id >= 0 ? H5Aget_space(id) : -1;
    if (type >= 0 && H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) > 0 &&
        H5Sget_simple_extent_npoints(space) == 1) { /* more would be written behind `stored` */
        char *stored = NULL;
        hid_t memory = H5Tcopy(H5T_C_S1);
        H5Tset_size(memory, H5T_VARIABLE);
        H5Tset_cset(memory, H5Tget_cset(type));
        if (H5Aread(id, memory, &stored) >= 0 && stored) {
            text = strdup(stored);
            H5free_memory(stored);
        }
        H5Tclose(memory);
    }
    if (space >= 0) { H5Sclose(space); }
    if (type >= 0) { H5Tclose(type); }
    if (id >= 0) { H5Aclose(id); }
    return text;
}

bool dsgd_h5_read_text(hid_t where, const char *name, char *text, size_t size)
{
    char *stored = dsgd_h5_read_long_text(where, name);
    const bool ok = stored && strlen(stored) < size;
    if (ok) { strcpy(text, stored); }
    free(stored);
    return ok;
}

static bool read_number(hid_t where, const char *name, H5T_class_t class, hid_t memory_type, void *value)
{
    if (H5Aexists(where, name) <= 0) { return false; }
    hid_t id = H5Aopen(where, name, H5P_DEFAULT);
    if (id < 0) { return false; }
    hid_t type = H5Aget_type(id), space = H5Aget_space(id);
    const bool ok = type >= 0 && H5Tget_class(type) == class && H5Sget_simple_extent_npoints(space) == 1 &&
                    H5Aread(id, memory_type, value) >= 0;
    H5Sclose(space);
    H5Tclose(type);
    H5Aclose(id);
    return ok;
}

bool dsgd_h5_read_integer(hid_t where, const char *name, int64_t *value)
{
    return read_number(where, name, H5T_INTEGER, H5T_NATIVE_INT64, value);
}

bool dsgd_h5_read_real(hid_t where, const char *name, double *value)
{
    return read_number(where, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, value);
}

/* A dataset that claims more bytes than its file has is damaged; refused before anything is allocated for it. */
static bool fits_file(hid_t id, int64_t count)
{
    hid_t file = H5Iget_file_id(id), type = H5Dget_type(id);
    hsize_t file_size = 0;
    const size_t size = type >= 0 ? H5Tget_size(type) : 0;
    const bool ok = file >= 0 && H5Fget_filesize(file, &file_size) >= 0 && size > 0 && (hsize_t)count <= file_size / size;
    if (type >= 0) { H5Tclose(type); }
    if (file >= 0) { H5Fclose(file); }
    return ok;
}

int64_t dsgd_h5_count(hid_t file, const char *name)
{
    if (H5Lexists(file, name, H5P_DEFAULT) <= 0) { return -1; }
    hid_t id = H5Dopen2(file, name, H5P_DEFAULT);
    if (id < 0) { return -1; }
    hid_t space = H5Dget_space(id);
    int64_t count = space >= 0 ? (int64_t)H5Sget_simple_extent_npoints(space) : -1;
    if (count > 0 && !fits_file(id, count)) { count = -1; }
    if (space >= 0) { H5Sclose(space); }
    H5Dclose(id);
    return count;
}

bool dsgd_h5_read_array(hid_t file, const char *name, hid_t memory_type, size_t count, void *data)
{
    if (dsgd_h5_count(file, name) != (int64_t)count) { return false; }
    hid_t id = H5Dopen2(file, name, H5P_DEFAULT);
    const bool ok = id >= 0 && H5Dread(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
    if (id >= 0) { H5Dclose(id); }
    return ok;
}
