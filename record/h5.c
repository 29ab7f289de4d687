/* h5.c - HDF5 idioms. */
#include "record/h5.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local bool no_memory;

static herr_t note_memory(unsigned n, const H5E_error2_t *error, void *unused)
{
    (void)n, (void)unused;
    if (error->maj_num == H5E_RESOURCE && (error->min_num == H5E_NOSPACE || error->min_num == H5E_CANTALLOC)) { no_memory = true; }
    return 0;
}

/* Called by HDF5 at the end of a call that failed. */
static herr_t note(hid_t stack, void *unused)
{
    (void)unused;
    H5Ewalk2(stack, H5E_WALK_UPWARD, note_memory, NULL);
    return 0;
}

void dsgd_h5_quiet(void)
{
    no_memory = false;
    H5Eset_auto2(H5E_DEFAULT, note, NULL);
}

bool dsgd_h5_no_memory(void)
{
    return no_memory;
}

hid_t dsgd_h5_memory_type(enum dsgd_saved_type type)
{
    return type == DSGD_SAVED_F32 ? H5T_NATIVE_FLOAT : type == DSGD_SAVED_F64 ? H5T_NATIVE_DOUBLE : H5T_NATIVE_UINT64;
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

/* At most `most` bytes without cutting a UTF-8 character in two. */
static size_t text_length(const char *text, size_t most)
{
    const size_t length = strnlen(text, most + 1);
    if (length <= most) { return length; }
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80) { --most; }
    return most;
}

