/* unpack.h - the bytes of a regular file, unpacked if it is gzip, with everything checked up to its last byte. Internal.
 *
 * Gzip (RFC 1952) is told by its first two bytes; anything else is plain. Several members one after another are one stream.
 * Zero bytes after the last member are padding, as for gzip(1); anything else there is refused: zlib's gzread would ignore it.
 */
#ifndef DSGD_DATASETS_UNPACK_H
#define DSGD_DATASETS_UNPACK_H

#include <stddef.h>
#include "sim/status.h"

struct dsgd_unpack;

/** Opens a regular file; FIFOs, devices, folders and sockets are refused at once, none is waited for. DSGD_EINPUT,
 *  DSGD_EIO or DSGD_ENOMEM with a sentence that names the file. `path` is borrowed. Caller: dsgd_unpack_close. */
enum dsgd_status dsgd_unpack_open(const char *path, struct dsgd_unpack **out);

/** The next bytes; fewer than `size` are the end of the file, which is then known to be intact. DSGD_EINPUT: what is in the
 *  file is damaged; DSGD_EIO: the file system failed; DSGD_ENOMEM. */
enum dsgd_status dsgd_unpack_read(struct dsgd_unpack *unpack, void *to, size_t size, size_t *got);

/** The most bytes that the file can unpack to. */
size_t dsgd_unpack_limit(const struct dsgd_unpack *unpack);

/** Accepts NULL. */
void dsgd_unpack_close(struct dsgd_unpack *unpack);

#endif
