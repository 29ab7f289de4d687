/* tune.h - the best value of one key on a geometric grid, by runs on held-out training examples.
 *
 * Each run is an ordinary result; what is complete is not made again. The grid grows by one value at an end as long as the
 * best one stands there, so that an end is never the answer. Of several best values the middle one is taken; where all are
 * equally good the grid grows to both sides in turn. A list of values is taken as it is.
 */
#ifndef DSGD_LAB_SWEEP_TUNE_H
#define DSGD_LAB_SWEEP_TUNE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lab/run/session.h"

enum { TUNE_SEEDS_MAX = 64, TUNE_POINTS_MAX = 200 };

struct tune_point {
    char text[DSGD_TEXT_MAX];     /* the value as --set takes it */
    double mean;                  /* over the seeds */
    double value[TUNE_SEEDS_MAX]; /* metric in the last row; infinite if the run diverged */
};

struct tune_request {
    const char *config, *data;
    const char *const *set; /* [sets] */
    size_t sets;
    int threads;
    const char *key, *metric; /* "step.constant"; a column of /trace, less is better. NULL: test_error, else the problem's first metric */
    const char *const *values; /* [points] the values themselves, as they stand; NULL: a grid */
    double from, factor;      /* of a grid: from factor^j, at first j = 0..points - 1 */
    int points, most;         /* most: values, grown ones included */
    int64_t seed[TUNE_SEEDS_MAX];
    int seeds;
    int argc; /* for the provenance of results */
    char **argv;
    dsgd_say *say; /* as in struct dsgd_session_options */
    void *say_context;
    /** Makes the run of an opened configuration, as dsgd_run does; NULL: dsgd_run, which nobody can stop. */
    enum dsgd_status (*make)(void *context, const char *path, const struct dsgd_session *session);
    /** A value has all its runs, some of which were made for it. NULL: nobody listens. */
    void (*tried)(void *context, const char *name, const char *metric, const struct tune_point *point);
    void *context; /* of make and tried */
};

struct tune {
    struct tune_point *point; /* [points], ascending values; owned */
    int points, best;
    int made;                 /* runs that were not there */
    char name[64], metric[64]; /* of the configuration; that decides */
    char dataset_title[128], dataset_sha256[65];
};

/** DSGD_EINPUT with a sentence if the key, metric or a value makes no sense, all values of a grid are equally good, or the best one is still
 *  at an end of `most` values; DSGD_EINTERRUPTED with a snapshot after a signal. Caller: dsgd_tune_clear, also after a failure. */
enum dsgd_status dsgd_tune_search(const struct tune_request *request, struct tune *out);
void dsgd_tune_clear(struct tune *tune);

#endif
