/* reading.h - results as reading commands open them: by their seal, or without one if the user says so. */
#ifndef DSGD_COMMAND_READING_H
#define DSGD_COMMAND_READING_H

#include "record/runfile.h"

/** Opens a result or snapshot. unsealed: also one whose seal is missing or broken. Such a file is read by a child process first,
 *  since HDF5 1.10 may crash or hang at it: DSGD_EINPUT with a sentence then. Its path and its label end in " (unsealed)", so
 *  that every output that names it says so. Caller: dsgd_runfile_destroy. */
enum dsgd_status reading_open(const char *path, bool unsealed, struct dsgd_runfile **out);

#endif
