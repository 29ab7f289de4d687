/* run.h - one opened run made, or gone on with, or found complete. */
#ifndef DSGD_LAB_RUN_RUN_H
#define DSGD_LAB_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include "lab/run/output.h"

#define DSGD_SNAPSHOT_S 30.0

/** Who looks on, all members optional. */
struct dsgd_run_watch {
    /** Before the first round: where the run stands (a complete one has no engine), and the snapshot that it goes on from, or NULL. */
    void (*begin)(void *context, const struct dsgd_session *session, struct dsgd_engine *engine, const char *snapshot);
    /** After each round. */
    void (*round)(void *context, struct dsgd_engine *engine);
    /** Asked before each round; true ends the run with a snapshot and DSGD_EINTERRUPTED. */
    bool (*stop)(void *context);
    /** After the last round, be it the end, a failure or an interruption. */
    void (*end)(void *context);
    /** The result is there; engine NULL: it was there before. A failure is the run's. */
    enum dsgd_status (*done)(void *context, const struct dsgd_session *session, struct dsgd_engine *engine, const char *path);
    void *context;
};

struct dsgd_run_options {
    struct output_wish wish;
    double snapshot_seconds; /* 0: only when interrupted */
    int64_t snapshot_steps;  /* 0: none */
    int argc;                /* for the provenance */
    char **argv;
    struct dsgd_run_watch watch;
};

/** Makes the result at `path`; a complete one is left, a snapshot is gone on from. */
enum dsgd_status dsgd_run(const char *path, const struct dsgd_run_options *options, const struct dsgd_session *session);

#endif
