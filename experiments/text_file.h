/* text_file.h - small texts beside the results. */
#ifndef DSGD_EXPERIMENTS_TEXT_FILE_H
#define DSGD_EXPERIMENTS_TEXT_FILE_H

#include <stddef.h>
#include "sim/status.h"

/** Makes the folders and writes under another name, then renames: `path` is whole or as it was. A file that holds this text
 *  already is not touched. DSGD_EIO with a sentence. */
enum dsgd_status text_file_write(const char *path, const char *text, size_t size);

#endif
