/* h5.h - a few HDF5 idioms: attributes and columns with one line each, errors remembered, never printed. Internal. */
#ifndef DSGD_RECORD_H5_H
#define DSGD_RECORD_H5_H

#include <hdf5.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "sim/engine.h"

/** Silences HDF5's own error printing for this thread; failures reach the caller as sentences. From here on it is noted whether
 *  one of them is a want of memory. */
void dsgd_h5_quiet(void);
/** Was it, since dsgd_h5_quiet? */
bool dsgd_h5_no_memory(void);

/** This machine's type for an array of a run's state. */
hid_t dsgd_h5_memory_type(enum dsgd_saved_type type);

enum { DSGD_H5_TEXT_MAX = 60000 };

/** Remembers a failure; later calls do nothing. */
struct dsgd_h5 {
    hid_t file;
    bool failed;
};

void dsgd_h5_check(struct dsgd_h5 *h5, bool ok);
hid_t dsgd_h5_group(struct dsgd_h5 *h5, const char *name); /* creates; close with H5Gclose */
/** Of fixed length; what does not fit an attribute (64 KiB) is cut off after DSGD_H5_TEXT_MAX bytes. */
void dsgd_h5_text(struct dsgd_h5 *h5, hid_t where, const char *name, const char *text);
void dsgd_h5_integer(struct dsgd_h5 *h5, hid_t where, const char *name, int64_t value);
void dsgd_h5_real(struct dsgd_h5 *h5, hid_t where, const char *name, double value);
/** A dataset of `rank` dimensions; returned open (close with H5Dclose), or negative after a failure. data NULL: nothing is written yet. */
hid_t dsgd_h5_array(struct dsgd_h5 *h5, hid_t where, const char *name, hid_t file_type, hid_t memory_type, int rank,
                    const hsize_t *extent, const void *data);
/** Row `row` of an open dataset of rows x cols. */
void dsgd_h5_write_row(struct dsgd_h5 *h5, hid_t id, hid_t memory_type, size_t row, size_t cols, const void *data);

/** Reading. Only hard links are followed, only data that lie in the file itself are read: false for external and soft
 *  links, external raw storage, virtual, chunked or filtered datasets, for sizes that the file cannot hold, and for what is
 *  absent, of another class, or too long for `size`. `variable`: texts of variable length are read too (files sealed by the
 *  first version have them; they lie in HDF5's global heap, which damage makes dangerous). */
bool dsgd_h5_read_text(hid_t where, const char *name, bool variable, char *text, size_t size);
/** A text of up to 1 MiB; caller frees; NULL on failure. */
char *dsgd_h5_read_long_text(hid_t where, const char *name, bool variable);
bool dsgd_h5_read_integer(hid_t where, const char *name, int64_t *value);
bool dsgd_h5_read_real(hid_t where, const char *name, double *value);
/** Opens a group or dataset by its path below `where` ("model/x"); negative if it is not one that may be read. */
hid_t dsgd_h5_open_group(hid_t where, const char *path);
hid_t dsgd_h5_open_array(hid_t where, const char *path);
/** Reads a dataset whose number of elements must be `count`. */
bool dsgd_h5_read_array(hid_t where, const char *path, hid_t memory_type, size_t count, void *data);
/** Reads row `row` of an open dataset whose shape must be rows x cols. */
bool dsgd_h5_read_row(hid_t id, hid_t memory_type, size_t rows, size_t cols, size_t row, void *data);
/** Elements of a dataset, or -1. */
int64_t dsgd_h5_count(hid_t where, const char *path);

#endif
