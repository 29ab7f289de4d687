/* h5_file.h - HDF5 files on descriptors that are open already: the one writer and the one reader of all HDF5 files. Internal.
 *
 * HDF5 1.10 cannot close a file whose writes failed (disk full): the handle leaks, and its exit handler tries again and may
 * crash. This driver keeps the first errno for the caller, lets HDF5 finish and close, and the caller throws the file away.
 * HDF5's own driver also takes a lock to read, which not every file system has; this one reads what was checked, by the same
 * descriptor, and nothing after it.
 */
#ifndef DSGD_RECORD_H5_FILE_H
#define DSGD_RECORD_H5_FILE_H

#include <hdf5.h>
#include "record/replace.h"

/** A file on its way to the disk. */
struct dsgd_h5_sink {
    int fd;
    int error;                         /* errno of the first failure, 0 so far */
    size_t held;                       /* bytes of `head` that stand for the file's first */
    unsigned char head[DSGD_HEAD_MAX]; /* kept here until the file is whole (record/replace.h) */
};

/** Begins an HDF5 file on the empty file `sink->fd` (dsgd_replace_begin). user_block: 0, or DSGD_HEAD_MAX bytes in front of
 *  HDF5's that the caller fills in `head`. `sink` must outlive the file. Negative on failure. Close with H5Fclose, then look
 *  at `error`; `head` then holds the file's first bytes. */
hid_t dsgd_h5_file_create(struct dsgd_h5_sink *sink, hsize_t user_block);

/** A file that is read. */
struct dsgd_h5_source {
    int fd, error; /* errno of the first failed read, 0 so far */
    size_t size;   /* bytes from the beginning that HDF5 may see */
};

/** Opens an HDF5 file on `source->fd`; negative if it is none. `source` must outlive it. Close with H5Fclose. */
hid_t dsgd_h5_file_open(struct dsgd_h5_source *source);

#endif
