/* sweep.h - a grid of runs in one text file, expanded and checked before any of them starts. */
#ifndef DSGD_EXPERIMENTS_SWEEP_H
#define DSGD_EXPERIMENTS_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "experiments/session.h"

struct sweep_run {
    char *block, *config, *path; /* owned: name of the block, file, where the result will be */
    char **set;                  /* [sets] "key=value", owned */
    size_t sets;
    char *kind;                  /* owned; the resolved configuration without seeds and steps */
    size_t alike;                /* the first run of the same kind (maybe itself): same cost a step */
    bool repeated;               /* an earlier block has the same run */
    bool done;                   /* the result is there */
    char *skipped;               /* owned; why the combination is impossible, or NULL */
    int64_t steps, rows;
    double seconds, bytes;       /* estimates; 0 where not measured */
};

struct sweep {
    char *name;   /* the file's name without folder and ".sweep" */
    char *path;
    struct sweep_run *run;
    size_t runs, capacity;
    size_t same;  /* combinations of a block that are the same run as another of it: left out */
};

/** Reads the file and expands its blocks; `set` overrides keys of all runs. DSGD_EINPUT with a sentence: unknown key or
 *  configuration, a value that no run accepts. Caller: sweep_clear. */
enum dsgd_status sweep_load(const char *path, const char *const *set, size_t sets, struct sweep *out);
void sweep_clear(struct sweep *sweep); /* accepts an all-zero sweep */

/** Marks the combinations that problem, algorithm or engine refuse, with their sentence. Missing data is a failure. With
 *  `seconds` > 0 also measures up to so long, once for all runs that are alike, and estimates what is not done yet; runs
 *  that are done are then taken as possible. */
enum dsgd_status sweep_check(struct sweep *sweep, const struct session_options *options, double seconds);

/** Writes results/<dataset>/<sweep>.skipped.tsv for each dataset of the sweep that has impossible combinations and removes
 *  what an earlier state of the sweep left; an unchanged file is not touched. */
enum dsgd_status sweep_record_skipped(const struct sweep *sweep);

#endif
