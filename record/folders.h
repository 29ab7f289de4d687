/* folders.h - the folders above a file that is about to be written. */
#ifndef DSGD_RECORD_FOLDERS_H
#define DSGD_RECORD_FOLDERS_H

#include "sim/status.h"

/** Makes every missing folder of `path` (below 4096 bytes), not the file itself. DSGD_EIO with a sentence. */
enum dsgd_status dsgd_make_folders(const char *path);

#endif
