/* session.h - everything a resolved run needs in memory: data, problem, optimum, engine. */
#ifndef DSGD_LAB_RUN_SESSION_H
#define DSGD_LAB_RUN_SESSION_H

#include "convex/optimum_cache.h"
#include "lab/config/spec.h"
#include "sim/engine.h"
#include "record/runfile.h"

/** Hears one sentence without a line end: an announcement, or a warning about something that the run does without. */
typedef void dsgd_say(void *context, bool warning, const char *sentence);

/** How a configuration is opened; all zero: as `dsgd run` would, in silence. */
struct dsgd_session_options {
    const char *data;  /* folder of the datasets; NULL: $DSGD_DATA, then data/ */
    const char *cache; /* folder of optima, such as dsgd_session_cache_folder(); NULL: they are not stored */
    int threads;       /* at most; also of evaluation, data and optimum in this process. 0: OpenMP's number, all cores unless somebody set it */
    bool dry;          /* nothing is written: an optimum that is not stored yet is not computed */
    bool constants;    /* mu and L are found also where the configuration does not need them */
    const struct dsgd_dataset *loaded; /* what the configuration's dataset loads, if the caller has it already; borrowed */
    const struct dsgd_problem_ops *problem; /* in place of the configuration's, with `problem_self`; borrowed. NULL: the configuration's */
    void *problem_self;
    dsgd_say *say;     /* NULL: nobody listens */
    void *say_context;
};

struct dsgd_session {
    const struct dsgd_spec *spec;
    const struct dsgd_dataset *data;   /* NULL without dataset */
    struct dsgd_dataset *owned;        /* the same, unless it is the caller's */
    const struct dsgd_problem_ops *ops;
    void *problem;
    bool problem_borrowed;             /* problem is the caller's */
    struct dsgd_reference reference;   /* constants and optimum, as far as known */
    double reference_s;                /* seconds that finding them took; less where they are stored */
    struct dsgd_engine_args args;      /* for dsgd_engine_create */
    struct dsgd_run_reference stored;  /* for the result file */
};

/** The folder of optima: $DSGD_CACHE, or results/optimum. */
const char *dsgd_session_cache_folder(void);

/** Loads data, builds the problem, finds constants and optimum (cached; computing them is announced). `spec` outlives the session.
 *  After a failure there is nothing to close. Caller: dsgd_session_close. */
enum dsgd_status dsgd_session_open(const struct dsgd_spec *spec, const struct dsgd_session_options *options, struct dsgd_session *out);
void dsgd_session_close(struct dsgd_session *session); /* accepts an all-zero session */

/** "none" and 64 zeros where there is no dataset. */
const char *dsgd_session_dataset_title(const struct dsgd_session *session);
const char *dsgd_session_dataset_sha256(const struct dsgd_session *session);

#endif
