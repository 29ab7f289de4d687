/* runfile_open.h - a result or snapshot that is being read: seal first, then HDF5. Internal to sim/runfile_*.c. */
#ifndef DSGD_RECORD_RUNFILE_OPEN_H
#define DSGD_RECORD_RUNFILE_OPEN_H

#include "record/h5_file.h"
#include "record/runfile.h"

/** An open file; dsgd_reader_close closes it. */
struct dsgd_reader {
    const char *path; /* borrowed */
    struct dsgd_h5_source source;
    hid_t file;
    bool sealed;   /* the seal is that of the bytes */
    bool variable; /* texts may be of variable length: the first version and other programs write them so */
};

/** Opens a regular file whose seal is intact, or any that HDF5 opens if `unsealed`. DSGD_EINPUT or DSGD_EIO with a sentence. */
enum dsgd_status dsgd_reader_open(const char *path, bool unsealed, struct dsgd_reader *out);
void dsgd_reader_close(struct dsgd_reader *reader);

/** The sentence about a part that cannot be read. A file that was not read for want of memory, or because a read failed, is
 *  not broken: DSGD_ENOMEM and DSGD_EIO then. */
enum dsgd_status dsgd_reader_broken(const struct dsgd_reader *reader, const char *what, enum dsgd_status status);

/** A group of columns; `table` starts all zero. DSGD_EINPUT or DSGD_ENOMEM without a sentence. */
enum dsgd_status dsgd_reader_table(const struct dsgd_reader *reader, const char *name, struct dsgd_table *table);

#endif
