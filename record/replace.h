/* replace.h - a file appears whole under its name, or everything stays as it was. The one road to the disk of all writers.
 *
 * What is written goes to a file beside the target, .dsgd-<16 hex digits>.part: a random name, created exclusively, locked
 * by its writer. Its first bytes are a mark that says what it is; the first bytes of the content replace them last. Then
 * the file is synced, renamed, and its folder synced. A killed process leaves such a file behind; whoever writes into the
 * same folder next removes it, if nobody holds its lock and its content is ours: empty, a mark, or a whole file (whose end
 * the caller's test recognises). A file system without locks keeps it.
 */
#ifndef DSGD_RECORD_REPLACE_H
#define DSGD_RECORD_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include "sim/status.h"

enum {
    DSGD_PATH_MAX = 4096,
    DSGD_HEAD_MAX = 512,  /* bytes at the beginning that a writer may hold back until the end */
    DSGD_HEAD_MIN = 64,   /* bytes that the mark takes */
};

/** A file on its way. */
struct dsgd_replace {
    char target[DSGD_PATH_MAX], temporary[DSGD_PATH_MAX];
    int fd; /* of the temporary, open for reading and writing; -1: none */
};

/** Where a file of this name is or will be: symbolic links are followed, also one that leads to nothing yet. DSGD_EINPUT
 *  with a sentence for a folder, FIFO, device or socket, a name that ends in a slash or is too long by `suffix` more
 *  characters, links in a circle; DSGD_EIO where nothing can be looked up. Touches nothing. */
enum dsgd_status dsgd_place(const char *path, size_t suffix, char target[DSGD_PATH_MAX]);

/** Creates the temporary beside `target` (a path from dsgd_place, whose folder exists). The file keeps the rights of the one
 *  that it replaces. DSGD_EIO with a sentence. Then write to `fd` from byte DSGD_HEAD_MIN (or more) on, and commit. */
enum dsgd_status dsgd_replace_begin(const char *target, struct dsgd_replace *out);

/** Writes the first `size` bytes (0 to DSGD_HEAD_MAX; fewer than DSGD_HEAD_MIN only if the whole file is as short), syncs,
 *  renames, syncs the folder. DSGD_EIO with a sentence; the target is then as it was, and the temporary removed. */
enum dsgd_status dsgd_replace_commit(struct dsgd_replace *replace, const void *head, size_t size);

/** Gives up: removes the temporary. Accepts one that was never begun (fd -1), committed or given up. */
void dsgd_replace_cancel(struct dsgd_replace *replace);

/** Begin, write, commit. */
enum dsgd_status dsgd_replace_whole(const char *target, const void *bytes, size_t size);

/** Removes what dead writers left in the folder of `target`, locks (record/lock.h) too. `whole`: does an open file have a content of ours (NULL: no)? */
void dsgd_replace_clean(const char *target, bool (*whole)(int fd));

/** The sentence of a failed write: "cannot write <path>: <reason>; expected ...". `error`: an errno; 0: HDF5's own. */
enum dsgd_status dsgd_fail_write(const char *path, int error);

/** The folder of a path, "." if there is none. */
void dsgd_folder_of(const char *path, char folder[DSGD_PATH_MAX]);

/** Is an open file still the one at the path? */
bool dsgd_same_file(int fd, const char *path);

/** Reads [from, from + size): fewer bytes only at the end of the file or after a failure (errno set; else 0). */
size_t dsgd_read_at(int fd, void *to, size_t size, size_t from);
/** SHA-256 of a file as it is; "" if there is none, or none that can be read. */
void dsgd_file_sha256(const char *path, char hex[65]);
/** Writes all; false with errno. */
bool dsgd_write_at(int fd, const void *bytes, size_t size, size_t from);

#endif
