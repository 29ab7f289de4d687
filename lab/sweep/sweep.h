/* sweep.h - a grid of runs in one text file, expanded and checked before any of them starts; and which of its results are there.
 *
 * The one judge of what is to be made: a run is done if the file at its path, which hashes configuration, data and results
 * version, is its finished result. Times and ages of files are never looked at.
 */
#ifndef DSGD_LAB_SWEEP_SWEEP_H
#define DSGD_LAB_SWEEP_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/run/data_shelf.h"
#include "lab/run/session.h"

enum sweep_state {
    SWEEP_TO_DO,
    SWEEP_DONE,
    SWEEP_DAMAGED,    /* a file is at the path that is not the run's result: to do, when it has been removed */
    SWEEP_IMPOSSIBLE, /* problem, algorithm or engine refuse the combination */
    SWEEP_NO_DATA,    /* no result found, and the data are not at hand */
};

struct sweep_run {
    char *block, *config, *path; /* owned: name of the block, file, where the result is or will be */
    char **set;                  /* [sets] "key=value", owned */
    size_t sets;
    char *label;                 /* owned; what the configuration calls it now, which a result made earlier may not know */
    char *key;                   /* owned; equal for equal runs, whatever the data */
    char *kind;                  /* owned; the resolved configuration without seeds and steps */
    size_t alike;                /* the first run of the same kind (maybe itself): same cost per step */
    bool repeated;               /* an earlier block has the same run */
    bool no_data;                /* its data are not at hand: `path` is what was found, or a pattern */
    enum sweep_state state;
    char *reason;                /* owned; why it is impossible or damaged, else NULL */
    int64_t steps, rows, evaluations;
    double seconds, bytes;       /* estimates; 0 where not measured */
};

struct sweep {
    char *name;   /* the file's name without folder and ".sweep" */
    char *path;
    struct sweep_run *run;
    size_t runs, capacity;
    size_t same;    /* combinations of a block that are the same run as another of it: left out */
    char *no_data;  /* owned; the dataset's sentence if the data of some run are not at hand, else NULL */
};

/** Reads the file, expands its blocks and looks which results are there; `set` overrides keys of all runs. Where the data
 *  are not at hand the results of any data count, each on its own. DSGD_EINPUT with a sentence: unknown key or configuration,
 *  a value that no run accepts. Caller: dsgd_sweep_clear. */
enum dsgd_status dsgd_sweep_load(const char *path, const char *const *set, size_t sets, struct data_shelf *shelf, struct sweep *out);
void dsgd_sweep_clear(struct sweep *sweep); /* accepts an all-zero sweep */

/** DSGD_EINPUT with a sentence that names the blocks, if `block` is none of them. NULL is all. */
enum dsgd_status dsgd_sweep_check_block(const struct sweep *sweep, const char *block);
/** Whether the run belongs to the block (NULL: to the sweep, where an equal one of an earlier block counts once). */
bool dsgd_sweep_selected(const struct sweep_run *run, const char *block);
/** Whether the run is to be made. */
bool dsgd_sweep_to_make(const struct sweep_run *run);

/** Looks which of the block's runs that are to be made problem, algorithm or engine refuse. With `seconds` > 0 also measures
 *  up to so long, once for all runs that are alike, and estimates. */
enum dsgd_status dsgd_sweep_check(struct sweep *sweep, const char *block, struct data_shelf *shelf, const struct dsgd_session_options *options,
                             double seconds);

/** Writes results/<dataset>/<sweep>-<8 digits of the file's path>.skipped.tsv for each dataset of the sweep that has
 *  impossible combinations and removes what an earlier state of the sweep left; an unchanged file is not touched. */
enum dsgd_status dsgd_sweep_record_skipped(const struct sweep *sweep);

#endif
