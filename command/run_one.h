/* run_one.h - one opened run made, or gone on with, or found complete; shared by `dsgd run` and `dsgd tune`. */
#ifndef DSGD_COMMAND_RUN_ONE_H
#define DSGD_COMMAND_RUN_ONE_H

#include <stdbool.h>
#include <stdint.h>
#include "lab/run/run.h"

struct run_one_options {
    bool quiet, json;        /* no report; report as JSON */
    struct output_wish wish;
    double snapshot_seconds; /* 0: only when interrupted */
    int64_t snapshot_steps;  /* 0: none */
};

/** Makes the result at `path`; a complete one is left, a snapshot is gone on from. Signals that ask a
 *  process to end (SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM), caught from the first round of the process
 *  on unless they were ignored before, end it with a snapshot and DSGD_EINTERRUPTED. argc, argv: for the provenance. */
enum dsgd_status run_one(const char *path, const struct run_one_options *options, const struct dsgd_session *session, int argc,
                         char **argv);

#endif
