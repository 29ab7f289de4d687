/* session.h - everything a resolved run needs in memory: data, problem, optimum, engine. */
#ifndef DSGD_EXPERIMENTS_SESSION_H
#define DSGD_EXPERIMENTS_SESSION_H

#include "convex/optimum_cache.h"
#include "experiments/spec.h"
#include "sim/engine.h"
#include "sim/runfile.h"

struct session_options {
    const char *data;  /* --data, or NULL */
    const char *cache; /* folder of optima */
    int threads;       /* --threads; 0 = automatic */
    bool quiet;
    bool dry;          /* nothing is written: an optimum that is not stored yet is not computed */
    struct dsgd_dataset *loaded; /* what the configuration's dataset loads, if the caller has it already; borrowed */
};

struct session {
    const struct spec *spec;
    struct dsgd_dataset *data;         /* NULL without dataset */
    bool borrowed;                     /* data is the caller's */
    void *problem;
    struct dsgd_reference reference;   /* constants and optimum, as far as known */
    double reference_s;                /* seconds that finding them took; less where they are stored */
    struct dsgd_engine_args args;      /* for dsgd_engine_create */
    struct dsgd_run_reference stored;  /* for the result file */
};

/** The folder of optima: $DSGD_CACHE, or results/optimum. */
const char *session_cache_folder(void);

/** Loads data, builds the problem, finds constants and optimum (cached; computing them is announced on stderr unless
 *  quiet). `spec` outlives the session. Caller: session_close. */
enum dsgd_status session_open(const struct spec *spec, const struct session_options *options, struct session *out);
void session_close(struct session *session); /* accepts an all-zero session */

/** "none" and 64 zeros where there is no dataset. */
const char *session_dataset_title(const struct session *session);
const char *session_dataset_sha256(const struct session *session);

#endif
