/* result_state.h - whether a run's result is there: the file itself is asked, never its age. */
#ifndef DSGD_LAB_RUN_RESULT_STATE_H
#define DSGD_LAB_RUN_RESULT_STATE_H

#include "lab/config/spec.h"

enum result_state {
    RESULT_MISSING, /* no file there */
    RESULT_DONE,    /* the finished result of this configuration, data and results version */
    RESULT_DAMAGED, /* another file, or a damaged one; dsgd_message says why */
};

/** Looks at `path`. */
enum result_state dsgd_result_state(const char *path, const struct dsgd_spec *spec, const char *dataset_sha256);

/** The finished results of a configuration that are there, with whatever data: paths in order of their names, owned by the
 *  caller. For where the data are not at hand. */
enum dsgd_status dsgd_result_find(const struct dsgd_spec *spec, char ***path, size_t *paths);

#endif
