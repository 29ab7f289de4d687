/* seal.h - a checksum behind a file's last byte: "dsgd SHA-256:\n\0\0" and 32 bytes. Internal.
 *
 * HDF5 1.10 may crash at a damaged file, so a result's bytes are checked before HDF5 sees them. HDF5 ignores what follows its
 * own data, and cuts it off when another program writes to the file: such a file has no seal any more and is read without.
 */
#ifndef DSGD_SIM_SEAL_H
#define DSGD_SIM_SEAL_H

#include <stdbool.h>

/** Appends the checksum of all bytes of an open file; false with errno on failure. The caller syncs. */
bool dsgd_seal_append(int fd);
/** False only if there is a seal and it is not that of the bytes before it. */
bool dsgd_seal_intact(const char *path);

#endif
