/* seal.h - the end of a result: "dsgd seal 2\n" (padded to 16 bytes), the length of what is before it, and the SHA-256 of
 * both. Internal.
 *
 * HDF5 1.10 may crash, hang or answer wrongly at a damaged file, so a result's bytes are checked before HDF5 sees them. HDF5
 * ignores what follows its own data, and cuts it off when another program writes to the file: such a file has no seal any
 * more. Seals of the first version ("dsgd SHA-256:\n", 48 bytes, without a length) stay valid.
 */
#ifndef DSGD_RECORD_SEAL_H
#define DSGD_RECORD_SEAL_H

#include <stdbool.h>
#include <stddef.h>

enum dsgd_seal {
    DSGD_SEAL_INTACT,
    DSGD_SEAL_FIRST,  /* intact, of the first version */
    DSGD_SEAL_NONE,   /* the file does not end in one */
    DSGD_SEAL_BROKEN, /* there is one, of other bytes */
    DSGD_SEAL_UNREAD, /* the file cannot be read: errno */
};

/** Appends the seal of all bytes of an open file; false with errno on failure. The caller syncs. */
bool dsgd_seal_append(int fd);
/** The same for a file whose first `size` bytes will be those of `head`. */
bool dsgd_seal_append_with(int fd, const void *head, size_t size);

/** Looks at the end of an open file. *content: the bytes before the seal; all bytes if there is none. */
enum dsgd_seal dsgd_seal_look(int fd, size_t *content);

#endif