void dsgd_h5_text(struct dsgd_h5 *h5, hid_t where, const char *name, const char *text)
{
    if (h5->failed) { return; }
    const size_t length = text_length(text, DSGD_H5_TEXT_MAX);
    char *stored = malloc(length + 1);
    hid_t type = H5Tcopy(H5T_C_S1);
    dsgd_h5_check(h5, stored && type >= 0 && H5Tset_size(type, length + 1) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0);
    if (stored && !h5->failed) {
        memcpy(stored, text, length);
        stored[length] = '\0';
        attribute(h5, where, name, type, type, stored);
    }
    if (type >= 0) { H5Tclose(type); }
    free(stored);
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
    dsgd_h5_check(h5, id >= 0 && (!data || H5Dwrite(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0));
    H5Sclose(space);
    return id;
}

/* One row of a dataset of two dimensions as a selection, and as what lies in memory; false on failure. */
static bool row_spaces(hid_t id, size_t row, size_t cols, hid_t *file, hid_t *memory)
{
    const hsize_t start[2] = {row, 0}, count[2] = {1, cols};
    *file = H5Dget_space(id);
    *memory = H5Screate_simple(1, &count[1], NULL);
    return *file >= 0 && *memory >= 0 && H5Sget_simple_extent_ndims(*file) == 2 &&
           H5Sselect_hyperslab(*file, H5S_SELECT_SET, start, NULL, count, NULL) >= 0;
}

static void spaces_close(hid_t file, hid_t memory)
{
    if (file >= 0) { H5Sclose(file); }
    if (memory >= 0) { H5Sclose(memory); }
}

void dsgd_h5_write_row(struct dsgd_h5 *h5, hid_t id, hid_t memory_type, size_t row, size_t cols, const void *data)
{
    if (h5->failed) { return; }
    hid_t file = -1, memory = -1;
    dsgd_h5_check(h5, row_spaces(id, row, cols, &file, &memory) && H5Dwrite(id, memory_type, memory, file, H5P_DEFAULT, data) >= 0);
    spaces_close(file, memory);
}

bool dsgd_h5_read_row(hid_t id, hid_t memory_type, size_t rows, size_t cols, size_t row, void *data)
{
    hid_t file = -1, memory = -1;
    hsize_t extent[2] = {0, 0};
    const bool ok = row_spaces(id, row, cols, &file, &memory) && H5Sget_simple_extent_dims(file, extent, NULL) == 2 &&
                    extent[0] == rows && extent[1] == cols && H5Dread(id, memory_type, memory, file, H5P_DEFAULT, data) >= 0;
    spaces_close(file, memory);
    return ok;
}

enum { TEXT_MAX = 1 << 20, DIMENSIONS_MAX = 2 };

/* Room for the text, or NULL. */
static char *read_fixed(hid_t attribute, hid_t type)
{
    const size_t size = H5Tget_size(type);
    if (size < 1 || size > TEXT_MAX) { return NULL; }
    char *text = calloc(size + 1, 1);
    no_memory = no_memory || !text;
    if (text && H5Aread(attribute, type, text) < 0) {
        free(text);
        text = NULL;
    }
    return text;
}

static char *read_variable(hid_t attribute, hid_t type)
{
    char *stored = NULL, *text = NULL;
    hid_t memory = H5Tcopy(H5T_C_S1);
    H5Tset_size(memory, H5T_VARIABLE);
    H5Tset_cset(memory, H5Tget_cset(type));
    if (H5Aread(attribute, memory, &stored) >= 0 && stored) {
        text = strdup(stored);
        no_memory = no_memory || !text;
        H5free_memory(stored);
    }
    H5Tclose(memory);
    return text;
}

char *dsgd_h5_read_long_text(hid_t where, const char *name, bool variable)
{
    char *text = NULL;
    if (H5Aexists(where, name) <= 0) { return NULL; }
    hid_t id = H5Aopen(where, name, H5P_DEFAULT);
    hid_t type = id >= 0 ? H5Aget_type(id) : -1;
    hid_t space = id >= 0 ? H5Aget_space(id) : -1;
    if (type >= 0 && space >= 0 && H5Tget_class(type) == H5T_STRING && H5Sget_simple_extent_npoints(space) == 1) {
        const htri_t is_variable = H5Tis_variable_str(type);
        if (is_variable == 0) { text = read_fixed(id, type); }
        if (is_variable > 0 && variable) { text = read_variable(id, type); }
    }
    if (space >= 0) { H5Sclose(space); }
    if (type >= 0) { H5Tclose(type); }
    if (id >= 0) { H5Aclose(id); }
    return text;
}

bool dsgd_h5_read_text(hid_t where, const char *name, bool variable, char *text, size_t size)
{
    char *stored = dsgd_h5_read_long_text(where, name, variable);
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
    const bool ok = type >= 0 && space >= 0 && H5Tget_class(type) == class && H5Tget_size(type) <= 8 &&
                    H5Sget_simple_extent_npoints(space) == 1 && H5Aread(id, memory_type, value) >= 0;
    if (space >= 0) { H5Sclose(space); }
    if (type >= 0) { H5Tclose(type); }
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

/* Every link on the way is a hard one: others lead elsewhere, into other files too. And it is the only one to its object: a
 * file in which a hundred columns are the same bytes would need a hundred times its size. */
static bool plain_path(hid_t where, const char *path)
{
    char part[128];
    for (const char *slash = strchr(path, '/');; slash = strchr(slash + 1, '/')) {
        H5L_info_t info;
        H5O_info_t object;
        const size_t length = slash ? (size_t)(slash - path) : strlen(path);
        if (length >= sizeof part) { return false; }
        memcpy(part, path, length);
        part[length] = '\0';
        if (H5Lexists(where, part, H5P_DEFAULT) <= 0 || H5Lget_info(where, part, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD ||
            H5Oget_info_by_name(where, part, &object, H5P_DEFAULT) < 0 || object.rc != 1) {
            return false;
        }
        if (!slash) { return true; }
    }
}

hid_t dsgd_h5_open_group(hid_t where, const char *path)
{
    return plain_path(where, path) ? H5Gopen2(where, path, H5P_DEFAULT) : -1;
}

/* All bytes lie in this file, as they are; what the file cannot hold is refused before anything is allocated for it. */
static bool plain_storage(hid_t id)
{
    hid_t list = H5Dget_create_plist(id), type = H5Dget_type(id), space = H5Dget_space(id), file = H5Iget_file_id(id);
    hsize_t file_size = 0;
    bool ok = list >= 0 && type >= 0 && space >= 0 && file >= 0;
    if (ok) {
        const H5D_layout_t layout = H5Pget_layout(list);
        const H5T_class_t class = H5Tget_class(type);
        const hssize_t count = H5Sget_simple_extent_npoints(space);
        const size_t size = H5Tget_size(type);
        const int dimensions = H5Sget_simple_extent_ndims(space);
        ok = (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT) && H5Pget_external_count(list) == 0 && H5Pget_nfilters(list) == 0 &&
             (class == H5T_INTEGER || class == H5T_FLOAT) && size >= 1 && size <= 8 && dimensions >= 0 && dimensions <= DIMENSIONS_MAX &&
             count >= 0 && H5Fget_filesize(file, &file_size) >= 0 && (hsize_t)count <= file_size / size &&
             H5Dget_storage_size(id) >= (hsize_t)count * size;
    }
    if (file >= 0) { H5Fclose(file); }
    if (space >= 0) { H5Sclose(space); }
    if (type >= 0) { H5Tclose(type); }
    if (list >= 0) { H5Pclose(list); }
    return ok;
}

hid_t dsgd_h5_open_array(hid_t where, const char *path)
{
    hid_t id = plain_path(where, path) ? H5Dopen2(where, path, H5P_DEFAULT) : -1;
    if (id >= 0 && !plain_storage(id)) {
        H5Dclose(id);
        id = -1;
    }
    return id;
}

static int64_t count_of(hid_t id)
{
    hid_t space = H5Dget_space(id);
    const int64_t count = space >= 0 ? (int64_t)H5Sget_simple_extent_npoints(space) : -1;
    if (space >= 0) { H5Sclose(space); }
    return count;
}

int64_t dsgd_h5_count(hid_t where, const char *path)
{
    hid_t id = dsgd_h5_open_array(where, path);
    if (id < 0) { return -1; }
    const int64_t count = count_of(id);
    H5Dclose(id);
    return count;
}

bool dsgd_h5_read_array(hid_t where, const char *path, hid_t memory_type, size_t count, void *data)
{
    hid_t id = dsgd_h5_open_array(where, path);
    if (id < 0) { return false; }
    const bool ok = count_of(id) == (int64_t)count && H5Dread(id, memory_type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0;
    H5Dclose(id);
    return ok;
}
