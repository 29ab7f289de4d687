/* sweep_input.h - what show, curve, table and export share: FILE..., where a sweep file stands for its results, -o, --unsealed. */
#ifndef DSGD_EXPERIMENTS_SWEEP_INPUT_H
#define DSGD_EXPERIMENTS_SWEEP_INPUT_H

#include "experiments/data_shelf.h"
#include "experiments/options.h"

struct sweep_input {
    char **file; /* [files], borrowed from argv */
    int files;
    const char *output;           /* -o, or NULL */
    struct common_options common; /* --set, --settings, --data */
    const char *block;            /* --block, or NULL */
    bool unsealed;                /* --unsealed: results without an intact seal are read too, and marked (reading.h) */
};

/** FILE..., --output, --unsealed, --block, --set, --settings, --data: a child for commands that read results; input: struct sweep_input,
 *  all zero. No FILE is a usage error. */
extern const struct argp sweep_input_argp;
void sweep_input_clear(struct sweep_input *input);

/** Whether a file's name says that it is a sweep. */
bool sweep_input_is_sweep(const char *file);
/** Whether an option was given that only sweeps have. */
bool sweep_input_used(const struct sweep_input *input);

struct sweep_result {
    char *path;  /* owned */
    char *label; /* owned; what the sweep calls it, which need not be what the result says; NULL: as the result says */
};

/** Appends the results of a sweep, in its order, to list[*n]; owned by the caller, also after a failure. DSGD_EINPUT
 *  with a sentence if some are missing or damaged; where the data are not at hand those that are there, said on stderr. */
enum dsgd_status sweep_input_expand(const struct sweep_input *input, struct data_shelf *shelf, const char *file,
                                    struct sweep_result **list, size_t *n);
/** Appends one; label may be NULL. */
enum dsgd_status sweep_input_append(const char *path, const char *label, struct sweep_result **list, size_t *n);
void sweep_input_free(struct sweep_result *list, size_t n);

#endif
