/* source_file.h - the bytes of one configuration or sweep file, checked: a regular file of UTF-8 without control characters. */
#ifndef DSGD_LAB_CONFIG_SOURCE_FILE_H
#define DSGD_LAB_CONFIG_SOURCE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "sim/status.h"
#include "sim/text.h"

enum { SOURCE_FILE_MAX = 1 << 20, SOURCE_PLACE_MAX = DSGD_SHOWN_MAX + 16 };

struct source_file {
    char *name, *bytes; /* owned; bytes: without a byte order mark, lines end in \n, a zero byte at the end */
    size_t size, read;  /* of bytes; of the file */
    dev_t device;
    ino_t inode;
};

/** Reads `path` whole; never waits for another process. `who` begins a sentence about the file as such, `example` is the name of
 *  a good one. DSGD_EINPUT: not there, not regular, too large, a character that may not stand there (with file and line);
 *  DSGD_EIO: the system failed. Caller: dsgd_source_file_clear, also after a failure; `out` starts all zero. */
enum dsgd_status dsgd_source_file_read(const char *path, const char *who, const char *example, struct source_file *out);
void dsgd_source_file_clear(struct source_file *file);

/** "file:line", the end of a very long file name only; returns `place`. */
const char *dsgd_source_place(const char *file, int line, char place[SOURCE_PLACE_MAX]);

#endif
