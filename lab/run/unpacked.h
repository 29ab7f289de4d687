/* unpacked.h - where published data stay unpacked for the next run ($DSGD_UNPACKED), and how they get there. */
#ifndef DSGD_LAB_RUN_UNPACKED_H
#define DSGD_LAB_RUN_UNPACKED_H

#include <stddef.h>

/** $DSGD_UNPACKED, or NULL. */
const char *dsgd_unpacked_folder(void);

/** A dsgd_keep whose context is a struct dsgd_session_options: writes a file whole, with folders that are missing. What cannot be written
 *  is a warning, and done without: the next run unpacks again. */
void dsgd_unpacked_write(void *options, const char *path, const void *head, size_t head_size, const void *rest, size_t rest_size);

#endif
