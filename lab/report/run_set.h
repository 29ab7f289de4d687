/* run_set.h - results that are read together. */
#ifndef DSGD_LAB_REPORT_RUN_SET_H
#define DSGD_LAB_REPORT_RUN_SET_H

#include <stddef.h>
#include "record/runfile.h"

/** A result, and what it is called where its own label does not count (NULL: it does). Both owned. */
struct dsgd_result_name {
    char *path, *label;
};
struct dsgd_result_names {
    struct dsgd_result_name *name; /* [n], owned */
    size_t n;
};

/** Appends copies; label may be NULL. */
enum dsgd_status dsgd_result_names_add(struct dsgd_result_names *names, const char *path, const char *label);
void dsgd_result_names_clear(struct dsgd_result_names *names);

struct run_set {
    int runs;
    struct dsgd_runfile **run; /* [runs], in the order of the files */
};

/** Opens a result; dsgd_runfile_read is one. */
typedef enum dsgd_status dsgd_result_open(const char *path, struct dsgd_runfile **out);

/** Reads all files; on failure nothing is left to free. An unsealed file keeps its own label. Caller: dsgd_run_set_destroy. */
enum dsgd_status dsgd_run_set_read(const struct dsgd_result_names *names, dsgd_result_open *open, struct run_set *out);
void dsgd_run_set_destroy(struct run_set *set);

/** DSGD_EINPUT with a sentence that names two files if they are not comparable: other data, problem or results version. */
enum dsgd_status dsgd_run_set_comparable(const struct run_set *set);

#endif
