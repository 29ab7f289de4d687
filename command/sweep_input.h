/* sweep_input.h - what show, curve, table and export share: FILE..., where a sweep file stands for its results, -o, --unsealed. */
#ifndef DSGD_COMMAND_SWEEP_INPUT_H
#define DSGD_COMMAND_SWEEP_INPUT_H

#include "command/options.h"
#include "lab/report/curves.h"

struct sweep_input {
    char **file; /* [files], borrowed from argv */
    int files;
    const char *output;           /* -o, or NULL */
    struct common_options common; /* --set, --settings, --data */
    const char *block;            /* --block, or NULL */
    const char **label; /* [labels] --label OLD=NEW, borrowed from argv; the array is owned */
    size_t labels;
    const char *sort;   /* --sort, or NULL */
    bool unsealed;                /* --unsealed: results without an intact seal are read too, and marked (reading.h) */
};

/** --label, --sort: a child for commands that show curves; input: struct sweep_input. */
extern const struct argp curve_names_argp;
/** FILE..., --output, --unsealed, --block, --set, --settings, --data: a child for commands that read results; input: struct sweep_input,
 *  all zero. No FILE is a usage error. */
extern const struct argp sweep_input_argp;
void sweep_input_clear(struct sweep_input *input);

/** Reads all files, those of a sweep in the place of FILE.sweep and in its order, after a look whether the output may be written. Of a sweep
 *  all results are expected: DSGD_EINPUT with a sentence if some are missing or damaged; where the data are not at hand those that are
 *  there, said on stderr. On failure nothing is left to free. Caller: dsgd_run_set_destroy. */
enum dsgd_status sweep_input_read(const struct sweep_input *input, struct run_set *out);

/** Names and order as --label and --sort want them. */
enum dsgd_status sweep_input_arrange(const struct sweep_input *input, struct curve_set *curves);

#endif
