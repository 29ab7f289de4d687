/* optimum_file.h - one reference in one HDF5 file; used by optimum_cache.c only. */
#ifndef DSGD_CONVEX_OPTIMUM_FILE_H
#define DSGD_CONVEX_OPTIMUM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include "convex/optimum_cache.h"

/** True and *out filled if `path` is an intact file of exactly this key, with d parameters if it has an optimum, whose
 *  numbers make sense: finite, of the right signs, the gap as small as solvers must make it. A file that is not is no
 *  failure: false and *out empty (so it is without memory). */
bool dsgd_optimum_file_read(const char *path, const char *key, const struct dsgd_problem_ops *ops, size_t d,
                            struct dsgd_reference *out);

/** Does an open file begin with the checksum of its other bytes? */
bool dsgd_optimum_file_whole(int fd);
/** May `path` be replaced: is it such a file, whole or damaged, or empty, or not there? Otherwise a sentence. */
enum dsgd_status dsgd_optimum_file_ours(const char *path);

/** Replaces `path` (from dsgd_place) in one step; its folder must exist. DSGD_EINPUT for a file that is no stored optimum,
 *  DSGD_EIO with a sentence. */
enum dsgd_status dsgd_optimum_file_write(const char *path, const char *key, const struct dsgd_problem_ops *ops,
                                         size_t d, const struct dsgd_reference *reference);

#endif
